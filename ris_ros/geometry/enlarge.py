"""Enlarge a map, or only a part of it, pixel for pixel as in the whole.

Interpolation is cubic: linear eats thin things. Outlines from ideal maps at the network's stride come back in 1280x720
with a mean IoU of 0.86 linearly and 0.89 cubically, small ones with 0.70 and 0.76.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH = 3
"""How many cells beyond its own an enlarged pixel may depend on: interpolation takes two to each side."""

Box = tuple[float, float, float, float]


def enlarged(grid: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """A map at another size.

    Args:
        grid: uint8 [h, w].
        size_px: (width, height) of the result.
    """
    return np.asarray(cv2.resize(grid, size_px, interpolation=cv2.INTER_CUBIC), np.uint8)


def enlarged_part(
    grid: NDArray[np.uint8], box_xywh: Box, size_px: tuple[int, int]
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """What :func:`enlarged` gives over a box of the map, and no more of it than is needed for that.

    Args:
        grid: uint8 [h, w].
        box_xywh: Box (x, y, width, height) in cells of ``grid``; may reach beyond it.
        size_px: (width, height) of the whole result.

    Returns:
        uint8 [h', w'], a part of the whole result that covers the box, as far as that lies on the map; empty where it
        does not. And the place (x, y) of its first pixel.
    """
    x, y, width, height = box_xywh
    columns = _Span.over(x, x + width, grid.shape[1], size_px[0])
    rows = _Span.over(y, y + height, grid.shape[0], size_px[1])
    if columns is None or rows is None:
        return np.empty((0, 0), np.uint8), (0, 0)
    part = enlarged(grid[rows.taken, columns.taken], (columns.enlarged_px, rows.enlarged_px))
    return part[rows.kept, columns.kept], (columns.start_px, rows.start_px)


@dataclass(frozen=True, slots=True)
class _Span:
    """One axis of a part.

    Attributes:
        taken: The cells to enlarge: those of the part, and beside them those that its pixels depend on.
        enlarged_px: How many pixels they become.
        kept: The part's pixels among these.
        start_px: Its first pixel in the whole result.
    """

    taken: slice
    enlarged_px: int
    kept: slice
    start_px: int

    @classmethod
    def over(cls, start: float, stop: float, cells: int, pixels: int) -> _Span | None:
        """The span that covers the cells ``start`` to ``stop``; None where no cell of the map is among them.

        Args:
            start: Cell, perhaps outside of the map.
            stop: Cell.
            cells: Length of the map.
            pixels: Length of the whole result.
        """
        first, last = max(0, math.floor(start)), min(cells, math.ceil(stop))
        if first >= last:
            return None
        # Pixels lie on the cells in a pattern that repeats after so many of both: parts may be cut there only.
        repeats = math.gcd(cells, pixels)
        step, step_px = cells // repeats, pixels // repeats
        first, last = first // step, -(-last // step)
        reach = -(-_REACH // step)
        begin, end = max(0, first - reach), min(repeats, last + reach)
        return cls(
            taken=slice(begin * step, end * step),
            enlarged_px=(end - begin) * step_px,
            kept=slice((first - begin) * step_px, (last - begin) * step_px),
            start_px=first * step_px,
        )
