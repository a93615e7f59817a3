"""Which way a road leads at a place, read off the free ground around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.values import Pose2d

_REACHES_M = (3.0, 6.0, 12.0)
"""Radii around a place in which its corridor is looked for: that of a footpath, a lane, a road."""

_LONG = 0.2
"""From this anisotropy on free ground counts as a corridor: about a strip half as wide as it is long."""

_SAMPLES = 15
"""Cells along a radius that are looked at."""


def corridor_headings(
    places_m: NDArray[np.float64], free: NDArray[np.bool_], grid: Grid, robot: Pose2d
) -> NDArray[np.float64]:
    """Directions in which one would drive on from the robot at places on free ground.

    The corridor's direction is the principal axis of the free ground within a radius of the place (its second moments);
    of several radii the one counts in which the ground is longest against its width. Of the axis' two ends the one is
    taken that points away from the robot and along its own heading. Where the ground is as wide as long in all of them,
    the direction is that from the robot to the place.

    Args:
        places_m: float64 [n, 2], in the grid.
        free: bool [rows, columns].
        grid: Of ``free``.
        robot: Where the robot is.

    Returns:
        float64 [n], radians.
    """
    away = places_m - (robot.x_m, robot.y_m)
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    ahead = np.array([np.cos(robot.yaw_rad), np.sin(robot.yaw_rad)])
    away = np.where(distance > grid.resolution_m, away / np.maximum(distance, 1e-9), ahead)
    best = np.zeros(len(places_m))
    axis = np.arctan2(away[:, 1], away[:, 0])
    for reach_m in _REACHES_M:
        angle, anisotropy = _principal_axes(places_m, free, grid, reach_m)
        better = (anisotropy > best) & (anisotropy >= _LONG)
        best, axis = np.where(better, anisotropy, best), np.where(better, angle, axis)
    onward = away + ahead
    onward = np.where(np.linalg.norm(onward, axis=1, keepdims=True) > 1e-6, onward, ahead)
    backwards = np.cos(axis) * onward[:, 0] + np.sin(axis) * onward[:, 1] < 0.0
    headings: NDArray[np.float64] = np.where((best > 0.0) & backwards, axis + np.pi, axis)
    return headings


def _principal_axes(
    places_m: NDArray[np.float64], free: NDArray[np.bool_], grid: Grid, reach_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The angle of the free ground's long axis around each place, and (l1 - l2) / (l1 + l2) of its moments l1 >= l2."""
    step = max(1, round(reach_m / (_SAMPLES * grid.resolution_m)))
    reach = step * max(1, round(reach_m / (step * grid.resolution_m)))
    ticks = np.arange(-reach, reach + 1, step)
    columns, rows = (offsets.ravel() for offsets in np.meshgrid(ticks, ticks))
    near = np.hypot(columns, rows) <= reach
    columns, rows = columns[near], rows[near]
    cells = np.pad(free, reach).astype(np.float32)
    row, column, _ = grid.cells_of(places_m)
    at = ((row + reach) * cells.shape[1] + column + reach)[:, np.newaxis] + (rows * cells.shape[1] + columns)
    x, y = columns / reach, rows / reach
    moments = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1).astype(np.float32)
    count, sum_x, sum_y, sum_xx, sum_yy, sum_xy = np.asarray(cells.ravel()[at] @ moments, np.float64).T
    count = np.maximum(count, 1.0)
    xx = sum_xx / count - (sum_x / count) ** 2
    yy = sum_yy / count - (sum_y / count) ** 2
    xy = sum_xy / count - (sum_x / count) * (sum_y / count)
    spread = np.hypot(xx - yy, 2.0 * xy)
    return 0.5 * np.arctan2(2.0 * xy, xx - yy), spread / np.maximum(xx + yy, 1e-12)
