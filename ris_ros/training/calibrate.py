"""Thresholds that suit a model best, found on validation answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.training.validation import Answers, intersection_over_union

KEPT = 0.9
"""Share of the true sentences that the existence threshold keeps."""

_GRID = np.round(np.arange(0.2, 0.81, 0.05), 2)


def calibrate(answers: Answers) -> Thresholds:
    """Thresholds on a grid.

    The mask thresholds give the highest mean IoU where there is something. The existence threshold is the highest that
    keeps :data:`KEPT` of the true sentences: a person who is told that what they see is not there stops asking. Where
    the validation data has nothing to judge by, 0.5.
    """
    object_threshold, region_threshold = (
        _best_mask_threshold(answers.probability[rows, column], answers.truth[rows, column])
        for column, rows in enumerate(answers.present.T)
    )
    existence = 0.5
    if answers.exists.any():
        believed = float(np.quantile(answers.existence[answers.exists], 1.0 - KEPT, method="lower"))
        existence = float(np.clip(np.floor(believed * 100.0) / 100.0, 0.01, 0.99))
    return Thresholds(object=object_threshold, region=region_threshold, existence=existence)


def _best_mask_threshold(probability: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    if not len(truth):
        return 0.5
    return float(max(_GRID, key=lambda t: intersection_over_union(probability >= t, truth).mean()))
