"""Masks in COCO's three forms: polygons, run lengths as a list, and run lengths as text.

Formats as in COCO's mask API (Lin et al., "Microsoft COCO", 2014): run lengths go down the columns and begin with a run
of zeros; the text form holds each length, from the fourth on less the length two before it, in groups of five bits from
the lowest up, as the character 48 + group, plus 32 where more groups follow, with a sign in the last group's fifth bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FIRST_CHARACTER = 48
_MORE, _SIGN, _GROUP_BITS = 32, 16, 5


def decode_runs(size: tuple[int, int], counts: Sequence[int] | str | bytes) -> NDArray[np.bool_]:
    """The mask of run lengths.

    Args:
        size: (height, width) in pixels.
        counts: Lengths of runs down the columns, zeros first; or their text form.

    Returns:
        bool [H, W].

    Raises:
        ValueError: The lengths are damaged or do not fill the picture.
    """
    height, width = size
    numbers = _lengths(counts) if isinstance(counts, (str, bytes)) else counts
    lengths = np.asarray(numbers, np.int64).reshape(-1)
    if lengths.size == 0 or lengths.min() < 0 or int(lengths.sum()) != height * width:
        raise ValueError(f"has run lengths that do not fill {width}x{height} pixels")
    values = np.arange(lengths.size) % 2 == 1
    return np.ascontiguousarray(np.repeat(values, lengths).reshape(width, height).T)


def _lengths(text: str | bytes) -> list[int]:
    characters = text.encode("latin1") if isinstance(text, str) else text
    lengths: list[int] = []
    value, shift = 0, 0
    for character in characters:
        group = character - _FIRST_CHARACTER
        if not 0 <= group < 2 * _MORE:
            raise ValueError("has run lengths with a strange character")
        value |= (group & (_MORE - 1)) << shift
        shift += _GROUP_BITS
        if group & _MORE:
            continue
        if group & _SIGN:
            value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise ValueError("has run lengths that end in the middle of one")
    return lengths


def fill_polygons(size: tuple[int, int], polygons: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """The union of polygons, each filled by the even-odd rule at the middles of the pixels.

    Args:
        size: (height, width) in pixels.
        polygons: ``[x0, y0, x1, y1, ...]`` each, in pixels from the upper left corner of the picture.

    Returns:
        bool [H, W].

    Raises:
        ValueError: A polygon has fewer than three corners or an odd number of values.
    """
    mask = np.zeros(size, np.bool_)
    for polygon in polygons:
        if len(polygon) < 6 or len(polygon) % 2:
            raise ValueError("has a polygon of fewer than three corners")
        mask |= _fill(size, np.asarray(polygon, np.float64).reshape(-1, 2))
    return mask


def _fill(size: tuple[int, int], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where an edge passes the middle of a column, everything below it turns over."""
    height, width = size
    start, end = corners, np.roll(corners, -1, axis=0)
    # Columns whose middle x + 0.5 lies in [left, right) of the edge; a corner on a middle thus counts once.
    first = np.clip(np.ceil(np.minimum(start[:, 0], end[:, 0]) - 0.5), 0, width).astype(np.int64)
    after = np.clip(np.ceil(np.maximum(start[:, 0], end[:, 0]) - 0.5), 0, width).astype(np.int64)
    spans = after - first
    edge = np.repeat(np.arange(len(corners)), spans)
    column = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans) + first[edge]
    slope = (end[edge, 1] - start[edge, 1]) / (end[edge, 0] - start[edge, 0])
    y = start[edge, 1] + (column + 0.5 - start[edge, 0]) * slope
    turns = np.zeros((height + 1, width), np.int64)
    np.add.at(turns, (np.clip(np.ceil(y - 0.5), 0, height).astype(np.int64), column), 1)
    return np.asarray(np.cumsum(turns[:height], axis=0) % 2 == 1, np.bool_)
