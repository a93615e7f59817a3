"""The ground around the robot, put together from the images of its cameras while it moves."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.sight_lines import AS_ON_ROADS, Build, SightLines
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Occupancy

_Number = TypeVar("_Number", np.uint8, np.int64)

_NEVER = -(1 << 62)

_CLOCK_JUMP_NS = 1_000_000_000
"""An image older than the newest by more than this, and than the memory, means that the clock was set back."""

_HIDDEN = 1
"""What stands for hidden ground among the probabilities of a view."""

_VIEWS_KEPT = 8
"""Cameras whose sight lines are kept."""

_LINGER_NS = 150_000_000
"""A cell in which an obstacle was seen is free of it when a view shows none so long after: one image on which the model
missed it is not enough where images come often, and what drives on leaves no trail where they come seldom."""

_TOUCHED = 51
"""Of 255. A cell counts as occupied where linear interpolation between cells gives 0.2 or more. Every disc of radius
0.71 cells holds a cell's middle, and within it that weight is 0.25 or more: no obstacle falls between the cells."""

_VALUE_OF_FREE = np.rint(np.minimum(OCCUPIED - 1, OCCUPIED * (1.0 - np.arange(256) / 255.0))).astype(np.int8)
_VALUE_OF_FREE[0] = UNKNOWN


class LocalMap:
    """Occupancy of a grid around the robot, from what cameras see, remembered for a while in the frame of its odometry.

    Evidence lies in cells that stand still in the fixed frame (a window of them that rolls along with the robot) and
    is laid on the robot's grid when that is asked for. Both steps take the nearest cell, so that a place is off by at
    most 0.71 cells in each, 1.41 together, however long the robot drives: nothing is ever resampled twice into the
    memory. Obstacles may grow by 0.8 cells in each step, and never shrink.

    The newest view of a cell is what counts. Obstacles enter at once and leave when a view shows none 0.15 s later.
    Evidence is not added up as in the occupancy grids of Elfes 1989 ("Using occupancy grids for mobile robot perception
    and navigation"), because a model's errors on successive images are the same errors. What an obstacle hides becomes
    unknown even where it was free before: it may be the obstacle's own body. Where things stand by their masks on the
    ground, and what they hide, see :class:`SightLines`.

    Only the turn about the vertical and the place in the plane of the robot's motion are used.

    Args:
        grid: The robot's cells, in its base frame.
        memory_s: How long a cell stays known after it was last seen; may be set at any time.
        obstacle_probability: Probability from which a pixel belongs to an obstacle.
        build: What obstacles are like.
    """

    def __init__(
        self, grid: Grid, memory_s: float, obstacle_probability: float = 0.5, build: Build = AS_ON_ROADS
    ) -> None:
        self.memory_s = memory_s
        self._grid = grid
        self._obstacle_level = obstacle_probability * 255.0
        self._build = build
        self._lines: OrderedDict[BirdsEye, SightLines] = OrderedDict()
        columns, rows = grid.size_cells
        self._side = math.ceil(math.hypot(columns, rows)) + 3
        self._forget()

    def _forget(self) -> None:
        shape = (self._side, self._side)
        self._corner: tuple[int, int] | None = None
        self._free = np.zeros(shape, np.uint8)
        self._stood_ns = np.full(shape, _NEVER, np.int64)
        self._seen_ns = np.full(shape, _NEVER, np.int64)
        self._blind_ns = np.full(self._grid.shape, _NEVER, np.int64)
        self._cut_ns = np.full(self._grid.shape, _NEVER, np.int64)
        self._newest_ns: int | None = None
        self._fixed_from_base: RigidTransform | None = None

    def update(
        self,
        view: BirdsEye,
        free: NDArray[np.uint8],
        obstacle: NDArray[np.uint8],
        fixed_from_base: RigidTransform | None,
        stamp_ns: int,
    ) -> None:
        """Take in one image.

        Cells that a newer image has shown keep what that said. An image that is older than the newest by more than the
        memory (and by more than a second) means that the clock was set back: the map starts anew.

        Args:
            view: The camera over the map's grid.
            free: uint8 [h, w] over the whole camera image: probability times 255 that a pixel shows ground free to
                drive on.
            obstacle: uint8 [h, w]: that it shows an obstacle.
            fixed_from_base: Where the robot was at the stamp; None where that is not known: then only images of one
                stamp, the newest, count.
            stamp_ns: Stamp of the image.
        """
        if view.grid != self._grid:
            raise ValueError("the view must be of the map's grid")
        if not self._takes(fixed_from_base, stamp_ns):
            return
        standing = view.highest(obstacle) >= self._obstacle_level
        occupied, hidden = self._sight_lines(view).feet(standing & view.seen, self._build)
        cut = occupied & ~view.seen
        self._blind_ns[view.blind & ~cut] = stamp_ns
        self._cut_ns[cut] = stamp_ns
        shown = np.maximum(view.mean(free), _HIDDEN + 1)
        shown[hidden] = _HIDDEN
        shown[~view.seen | occupied] = 0
        self._remember(shown, occupied & view.seen, fixed_from_base or RigidTransform.identity(), stamp_ns)
        if self._newest_ns is None or stamp_ns >= self._newest_ns:
            self._newest_ns, self._fixed_from_base = stamp_ns, fixed_from_base

    def occupancy(self, fixed_from_base: RigidTransform | None, now_ns: int) -> Occupancy:
        """What is believed of the ground around the robot.

        Cells last seen longer than the memory before ``now_ns`` are unknown, and so are all that no camera saw and
        that an obstacle hid. A value is 100 times the probability that the ground is not free, at most 99; 100 is an
        obstacle's.

        Args:
            fixed_from_base: Where the robot is; None, or where the newest image came without: as at the newest image.
            now_ns: The time, in the clock of the stamps.

        Returns:
            The map; its stamp is the newest image's, 0 before the first.
        """
        base = fixed_from_base if self._fixed_from_base is not None else None
        base = base or self._fixed_from_base or RigidTransform.identity()
        shape = self._grid.shape
        memory_ns = round(self.memory_s * 1e9)
        if self._newest_ns is None or self._corner is None:
            return Occupancy(self._grid, np.full(shape, UNKNOWN, np.int8), np.zeros(shape, np.bool_), 0)
        # An image from far in the future is as little use as one from the past: the clock was set back.
        known = _between(self._seen_ns, now_ns - memory_ns, now_ns + memory_ns).view(np.uint8)
        window_from_base = self._window_cell_from_base_cell(base, self._corner)
        columns, rows = self._grid.size_cells
        free = _warped(self._free * known, window_from_base, (columns, rows), cv2.INTER_NEAREST)
        obstacle = np.where(self._stood_ns > _NEVER, known, 0).astype(np.uint8) * np.uint8(255)
        obstacle = _warped(obstacle, window_from_base, (columns, rows), cv2.INTER_LINEAR)
        values = _VALUE_OF_FREE[free]
        values[obstacle >= _TOUCHED] = OCCUPIED
        unknown = values == UNKNOWN
        last_ns = np.maximum(self._blind_ns, self._cut_ns)
        near = unknown & _between(last_ns, now_ns - memory_ns, now_ns + memory_ns)
        cut = near & (self._cut_ns > self._blind_ns)
        values[cut] = OCCUPIED
        return Occupancy(self._grid, values, near, self._newest_ns)

    def _takes(self, fixed_from_base: RigidTransform | None, stamp_ns: int) -> bool:
        """Whether an image is to be taken in; forgets what no longer counts beside it."""
        newest_ns = self._newest_ns
        if newest_ns is None:
            return True
        moves = fixed_from_base is not None
        set_back = stamp_ns < newest_ns - max(_CLOCK_JUMP_NS, round(self.memory_s * 1e9))
        if set_back or moves != (self._fixed_from_base is not None) or (not moves and stamp_ns > newest_ns):
            self._forget()
            return True
        return moves or stamp_ns == newest_ns

    def _remember(
        self, shown: NDArray[np.uint8], occupied: NDArray[np.bool_], fixed_from_base: RigidTransform, stamp_ns: int
    ) -> None:
        """Lay one view, [rows, columns] of the robot's grid, into the window; ``shown`` is 0 where it says nothing."""
        corner = self._roll(fixed_from_base)
        base_from_window = cv2.invertAffineTransform(self._window_cell_from_base_cell(fixed_from_base, corner))
        size = (self._side, self._side)
        shown = _warped(shown, base_from_window, size, cv2.INTER_NEAREST)
        stands = _warped(occupied.astype(np.uint8) * np.uint8(255), base_from_window, size, cv2.INTER_LINEAR)
        stands = (stands >= _TOUCHED).view(np.uint8)
        if self._newest_ns is not None and stamp_ns < self._newest_ns:
            older = (self._seen_ns <= stamp_ns).view(np.uint8)
            shown, stands = shown * older, stands * older
        shown[stands > 0] = 0
        visible = shown > _HIDDEN
        self._free[shown == _HIDDEN] = 0
        self._stood_ns[self._seen_ns < stamp_ns - round(self.memory_s * 1e9)] = _NEVER
        self._stood_ns[visible & (self._stood_ns <= stamp_ns - _LINGER_NS)] = _NEVER
        self._stood_ns[stands > 0] = stamp_ns
        np.copyto(self._free, shown, where=visible)
        self._seen_ns[visible | (stands > 0)] = stamp_ns

    def _roll(self, fixed_from_base: RigidTransform) -> tuple[int, int]:
        """Move the window over the robot's grid by whole cells, and give its corner's cell (column, row)."""
        grid = self._grid
        columns, rows = grid.size_cells
        middle = np.array(
            [grid.origin_m[0] + columns * grid.resolution_m / 2, grid.origin_m[1] + rows * grid.resolution_m / 2, 0.0]
        )
        cell = np.floor((fixed_from_base.level.apply(middle)[:2] - grid.origin_m) / grid.resolution_m)
        corner = (int(cell[0]) - self._side // 2, int(cell[1]) - self._side // 2)
        if self._corner is not None and corner != self._corner:
            by = (corner[0] - self._corner[0], corner[1] - self._corner[1])
            self._free = _shifted(self._free, by, 0)
            self._stood_ns = _shifted(self._stood_ns, by, _NEVER)
            self._seen_ns = _shifted(self._seen_ns, by, _NEVER)
        self._corner = corner
        return corner

    def _window_cell_from_base_cell(
        self, fixed_from_base: RigidTransform, corner: tuple[int, int]
    ) -> NDArray[np.float64]:
        """[2, 3]: from the index (column, row) of a cell of the robot's grid to that of the window's, middles whole.

        Cells of the fixed frame are counted from the grid's origin, so that they are the grid's own before the robot
        has moved.
        """
        grid = self._grid
        pose = fixed_from_base.level
        turn = pose.rotation[:2, :2]
        first_m = np.array(grid.origin_m) + grid.resolution_m / 2
        at_first = (turn @ first_m + pose.translation_m[:2] - first_m) / grid.resolution_m - corner
        return np.column_stack([turn, at_first])

    def _sight_lines(self, view: BirdsEye) -> SightLines:
        lines = self._lines.pop(view, None)
        if lines is None:
            lines = SightLines(self._grid, view.viewpoint.camera_xy_m, view.seen, view.viewpoint.range_error_m)
            if len(self._lines) >= _VIEWS_KEPT:
                self._lines.popitem(last=False)
        self._lines[view] = lines
        return lines


def _between(stamps_ns: NDArray[np.int64], first_ns: int, last_ns: int) -> NDArray[np.bool_]:
    between: NDArray[np.bool_] = (stamps_ns >= first_ns) & (stamps_ns <= last_ns)
    return between


def _warped(
    cells: NDArray[np.uint8], source_from_target: NDArray[np.float64], size_cells: tuple[int, int], flag: int
) -> NDArray[np.uint8]:
    """Cells of a target, of size (columns, rows), with what lies there in the source; 0 outside of it."""
    warped = cv2.warpAffine(cells, source_from_target, size_cells, flags=flag | cv2.WARP_INVERSE_MAP)
    return np.asarray(warped, np.uint8)


def _shifted(cells: NDArray[_Number], by: tuple[int, int], fill: int) -> NDArray[_Number]:
    """The same cells seen from a window that has moved by (columns, rows)."""
    moved = np.full_like(cells, fill)
    rows, columns = cells.shape
    if abs(by[0]) < columns and abs(by[1]) < rows:
        to_row, to_column = max(0, -by[1]), max(0, -by[0])
        from_row, from_column = max(0, by[1]), max(0, by[0])
        high, wide = rows - abs(by[1]), columns - abs(by[0])
        moved[to_row : to_row + high, to_column : to_column + wide] = cells[
            from_row : from_row + high, from_column : from_column + wide
        ]
    return moved
