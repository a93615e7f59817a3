"""Where the network believes most, and how far down its beliefs the truth comes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PRIOR_XY: tuple[float, float] = (0.5, 0.75)
"""The road before us, as shares of width and height: where somebody points who does not look."""


def first_hit_rank(
    probability: NDArray[np.generic], truth: NDArray[np.bool_], peak_xy: tuple[int, int] | None = None
) -> int:
    """How many pixels are believed more than the first one that lies in the truth.

    Args:
        probability: [H, W], any order-preserving measure of belief.
        truth: bool [H, W], not empty.
        peak_xy: The (x, y) of the highest belief where it is known better than ``probability`` tells, which may be
            quantised; that pixel then ranks first.

    Returns:
        0 for a hit at once. Pixels of equal belief count by their distance from the peak where that is known, since
        quantising flattens a hill around its top, and in row order otherwise.

    Raises:
        ValueError: The truth is empty, so that nothing can hit it.
    """
    if not truth.any():
        raise ValueError("nothing can hit an empty truth")
    flat, inside = probability.ravel(), np.flatnonzero(truth)
    best = inside[flat[inside] == flat[inside].max()]
    if peak_xy is None:
        return int(np.count_nonzero(flat > flat[best[0]])) + int(np.count_nonzero(flat[: best[0]] == flat[best[0]]))
    if truth[peak_xy[1], peak_xy[0]]:
        return 0
    width = probability.shape[1]
    equal = np.flatnonzero(flat == flat[best[0]])
    far = _distance(equal, width, peak_xy)
    nearest_hit = _distance(best, width, peak_xy).min()
    before = int(np.count_nonzero(flat > flat[best[0]])) + int(np.count_nonzero(far < nearest_hit))
    peak = peak_xy[1] * width + peak_xy[0]
    # The peak comes first even where quantising, or resizing, made another pixel its better.
    return before if flat[peak] >= flat[best[0]] else before + 1


def prior_hits(truth: NDArray[np.bool_]) -> bool:
    """Whether pointing at :data:`PRIOR_XY` without looking hits a bool mask [H, W]."""
    height, width = truth.shape
    return bool(truth[int(PRIOR_XY[1] * height), int(PRIOR_XY[0] * width)])


def _distance(pixels: NDArray[np.int64], width: int, peak_xy: tuple[int, int]) -> NDArray[np.int64]:
    """Squared, so that equal distances are equal numbers."""
    return np.asarray((pixels % width - peak_xy[0]) ** 2 + (pixels // width - peak_xy[1]) ** 2, np.int64)
