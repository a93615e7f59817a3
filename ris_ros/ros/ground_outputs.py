"""The node's topics on the ground: what a planner reads.

Made and destroyed by the executor's thread; published on by the planning thread alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import PolygonStamped, PoseStamped
from nav_msgs.msg import OccupancyGrid
from nav_msgs.msg import Path as PathMessage
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2

from ris_ros.config.planning import FilterMask
from ris_ros.geometry.grid import Grid
from ris_ros.msg import Plan as PlanMessage
from ris_ros.planning.values import Occupancy, Plan, Pose2d
from ris_ros.ros.ground_messages import (
    cloud_message,
    header_in,
    occupancy_message,
    path_message,
    plan_message,
    polygon_message,
    pose_stamped,
    unknown_message,
)
from ris_ros.ros.qos import latched_qos, result_qos


class GroundOutputs:
    """Publishers of polygon, goal, path, costmap, points, plan, followed pose and filter mask.

    Polygon, path, costmap and filter mask are kept for whoever comes later, because each of them can say that there is
    nothing. A pose cannot: a kept goal would outlive what it was made of, so goal and followed pose are only sent.
    Silent while the node is inactive.

    Args:
        node: The lifecycle node.
        base_frame: Frame of everything but the filter mask.
        ground_z_m: Height of the ground in it.
        filter_mask: What ``~/filter_mask`` holds; ``none`` does without the topic.
    """

    def __init__(self, node: Any, base_frame: str, ground_z_m: float, filter_mask: FilterMask) -> None:
        self._node = node
        self._base_frame = base_frame
        self._z_m = ground_z_m
        kept, sent = latched_qos(), result_qos(1)
        self._region_polygon = node.create_lifecycle_publisher(PolygonStamped, "~/region_polygon", kept)
        self._goal_pose = node.create_lifecycle_publisher(PoseStamped, "~/goal_pose", sent)
        self._path = node.create_lifecycle_publisher(PathMessage, "~/path", kept)
        self._costmap = node.create_lifecycle_publisher(OccupancyGrid, "~/costmap", kept)
        self._points = node.create_lifecycle_publisher(PointCloud2, "~/points", sent)
        self._plan = node.create_lifecycle_publisher(PlanMessage, "~/plan", sent)
        self._follow_pose = node.create_lifecycle_publisher(PoseStamped, "~/follow_pose", sent)
        self._filter_mask: Any = None
        self._filter_info: Any = None
        if filter_mask != "none":
            self._filter_mask = node.create_lifecycle_publisher(OccupancyGrid, "~/filter_mask", kept)
            self._filter_info = _publish_filter_info(node)
        self._shows_polygon = False
        self._shows_path = False
        self._costmap_grid: Grid | None = None
        self._filter_grid: tuple[Grid, str] | None = None

    # Whether anybody listens: nothing needs to be computed for nobody. When the last one has gone, withdraw, or whoever
    # comes next is first handed what held then.

    @property
    def wanted_plan(self) -> bool:
        """Whether anybody wants something of a plan: outline, goal, path, followed pose, or the plan itself."""
        parts = (self._region_polygon, self._goal_pose, self._follow_pose)
        return self.wanted_path or any(_heard(publisher) for publisher in parts)

    @property
    def wanted_path(self) -> bool:
        """Whether anybody wants to know the way: ``~/path``, or ``~/plan``, which says whether there is one."""
        return _heard(self._path) or _heard(self._plan)

    @property
    def wanted_costmap(self) -> bool:
        """Whether anybody subscribes to ``~/costmap``."""
        return _heard(self._costmap)

    @property
    def wanted_points(self) -> bool:
        """Whether anybody subscribes to ``~/points``."""
        return _heard(self._points)

    @property
    def wanted_filter_mask(self) -> bool:
        """Whether there is a ``~/filter_mask`` and anybody subscribes to it."""
        return self._filter_mask is not None and _heard(self._filter_mask)

    # Publishing; stamps are those of the image.

    def plan(self, plan: Plan) -> None:
        """Publish what is made of a command, all of it; what the plan no longer holds is taken back."""
        header = header_in(self._base_frame, plan.stamp_ns)
        if len(plan.region_m) or self._shows_polygon:
            self._region_polygon.publish(polygon_message(plan.region_m, self._z_m, header))
            self._shows_polygon = len(plan.region_m) > 0
        if plan.goal is not None:
            self._goal_pose.publish(pose_stamped(plan.goal, self._z_m, header))
        if plan.path is not None or self._shows_path:
            self._path.publish(path_message(plan.path, self._z_m, header))
            self._shows_path = plan.path is not None
        if plan.thing_m is not None:
            self._follow_pose.publish(pose_stamped(_facing(plan.thing_m), self._z_m, header))
        self._plan.publish(plan_message(plan, self._z_m, header))

    def points(self, points_m: NDArray[np.floating], stamp_ns: int) -> None:
        """Publish points [n, 3], or [h, w, 3] aligned with ``~/label_mask``, in the base frame."""
        self._points.publish(cloud_message(points_m, header_in(self._base_frame, stamp_ns)))

    def costmap(self, occupancy: Occupancy) -> None:
        """Publish what is believed of the ground, stamped as its newest image."""
        header = header_in(self._base_frame, occupancy.stamp_ns)
        self._costmap.publish(occupancy_message(occupancy.values, occupancy.grid, self._z_m, header))
        self._costmap_grid = occupancy.grid

    def filter_mask(self, values: NDArray[np.int8], grid: Grid, frame_id: str, stamp_ns: int) -> None:
        """Publish a mask for a costmap filter; see :mod:`ris_ros.planning.filter_mask`.

        Args:
            values: int8 [rows, columns].
            grid: Its cells.
            frame_id: Frame of the grid: one in which the world stands still, where the robot's motion is known.
            stamp_ns: Stamp of the image.
        """
        self._filter_mask.publish(occupancy_message(values, grid, self._z_m, header_in(frame_id, stamp_ns)))
        self._filter_grid = grid, frame_id

    # Withdrawing what the plan does not hold: once, where something was published that no longer holds.

    def withdraw_costmap(self, stamp_ns: int) -> None:
        """Take back the costmap: publish that nothing is known of any cell."""
        if self._costmap_grid is not None:
            header = header_in(self._base_frame, stamp_ns)
            self._costmap.publish(unknown_message(self._costmap_grid, self._z_m, header))
            self._costmap_grid = None

    def withdraw_filter_mask(self, stamp_ns: int) -> None:
        """Take back the filter mask: publish one that leaves every cell as it is."""
        if self._filter_grid is not None:
            grid, frame_id = self._filter_grid
            self._filter_mask.publish(unknown_message(grid, self._z_m, header_in(frame_id, stamp_ns)))
            self._filter_grid = None

    def close(self) -> None:
        """Destroy the publishers; nobody may publish any more."""
        publishers = (
            self._region_polygon,
            self._goal_pose,
            self._path,
            self._costmap,
            self._points,
            self._plan,
            self._follow_pose,
            self._filter_mask,
        )
        for publisher in publishers:
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)
        if self._filter_info is not None:
            self._node.destroy_publisher(self._filter_info)


def _heard(publisher: Any) -> bool:
    return bool(publisher.get_subscription_count())


def _facing(thing_m: NDArray[np.float64]) -> Pose2d:
    """Where a thing is, headed as one comes to it from the robot: which way it faces itself is not known."""
    x_m, y_m = thing_m.tolist()
    return Pose2d(x_m, y_m, math.atan2(y_m, x_m))


def _publish_filter_info(node: Any) -> Any:
    """Tell Nav2 how to read the filter mask, to whoever comes; None where nav2_msgs is not installed.

    There Nav2's own ``costmap_filter_info_server`` says it.
    """
    try:
        from nav2_msgs.msg import CostmapFilterInfo
    except ImportError:
        return None
    publisher = node.create_publisher(CostmapFilterInfo, "~/filter_info", latched_qos())
    info = CostmapFilterInfo(
        type=0,  # keepout zones and preferred lanes
        filter_mask_topic=node.resolve_topic_name("~/filter_mask"),
        base=0.0,
        multiplier=1.0,
    )
    info.header.stamp = node.get_clock().now().to_msg()
    publisher.publish(info)
    return publisher
