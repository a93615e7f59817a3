"""One answer against one truth, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored import mask_answer, match, scored

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.questions import Question
from ris_ros.evaluation.score import Score, score
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, Target

WIDTH, HEIGHT = 20, 10
THRESHOLDS = Thresholds(object=0.5, region=0.8, existence=0.5)
NOTHING = np.zeros((HEIGHT, WIDTH), np.bool_)
ROAD = np.full((HEIGHT, WIDTH), BY_NAME["road"].id, np.uint8)


def columns(first: int, last: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[:, first:last] = True
    return mask


def judged(
    truth: np.ndarray | None,
    confidence: np.ndarray,
    target: Target = Target.OBJECT,
    *,
    found: bool = True,
    asked: Target | None = None,
    peak_x: int = 0,
    class_map: np.ndarray = ROAD,
) -> Score:
    """The score of an answer to a sentence whose truth, of the mask asked for, is ``truth``; None: it is not there."""
    asked = asked or target
    level = THRESHOLDS.region if asked is Target.REGION else THRESHOLDS.object
    mask = confidence / 255.0 >= level if found else NOTHING
    answer, other = mask_answer(mask, confidence, (peak_x, 0)), mask_answer(NOTHING)
    masks = (None, truth) if target is Target.REGION else (truth, None)
    expression = Expression("stop by the car", "kind", target, truth is not None, *masks)
    image = LabeledImage(
        "three", np.zeros((HEIGHT, WIDTH, 3), np.uint8), class_map, np.zeros((HEIGHT, WIDTH), np.int32)
    )
    grounding = Grounding(
        Command("1", expression.text, asked, 0),
        Frame("image", image.image_rgb, 0),
        found,
        0.7,
        0.7,
        *((other, answer) if asked is Target.REGION else (answer, other)),
    )
    return score(image, Question(expression, "common"), grounding, THRESHOLDS)


def test_a_rejected_answer_scores_nothing_but_shows_what_its_mask_would_have_been():
    confidence = np.where(columns(0, 8), 200, 0).astype(np.uint8)
    result = judged(columns(0, 10), confidence, found=False)
    assert (result.found, result.answered_px, result.predicted_px) == (False, 0, 80)
    assert result.overlap(gated=True) == Overlap(0, 100)
    assert result.overlap(gated=False) == Overlap(80, 100)
    assert result.boundary(gated=True).iou == 0.0 < result.boundary(gated=False).iou
    assert (result.rank(gated=True), result.rank(gated=False)) == (None, 0)


def test_an_answer_that_was_given_scores_the_same_with_and_without_its_gate():
    confidence = np.where(columns(0, 8), 200, 0).astype(np.uint8)
    result = judged(columns(0, 10), confidence)
    assert result.overlap(True) == result.overlap(False) == Overlap(80, 100)
    assert result.boundary(True) == result.boundary(False)
    assert result.answered_px == result.predicted_px == 80


@pytest.mark.parametrize(("target", "would_be"), [(Target.OBJECT, Overlap(100, 100)), (Target.REGION, Overlap(0, 100))])
def test_the_mask_is_cut_at_the_threshold_of_its_target(target, would_be):
    confidence = np.where(columns(0, 10), 180, 0).astype(np.uint8)  # 0.71: enough for an object, not for a region
    assert judged(columns(0, 10), confidence, target, found=False).overlap(False) == would_be


def test_pointing_is_by_the_peak():
    confidence = np.full((HEIGHT, WIDTH), 255, np.uint8)
    assert judged(columns(5, 6), confidence, peak_x=5).rank(True) == 0
    assert judged(columns(5, 6), confidence, peak_x=7).rank(True) == 6  # the peak and its five neighbours


@pytest.mark.parametrize(("truth_px", "size"), [(49, "small"), (50, "medium"), (499, "medium"), (500, "large")])
def test_size_is_that_of_the_truth(truth_px, size):
    assert scored(place=match(truth_px=truth_px, image_px=10_000)).size == size


@pytest.mark.parametrize(
    ("words", "length"), [(1, "1-3"), (3, "1-3"), (4, "4-6"), (7, "7-10"), (10, "7-10"), (11, "11+")]
)
def test_length_is_in_words(words, length):
    assert replace(scored(), text=" ".join(["word"] * words)).length == length


def test_sentences_that_mean_the_same_pixels_share_a_key():
    believed = np.zeros((HEIGHT, WIDTH), np.uint8)
    one, same, other = (judged(columns(0, end), believed, found=False).match for end in (4, 4, 5))
    assert one and same and other
    assert one.truth_key == same.truth_key != other.truth_key


def test_the_share_on_the_road_leaves_out_what_has_no_class():
    class_map = np.full((HEIGHT, WIDTH), BY_NAME["sidewalk"].id, np.uint8)
    class_map[:, :6] = BY_NAME["road"].id
    class_map[:, 8:] = VOID
    confidence = np.full((HEIGHT, WIDTH), 255, np.uint8)
    result = judged(columns(0, 3), confidence, Target.REGION, class_map=class_map)
    assert result.road_share == pytest.approx(6 / 8)
    assert judged(columns(0, 3), confidence, Target.OBJECT).road_share is None
    assert judged(columns(0, 3), np.zeros_like(confidence), Target.REGION, found=False).road_share is None


def test_an_answer_of_the_wrong_target_is_compared_with_the_truth_that_was_meant():
    confidence = np.where(columns(0, 5), 255, 0).astype(np.uint8)
    result = judged(columns(0, 10), confidence, Target.OBJECT, asked=Target.REGION)
    assert (result.target, result.auto_target) == ("object", "region")  # "stop by the car" is an order
    assert result.overlap(True) == Overlap(50, 100)


def test_what_is_not_there_has_nothing_to_overlap():
    result = judged(None, np.full((HEIGHT, WIDTH), 255, np.uint8))
    assert (result.exists, result.match, result.size) == (False, None, None)
    assert result.answered_px == WIDTH * HEIGHT
    with pytest.raises(ValueError, match="means nothing in three"):
        result.overlap(True)
