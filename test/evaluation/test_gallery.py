"""The answers worth looking at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scored import mask_answer, match, scored

from ris_ros.data.expression import Expression
from ris_ros.evaluation.gallery import SHELVES, Gallery
from ris_ros.evaluation.questions import Question
from ris_ros.evaluation.score import Score
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, Target

HEIGHT, WIDTH = 90, 120
TRUTH = np.zeros((HEIGHT, WIDTH), np.bool_)
TRUTH[30:60, 20:60] = True
PREDICTED = np.zeros((HEIGHT, WIDTH), np.bool_)
PREDICTED[30:60, 80:110] = True


def filled(*scores: Score, kept: int = 8) -> Gallery:
    gallery = Gallery(kept)
    for entry in scores:
        target = Target.REGION if entry.target == "region" else Target.OBJECT
        frame = Frame("image", np.full((HEIGHT, WIDTH, 3), 90, np.uint8), 0)
        answer = mask_answer(PREDICTED if entry.found else np.zeros_like(PREDICTED), PREDICTED.astype(np.uint8) * 255)
        grounding = Grounding(
            Command("1", entry.text, target, 0), frame, entry.found, entry.existence, 1.0, answer, answer
        )
        truth = TRUTH if entry.exists else None
        expression = Expression(entry.text, entry.kind, target, entry.exists, truth, truth)
        gallery.add(entry, Question(expression, "said"), grounding, Thresholds(0.5, 0.5, 0.5))
    return gallery


@pytest.mark.parametrize(
    ("entry", "shelves"),
    [
        (scored(place=match()), ["best_object", "worst_object"]),
        (scored(place=match(), target="region"), ["best_region", "worst_region"]),
        (scored(), ["false_find"]),
        (scored(place=match(), found=False), ["false_refusal"]),
        (scored(found=False), []),
    ],
)
def test_every_answer_has_its_shelves(entry, shelves):
    gallery = filled(entry)
    assert [name for name in SHELVES if gallery.shelf(name)] == shelves


def test_a_shelf_keeps_the_most_telling_and_one_of_an_image():
    ious = {"a": (50, 90), "b": (70,), "c": (60, 55), "d": (95,)}
    gallery = filled(*(scored(name, match(iou, 100)) for name, those in ious.items() for iou in those), kept=3)
    kept = [(e.score.image_id, e.score.match.overlap.intersection_px) for e in gallery.shelf("best_object")]
    assert kept == [("d", 95), ("a", 90), ("b", 70)]


def test_of_equal_misses_the_surest_comes_first():
    gallery = filled(*(scored(name, match(0, 100), existence=sure) for name, sure in (("a", 0.6), ("b", 0.9))))
    assert [e.score.image_id for e in gallery.shelf("worst_object")] == ["b", "a"]


@pytest.mark.parametrize("entry", [scored(place=match(0, 100)), scored(place=match(0, 100), found=False), scored()])
def test_a_picture_outlines_the_truth_and_fills_the_prediction(entry):
    gallery = filled(entry)
    exhibit = next(e for name in SHELVES for e in gallery.shelf(name))
    picture = cv2.imdecode(np.frombuffer(exhibit.jpeg(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert picture.shape == (360, 480, 3)
    outside, inside = picture[20, 20].astype(int), picture[180, 380].astype(int)
    assert np.abs(outside - 90).max() < 8
    assert inside[0] > inside[2] + 50  # orange, as objects are
    peak = picture[120, 320].astype(int)
    assert peak[0] > peak[2] + 100
    edge_of_truth = picture[150:210, 75:86].max(axis=(1, 2))
    assert (edge_of_truth > 200).all() == entry.exists
