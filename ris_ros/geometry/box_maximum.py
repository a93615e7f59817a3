"""Maxima over many boxes of a map, always the same boxes: what can be prepared is prepared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Level = tuple[int, int]
"""(i, j): windows of 2^i columns and 2^j rows."""


@dataclass(frozen=True, slots=True)
class _Step:
    """How one level follows from another: each window is the union of two smaller ones.

    Attributes:
        source: Where in the buffer the first of the smaller windows' maxima lies.
        target: Where the first of the union's goes.
        rows: How many rows of windows.
        columns: How many windows in each row.
        other: Places in the buffer from a smaller window to its partner.
    """

    source: int
    target: int
    rows: int
    columns: int
    other: int


class BoxMaximum:
    """A sparse table along both axes (Bender and Farach-Colton, "The LCA Problem Revisited", 2000, section 3).

    Level (i, j) holds the maximum of the window of 2^i columns and 2^j rows at every place, one comparison each from a
    level below; any box is the union of four windows of one level. Only those levels are made, and of these only those
    rows, that the boxes ask for: small ones ask for the far rows of a picture, large ones for the near rows.

    Args:
        size_px: (width, height) of the maps.
        columns: int64 [n, 2]: first column of each box and the one after its last.
        rows: int64 [n, 2], likewise.

    Raises:
        ValueError: A box is empty or does not lie in the map.
    """

    def __init__(self, size_px: tuple[int, int], columns: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        for ends, length in ((columns, size_px[0]), (rows, size_px[1])):
            if len(ends) and (ends.min() < 0 or ends.max() > length or np.diff(ends).min() < 1):
                raise ValueError("each box must hold a pixel and lie in the map")
        self._width = size_px[0]
        across, down = _exponent(columns[:, 1] - columns[:, 0]), _exponent(rows[:, 1] - rows[:, 0])
        needed = _needed_rows(across, down, rows)
        self._first_row, self._last_row = needed.get((0, 0), (0, 0))
        # Where in the buffer a level's row 0 would lie, were it kept.
        origin: dict[Level, int] = {}
        length = 0
        for level, (first, last) in needed.items():
            origin[level] = length - first * self._width
            length += (last - first) * self._width
        self._buffer = np.zeros(length, np.uint8)
        self._steps = [self._step(level, needed[level], origin) for level in needed if level != (0, 0)]

        base = np.zeros(len(across), np.int64)
        for level, start in origin.items():
            base[(across == level[0]) & (down == level[1])] = start
        lefts = columns[:, 0], columns[:, 1] - (1 << across)
        tops = rows[:, 0], rows[:, 1] - (1 << down)
        self._windows = np.stack([base + top * self._width + left for top in tops for left in lefts])

    def of(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The highest value in each box; not to be called by two threads at a time.

        Args:
            values: uint8 [height, width] of the size that this was made for.

        Returns:
            uint8 [n].
        """
        picture = values[self._first_row : self._last_row]
        self._view(0, len(picture), self._width)[:] = picture
        for step in self._steps:
            one = self._view(step.source, step.rows, step.columns)
            other = self._view(step.source + step.other, step.rows, step.columns)
            np.maximum(one, other, out=self._view(step.target, step.rows, step.columns))
        highest: NDArray[np.uint8] = self._buffer.take(self._windows).max(axis=0)
        return highest

    def _view(self, start: int, rows: int, columns: int) -> NDArray[np.uint8]:
        return np.ndarray((rows, columns), np.uint8, self._buffer.data, start, (self._width, 1))

    def _step(self, level: Level, rows: tuple[int, int], origin: dict[Level, int]) -> _Step:
        i, j = level
        below, other = ((i, j - 1), self._width << (j - 1)) if j else ((i - 1, 0), 1 << (i - 1))
        first, last = rows
        columns = self._width - (1 << i) + 1
        return _Step(
            origin[below] + first * self._width, origin[level] + first * self._width, last - first, columns, other
        )


def _exponent(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the largest power of two that is not above each length."""
    return np.frexp(lengths.astype(np.float64))[1].astype(np.int64) - 1


def _needed_rows(
    across: NDArray[np.int64], down: NDArray[np.int64], rows: NDArray[np.int64]
) -> dict[Level, tuple[int, int]]:
    """The rows (first, one after the last) at which each level's windows are asked for, by boxes or by a level above.

    The levels come in an order in which each follows the one that it is made of.
    """
    needed: dict[Level, tuple[int, int]] = {}

    def ask(level: Level, first: int, last: int) -> None:
        have = needed.get(level, (first, last))
        needed[level] = min(first, have[0]), max(last, have[1])

    for i in range(int(across.max(initial=-1)), -1, -1):
        for j in range(int(down.max(initial=-1)), -1, -1):
            mine = (across == i) & (down == j)
            if mine.any():
                ask((i, j), int(rows[mine, 0].min()), int(rows[mine, 1].max()) - (1 << j) + 1)
            if j and (i, j) in needed:
                first, last = needed[i, j]
                ask((i, j - 1), first, last + (1 << (j - 1)))
        if i and (i, 0) in needed:
            ask((i - 1, 0), *needed[i, 0])
    return dict(sorted(needed.items()))
