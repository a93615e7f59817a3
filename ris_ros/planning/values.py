"""The values between a mask and a planner: all in the robot's base frame at the stamp of an image (REP-103), metres."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.lifting import Lifted
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.types import Command

UNKNOWN = -1
"""Value of a cell of which nothing is known (nav_msgs/OccupancyGrid)."""

OCCUPIED = 100
"""Value of a cell in which an obstacle stands."""


@dataclass(frozen=True, slots=True)
class Pose2d:
    """A place and a heading on the ground.

    Attributes:
        x_m: Forward.
        y_m: To the left.
        yaw_rad: From the x axis to the left.
    """

    x_m: float
    y_m: float
    yaw_rad: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x_m, self.y_m, self.yaw_rad))):
            raise ValueError("a pose is made of numbers")

    def moved(self, target_from_source: RigidTransform) -> Pose2d:
        """The same pose in another frame whose z axis is parallel to this one's."""
        x, y, _ = target_from_source.apply(np.array([self.x_m, self.y_m, 0.0]))
        yaw = math.remainder(self.yaw_rad + target_from_source.yaw, 2 * math.pi)
        return Pose2d(float(x), float(y), yaw)


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """What is believed of the ground around the robot.

    Attributes:
        grid: The cells, in the base frame.
        values: int8 [rows, columns]: :data:`UNKNOWN`, or 0 (surely free) to :data:`OCCUPIED`.
        blind: bool [rows, columns]: cells that the cameras cannot see because they lie too close, under the lower edge
            of the picture. Of these nothing is known, but the robot stands among them; or they are occupied because
            a thing that the lower edge cuts may stand there.
        stamp_ns: Stamp of the newest image that it holds.
    """

    grid: Grid
    values: NDArray[np.int8]
    blind: NDArray[np.bool_]
    stamp_ns: int

    def __post_init__(self) -> None:
        if self.values.dtype != np.int8 or self.values.shape != self.grid.shape:
            raise ValueError("values must be int8 of the grid's shape")
        if self.blind.dtype != np.bool_ or self.blind.shape != self.grid.shape:
            raise ValueError("blind must be bool of the grid's shape")


@dataclass(frozen=True, slots=True)
class Footprint:
    """The robot's outline, a rectangle in its base frame.

    Attributes:
        front_m: From the base frame's origin to the front.
        rear_m: From the origin to the rear, positive.
        half_width_m: From the origin to either side.
    """

    front_m: float
    rear_m: float
    half_width_m: float

    def __post_init__(self) -> None:
        if not (self.front_m > 0.0 and self.rear_m >= 0.0 and self.half_width_m > 0.0):
            raise ValueError("a footprint has a front and a width")

    def corners_m(self, pose: Pose2d) -> NDArray[np.float64]:
        """float64 [4, 2]: the corners when the robot stands at a pose, counter-clockwise from the front left."""
        cos, sin = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
        front, rear, side = self.front_m, -self.rear_m, self.half_width_m
        local = np.array([[front, side], [rear, side], [rear, -side], [front, -side]])
        corners: NDArray[np.float64] = local @ np.array([[cos, sin], [-sin, cos]]) + (pose.x_m, pose.y_m)
        return corners


class FreeSpace(Protocol):
    """Where the robot may stand: its outline, with the room that is to be left around it, on ground believed free."""

    def clear(self, poses: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the robot may stand so.

        Args:
            poses: float64 [n, 3]: x, y, yaw.

        Returns:
            bool [n]; outside the map nothing is clear.
        """
        ...

    def room_m(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres from points [n, 2] to the nearest ground that is not free; 0 in it and outside the map."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A way that the robot can drive.

    Attributes:
        poses: float64 [n, 3]: x, y, yaw; the first is the robot's own, the last the goal's.
        curvature_per_m: float64 [n], signed, left is positive.
    """

    poses: NDArray[np.float64]
    curvature_per_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.poses.dtype != np.float64 or self.poses.ndim != 2 or self.poses.shape[1] != 3 or not len(self.poses):
            raise ValueError("poses must be float64 [n, 3] with a row at least")
        if self.curvature_per_m.dtype != np.float64 or self.curvature_per_m.shape != self.poses.shape[:1]:
            raise ValueError("curvature_per_m must be float64 [n]")

    @property
    def length_m(self) -> float:
        """Metres from the first pose to the last."""
        return float(np.linalg.norm(np.diff(self.poses[:, :2], axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where on the ground an answer lies.

    Attributes:
        polygon_m: float64 [n, 2], outline of the region's mask on the ground: simple, counter-clockwise; no rows where
            there is none.
        foot_m: float64 [2], the point of the ground nearest to the camera where the referred object stands, by the
            lowest pixels of its mask; None where that is not known.
        lifted: The referred object in three dimensions, None without depth.
        reason: Why something of this is missing, in words for a person; empty when nothing is.
    """

    polygon_m: NDArray[np.float64]
    foot_m: NDArray[np.float64] | None
    lifted: Lifted | None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.polygon_m.dtype != np.float64 or self.polygon_m.ndim != 2 or self.polygon_m.shape[1] != 2:
            raise ValueError("polygon_m must be float64 [n, 2]")
        if self.foot_m is not None and (self.foot_m.dtype != np.float64 or self.foot_m.shape != (2,)):
            raise ValueError("foot_m must be float64 [2]")


class PlanState(enum.IntEnum):
    """How fresh a plan is; the values are those of ``ris_ros/msg/Plan``."""

    WAITING = 0
    SEEN = 1
    HELD = 2
    LOST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is made of one command: where the thing is believed to be, and where to go.

    Attributes:
        command: The command, its target decided.
        stamp_ns: Stamp of the newest image; everything is in the base frame at that instant.
        state: WAITING: not found yet, or not on enough images; SEEN: found on the newest image of the camera that saw
            it last; HELD: not found on that image, and where it was by the robot's own motion, or, where
            that is not known, where it was in the base frame then; LOST: not found for too
            long.
        track_id: The same number means the same thing; 0 while waiting.
        age_ns: Since the thing was last found.
        place_m: float64 [2], the middle of what the command asks for; None while waiting and when lost.
        thing_m: float64 [2], where the referred object is believed to be; None where that is not known.
        region: bool [rows, columns] of the planner's grid, the believed region.
        region_m: float64 [n, 2], its outline, see :class:`Placement`; no rows where there is none.
        goal: Where to go, None where there is no such place.
        path: The way there, None where there is none.
        reason: Why there is no goal or no path, for a person; empty when both are there.
    """

    command: Command
    stamp_ns: int
    state: PlanState
    track_id: int
    age_ns: int
    place_m: NDArray[np.float64] | None
    thing_m: NDArray[np.float64] | None
    region: NDArray[np.bool_]
    region_m: NDArray[np.float64]
    goal: Pose2d | None
    path: Path | None
    reason: str = ""

    def __post_init__(self) -> None:
        for name, point in (("place_m", self.place_m), ("thing_m", self.thing_m)):
            if point is not None and (point.dtype != np.float64 or point.shape != (2,)):
                raise ValueError(f"{name} must be float64 [2]")
        if self.region.dtype != np.bool_ or self.region.ndim != 2:
            raise ValueError("region must be bool [rows, columns]")
        if self.region_m.dtype != np.float64 or self.region_m.ndim != 2 or self.region_m.shape[1] != 2:
            raise ValueError("region_m must be float64 [n, 2]")
        if self.age_ns < 0:
            raise ValueError("nothing was found in the future")
        if self.state in (PlanState.WAITING, PlanState.LOST) and (self.goal is not None or self.path is not None):
            raise ValueError("nobody is sent to what is not believed to be there")
        if self.path is not None and self.goal is None:
            raise ValueError("a path leads to a goal")
