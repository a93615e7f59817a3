"""Thresholds that suit a model best, found on validation answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.training.validation import Answers, intersection_over_union

_GRID = np.round(np.arange(0.2, 0.81, 0.05), 2)
_EXISTENCE_GRID = np.round(np.arange(0.1, 0.91, 0.02), 2)


def calibrate(answers: Answers) -> Thresholds:
    """Thresholds on a grid.

    The mask thresholds give the highest mean IoU where there is something; the existence threshold the highest mean of
    the share of true sentences kept and of false ones rejected. Where the validation data has none to judge by, 0.5.
    """
    object_threshold, region_threshold = (
        _best_mask_threshold(answers.probability[rows, column], answers.truth[rows, column])
        for column, rows in enumerate(answers.present.T)
    )
    existence = 0.5
    if answers.exists.any() and not answers.exists.all():
        kept = [(answers.existence[answers.exists] >= t).mean() for t in _EXISTENCE_GRID]
        rejected = [(answers.existence[~answers.exists] < t).mean() for t in _EXISTENCE_GRID]
        existence = float(_EXISTENCE_GRID[int(np.argmax(np.add(kept, rejected)))])
    return Thresholds(object=object_threshold, region=region_threshold, existence=existence)


def _best_mask_threshold(probability: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    if not len(truth):
        return 0.5
    return float(max(_GRID, key=lambda t: intersection_over_union(probability >= t, truth).mean()))
