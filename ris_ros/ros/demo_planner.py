"""What a planner would hear of the node, kept for ``ris demo``: plans, ways, outlines and maps, told apart by stamp."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from geometry_msgs.msg import PolygonStamped
from nav_msgs.msg import OccupancyGrid
from nav_msgs.msg import Path as PathMessage
from numpy.typing import NDArray

from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.msg import Plan as PlanMessage
from ris_ros.planning.values import Occupancy, Path, Plan, PlanState, Pose2d
from ris_ros.ros.camera_info import CameraInfos
from ris_ros.ros.qos import result_qos
from ris_ros.ros.stamps import to_ns
from ris_ros.types import Command, Target

_DEPTH = 16  # for a moment in which this process is late


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One plan as it arrived, without the way itself.

    Attributes:
        command_id: The command's.
        stamp_ns: Of the newest image that it knows.
        goal_known: Whether there is a goal.
        path_known: Whether there is a way to it.
        reason: Why something of this is missing.
    """

    command_id: str
    stamp_ns: int
    goal_known: bool
    path_known: bool
    reason: str


class DemoPlanner:
    """Subscribes as a planner would, for as long as it listens; everything is called in one thread.

    Args:
        node: The client's node.
        camera: Name of the node's camera.

    Attributes:
        told: All plans, in the order in which they arrived.
        costmaps: All maps, by stamp.
    """

    def __init__(self, node: Any, camera: str) -> None:
        self._node = node
        self._camera = camera
        self._infos = CameraInfos(node, (camera,))
        self._subscriptions: list[Any] = []
        self.told: list[Told] = []
        self.costmaps: dict[int, Any] = {}
        self._plans: dict[int, Any] = {}
        self._ways: dict[int, Any] = {}
        self._outlines: dict[int, Any] = {}

    def listen(self) -> None:
        """Subscribe; the camera must be there already."""
        self._infos.follow()
        self._subscriptions = [
            self._node.create_subscription(type_, topic, callback, result_qos(_DEPTH))
            for type_, topic, callback in (
                (PathMessage, "ris/path", self._on_path),
                (PolygonStamped, "ris/region_polygon", self._on_outline),
                (OccupancyGrid, "ris/costmap", self._on_costmap),
                (PlanMessage, "ris/plan", self._on_plan),
            )
        ]

    def stop(self) -> None:
        """Listen no more; what came is kept."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def is_complete(self, told: Told) -> bool:
        """Whether all that belongs to a plan arrived."""
        return told.stamp_ns in self.costmaps and (not told.path_known or told.stamp_ns in self._ways)

    def plan(self, told: Told) -> tuple[Plan, Occupancy]:
        """A complete plan put together, and the map that it was made on."""
        message, occupancy = self._plans[told.stamp_ns], _occupancy(self.costmaps[told.stamp_ns])
        outline = self._outlines.get(told.stamp_ns)
        points = () if outline is None else outline.polygon.points
        plan = Plan(
            command=Command(message.command_id, message.text, Target(message.target), told.stamp_ns),
            stamp_ns=told.stamp_ns,
            state=PlanState(message.state),
            track_id=message.track_id,
            age_ns=to_ns(message.age),
            place_m=None,
            thing_m=None,
            region=np.zeros(occupancy.grid.shape, np.bool_),
            region_m=np.array([(point.x, point.y) for point in points], np.float64).reshape(-1, 2),
            goal=_pose(message.goal) if message.goal_known else None,
            path=_path(self._ways[told.stamp_ns]) if message.path_known else None,
            reason=message.reason,
        )
        return plan, occupancy

    def camera(self, size_px: tuple[int, int]) -> CameraModel:
        """The camera's model for images of a size.

        Raises:
            GeometryError: Its CameraInfo tells none, or none has come.
        """
        return self._infos.model(self._camera, size_px, "")

    def _on_path(self, message: Any) -> None:
        if message.poses:  # none: the way before is taken back
            self._ways[to_ns(message.header.stamp)] = message

    def _on_outline(self, message: Any) -> None:
        self._outlines[to_ns(message.header.stamp)] = message

    def _on_costmap(self, message: Any) -> None:
        self.costmaps[to_ns(message.header.stamp)] = message

    def _on_plan(self, message: Any) -> None:
        stamp_ns = to_ns(message.header.stamp)
        self._plans[stamp_ns] = message
        self.told.append(Told(message.command_id, stamp_ns, message.goal_known, message.path_known, message.reason))


def _pose(message: Any) -> Pose2d:
    turn = message.orientation
    return Pose2d(message.position.x, message.position.y, 2.0 * math.atan2(turn.z, turn.w))


def _path(message: Any) -> Path:
    here = [_pose(stamped.pose) for stamped in message.poses]
    poses = np.array([(pose.x_m, pose.y_m, pose.yaw_rad) for pose in here])
    lengths_m = np.linalg.norm(np.diff(poses[:, :2], axis=0), axis=1)
    turns_rad = np.diff(np.unwrap(poses[:, 2]))
    curvature = np.divide(turns_rad, lengths_m, out=np.zeros_like(turns_rad), where=lengths_m > 1e-3)
    return Path(poses, np.concatenate([curvature[:1], curvature]) if len(curvature) else np.zeros(1))


def _occupancy(message: Any) -> Occupancy:
    info = message.info
    origin = info.origin.position
    grid = Grid(info.resolution, (info.width, info.height), (origin.x, origin.y))
    values: NDArray[np.int8] = np.array(message.data, np.int8).reshape(grid.shape)
    # Which unknown cells the camera cannot see is not on the wire.
    return Occupancy(grid, values, np.zeros(grid.shape, np.bool_), to_ns(message.header.stamp))
