"""What stands upright hides the ground behind it: lines of sight from a camera over a grid on the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid

_STEPS_PER_CELL = 2.0
"""Samples along a line to a cell's side, and lines across it where it is farthest. With two, the sample next to a
cell's middle lies in that cell: what holds for the cell is found at its sample."""

_LEAST_DEPTH_CELLS = 3.0
"""How deep things are at least. From there on what they hide is not beside the cell in which they begin, not even along
a diagonal, so that it cannot be taken for the side of another smear."""


@dataclass(frozen=True, slots=True)
class Build:
    """What upright things are like.

    Attributes:
        depth_m: How deep they are at least, behind their foot; less than three cells counts as three.
        overhang_m: How far they reach before what touches the ground, as a car does before its wheels.
        gap_m: How wide the gaps between what touches the ground are: a car's wheels.
    """

    depth_m: float = 0.6
    overhang_m: float = 1.0
    gap_m: float = 3.0

    def __post_init__(self) -> None:
        if min(self.depth_m, self.overhang_m, self.gap_m) < 0.0:
            raise ValueError("lengths must not be negative")


AS_ON_ROADS = Build()
"""Cars first of all."""


class SightLines:
    """The cells of a grid in the order in which a camera looks over them; computed once, used for every image.

    The mask of an upright thing, laid on the ground, is smeared away from the camera as far as its top hides the
    ground. Only where the smear begins does the thing stand.

    Lines leave the point of the ground below the camera, close enough together that no cell slips between two.

    Args:
        grid: The cells.
        camera_xy_m: The point of the ground below the camera.
        seen: bool [rows, columns], cells in view.
        range_error_m: Gives for points [n, 2] how well their range is known (one standard deviation, [n]), the same in
            all directions: things may stand so much nearer. None: exactly.
    """

    def __init__(
        self,
        grid: Grid,
        camera_xy_m: tuple[float, float],
        seen: NDArray[np.bool_],
        range_error_m: Callable[[NDArray[np.floating]], NDArray[np.float64]] | None = None,
    ) -> None:
        self._grid = grid
        self._step_m = grid.resolution_m / _STEPS_PER_CELL
        offset_m = (grid.centres_m() - camera_xy_m).reshape(-1, 2)
        range_m = np.hypot(offset_m[:, 0], offset_m[:, 1])
        in_view = seen.ravel()
        # Azimuths count from the middle of the view, so that no view but one all around is cut in two at +-pi.
        towards = (offset_m[in_view] / np.maximum(range_m[in_view], 1e-9)[:, np.newaxis]).sum(axis=0)
        middle = math.atan2(towards[1], towards[0])
        azimuth = np.remainder(np.arctan2(offset_m[:, 1], offset_m[:, 0]) - middle + math.pi, 2 * math.pi) - math.pi
        farthest_m = float(range_m[in_view].max(initial=0.0)) + grid.resolution_m
        turn = self._step_m / farthest_m
        first, last = azimuth[in_view].min(initial=0.0), azimuth[in_view].max(initial=0.0)
        lines, samples = 1 + math.ceil((last - first) / turn), 1 + math.ceil(farthest_m / self._step_m)
        angles = middle + first + np.arange(lines) * turn
        along_m = np.arange(samples) * self._step_m
        ahead_m = np.array(camera_xy_m) + along_m[:, np.newaxis] * (1.0, 0.0)
        self._error_m = np.zeros(samples) if range_error_m is None else range_error_m(ahead_m)
        x = camera_xy_m[0] + np.cos(angles)[:, np.newaxis] * along_m
        y = camera_xy_m[1] + np.sin(angles)[:, np.newaxis] * along_m
        rows, columns, inside = grid.cells_of(np.stack([x, y], axis=2))
        outside = seen.size
        self._cell_of_sample = np.where(inside, rows * grid.size_cells[0] + columns, outside).astype(np.intp)
        shown = inside & seen[rows, columns]
        self._first_shown = np.where(shown.any(axis=1), shown.argmax(axis=1), samples - 1)
        self._before_shown = (np.arange(samples) < self._first_shown[:, np.newaxis]).view(np.uint8)
        line = np.rint((azimuth - first) / turn).astype(np.intp)
        sample = np.rint(range_m / self._step_m).astype(np.intp)
        self._cells = np.flatnonzero((line >= 0) & (line < lines) & (sample < samples))
        self._sample_of_cell = (line * samples + sample)[self._cells]

    def feet(
        self, standing: NDArray[np.bool_], build: Build = AS_ON_ROADS
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where the things stand whose masks are laid on the ground, and what they hide.

        On each line the mask begins where the thing stands; what follows of it beyond the thing's depth is ground that
        the thing hides. Three things are put right first. Between the wheels of a car the mask begins where the ground
        is seen below it: gaps in one piece of mask up to ``build.gap_m`` wide are closed. Breaks along a line up to
        ``build.depth_m`` long, such as windows, are no end. And a line that only grazes the side of such a smear enters
        and leaves it by chance: what begins in a cell beside hidden ground is hidden too. What then begins somewhere
        may stand nearer, by the root of the sum of the squares of its overhang and of the range's standard deviation.

        Of a thing that the lower edge of the picture cuts, the foot is out of view: it may stand anywhere from the
        camera to the first ground that is seen.

        Args:
            standing: bool [rows, columns], the mask; False where nothing is seen.
            build: What things are like.

        Returns:
            bool [rows, columns] twice: cells in which things stand or may stand, and cells that they hide. No cell is
            in both; every cell of the mask is in one of them.
        """
        mask = self._on_lines(_bridged(standing, build.gap_m / self._grid.resolution_m))
        deep = round(max(_LEAST_DEPTH_CELLS * _STEPS_PER_CELL, build.depth_m / self._step_m))
        nearer = np.rint(np.hypot(build.overhang_m, self._error_m) / self._step_m).astype(np.intp)
        # A kernel without a middle would move the mask.
        smear = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, deep // 2 * 2 + 1), np.uint8))
        begin = smear.copy()
        begin[:, 1:] &= smear[:, :-1] ^ 1
        backwards, anchor = np.ones((1, deep + 1), np.uint8), (deep, 0)
        beyond = self._in_cells(cv2.subtract(smear, cv2.dilate(begin, backwards, anchor=anchor)))
        begin &= self._on_lines(cv2.dilate(beyond, np.ones((3, 3), np.uint8))) ^ 1
        foot = cv2.dilate(begin, backwards, anchor=anchor)
        foot.reshape(-1)[_before(begin, nearer)] = 1
        cut = mask[np.arange(len(mask)), self._first_shown] > 0
        foot[cut] |= self._before_shown[cut]
        occupied = self._in_cells(foot) > 0
        return occupied, (self._in_cells(smear) > 0) & ~occupied

    def _on_lines(self, cells: NDArray[np.integer]) -> NDArray[np.uint8]:
        """uint8 [lines, samples] of what lies in cells [rows, columns]; 0 outside the grid."""
        return np.append(cells, np.uint8(0))[self._cell_of_sample]

    def _in_cells(self, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 [rows, columns] of what lies on lines at the cells' middles; 0 where no line passes."""
        cells = np.zeros(self._grid.shape, np.uint8)
        cells.reshape(-1)[self._cells] = samples.reshape(-1)[self._sample_of_cell]
        return cells


def _before(begin: NDArray[np.uint8], nearer: NDArray[np.intp]) -> NDArray[np.intp]:
    """Indices into the flat [lines, samples] of the ``nearer`` [samples] samples before each that is set."""
    at = np.flatnonzero(begin)
    sample = at % begin.shape[1]
    count = np.minimum(nearer[sample], sample)
    back = 1 + np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(np.repeat(at, count) - back, np.intp)


def _bridged(mask: NDArray[np.bool_], gap_cells: float) -> NDArray[np.uint8]:
    """A mask with the gaps closed, up to so many cells wide, that lie within one piece of it."""
    side = round(gap_cells) // 2 * 2 + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    _, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    # Numbers that two pieces share by chance only close a gap between these.
    piece = np.where(mask, labels % 255 + 1, 0).astype(np.uint8)
    highest = cv2.dilate(piece, disc)
    lowest = 255 - cv2.dilate(np.where(mask, 255 - piece, 0).astype(np.uint8), disc)
    closed = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, disc)
    return np.asarray(mask | ((closed > 0) & (highest == lowest)), np.uint8)
