"""From what one image says to a plan: the map around the robot, the thing that is followed, a goal and the way there.

    surroundings -> map -> occupancy ----------+
                                               +-> goal -> path
    answer -> place -> tracker, region --------+

All of it is told for the instant of the newest image, in the base frame of that instant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.polygon import grid_outline
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.planning.clearance import Clearance
from ris_ros.planning.followed import Believed, Followed
from ris_ros.planning.goal import approach_goal, region_goal
from ris_ros.planning.local_map import LocalMap
from ris_ros.planning.path import plan_path
from ris_ros.planning.reach import reachable
from ris_ros.planning.values import Footprint, Occupancy, Placement, Plan, Pose2d
from ris_ros.types import Command, Grounding, Target

_HERE = Pose2d(0.0, 0.0, 0.0)
_CLOCK_JUMP_NS = 1_000_000_000
"""An image that is older than the newest by more than this (and than the memory) shows that the clock was set back."""

_MOVED_M, _TURNED_RAD = 0.5, 0.2
"""A goal that would move less than this stays where it is, so that the path does not tremble with the masks."""


@dataclass(frozen=True, slots=True)
class Robot:
    """What the robot is like, and how it is to be driven.

    Attributes:
        footprint: Its outline.
        clearance_m: Room to be left around it.
        turning_radius_m: Tightest turn of the base frame's origin; 0 where it turns on the spot.
        standoff_m: Room to be left before an object that it approaches.
    """

    footprint: Footprint
    clearance_m: float
    turning_radius_m: float
    standoff_m: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How quickly images are believed, and how long what they said.

    Attributes:
        confirm_frames: Images in a row on which a thing must be found.
        lost_after_s: Unseen for longer, it is lost.
        smoothing_s: Time constant of the region.
        memory_s: How long cells out of view stay known.
    """

    confirm_frames: int
    lost_after_s: float
    smoothing_s: float
    memory_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    """Where the robot was at the newest image, in the plane."""

    stamp_ns: int
    fixed_from_base: RigidTransform | None


class Planner:
    """Plans for one command at a time. Belongs to one thread.

    Images come in the order of their stamps, of any of the robot's cameras. One that is older than the newest by more
    than all that is remembered (and by more than a second) means that the clock was set back: all begins anew.

    The ground is flat: of the robot's motion its turn about the vertical and its place in the plane count.

    Attributes:
        grid: Cells of the map, in the base frame.

    Args:
        grid: See above.
        robot: What is driven.
        patience: See there.
        free_probability: Probability from which ground counts as free.
    """

    def __init__(self, grid: Grid, robot: Robot, patience: Patience, free_probability: float) -> None:
        self.grid = grid
        self._robot = robot
        self._patience = patience
        self._free_probability = free_probability
        self._map = LocalMap(grid, patience.memory_s)
        self._here: _Here | None = None
        self._followed: Followed | None = None
        self._goal: _Goal | None = None

    @property
    def command(self) -> Command | None:
        """The command that is followed."""
        return None if self._followed is None else self._followed.command

    def forget(self) -> None:
        """Forget everything: the clock or the robot jumped."""
        self._map = LocalMap(self.grid, self._patience.memory_s)
        self._here = self._followed = self._goal = None

    def follow(self, command: Command | None) -> None:
        """Plan for this command from here on; for another one than before, everything about the thing begins anew."""
        if command is None:
            self._followed = self._goal = None
        elif self._followed is None or self._followed.command is not command:
            patience = self._patience
            self._followed = Followed(
                command, self.grid, patience.confirm_frames, patience.lost_after_s, patience.smoothing_s
            )
            self._goal = None

    def see(self, view: BirdsEye, surroundings: Surroundings, fixed_from_base: RigidTransform | None) -> None:
        """Take in what one image says of the ground.

        Args:
            view: The camera over the grid, at the instant of the image.
            surroundings: What the model says.
            fixed_from_base: Where the robot was; None where its motion is not known.
        """
        stamp_ns = surroundings.frame.stamp_ns
        fixed_from_base = None if fixed_from_base is None else fixed_from_base.level
        if self._is_set_back(stamp_ns):
            command = self.command
            self.forget()
            self.follow(command)
        self._map.update(view, surroundings.free, surroundings.obstacle, fixed_from_base, stamp_ns)
        if self._here is None or stamp_ns >= self._here.stamp_ns:
            self._here = _Here(stamp_ns, fixed_from_base)

    def note(
        self, view: BirdsEye, grounding: Grounding, placement: Placement, fixed_from_base: RigidTransform | None
    ) -> None:
        """Take in the answer to the followed command on an image that :meth:`see` was told of.

        Args:
            view: See :meth:`see`, as for ``fixed_from_base``.
            grounding: The answer.
            placement: Where it lies.
            fixed_from_base: Where the robot was.
        """
        if self._followed is not None:
            fixed_from_base = None if fixed_from_base is None else fixed_from_base.level
            self._followed.note(view, grounding, placement, fixed_from_base)

    def occupancy(self, since_ns: int = 0) -> Occupancy | None:
        """What is known of the ground, in the base frame of the newest image; None before the first.

        Args:
            since_ns: Time that has passed since that image.
        """
        if self._here is None:
            return None
        return self._map.occupancy(self._here.fixed_from_base, self._here.stamp_ns + since_ns)

    def plan(self, since_ns: int = 0, want_path: bool = True) -> Plan | None:
        """Where to go for the followed command; None before the first image and without a command.

        Args:
            since_ns: Time that has passed since the newest image.
            want_path: Whether the way is wanted too, which takes the longest.
        """
        here, followed = self._here, self._followed
        occupancy = self.occupancy(since_ns)
        if here is None or followed is None or occupancy is None:
            return None
        believed = followed.at(here.stamp_ns, since_ns, here.fixed_from_base)
        goal, path, reason = None, None, believed.reason
        if believed.place_m is not None:
            free = self._free_space(occupancy, believed)
            try:
                goal = self._choose(here, believed, free)
                if want_path:
                    path = plan_path(_HERE, goal, free, self.grid, self._robot.turning_radius_m)
            except GeometryError as error:
                reason = str(error)
        return Plan(
            command=followed.command,
            stamp_ns=here.stamp_ns,
            state=believed.state,
            track_id=believed.track_id,
            age_ns=believed.age_ns,
            place_m=believed.place_m,
            thing_m=believed.thing_m,
            region=believed.region,
            region_m=grid_outline(believed.region, self.grid) if believed.region.any() else np.zeros((0, 2)),
            goal=goal,
            path=path,
            reason=reason,
        )

    def _is_set_back(self, stamp_ns: int) -> bool:
        memory_ns = round(max(self._patience.memory_s, self._patience.lost_after_s) * 1e9)
        return self._here is not None and stamp_ns < self._here.stamp_ns - max(_CLOCK_JUMP_NS, memory_ns)

    def _free_space(self, occupancy: Occupancy, believed: Believed) -> Clearance:
        robot = self._robot
        return Clearance(occupancy, robot.footprint, robot.clearance_m, self._free_probability, believed.thing)

    def _choose(self, here: _Here, believed: Believed, free: Clearance) -> Pose2d:
        """The best goal, or the one before where it still holds and the best is about the same.

        Raises:
            GeometryError: There is none.
        """

        def reach(poses: NDArray[np.float64]) -> NDArray[np.bool_]:
            return reachable(_HERE, poses, free, self._robot.turning_radius_m)

        if self._followed is not None and self._followed.command.target is Target.REGION:
            best = region_goal(believed.region, free, _HERE, reach)
        else:
            best = approach_goal(believed.outline_m, free, self._robot.standoff_m, _HERE, reach)
        before = self._goal
        if here.fixed_from_base is None:
            return best
        if before is not None and before.track_id == believed.track_id:
            kept = before.in_fixed.moved(here.fixed_from_base.inverse)
            if _about(kept, best) and free.clear_seen(np.array([[kept.x_m, kept.y_m, kept.yaw_rad]]))[0]:
                return kept
        self._goal = _Goal(best.moved(here.fixed_from_base), believed.track_id)
        return best


@dataclass(frozen=True, slots=True)
class _Goal:
    """The goal of the latest plan.

    Attributes:
        in_fixed: In the fixed frame.
        track_id: The thing that it is about.
    """

    in_fixed: Pose2d
    track_id: int


def _about(one: Pose2d, other: Pose2d) -> bool:
    turned = abs(math.remainder(one.yaw_rad - other.yaw_rad, 2 * math.pi))
    return math.hypot(one.x_m - other.x_m, one.y_m - other.y_m) < _MOVED_M and turned < _TURNED_RAD
