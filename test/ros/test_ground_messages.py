"""What planners read is what was known: frames, stamps, layouts."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy")

from plans import plan
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2, PointField

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.lifting import Box, Lifted
from ris_ros.msg import Grounding, Plan
from ris_ros.planning.values import Path, Placement, PlanState, Pose2d
from ris_ros.ros.ground_messages import (
    cloud_message,
    header_in,
    occupancy_message,
    path_message,
    plan_message,
    polygon_message,
    pose_stamped,
    unknown_message,
    write_placement,
)
from ris_ros.ros.stamps import to_ns

pytestmark = pytest.mark.ros

HEADER = header_in("base_link", 12_345_678_901)
GRID = Grid(0.5, (3, 2), (-1.0, 2.0))
Z_M = -0.1


def read(message: PointCloud2) -> np.ndarray:
    """The points of a cloud, by its own fields alone."""
    kinds = {PointField.FLOAT32: "f4"}
    dtype = np.dtype(
        {
            "names": [field.name for field in message.fields],
            "formats": [kinds[field.datatype] for field in message.fields],
            "offsets": [field.offset for field in message.fields],
            "itemsize": message.point_step,
        }
    )
    return np.frombuffer(bytes(message.data), dtype).reshape(message.height, message.width)


def test_a_header_states_frame_and_time() -> None:
    assert HEADER.frame_id == "base_link"
    assert to_ns(HEADER.stamp) == 12_345_678_901


def test_an_outline_lies_on_the_ground() -> None:
    message = polygon_message(np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 5.0]]), Z_M, HEADER)

    assert message.header == HEADER
    assert [(p.x, p.y) for p in message.polygon.points] == [(1, 2), (3, 4), (0, 5)]
    assert all(p.z == pytest.approx(Z_M) for p in message.polygon.points)


@pytest.mark.parametrize("yaw", [0.0, 1.0, -3.0, math.pi])
def test_a_heading_is_a_unit_quaternion_about_z(yaw: float) -> None:
    q = pose_stamped(Pose2d(1.0, 2.0, yaw), Z_M, HEADER).pose.orientation

    assert (q.x, q.y) == (0.0, 0.0)
    assert math.hypot(q.z, q.w) == pytest.approx(1.0)
    assert math.remainder(2 * math.atan2(q.z, q.w) - yaw, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)


def test_a_path_holds_its_poses_in_order_and_none_is_empty() -> None:
    path = Path(np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.3]]), np.zeros(2))
    message = path_message(path, Z_M, HEADER)

    assert [(p.pose.position.x, p.pose.position.y, p.pose.position.z) for p in message.poses] == [
        (0.0, 0.0, Z_M),
        (1.0, 0.5, Z_M),
    ]
    assert all(p.header == HEADER for p in message.poses)
    assert path_message(None, Z_M, HEADER).poses == []


def test_a_costmap_begins_at_the_smallest_x_and_y_and_runs_along_x() -> None:
    values = np.array([[0, 1, 2], [100, -1, 50]], np.int8)
    sent = occupancy_message(values, GRID, Z_M, HEADER)
    message = deserialize_message(serialize_message(sent), type(sent))

    assert list(message.data) == [0, 1, 2, 100, -1, 50]
    assert (message.info.width, message.info.height, message.info.resolution) == (3, 2, 0.5)
    origin = message.info.origin
    assert (origin.position.x, origin.position.y, origin.position.z, origin.orientation.w) == (-1.0, 2.0, Z_M, 1.0)
    assert message.header == HEADER
    assert set(unknown_message(GRID, Z_M, HEADER).data) == {-1}


def test_values_that_do_not_lie_in_a_row_are_sent_as_they_are() -> None:
    values = np.arange(12, dtype=np.int8).reshape(4, 3)[::2]

    assert list(occupancy_message(values, GRID, Z_M, HEADER).data) == [0, 1, 2, 6, 7, 8]


def test_points_of_an_object_are_a_dense_row() -> None:
    points = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    sent = cloud_message(points, HEADER)
    message = deserialize_message(serialize_message(sent), PointCloud2)
    (row,) = read(message)

    assert message.is_dense and not message.is_bigendian
    assert (message.height, message.width, message.row_step) == (1, 2, 24)
    assert np.array_equal(np.stack([row["x"], row["y"], row["z"]], axis=1), points)


def test_organized_points_keep_the_pixels_order_and_say_what_is_unknown() -> None:
    points = np.arange(2 * 3 * 3, dtype=np.float32).reshape(2, 3, 3)
    points[1, 2] = np.nan
    message = cloud_message(points, HEADER)
    cloud = read(message)

    assert not message.is_dense
    assert (message.height, message.width, message.row_step) == (2, 3, 36)
    assert cloud["x"][1, 1] == points[1, 1, 0]
    assert np.isnan(cloud["z"][1, 2])


def test_no_points_are_a_cloud_too() -> None:
    message = cloud_message(np.zeros((0, 3)), HEADER)

    assert (message.height, message.width, len(message.data)) == (1, 0, 0)


def test_a_plan_states_what_is_known_and_why_the_rest_is_not() -> None:
    goal = Pose2d(3.0, 1.0, 0.0)
    path = Path(np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]), np.zeros(2))
    message = plan_message(plan(state=PlanState.HELD, age_ns=1_500_000_000, goal=goal, path=path), Z_M, HEADER)

    assert (message.command_id, message.text, message.target) == ("command", "park behind the red car", 2)
    assert (message.state, message.track_id, to_ns(message.age)) == (Plan.HELD, 1, 1_500_000_000)
    assert message.goal_known and message.path_known
    assert (message.goal.position.x, message.path_length) == (3.0, 5.0)

    lost = plan_message(plan(state=PlanState.LOST, reason="It was not seen for 1 s."), Z_M, HEADER)
    assert not lost.goal_known and not lost.path_known
    assert (lost.state, lost.reason) == (Plan.LOST, "It was not seen for 1 s.")


def test_an_answer_tells_its_place_and_keeps_its_own_reason() -> None:
    box = Box(np.array([1.0, 2.0, 0.5]), (4.0, 1.8, 1.5), 0.5)
    lifted = Lifted(np.zeros((1, 3)), np.array([1.0, 2.0, 0.4]), box)
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    message = Grounding()
    write_placement(message, Placement(triangle, None, lifted, "too far"), Z_M, HEADER)

    assert len(message.ground_polygon.polygon.points) == 3
    assert message.centroid_known
    assert (message.centroid.header.frame_id, message.centroid.point.z) == ("base_link", 0.4)
    assert (message.box_pose.position.z, message.box_size.x, message.box_size.z) == (0.5, 4.0, 1.5)
    assert message.reason == "too far"

    absent = Grounding(reason="It is not there.")
    write_placement(absent, Placement(np.zeros((0, 2)), None, None, "no ground"), Z_M, HEADER)
    assert not absent.centroid_known and not absent.ground_polygon.polygon.points
    assert absent.reason == "It is not there."
