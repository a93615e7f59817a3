"""Where to stand: in a region that was asked for ("park behind the red car"), or before a thing ("go to the man")."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.grid import Grid
from ris_ros.planning.clearance import Clearance
from ris_ros.planning.corridor import corridor_headings
from ris_ros.planning.values import Footprint, Pose2d

_PLACES = (300, 3000)
"""How many cells of a region, evenly thinned out, are looked at first, and how many where the robot fits in none of
these; then those around the best."""

_TURNS = np.deg2rad([0.0, 30.0, -30.0, 60.0, -60.0, 90.0, -90.0, 120.0, -120.0, 150.0, -150.0, 180.0])
"""Headings off the corridor's that are tried where the robot fits in no preferred one."""

_ENOUGH_ROOM_M = 3.0
"""From here on more room is no better."""

_CENTRE_WEIGHT = 0.2
"""How many metres of room a metre nearer to the region's middle is worth."""

_TURN_WEIGHT_M = 1.0
"""How many metres of room a radian nearer to the corridor's direction is worth."""

_BEARINGS = np.deg2rad(np.arange(0.0, 91.0, 5.0))
"""How far around a thing, off the straight way to it, places are looked for on either side."""

_DISTANCES = np.arange(1.0, 2.01, 0.125)
"""Multiples of the stand-off at which they are looked for: the ground near a thing may not be free."""

_DISTANCE_WEIGHT_RAD = math.pi / 4
"""How far around a thing is as bad as twice the stand-off."""

_ORIGIN = Pose2d(0.0, 0.0, 0.0)

_PASSING_PLACES = 400
"""How many places along the road are looked at for stopping beside a thing."""

_ASKED = 200
"""Of so many of the best poses it is asked whether the robot can drive there directly."""

Reach = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Which of poses [n, 3] the robot can drive to directly, bool [n]; see :func:`ris_ros.planning.reach.reachable`."""


def region_goal(
    region: NDArray[np.bool_], clearance: Clearance, robot: Pose2d = _ORIGIN, reach: Reach | None = None
) -> Pose2d:
    """The best pose in a region: its origin and the robot's middle in it, and clear on ground that was seen to be free.

    Among the places where the robot fits, the one is taken that lies deepest in the region and has most room around it,
    with a mild preference for the region's middle. The robot faces along the corridor of free ground that the place
    lies in, away from where it stands now (:func:`ris_ros.planning.corridor.corridor_headings`); where it fits nowhere
    so, straight away from there; and where it does not fit so either, as near to along the corridor as may be. Poses
    that can be driven to directly are preferred to all others.

    Args:
        region: bool [rows, columns] of the map's grid: the answer's mask on the ground.
        clearance: The robot's outline on the map; the object that the command names belongs to what it keeps out of.
        robot: Where it is in the map's frame.
        reach: Tells what can be driven to directly; None where that makes no difference.

    Returns:
        A pose in the map's frame.

    Raises:
        GeometryError: There is no such place.
    """
    grid = clearance.occupancy.grid
    if region.dtype != np.bool_ or region.shape != grid.shape:
        raise ValueError("region must be bool of the grid's shape")
    if not region.any():
        raise GeometryError("The region is not on the ground that the map covers: drive nearer to it.")
    inside = region & clearance.seen_free
    if not inside.any():
        raise GeometryError("The region is not on ground that is believed free: ask for another one.")
    rows, columns = np.nonzero(inside & clearance.may_hold())
    for places in _PLACES:
        step = max(1, round(math.sqrt(len(rows) / places)))
        thinned = (rows % step == 0) & (columns % step == 0)
        coarse = _best(grid.points_m(rows[thinned], columns[thinned]), region, clearance, robot, reach)
        if coarse is not None:
            row, column, _ = grid.cells_of(np.array([coarse.x_m, coarse.y_m]))
            around = (np.abs(rows - row) < step) & (np.abs(columns - column) < step)
            return _best(grid.points_m(rows[around], columns[around]), region, clearance, robot, reach) or coarse
    raise GeometryError("The region holds no place of the robot's size that is free: ask for a larger one.")


def _best(
    places: NDArray[np.float64], region: NDArray[np.bool_], clearance: Clearance, robot: Pose2d, reach: Reach | None
) -> Pose2d | None:
    """The best pose at one of these places, float64 [n, 2]; None where the robot fits nowhere."""
    along = corridor_headings(places, region, clearance.seen_free, clearance.occupancy.grid, robot)
    away = np.arctan2(places[:, 1] - robot.y_m, places[:, 0] - robot.x_m)
    unreached = None
    for headings in (along[:, np.newaxis], away[:, np.newaxis], along[:, np.newaxis] + _TURNS):
        poses = np.column_stack([np.repeat(places, headings.shape[1], axis=0), headings.ravel()])
        middles = _middles(poses, clearance)
        fits = clearance.clear_seen(poses) & _in(middles, region, clearance.occupancy.grid)
        if fits.any():
            worth = _worth(poses[fits, :2], middles[fits], region, clearance)
            off = np.repeat(along, headings.shape[1])[fits] - poses[fits, 2]
            worth -= _TURN_WEIGHT_M * np.abs(np.remainder(off + math.pi, 2 * math.pi) - math.pi)
            best, reached = _foremost(poses[fits], -worth, reach)
            if reached:
                return best
            unreached = unreached or best
    return unreached


def _foremost(poses: NDArray[np.float64], cost: NDArray[np.float64], reach: Reach | None) -> tuple[Pose2d, bool]:
    """The pose [n, 3] of the least cost [n] that can be driven to directly, else of the least; and which it is."""
    order = np.argsort(cost, kind="stable")[:_ASKED]
    if reach is None:
        return _pose(poses[order[0]]), True
    reached = order[reach(poses[order])]
    return _pose(poses[reached[0] if len(reached) else order[0]]), len(reached) > 0


def approach_goal(
    thing_m: NDArray[np.float64],
    clearance: Clearance,
    standoff_m: float,
    robot: Pose2d = _ORIGIN,
    reach: Reach | None = None,
) -> Pose2d:
    """A pose before a thing, the robot's front towards it, clear on ground that was seen to be free.

    Candidates stand around the thing on the robot's side, up to 90 degrees off the straight way to it. The whole thing
    lies ``standoff_m`` or more ahead of the robot's front, up to twice that. The nearest to the straight way and to the
    stand-off is taken, where twice the stand-off is as bad as an eighth of a turn around. Where none of them can be
    driven to directly, as by a car when the thing is beside its road, the robot stops along its way, at such a
    distance, where it comes nearest.

    Args:
        thing_m: float64 [k, 2]: the thing's foot, or the outline of it, on the ground in the map's frame; k >= 1.
        clearance: The robot's outline on the map.
        standoff_m: Metres between the robot's front and the thing.
        robot: Where it is in the map's frame.
        reach: Tells what can be driven to directly; None where that makes no difference.

    Returns:
        A pose in the map's frame.

    Raises:
        GeometryError: Nowhere there is room.
    """
    if thing_m.ndim != 2 or thing_m.shape[1] != 2 or not len(thing_m) or not np.isfinite(thing_m).all():
        raise ValueError("thing_m must be [k, 2] finite numbers with a row at least")
    unreached = None
    for candidates in (_facing,) if reach is None else (_facing, _passing):
        poses, cost = candidates(thing_m, clearance, standoff_m, robot)
        clear = clearance.clear_seen(poses)
        if clear.any():
            best, reached = _foremost(poses[clear], cost[clear], reach)
            if reached:
                return best
            unreached = unreached or best
    if unreached is None:
        raise GeometryError(
            f"There is no free place of the robot's size {standoff_m:.1f} to {standoff_m * _DISTANCES[-1]:.1f} m before"
            " the thing: clear the way to it, or choose another standoff_m."
        )
    return unreached


def _facing(
    thing_m: NDArray[np.float64], clearance: Clearance, standoff_m: float, robot: Pose2d
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Poses [n, 3] that look straight at a thing, and their costs [n]: how far around it, and how far from it."""
    centre = (thing_m.min(axis=0) + thing_m.max(axis=0)) / 2.0
    straight = math.atan2(robot.y_m - centre[1], robot.x_m - centre[0])
    bearings = straight + np.concatenate([_BEARINGS, -_BEARINGS[1:]])
    outward = np.stack([np.cos(bearings), np.sin(bearings)], axis=1)
    edge_m = ((thing_m - centre) @ outward.T).max(axis=0)
    rings = [edge_m + standoff_m * multiple + clearance.footprint.front_m for multiple in _DISTANCES]
    poses = [np.column_stack([centre + away_m[:, np.newaxis] * outward, bearings + math.pi]) for away_m in rings]
    costs = [np.abs(bearings - straight) + _DISTANCE_WEIGHT_RAD * (multiple - 1.0) for multiple in _DISTANCES]
    return np.concatenate(poses), np.concatenate(costs)


def _passing(
    thing_m: NDArray[np.float64], clearance: Clearance, standoff_m: float, robot: Pose2d
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Poses [n, 3] along the way that free ground leads, near enough to a thing, and their distances from it [n]."""
    grid, footprint = clearance.occupancy.grid, clearance.footprint
    farthest_m = standoff_m * _DISTANCES[-1] + footprint.front_m + 2.0 * footprint.half_width_m
    rows, columns = np.nonzero(clearance.seen_free)
    places = grid.points_m(rows, columns)
    away_m = np.linalg.norm(places[:, np.newaxis] - thing_m, axis=2).min(axis=1)
    places = places[away_m < farthest_m]
    places = places[:: max(1, math.ceil(len(places) / _PASSING_PLACES))]
    headings = corridor_headings(places, clearance.seen_free, clearance.seen_free, grid, robot)
    poses = np.column_stack([places, headings])
    gap_m = _gap_m(poses, thing_m, footprint)
    near = (gap_m >= standoff_m) & (gap_m <= farthest_m)
    return poses[near], gap_m[near]


def _gap_m(poses: NDArray[np.float64], thing_m: NDArray[np.float64], footprint: Footprint) -> NDArray[np.float64]:
    """Metres [n] between the robot's outline at poses [n, 3] and the nearest of a thing's points [k, 2]."""
    offset = thing_m - poses[:, np.newaxis, :2]
    cos, sin = np.cos(poses[:, 2:]), np.sin(poses[:, 2:])
    ahead = offset[..., 0] * cos + offset[..., 1] * sin
    aside = np.abs(offset[..., 1] * cos - offset[..., 0] * sin)
    beyond = np.maximum(np.maximum(ahead - footprint.front_m, -footprint.rear_m - ahead), 0.0)
    gap: NDArray[np.float64] = np.hypot(beyond, np.maximum(aside - footprint.half_width_m, 0.0)).min(axis=1)
    return gap


def _pose(row: NDArray[np.float64]) -> Pose2d:
    x, y, yaw = map(float, row)
    return Pose2d(x, y, math.remainder(yaw, 2 * math.pi))


def _middles(poses: NDArray[np.float64], clearance: Clearance) -> NDArray[np.float64]:
    """float64 [n, 2]: the middle of the robot's outline at each pose."""
    ahead = (clearance.footprint.front_m - clearance.footprint.rear_m) / 2.0
    middles: NDArray[np.float64] = poses[:, :2] + ahead * np.stack([np.cos(poses[:, 2]), np.sin(poses[:, 2])], axis=1)
    return middles


def _in(xy_m: NDArray[np.float64], cells: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    rows, columns, inside = grid.cells_of(xy_m)
    return inside & cells[rows, columns]


def _worth(
    origins: NDArray[np.float64],
    middles: NDArray[np.float64],
    region: NDArray[np.bool_],
    clearance: Clearance,
) -> NDArray[np.float64]:
    """float64 [n], in metres of room: the robot's depth in the region, the room around it, nearness to the middle."""
    grid = clearance.occupancy.grid
    padded = np.pad(region.astype(np.uint8), 1)
    depth_m = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] * grid.resolution_m
    depths = [depth_m[rows, columns] for rows, columns, _ in (grid.cells_of(origins), grid.cells_of(middles))]
    deep = np.minimum(np.minimum(*depths), _ENOUGH_ROOM_M)
    room = np.minimum(clearance.room_m(middles), _ENOUGH_ROOM_M)
    centre = grid.points_m(*np.nonzero(region & clearance.seen_free)).mean(axis=0)
    worth: NDArray[np.float64] = deep + room - _CENTRE_WEIGHT * np.linalg.norm(middles - centre, axis=1)
    return worth
