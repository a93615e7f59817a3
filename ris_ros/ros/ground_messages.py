"""From values on the ground to messages: pure functions, everything in the frame and at the stamp of the header given.

Whatever lies on the ground is given the height ``z_m`` of the ground in that frame.
"""

from __future__ import annotations

import array
import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from geometry_msgs.msg import Point, Point32, PolygonStamped, Pose, PoseStamped, Quaternion, Vector3
from nav_msgs.msg import OccupancyGrid
from nav_msgs.msg import Path as PathMessage
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.lifting import Box
from ris_ros.msg import Grounding as GroundingMessage
from ris_ros.msg import Plan as PlanMessage
from ris_ros.planning.values import UNKNOWN, Path, Placement, Plan, Pose2d
from ris_ros.ros.stamps import set_ns

_POINT_BYTES = 12
_POINT_OFFSETS: Mapping[str, int] = MappingProxyType({"x": 0, "y": 4, "z": 8})


def header_in(frame_id: str, stamp_ns: int) -> Header:
    """A header of this frame and time."""
    header = Header(frame_id=frame_id)
    set_ns(header.stamp, stamp_ns)
    return header


def polygon_message(polygon_m: NDArray[np.float64], z_m: float, header: Header) -> PolygonStamped:
    """An outline on the ground.

    Args:
        polygon_m: float64 [n, 2]: x, y; no rows for none.
        z_m: Height of the ground.
        header: Its header.
    """
    message = PolygonStamped(header=header)
    message.polygon.points = [Point32(x=x, y=y, z=z_m) for x, y in polygon_m.tolist()]
    return message


def pose_message(pose: Pose2d, z_m: float) -> Pose:
    """A place and a heading on the ground of height ``z_m``."""
    return Pose(position=Point(x=pose.x_m, y=pose.y_m, z=z_m), orientation=_orientation(pose.yaw_rad))


def pose_stamped(pose: Pose2d, z_m: float, header: Header) -> PoseStamped:
    """A place and a heading on the ground of height ``z_m``."""
    return PoseStamped(header=header, pose=pose_message(pose, z_m))


def path_message(path: Path | None, z_m: float, header: Header) -> PathMessage:
    """A way on the ground of height ``z_m``; None gives one without poses, which withdraws the one before."""
    message = PathMessage(header=header)
    if path is not None:
        message.poses = [
            PoseStamped(header=header, pose=Pose(position=Point(x=x, y=y, z=z_m), orientation=_orientation(yaw)))
            for x, y, yaw in path.poses.tolist()
        ]
    return message


def occupancy_message(values: NDArray[np.int8], grid: Grid, z_m: float, header: Header) -> OccupancyGrid:
    """A costmap or a filter mask, the cell of the smallest x and y first.

    Args:
        values: int8 [rows, columns]: -1 unknown, 0 free to 100 occupied.
        grid: Its cells, in the header's frame.
        z_m: Height of the ground.
        header: Its header.
    """
    message = OccupancyGrid(header=header)
    info = message.info
    info.map_load_time = header.stamp
    info.resolution = grid.resolution_m
    info.width, info.height = grid.size_cells
    info.origin.position.x, info.origin.position.y = grid.origin_m
    info.origin.position.z = z_m
    # Assigning an array('b') costs microseconds; a numpy array or a list would be checked element by element.
    data = array.array("b")
    data.frombytes(np.ascontiguousarray(values, np.int8).data.cast("B"))
    message.data = data
    return message


def unknown_message(grid: Grid, z_m: float, header: Header) -> OccupancyGrid:
    """A costmap or a filter mask that says nothing about any cell."""
    return occupancy_message(np.full(grid.shape, UNKNOWN, np.int8), grid, z_m, header)


def cloud_message(points_m: NDArray[np.floating], header: Header) -> PointCloud2:
    """Points as float32 x, y, z of 12 bytes each, little-endian, rows packed.

    Args:
        points_m: [n, 3], or organized as the pixels of an image, [h, w, 3], NaN where nothing is known.
        header: Its header.
    """
    height, width = points_m.shape[:-1] if points_m.ndim == 3 else (1, len(points_m))
    packed = np.ascontiguousarray(points_m, "<f4")
    message = PointCloud2(
        header=header,
        height=height,
        width=width,
        fields=[
            PointField(name=name, offset=offset, datatype=PointField.FLOAT32, count=1)
            for name, offset in _POINT_OFFSETS.items()
        ],
        is_bigendian=False,
        point_step=_POINT_BYTES,
        row_step=_POINT_BYTES * width,
        is_dense=bool(np.isfinite(packed).all()),
    )
    data = array.array("B")
    data.frombytes(packed.reshape(-1).view(np.uint8).data)
    message.data = data
    return message


def plan_message(plan: Plan, z_m: float, header: Header) -> PlanMessage:
    """What the planner makes of one command.

    Args:
        plan: The plan.
        z_m: Height of the ground.
        header: Stamp of the newest image, base frame.
    """
    command, goal, path = plan.command, plan.goal, plan.path
    message = PlanMessage(
        header=header,
        command_id=command.id,
        text=command.text,
        target=int(command.target),
        state=int(plan.state),
        track_id=plan.track_id,
        goal_known=goal is not None,
        path_known=path is not None,
        path_length=0.0 if path is None else path.length_m,
        reason=plan.reason,
    )
    set_ns(message.age, plan.age_ns)
    if goal is not None:
        message.goal = pose_message(goal, z_m)
    return message


def write_placement(message: GroundingMessage, placement: Placement, z_m: float, header: Header) -> None:
    """Write into an answer where on the ground it lies.

    Args:
        message: The answer; its reason is kept where it has one.
        placement: Where it lies.
        z_m: Height of the ground.
        header: Stamp of the image, base frame.
    """
    message.ground_polygon = polygon_message(placement.polygon_m, z_m, header)
    if placement.lifted is not None:
        x, y, z = placement.lifted.centroid_m.tolist()
        message.centroid_known = True
        message.centroid.header = header
        message.centroid.point = Point(x=x, y=y, z=z)
        message.box_pose, message.box_size = _box(placement.lifted.box)
    if placement.reason and not message.reason:
        message.reason = placement.reason


def _box(box: Box) -> tuple[Pose, Vector3]:
    x, y, z = box.centre_m.tolist()
    length, width, height = box.size_m
    return (
        Pose(position=Point(x=x, y=y, z=z), orientation=_orientation(box.yaw_rad)),
        Vector3(x=length, y=width, z=height),
    )


def _orientation(yaw_rad: float) -> Quaternion:
    return Quaternion(z=math.sin(yaw_rad / 2.0), w=math.cos(yaw_rad / 2.0))
