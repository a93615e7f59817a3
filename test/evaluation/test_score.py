"""One answer against one truth, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ris_ros.data.expression import Expression
from ris_ros.evaluation.metrics import Overlap
from ris_ros.evaluation.score import score
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

WIDTH, HEIGHT = 20, 10
THRESHOLDS = Thresholds(object=0.5, region=0.8, existence=0.5)
NOTHING = np.zeros((HEIGHT, WIDTH), np.bool_)


def columns(first: int, last: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[:, first:last] = True
    return mask


def believed(confidence: np.ndarray, mask: np.ndarray, peak_xy: tuple[int, int]) -> MaskAnswer:
    if not mask.any():
        return MaskAnswer(confidence, mask, (0, 0, 0, 0), peak_xy, 0.0)
    x = np.flatnonzero(mask.any(axis=0))
    return MaskAnswer(confidence, mask, (int(x[0]), 0, len(x), HEIGHT), peak_xy, 1.0)


def scored(truth: np.ndarray | None, confidence: np.ndarray, mask: np.ndarray, target: Target, peak_x: int = 0):
    """The score of an answer to a sentence whose truth, of the mask asked for, is ``truth``; None: it is not there."""
    asked, other = believed(confidence, mask, (peak_x, 0)), believed(np.zeros_like(confidence), NOTHING, (0, 0))
    is_region = target is Target.REGION
    given = NOTHING if truth is None else truth
    expression = Expression(
        "x", "kind", target, truth is not None, NOTHING if is_region else given, given if is_region else None
    )
    frame = Frame("image", np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0)
    masks = (other, asked) if is_region else (asked, other)
    found = bool(mask.any())
    grounding = Grounding(Command("1", "x", target, 0), frame, found, 0.7, 0.7, *masks)
    return score(3, "three", "common", expression, grounding, THRESHOLDS)


def test_a_rejected_answer_scores_nothing_but_shows_what_its_mask_would_have_been():
    confidence = np.where(columns(0, 8), 200, 0).astype(np.uint8)
    result = scored(columns(0, 10), confidence, NOTHING, Target.OBJECT)
    assert not result.found and result.predicted_px == 0
    assert result.overlap == Overlap(0, 100)
    assert result.ungated == Overlap(80, 100)


@pytest.mark.parametrize(("target", "would_be"), [(Target.OBJECT, Overlap(100, 100)), (Target.REGION, Overlap(0, 100))])
def test_the_ungated_mask_is_cut_at_the_threshold_of_its_target(target, would_be):
    confidence = np.where(columns(0, 10), 180, 0).astype(np.uint8)  # 0.71: enough for an object, not for a region
    assert scored(columns(0, 10), confidence, NOTHING, target).ungated == would_be


def test_pointing_is_by_the_peak_and_size_by_the_truth():
    confidence = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask = columns(0, 20)
    assert scored(columns(5, 6), confidence, mask, Target.OBJECT, peak_x=5).rank == 0
    missed = scored(columns(5, 6), confidence, mask, Target.OBJECT, peak_x=7)
    assert missed.rank == 6  # the peak, and the five pixels of its belief that come first
    assert (missed.truth_share, missed.size) == (0.05, "large")


def test_the_prior_points_at_the_road_before_us():
    confidence = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert scored(columns(10, 11), confidence, NOTHING, Target.REGION).prior_hit
    assert not scored(columns(9, 10), confidence, NOTHING, Target.REGION).prior_hit


def test_what_is_not_there_has_no_overlap_rank_or_size():
    confidence = np.full((HEIGHT, WIDTH), 255, np.uint8)
    result = scored(None, confidence, columns(0, 4), Target.OBJECT)
    assert result.found and result.predicted_px == 40
    assert (result.overlap, result.ungated, result.rank, result.truth_share) == (None, None, None, 0.0)
    assert not result.prior_hit
