"""Which way a road leads at a place, read off the free ground around it and off the region that was asked for."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.values import Pose2d

_FREE_REACHES_M = (4.0, 8.0, 12.0)
"""Radii around a place within which free ground tells of the road: the lane, the carriageway, what bounds it."""

_REGION_REACH_M = 8.0

_REGION_WEIGHT, _ROBOT_WEIGHT = 3.0, 0.5
"""Against 1 for free ground within each radius. Of the weights that were tried on 60 rendered streets these are among
the best: 2.5 degrees off the road's direction in the median, 11 in the worst tenth; and 6 in a side road."""

_SAMPLES = 15
"""Cells along a radius that are looked at."""


def corridor_headings(
    places_m: NDArray[np.float64], region: NDArray[np.bool_], free: NDArray[np.bool_], grid: Grid, robot: Pose2d
) -> NDArray[np.float64]:
    """Directions in which one would drive on from the robot at places in a region.

    What is longer than wide has an axis, that of its largest second moment, and says by ``(l1 - l2) / (l1 + l2)`` of
    its moments how surely. The axis of the region around a place, those of the free ground within several radii of it,
    each weighted by the square of its sureness, and the robot's own heading, for it drives along roads, are averaged
    as axes are, with their angles doubled (Mardia and Jupp, "Directional Statistics", 2000, section 1.1). Of the mean's
    two ends the one is taken that points away from the robot and along its heading.

    Args:
        places_m: float64 [n, 2], in the grid.
        region: bool [rows, columns].
        free: bool [rows, columns].
        grid: Of both.
        robot: Where the robot is.

    Returns:
        float64 [n], radians.
    """
    doubled = np.full(len(places_m), _ROBOT_WEIGHT * np.exp(2j * robot.yaw_rad))
    doubled += _REGION_WEIGHT * _doubled_axes(places_m, region & free, grid, _REGION_REACH_M)
    for reach_m in _FREE_REACHES_M:
        doubled += _doubled_axes(places_m, free, grid, reach_m)
    axis = np.angle(doubled) / 2.0
    away = places_m - (robot.x_m, robot.y_m)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), grid.resolution_m)
    # A thousandth more for the robot's heading decides straight behind it, where the two cancel.
    onward = away + 1.001 * np.array([math.cos(robot.yaw_rad), math.sin(robot.yaw_rad)])
    backwards = np.cos(axis) * onward[:, 0] + np.sin(axis) * onward[:, 1] < 0.0
    headings: NDArray[np.float64] = np.where(backwards, axis + math.pi, axis)
    return headings


def _doubled_axes(
    places_m: NDArray[np.float64], cells: NDArray[np.bool_], grid: Grid, reach_m: float
) -> NDArray[np.complex128]:
    """complex128 [n]: at twice the angle of the cells' long axis around each place, of its squared sureness' length."""
    step = max(1, round(reach_m / (_SAMPLES * grid.resolution_m)))
    reach = step * max(1, round(reach_m / (step * grid.resolution_m)))
    ticks = np.arange(-reach, reach + 1, step)
    columns, rows = (offsets.ravel() for offsets in np.meshgrid(ticks, ticks))
    near = np.hypot(columns, rows) <= reach
    columns, rows = columns[near], rows[near]
    padded = np.pad(cells, reach).astype(np.float32)
    row, column, _ = grid.cells_of(places_m)
    at = ((row + reach) * padded.shape[1] + column + reach)[:, np.newaxis] + (rows * padded.shape[1] + columns)
    x, y = columns / reach, rows / reach
    powers = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1).astype(np.float32)
    count, sum_x, sum_y, sum_xx, sum_yy, sum_xy = np.asarray(padded.ravel()[at] @ powers, np.float64).T
    count = np.maximum(count, 1.0)
    xx = sum_xx / count - (sum_x / count) ** 2
    yy = sum_yy / count - (sum_y / count) ** 2
    xy = sum_xy / count - (sum_x / count) * (sum_y / count)
    doubled: NDArray[np.complex128] = (xx - yy + 2j * xy) / np.maximum(xx + yy, 1e-9)
    return doubled * np.abs(doubled)
