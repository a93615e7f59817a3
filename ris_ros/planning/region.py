"""The referred region on the ground, smoothed over images while the robot moves."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform


class RegionMemory:
    """Exponential smoothing of the region's probability, cell by cell.

    What was believed is carried to where the robot stands by its own motion; cells in view then move towards what the
    newest image says, the others stay. Carrying interpolates, so that edges soften by a part of a cell each time; the
    short time constant forgets that as fast as it arises.

    Args:
        grid: The cells, in the base frame.
        time_constant_s: Of the smoothing; 0 for none.
    """

    def __init__(self, grid: Grid, time_constant_s: float) -> None:
        self._grid = grid
        self._time_constant_s = time_constant_s
        self._probability: NDArray[np.float32] | None = None
        self._fixed_from_base: RigidTransform | None = None
        self._stamps_ns: dict[str, int] = {}

    def forget(self) -> None:
        """Begin anew: the region is another."""
        self._probability = None
        self._stamps_ns.clear()

    def update(
        self,
        confidence: NDArray[np.uint8],
        seen: NDArray[np.bool_],
        fixed_from_base: RigidTransform | None,
        stamp_ns: int,
        camera: str = "",
    ) -> None:
        """Take one image's region in.

        Args:
            confidence: uint8 [rows, columns], probability times 255.
            seen: bool [rows, columns], the cells in view.
            fixed_from_base: Where the robot was; None where that is not known, and then only this image counts.
            stamp_ns: Stamp of the image.
            camera: Whose image it is. What one has not shown before counts in full: several may have one stamp.
        """
        newest = np.where(seen, confidence, 0).astype(np.float32) / 255.0
        before = None if fixed_from_base is None else self.at(fixed_from_base)
        if before is None or self._time_constant_s == 0.0:
            self._probability = newest
        else:
            before_ns = self._stamps_ns.get(camera)
            dt_s = math.inf if before_ns is None else max(0, stamp_ns - before_ns) / 1e9
            share = 1.0 - math.exp(-dt_s / self._time_constant_s)
            self._probability = np.where(seen, before + share * (newest - before), before).astype(np.float32)
        self._fixed_from_base = fixed_from_base
        self._stamps_ns[camera] = stamp_ns

    def at(self, fixed_from_base: RigidTransform | None) -> NDArray[np.float32] | None:
        """What is believed, in the cells around a place of the robot.

        Args:
            fixed_from_base: The place; None where it is not known.

        Returns:
            float32 [rows, columns], probability; None where nothing is, or where the robot's motion since is not known.
        """
        if self._probability is None or (fixed_from_base is None) != (self._fixed_from_base is None):
            return None
        if fixed_from_base is None or self._fixed_from_base is None:
            return self._probability
        then_from_now = self._fixed_from_base.inverse @ fixed_from_base
        return _carried(self._probability, self._grid, then_from_now)


def _carried(values: NDArray[np.float32], grid: Grid, then_from_now: RigidTransform) -> NDArray[np.float32]:
    """The values of the cells' middles as they lay then; 0 from outside the grid."""
    cos, sin = math.cos(then_from_now.yaw), math.sin(then_from_now.yaw)
    x0, y0 = (start + grid.resolution_m / 2 for start in grid.origin_m)
    shift_x, shift_y = (float(value) for value in then_from_now.translation_m[:2])
    # From the indices of a cell (column, row) of now to those of then.
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = (turn @ np.array([x0, y0]) + np.array([shift_x - x0, shift_y - y0])) / grid.resolution_m
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    if np.abs(matrix - np.eye(2, 3)).max() < 1e-9:
        return values
    columns, rows = grid.size_cells
    return np.asarray(
        cv2.warpAffine(values, matrix, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32
    )
