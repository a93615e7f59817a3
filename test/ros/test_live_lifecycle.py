"""The life of the node: states, failures that can be mended, start by itself, an end without loose ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_bundle
from tiny_bundle import BUNDLE, RED, picture

pytest.importorskip("rclpy")

from live_node import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, NodeProcess, Peer, raw, values
from sensor_msgs.msg import Image

from ris_ros.srv import Ground

pytestmark = pytest.mark.ros

SUPPORT = str(Path(tiny_bundle.__file__).parent)
SCENE = picture((192, 128), (RED, (40, 40, 48, 48)))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    log = tmp_path_factory.mktemp("node") / "log.txt"
    with NodeProcess(log, {"bundle": "/nowhere", "diagnostics_period_s": 0.2, "no_such": 1}) as node:
        yield node


@pytest.fixture(scope="module")
def live(process: NodeProcess) -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


@pytest.fixture
def peer(live: Peer) -> Peer:
    """The peer of an unconfigured node on the tiny bundle."""
    for state, transition in (("active", DEACTIVATE), ("inactive", CLEANUP)):
        if live.state() == state:
            assert live.transition(transition)
    for name, value in (("bundle", str(BUNDLE)), ("backend", "onnx"), ("mask_size", "image")):
        assert live.set_parameter(name, value).successful
    live.forget()
    return live


def send(peer: Peer) -> None:
    peer.publisher(Image, "camera/image_raw").publish(raw(SCENE, peer.now_ns()))


def tampered(folder: Path) -> Path:
    copy = folder / "tampered"
    shutil.copytree(BUNDLE, copy)
    content = bytearray((copy / "vision.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "vision.onnx").write_bytes(content)
    return copy


def incomplete(folder: Path) -> Path:
    copy = folder / "incomplete"
    shutil.copytree(BUNDLE, copy)
    (copy / "ground.onnx").unlink()
    return copy


def malformed(folder: Path) -> Path:
    copy = folder / "malformed"
    shutil.copytree(BUNDLE, copy)
    (copy / "bundle.yaml").write_text("format: [1\n")
    return copy


def other_weights(folder: Path) -> Path:
    copy = folder / "other"
    shutil.copytree(BUNDLE, copy)
    settings = (copy / "bundle.yaml").read_text()
    begin = settings.index("sha256: ") + len("sha256: ")
    (copy / "bundle.yaml").write_text(settings[:begin] + "a" * 64 + settings[begin + 64 :])
    return copy


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda folder: folder / "missing", "no model bundle"),
        (tampered, "vision.onnx"),
        (incomplete, "ground.onnx"),
        (malformed, "bundle.yaml"),
        (other_weights, "tiny_text.safetensors"),
    ],
    ids=["missing", "tampered", "incomplete", "malformed", "other_weights"],
)
def test_a_bad_bundle_fails_configuring_with_its_reason_and_can_be_mended(
    peer: Peer, tmp_path: Path, make: object, named: str
) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    assert peer.set_parameter("bundle", str(path)).successful
    assert not peer.transition(CONFIGURE)
    assert peer.state() == "unconfigured"
    peer.until(lambda: named in peer.diagnosis("engine").message)
    assert peer.diagnosis("engine").level == b"\x02"
    assert peer.set_parameter("bundle", str(BUNDLE)).successful
    assert peer.transition(CONFIGURE)
    peer.until(lambda: peer.diagnosis("engine").level == b"\x00")


def test_an_unknown_or_unavailable_backend_fails_configuring_with_its_reason(peer: Peer) -> None:
    for name, word in (("abacus", "abacus"), ("tensorrt", "tensorrt")):
        assert peer.set_parameter("backend", name).successful
        assert not peer.transition(CONFIGURE)
        peer.until(lambda word=word: word in peer.diagnosis("engine").message)
    assert peer.set_parameter("backend", "onnx").successful
    assert peer.transition(CONFIGURE)


def test_parameters_that_are_read_at_configuring_wait_for_cleanup(peer: Peer) -> None:
    assert peer.transition(CONFIGURE)
    refused = peer.set_parameter("cameras", ["front"])
    assert not refused.successful
    assert "cameras" in refused.reason
    assert peer.transition(CLEANUP)
    assert peer.set_parameter("cameras", ["front"]).successful
    assert not peer.set_parameter("cameras", ["front", "front"]).successful
    assert not peer.set_parameter("cameras", ["no topic"]).successful
    assert peer.set_parameter("cameras", ["camera"]).successful
    assert not peer.set_parameter("transport", "pigeon").successful


def test_a_transition_that_does_not_fit_the_state_is_refused_and_changes_nothing(peer: Peer) -> None:
    assert not peer.transition(ACTIVATE)
    assert not peer.transition(200)
    assert peer.state() == "unconfigured"
    assert peer.transition(CONFIGURE)
    assert not peer.transition(CONFIGURE)
    assert peer.transition(ACTIVATE)
    assert not peer.transition(CLEANUP)
    assert peer.state() == "active"


def test_only_an_active_node_answers(peer: Peer) -> None:
    def refused() -> str:
        answer = peer.call(Ground, "ris/ground", Ground.Request(text="the red car", camera="camera"))
        assert not answer.success
        return str(answer.message)

    assert "not active" in refused()
    assert peer.transition(CONFIGURE)
    assert peer.state() == "inactive"
    assert "not active" in refused()
    peer.say("the red car")
    peer.until(lambda: "not active" in peer.diagnosis("commands").message)
    assert peer.transition(ACTIVATE)
    peer.say("the red car")
    peer.until(peer.answers, lambda: send(peer))
    assert peer.transition(DEACTIVATE)
    peer.until(lambda: peer.diagnosis("engine").message == "inactive")
    peer.forget()
    publisher = peer.publisher(Image, "camera/image_raw", matched=False)
    peer.until(lambda: not publisher.get_subscription_count())
    for _ in range(5):
        publisher.publish(raw(SCENE, peer.now_ns()))
    assert "not active" in refused()
    assert not peer.heard["ris/label_mask"]
    # Commands outlive a pause.
    assert peer.transition(ACTIVATE)
    peer.until(peer.answers, lambda: send(peer))


def test_masks_come_in_the_network_size_where_that_is_asked_for(peer: Peer) -> None:
    assert peer.set_parameter("mask_size", "network").successful
    peer.activate()
    peer.say("the red car")
    mask = peer.until(lambda: peer.heard["ris/label_mask"], lambda: send(peer))[0]
    assert (mask.width, mask.height) == (96, 64)
    grounding = peer.until(peer.answers)[0]
    assert (grounding.object.image_width, grounding.object.image_height) == (96, 64)


def test_going_round_leaves_no_threads_and_publishes_no_topic_twice(peer: Peer, process: NodeProcess) -> None:
    def round_trip() -> int:
        peer.activate()
        peer.say("the red car")
        peer.until(peer.answers, lambda: send(peer))
        assert peer.node.count_publishers("/ris/label_mask") == 1
        assert peer.transition(DEACTIVATE)
        assert peer.transition(CLEANUP)
        peer.until(lambda: not peer.node.count_publishers("/ris/label_mask"), lambda: None)
        peer.forget()
        return process.threads()

    first = round_trip()
    assert {round_trip() for _ in range(3)} == {first}


def test_the_end_is_clean(peer: Peer, process: NodeProcess) -> None:
    peer.activate()
    send(peer)
    assert process.interrupt() == 0
    printed = process.printed()
    assert "Traceback" not in printed
    assert "Parameter 'no_such' is not known" in printed


def test_a_node_that_starts_by_itself_needs_no_manager(live: Peer, process: NodeProcess, tmp_path: Path) -> None:
    if process.alive:
        process.interrupt()
    live.forget()
    parameters = {"autostart": True, "diagnostics_period_s": 0.2}
    with NodeProcess(tmp_path / "log.txt", parameters) as node:
        live.until(lambda: live.diagnosis("engine").message == "active")
        live.say("the red car")
        live.until(live.answers, lambda: send(live))
        assert values(live.diagnosis("engine"))["state"] == "active"
        assert node.interrupt() == 0


def test_an_interrupt_ends_the_building_of_engines(live: Peer, tmp_path: Path) -> None:
    parameters = {"backend": "endless", "autostart": True}
    with NodeProcess(tmp_path / "log.txt", parameters, {"PYTHONPATH": SUPPORT}, module="slow_node") as node:
        live.until(lambda: "building" in node.printed(), lambda: None)
        assert node.interrupt() == 0
        assert "given up" in node.printed()
        assert "Traceback" not in node.printed()


def test_a_bad_parameter_at_start_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with NodeProcess(tmp_path / "log.txt", {"cameras": "[]"}) as node:
        assert node.wait() == 2
        printed = node.printed().strip().splitlines()
        assert len(printed) == 1
        assert "cameras" in printed[0]


def test_ros_arguments_that_cannot_be_read_are_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with NodeProcess(tmp_path / "log.txt", {"cameras": "[unfinished"}) as node:
        assert node.wait() == 2
        printed = node.printed()
    assert "Traceback" not in printed
    assert "grounding_node: ROS 2 cannot start" in printed.splitlines()[-1]
