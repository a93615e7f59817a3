"""The living node with an engine that is too slow for large images: they become smaller, until none is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_bundle
from tiny_bundle import RED, picture

pytest.importorskip("rclpy")

from live_node import Peer, active_node, raw, values
from sensor_msgs.msg import Image

pytestmark = pytest.mark.ros

SUPPORT = str(Path(tiny_bundle.__file__).parent)
SCENE = picture((192, 128), (RED, (40, 40, 48, 48)))
PERIOD_S = 1.0 / 30.0


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    parameters = {"backend": "heavy", "diagnostics_period_s": 0.2, "adaptive_size": True}
    with active_node(tmp_path_factory.mktemp("node"), parameters, {"PYTHONPATH": SUPPORT}, "slow_node") as peer:
        yield peer


def test_the_input_shrinks_until_the_model_keeps_up(peer: Peer) -> None:
    camera = peer.publisher(Image, "camera/image_raw")

    def shoot() -> None:
        camera.publish(raw(SCENE, peer.now_ns()))

    peer.say("the red car")
    sizes: list[str] = []

    def smallest() -> bool:
        size = values(peer.diagnosis("engine")).get("input_size", "")
        if size and size not in sizes:
            sizes.append(size)
        return size == "64x32"

    peer.until(smallest, shoot, every_s=PERIOD_S)
    assert sizes[0] == "96x64"
    before = len(peer.answers())
    peer.until(lambda: len(peer.answers()) > before + 10, shoot, every_s=PERIOD_S)
    assert peer.answers()[-1].found
    assert values(peer.diagnosis("engine"))["input_size"] == "64x32"
