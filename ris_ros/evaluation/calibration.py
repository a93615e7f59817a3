"""Whether the probability of existence means what it says, and what other thresholds on it would give.

Reliability bins and expected calibration error as in Guo et al., "On Calibration of Modern Neural Networks"
(ICML 2017), section 2, with bins of equal width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.evaluation.resampling import divide

BINS: int = 10
_CURVE_STEPS = 100


@dataclass(frozen=True, slots=True)
class Bin:
    """Sentences whose existence lies in [low, high), the last bin with its end.

    Attributes:
        low: Lower end.
        high: Upper end.
        count: Sentences.
        mean_existence: What was said on average; None of an empty bin.
        share_true: How many were there indeed; None of an empty bin.
    """

    low: float
    high: float
    count: int
    mean_existence: float | None
    share_true: float | None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What one threshold on existence gives.

    Attributes:
        threshold: From which existence on an answer counts.
        kept: Share of the true sentences that are answered.
        rejected: Share of the false ones that are not.
    """

    threshold: float
    kept: float
    rejected: float


def reliability(existence: NDArray[np.float64], exists: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """The :data:`BINS` bins of N probabilities [N] and truths [N]."""
    place = np.minimum((existence * BINS).astype(np.int64), BINS - 1)
    bins = []
    for index in range(BINS):
        those = place == index
        count = int(np.count_nonzero(those))
        bins.append(
            Bin(
                low=index / BINS,
                high=(index + 1) / BINS,
                count=count,
                mean_existence=float(existence[those].mean()) if count else None,
                share_true=float(exists[those].mean()) if count else None,
            )
        )
    return tuple(bins)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean over sentences of the distance between what their bin said and what was true; 0 without sentences."""
    total = sum(b.count for b in bins)
    gaps = [
        b.count * abs(b.share_true - b.mean_existence)
        for b in bins
        if b.share_true is not None and b.mean_existence is not None
    ]
    return float(sum(gaps) / total) if total else 0.0


def roc_auc(
    existence: NDArray[np.float64], exists: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area under the ROC curve: how often a true sentence has a higher existence than a false one, ties counting half.

    Args:
        existence: [N].
        exists: [N].
        weights: [R, N], how often each sentence counts, in R rounds.

    Returns:
        [R]; NaN where a round has no true or no false sentence.
    """
    if not len(existence):
        return np.full(len(weights), np.nan)
    values, place = np.unique(existence, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(values)))
    true = np.add.reduceat(weights[:, order] * exists[order], starts, axis=1)
    false = np.add.reduceat(weights[:, order] * ~exists[order], starts, axis=1)
    pairs = true.sum(axis=1) * false.sum(axis=1)
    right = (true * (np.cumsum(false, axis=1) - false / 2)).sum(axis=1)
    return divide(right, pairs)


def kept_rejected_curve(
    existence: NDArray[np.float64], exists: NDArray[np.bool_], has_mask: NDArray[np.bool_]
) -> tuple[OperatingPoint, ...]:
    """The thresholds 0, 0.01, ..., 1 and what each would give.

    Args:
        existence: [N].
        exists: [N].
        has_mask: [N], whether the mask without the gate has a pixel; without one nothing is found at any threshold.
    """
    return tuple(operating_point(step / _CURVE_STEPS, existence, exists, has_mask) for step in range(_CURVE_STEPS + 1))


def operating_point(
    threshold: float, existence: NDArray[np.float64], exists: NDArray[np.bool_], has_mask: NDArray[np.bool_]
) -> OperatingPoint:
    """What one threshold gives; see :func:`kept_rejected_curve`. A share of no sentences is 0."""
    found = (existence >= threshold) & has_mask
    kept, rejected = found[exists], ~found[~exists]
    return OperatingPoint(
        threshold=threshold,
        kept=float(kept.mean()) if len(kept) else 0.0,
        rejected=float(rejected.mean()) if len(rejected) else 0.0,
    )
