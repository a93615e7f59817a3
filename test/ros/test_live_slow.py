"""The living node with an engine that is slow: what must not suffer from it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import RED, picture

pytest.importorskip("rclpy")

from live_node import NodeProcess, Peer, raw, stamp_ns, values
from sensor_msgs.msg import Image

from ris_ros.ros.stamps import to_ns

pytestmark = pytest.mark.ros

SUPPORT = str(Path(tiny_bundle.__file__).parent)
DELAY_S = 0.3  # of slow_node.py
ARRIVAL_NS = 120_000_000  # within which an image has come, on a busy machine too
SCENE = picture((192, 128), (RED, (40, 40, 48, 48)))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    log = tmp_path_factory.mktemp("node") / "log.txt"
    parameters = {"backend": "slow", "diagnostics_period_s": 0.2}
    with NodeProcess(log, parameters, {"PYTHONPATH": SUPPORT}, module="slow_node") as node:
        yield node


@pytest.fixture(scope="module")
def peer(process: NodeProcess) -> Iterator[Peer]:
    with Peer() as peer:
        peer.activate()
        yield peer


def send(peer: Peer, image: np.ndarray = SCENE) -> int:
    stamp = peer.now_ns()
    peer.publisher(Image, "camera/image_raw").publish(raw(image, stamp))
    return stamp


def test_the_newest_frame_wins_and_every_other_is_counted(peer: Peer) -> None:
    peer.say("the red car")
    sent: list[int] = []
    peer.until(lambda: len(peer.answers()) >= 4, lambda: sent.append(send(peer)), every_s=0.03)
    answered = [stamp_ns(answer) for answer in peer.answers()]
    assert answered == sorted(answered)
    for answer in peer.answers()[1:]:
        on_its_way_ns = sum(to_ns(stage.duration) for stage in answer.stages if stage.stage in ("transport", "wait"))
        turn_ns = stamp_ns(answer) + on_its_way_ns
        # It was the newest when its turn came: none that was sent after it could be there yet.
        newer = [stamp for stamp in sent if stamp_ns(answer) < stamp < turn_ns - ARRIVAL_NS]
        assert not newer, f"{len(newer)} newer images had been sent when the engine of {DELAY_S} s took an older one"

    def settled() -> dict[str, str] | None:
        pairs = values(peer.diagnosis("camera camera"))
        done = int(pairs.get("grounded", 0)) + int(pairs.get("dropped", 0))
        return pairs if int(pairs.get("grounded", 0)) >= 4 and done == int(pairs["frames_in"]) else None

    pairs = peer.until(settled)
    arrived, grounded = int(pairs["frames_in"]), int(pairs["grounded"])
    assert len(sent) / 2 < arrived <= len(sent)  # a busy machine may lose some before the node can see them
    assert int(pairs["dropped"]) == arrived - grounded
    assert int(pairs["dropped_replaced"]) > 10


def test_inference_never_holds_up_the_executor(peer: Peer) -> None:
    peer.say("the red car")
    peer.until(peer.answers, lambda: send(peer))
    slowest_s = 0.0
    for _ in range(20):
        send(peer)
        begin = time.monotonic()
        peer.state()
        slowest_s = max(slowest_s, time.monotonic() - begin)
    assert slowest_s < DELAY_S, "a service of the node waited for an inference"


def test_a_command_is_answered_on_the_first_frame_after_it(peer: Peer) -> None:
    peer.say("the red car")
    peer.until(peer.answers, lambda: send(peer))
    uttered_ns = peer.now_ns()
    peer.order("the green car", id="late", stamp_ns=uttered_ns)
    peer.until(lambda: peer.answers("late"), lambda: send(peer), every_s=0.03)
    assert stamp_ns(peer.answers("late")[0]) >= uttered_ns


def test_more_commands_than_can_wait_are_refused_and_counted(peer: Peer) -> None:
    peer.order("the red car", id="before")
    peer.until(lambda: peer.answers("before"), lambda: send(peer))

    def flood() -> None:
        send(peer)  # the engine is busy with it while the commands come
        for _ in range(100):
            peer.order("the green car", id="flood")

    peer.until(lambda: "wait to be read" in peer.diagnosis("commands").message, flood, every_s=DELAY_S)
    counts = values(peer.diagnosis("commands"))
    assert 0 < int(counts["commands_refused"]) < int(counts["commands_in"])
    peer.until(lambda: peer.answers("flood"), lambda: send(peer))
    assert peer.clear() >= 2


def test_the_end_is_clean(process: NodeProcess) -> None:
    assert process.interrupt() == 0
