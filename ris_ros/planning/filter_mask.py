"""Masks for Nav2's costmap filters: where the robot may drive, or had better drive, because somebody said so.

A filter of Nav2 (``KeepoutFilter``) only ever raises costs: -1 leaves a cell as it is, 0 does too, 100 forbids it.
It looks the mask's frame up at the latest time and reads the grid along that frame's axes. A mask in the robot's frame
would therefore swing with the robot between two images: :func:`resampled` lays it along the axes of a frame in which
the world stands still.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Occupancy

UNWELCOME = 50
"""Value of ground beside the preferred region: dear, and open where there is no other way."""


def filter_values(
    kind: Literal["keepout", "preferred"], region: NDArray[np.bool_], occupancy: Occupancy
) -> NDArray[np.int8]:
    """The mask of a region.

    Args:
        kind: ``keepout`` forbids the known ground outside the region, ``preferred`` makes it dear.
        region: bool [rows, columns] of the occupancy's grid.
        occupancy: What is known of the ground; where nothing is, nothing is said, so that the robot is not walled in
            by the ground beneath and behind it.

    Returns:
        int8 [rows, columns].
    """
    outside = OCCUPIED if kind == "keepout" else UNWELCOME
    values = np.where(occupancy.values == UNKNOWN, UNKNOWN, outside)
    return np.where(region, 0, values).astype(np.int8)


def resampled(values: NDArray[np.int8], grid: Grid, target_from_grid: RigidTransform) -> tuple[NDArray[np.int8], Grid]:
    """Lay a grid along the axes of another frame.

    Args:
        values: int8 [rows, columns].
        grid: Its cells.
        target_from_grid: From its frame into the other; their z axes are parallel.

    Returns:
        int8 [rows, columns] of the nearest cells, unknown outside, and their grid: the smallest that holds the old one,
        its cells on whole multiples of the resolution, so that it does not crawl when the robot stands.
    """
    columns, rows = grid.size_cells
    x, y = grid.origin_m
    right, top = x + columns * grid.resolution_m, y + rows * grid.resolution_m
    corners = target_from_grid.apply(np.array([[x, y, 0.0], [right, y, 0.0], [right, top, 0.0], [x, top, 0.0]]))
    low = np.floor(corners[:, :2].min(axis=0) / grid.resolution_m).astype(int)
    high = np.ceil(corners[:, :2].max(axis=0) / grid.resolution_m).astype(int)
    size = high - low
    target = Grid(
        grid.resolution_m,
        (int(size[0]), int(size[1])),
        (float(low[0] * grid.resolution_m), float(low[1] * grid.resolution_m)),
    )
    # Where the middles of the target's cells lie in the old grid, counted in its cells; rows and columns add up.
    grid_from_target = target_from_grid.inverse
    turn, offset_m = grid_from_target.rotation[:2, :2], grid_from_target.translation_m[:2] - grid.origin_m
    along_x = turn[:, :1] * (low[0] + np.arange(size[0]) + 0.5)
    along_y = turn[:, 1:] * (low[1] + np.arange(size[1]) + 0.5) + offset_m[:, np.newaxis] / grid.resolution_m
    from_columns, from_rows = np.floor(along_x[:, np.newaxis, :] + along_y[:, :, np.newaxis]).astype(np.int64)
    inside = (from_columns >= 0) & (from_columns < columns) & (from_rows >= 0) & (from_rows < rows)
    resampled_values = np.full(target.shape, UNKNOWN, np.int8)
    resampled_values[inside] = values[from_rows[inside], from_columns[inside]]
    return resampled_values, target
