"""From where the robot stands to a goal: a way that it can drive, on ground believed free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.grid import Grid
from ris_ros.planning.curves import Curves
from ris_ros.planning.effort import Effort
from ris_ros.planning.smooth import smoothed
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.two_ended import NoWayError, find_way
from ris_ros.planning.values import FreeSpace, Path, Pose2d

Array = NDArray[np.float64]

SAMPLE_M = 0.1
"""Poses of a path lie at most so far apart, and each was asked whether it is clear."""

MAX_EXPANSIONS = 8000
"""More than any street needed that was measured; bounds the time of a search that finds nothing."""


def plan_path(
    start: Pose2d,
    goal: Pose2d,
    free_space: FreeSpace,
    grid: Grid,
    turning_radius_m: float,
    *,
    max_expansions: int = MAX_EXPANSIONS,
) -> Path:
    """A way from one pose to another that the robot can drive forward.

    The search is a hybrid A* (see :mod:`ris_ros.planning.hybrid_astar`), its result smoothed. The same arguments give
    the same path on every machine: the search is bounded by work, not by a clock.

    Args:
        start: Where the robot stands.
        goal: Where it shall stand.
        free_space: Where it may stand, in the same frame.
        grid: The cells over which ``free_space`` is known.
        turning_radius_m: Of the tightest turn of the base frame's origin; 0 if the robot turns on the spot.
        max_expansions: How many poses the search may go on from before it gives up.

    Returns:
        Poses at most 0.1 m apart, the first the start's and the last the goal's, each of them clear. The curvature is
        nowhere above 1 / ``turning_radius_m``. A robot that turns on the spot does so where poses that differ in
        heading only follow each other; curvature is 0 there.

    Raises:
        GeometryError: There is no such way, or none was found; the message says why.
    """
    ends = np.array([[pose.x_m, pose.y_m, pose.yaw_rad] for pose in (start, goal)])
    start_clear, goal_clear = free_space.clear(ends)
    if not start_clear:
        raise GeometryError(
            "The robot itself stands on ground that is not believed free:"
            " move it, or check robot_front_m, robot_rear_m, robot_width_m and clearance_m."
        )
    if not goal_clear:
        raise GeometryError("The goal lies on ground that is not believed free: choose another.")
    terrain = Terrain.of(free_space, grid)
    effort = Effort(terrain, turning_radius_m)
    to_goal = terrain.cost_to((goal.x_m, goal.y_m))
    row, column, _ = terrain.coarse.cells_of(ends[0, :2])
    if not np.isfinite(to_goal[row, column]):
        raise GeometryError(
            "No way on ground believed free leads to the goal: wait until more of the ground is seen, or move the"
            " robot."
        )
    try:
        found = find_way(effort, free_space, ends[0], ends[1], to_goal, SAMPLE_M, max_expansions)
    except NoWayError as error:
        raise GeometryError(_reason(error.end, turning_radius_m, max_expansions)) from None
    if not len(found):
        return Path(ends[:1], np.zeros(1))
    for way in (smoothed(found, effort, free_space, SAMPLE_M), found):
        path = _path(way, ends)
        if free_space.clear(path.poses).all():
            return path
    raise GeometryError("The only way to the goal that was found touches ground that is not free: move the robot.")


def _reason(end: str | None, turning_radius_m: float, max_expansions: int) -> str:
    if end is None:
        return (
            f"No way to the goal was found among {max_expansions} poses that the robot can drive to: choose another"
            " goal, or move the robot closer."
        )
    turns = (
        "turning on the spot"
        if turning_radius_m == 0.0
        else f"driving forward with a turning radius of {turning_radius_m:g} m"
    )
    if end == "start":
        return f"There is not enough free ground to get away from where the robot stands, {turns}: move the robot."
    return (
        f"There is not enough free ground to drive up to the goal with its heading, {turns}: choose another goal or"
        " heading."
    )


def _path(way: Curves, ends: Array) -> Path:
    """The way as poses, from its first end to its last to the last digit."""
    poses, piece = way.poses(SAMPLE_M)
    poses[-1] = ends[1]
    lengths, turns = way.lengths_m.ravel(), way.turns_rad.ravel()
    driven = lengths > 0.0
    curvature = np.where(driven, turns / np.where(driven, lengths, 1.0), 0.0)
    return Path(np.concatenate([ends[:1], poses]), np.append(curvature[piece[0]], curvature[piece]))
