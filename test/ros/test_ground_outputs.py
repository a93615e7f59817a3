"""The topics on the ground: what a late subscriber learns, what is taken back, and when nobody listens."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PolygonStamped, PoseStamped
from nav_msgs.msg import OccupancyGrid
from nav_msgs.msg import Path as PathMessage
from plans import plan
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2
from spinning import PATIENCE_S, Spinning
from std_msgs.msg import Header

from ris_ros.geometry.grid import Grid
from ris_ros.msg import Plan
from ris_ros.planning.values import Occupancy, Path, PlanState, Pose2d
from ris_ros.ros.ground_outputs import GroundOutputs
from ris_ros.ros.qos import latched_qos, result_qos
from ris_ros.ros.stamps import to_ns

pytestmark = pytest.mark.ros

GRID = Grid(0.5, (4, 3), (0.0, -1.0))
TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
WAY = Path(np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]), np.zeros(2))
KNOWN = plan(region_m=TRIANGLE, goal=Pose2d(3.0, 4.0, 0.0), path=WAY, thing_m=np.array([2.0, 2.0]))
LOST = plan(state=PlanState.LOST, stamp_ns=6_000_000_000, reason="It was not seen for 1 s.")


class Bench:
    """Outputs of an active node, and a node that listens."""

    def __init__(self, **given: Any) -> None:
        self.changed = threading.Condition()
        # Not "ris": services of a lifecycle node outlive it in its process, and would answer for the live node's.
        self.host, self.peer = Spinning("told", LifecycleNode), Spinning("peer")
        self.outputs = GroundOutputs(self.host.node, "base_link", 0.0, given.get("filter_mask", "none"))
        self.host.node.trigger_configure()
        self.host.node.trigger_activate()

    def listen(self, topic: str, type_: type, latched: bool = True) -> list[Any]:
        heard: list[Any] = []

        def arrived(message: Any) -> None:
            with self.changed:
                heard.append(message)
                self.changed.notify_all()

        qos = latched_qos() if latched else result_qos(5)
        self.peer.do(lambda: self.peer.node.create_subscription(type_, topic, arrived, qos))
        return heard

    def matched(self, *topics: str) -> bool:
        """Whether each of these topics of the host has found a subscription."""
        found = {p.topic_name for p in self.host.node.publishers if p.get_subscription_count()}
        return {f"/told/{topic}" for topic in topics} <= found

    def until(self, what: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE_S
        with self.changed:
            while not what():
                assert self.changed.wait(min(0.05, end - time.monotonic())) or time.monotonic() < end

    def close(self) -> None:
        self.outputs.close()
        self.peer.close()
        self.host.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_a_plan_goes_out_whole_in_the_base_frame_at_the_images_stamp(bench: Bench) -> None:
    heard = {
        topic: bench.listen(f"/told/{topic}", type_, latched=False)
        for topic, type_ in (
            ("region_polygon", PolygonStamped),
            ("goal_pose", PoseStamped),
            ("path", PathMessage),
            ("follow_pose", PoseStamped),
            ("plan", Plan),
        )
    }
    bench.until(lambda: bench.matched(*heard))
    assert bench.outputs.wanted_plan and bench.outputs.wanted_path
    bench.outputs.plan(KNOWN)
    bench.until(lambda: all(heard.values()))

    headers: list[Header] = [messages[0].header for messages in heard.values()]
    assert {(header.frame_id, to_ns(header.stamp)) for header in headers} == {("base_link", KNOWN.stamp_ns)}
    followed = heard["follow_pose"][0].pose
    assert (followed.position.x, followed.position.y) == (2.0, 2.0)
    assert 2 * np.arctan2(followed.orientation.z, followed.orientation.w) == pytest.approx(np.pi / 4)


def test_what_a_plan_no_longer_holds_is_taken_back_once(bench: Bench) -> None:
    paths = bench.listen("/told/path", PathMessage)
    plans = bench.listen("/told/plan", Plan, latched=False)
    goals = bench.listen("/told/goal_pose", PoseStamped, latched=False)
    bench.until(lambda: bench.matched("path", "plan", "goal_pose"))
    for step, each in enumerate((KNOWN, LOST, LOST), 1):
        bench.outputs.plan(each)
        bench.until(lambda step=step: (len(plans), len(paths)) == (step, min(step, 2)))

    assert [len(path.poses) for path in paths] == [2, 0]
    assert len(goals) == 1
    assert (plans[-1].state, plans[-1].reason) == (Plan.LOST, "It was not seen for 1 s.")


def test_a_late_subscriber_is_not_handed_what_no_longer_holds(bench: Bench) -> None:
    values = np.zeros(GRID.shape, np.int8)
    bench.outputs.plan(KNOWN)
    bench.outputs.costmap(Occupancy(GRID, values, values > 0, 5))
    bench.outputs.plan(LOST)
    bench.outputs.withdraw_costmap(7_000_000_000)
    paths, costmaps = bench.listen("/told/path", PathMessage), bench.listen("/told/costmap", OccupancyGrid)
    polygons, goals = bench.listen("/told/region_polygon", PolygonStamped), bench.listen("/told/goal_pose", PoseStamped)
    bench.until(lambda: paths and costmaps and polygons)

    assert paths[0].poses == [] and polygons[0].polygon.points == [] and goals == []
    assert set(costmaps[0].data) == {-1}
    assert to_ns(costmaps[0].header.stamp) == 7_000_000_000


def test_a_late_subscriber_is_handed_the_costmap_that_holds(bench: Bench) -> None:
    values = np.arange(12, dtype=np.int8).reshape(GRID.shape)
    bench.outputs.costmap(Occupancy(GRID, values, values < 0, 5))
    costmaps = bench.listen("/told/costmap", OccupancyGrid)
    bench.until(lambda: costmaps)

    assert list(costmaps[0].data) == list(range(12))
    assert to_ns(costmaps[0].header.stamp) == 5


def test_nothing_is_wanted_that_nobody_listens_to(bench: Bench) -> None:
    outputs = bench.outputs
    assert not (outputs.wanted_plan or outputs.wanted_path or outputs.wanted_costmap)
    assert not (outputs.wanted_points or outputs.wanted_filter_mask)

    clouds = bench.listen("/told/points", PointCloud2, latched=False)
    bench.until(lambda: outputs.wanted_points)
    assert not (outputs.wanted_plan or outputs.wanted_costmap)
    outputs.points(np.zeros((2, 3, 3)), 9)
    bench.until(lambda: clouds)
    assert (clouds[0].height, clouds[0].width, to_ns(clouds[0].header.stamp)) == (2, 3, 9)


def test_an_inactive_node_is_silent(bench: Bench) -> None:
    bench.host.node.trigger_deactivate()
    bench.outputs.plan(KNOWN)
    bench.host.node.trigger_activate()
    plans, paths = bench.listen("/told/plan", Plan, latched=False), bench.listen("/told/path", PathMessage)
    bench.until(lambda: bench.matched("plan", "path"))
    bench.outputs.plan(LOST)
    bench.until(lambda: plans)

    assert all(path.poses == [] for path in paths)


class CostmapFilterInfo(Header):  # type: ignore[misc]  # a message that rclpy can send
    """Stands in for nav2_msgs, which is no wheel: keeps what it was made of."""

    made: dict[str, Any]

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        CostmapFilterInfo.made = fields

    @property
    def header(self) -> Header:
        return self


def test_a_filter_mask_is_kept_announced_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = types.ModuleType("nav2_msgs.msg")
    messages.CostmapFilterInfo = CostmapFilterInfo  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nav2_msgs", types.ModuleType("nav2_msgs"))
    monkeypatch.setitem(sys.modules, "nav2_msgs.msg", messages)
    bench = Bench(filter_mask="keepout")
    try:
        made = CostmapFilterInfo.made
        assert made == {"type": 0, "filter_mask_topic": "/told/filter_mask", "base": 0.0, "multiplier": 1.0}

        bench.outputs.filter_mask(np.full(GRID.shape, 100, np.int8), GRID, "odom", 5)
        masks = bench.listen("/told/filter_mask", OccupancyGrid)
        bench.until(lambda: masks)
        assert bench.outputs.wanted_filter_mask
        assert (masks[0].header.frame_id, set(masks[0].data)) == ("odom", {100})

        bench.outputs.withdraw_filter_mask(6)
        bench.until(lambda: len(masks) == 2)
        assert (masks[1].header.frame_id, set(masks[1].data)) == ("odom", {-1})
    finally:
        bench.close()
