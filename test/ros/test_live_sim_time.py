"""The living node under a simulated clock, such as a bag's that begins again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tiny_bundle import RED, picture

pytest.importorskip("rclpy")

from live_node import Peer, active_node, raw, stamp_ns, values
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from ris_ros.ros.stamps import NS_PER_S, set_ns

pytestmark = pytest.mark.ros

SCENE = picture((192, 128), (RED, (40, 40, 48, 48)))
BEGIN_NS = 1_500_000_000 * NS_PER_S


class Bag:
    """Publishes clock and images of one recording, step by step."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.now_ns = BEGIN_NS

    def step(self) -> None:
        self.now_ns += NS_PER_S // 20
        clock = Clock()
        set_ns(clock.clock, self.now_ns)
        self._peer.publisher(Clock, "/clock").publish(clock)
        self._peer.publisher(Image, "camera/image_raw").publish(raw(SCENE, self.now_ns))


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    parameters = {"use_sim_time": True, "diagnostics_period_s": 0.1}
    with active_node(tmp_path_factory.mktemp("node"), parameters) as peer:
        yield peer


def test_a_bag_that_begins_again_keeps_its_commands(peer: Peer) -> None:
    bag = Bag(peer)
    peer.until(lambda: peer.diagnosis("engine").name, bag.step)
    for _ in range(100):
        bag.step()
    peer.say("the red car")
    peer.until(peer.answers, bag.step)
    assert stamp_ns(peer.answers()[-1]) > BEGIN_NS + 5 * NS_PER_S
    assert "off the node's clock" not in peer.diagnosis("camera camera").message

    bag.now_ns = BEGIN_NS
    peer.forget()
    peer.until(peer.answers, bag.step)
    assert stamp_ns(peer.answers()[0]) < BEGIN_NS + 5 * NS_PER_S


def test_lifetimes_run_in_simulated_time(peer: Peer) -> None:
    bag = Bag(peer)
    bag.now_ns += 100 * NS_PER_S
    bag.step()
    peer.clear()
    peer.forget()
    peer.order("the red car", id="brief", lifetime_s=2.0)
    peer.until(lambda: peer.answers("brief"), bag.step, every_s=0.02)
    peer.until(lambda: "command brief" in values(peer.diagnosis("commands")), lambda: None)
    peer.until(lambda: "command brief" not in values(peer.diagnosis("commands")), bag.step, every_s=0.02)
    seen_ns = stamp_ns(peer.answers("brief")[-1]) - stamp_ns(peer.answers("brief")[0])
    assert 0 < seen_ns <= 2.1 * NS_PER_S
