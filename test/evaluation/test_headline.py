"""The headline figures of small runs, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scored import match, scored

from ris_ros.evaluation.headline import HEADLINES, robust_samples
from ris_ros.evaluation.metrics import RobustFigures
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.resampling import Resampling, Units
from ris_ros.evaluation.results import Results


def value(name: str, *scores, classes=()) -> float | None:
    results = Results(tuple(scores), tuple(classes))
    units = Units(results.image_ids)
    return Resampling(units.count, 0).estimate(HEADLINES[name].make(results, units)).value


def test_masks_count_as_the_user_sees_them():
    scores = (scored(place=match(60, 100)), scored(place=match(90, 90), found=False), scored())
    assert value("object_mean_iou", *scores) == pytest.approx(0.3)
    assert value("object_mean_iou_ungated", *scores) == pytest.approx(0.8)
    assert value("object_precision_at_0.5", *scores) == pytest.approx(0.5)
    assert value("object_overall_iou", *scores) == pytest.approx(60 / (100 + 80))
    assert value("object_boundary_iou", *scores) == pytest.approx(0.15)
    assert value("region_mean_iou", *scores) is None


def test_pointing_counts_even_where_the_answer_was_rejected():
    scores = (scored(place=match(rank=0), found=False), scored(place=match(rank=1, prior_hit=True)))
    assert value("object_pointing", *scores) == value("object_pointing_prior", *scores) == 0.5


def test_existence_is_judged_over_all_sentences():
    scores = (
        scored(place=match(), existence=0.9),
        scored(place=match(), target="region", found=False, existence=0.6),
        scored(found=False, existence=0.2),
        scored(existence=0.7),
    )
    assert value("positives_kept", *scores) == value("negatives_rejected", *scores) == 0.5
    assert value("existence_roc_auc", *scores) == pytest.approx(3 / 4)
    assert value("existence_brier", *scores) == pytest.approx((0.01 + 0.16 + 0.04 + 0.49) / 4)


def test_the_road_share_is_of_answers_that_were_given():
    scores = (
        scored(place=match(), target="region", road_share=1.0),
        scored(target="region", road_share=0.5),
        scored(place=match(), target="region", road_share=0.0, found=False),
    )
    assert value("region_on_road", *scores) == pytest.approx(0.75)


def test_the_worked_check_of_the_contract_from_scores():
    # One object of 50 px, 40 of them predicted; a false sentence answered with nothing, another with 40 px.
    place = match(40, 50, truth_px=50)
    scores = (scored(place=place), scored(found=False, predicted_px=99), scored(predicted_px=40))
    figures = RobustFigures.of([sample for _, sample in robust_samples(scores)])
    assert (figures.mean_iou, figures.mean_rejection_rate) == (pytest.approx(0.8), pytest.approx(0.5))
    assert figures.robust_iou == pytest.approx(40 / 90)
    assert value("robust_iou", *scores) == pytest.approx(40 / 90)
    assert value("mean_rejection_rate", *scores) == pytest.approx(0.5)


def test_sentences_about_the_same_pixels_are_one_object_and_false_ones_count_against_each():
    scores = (
        scored("a", match(40, 50, truth_key="car", truth_px=50)),
        scored("a", match(50, 50, truth_key="car", truth_px=50)),
        scored("a", match(10, 10, truth_key="sign", truth_px=10)),
        scored("a", predicted_px=10),
        scored("b", predicted_px=7),
        scored("b", match(), target="region"),
    )
    samples = robust_samples(scores)
    assert [image for image, _ in samples] == ["a", "a", "b"]
    assert [len(sample.positives) for _, sample in samples] == [2, 1, 0]
    figures = RobustFigures.of([sample for _, sample in samples])
    assert (figures.objects, figures.mean_iou) == (2, pytest.approx((0.9 + 1.0) / 2))
    assert figures.robust_iou == pytest.approx((90 / 110 + 10 / 20) / 2)
    assert samples[0][1].positives == (Overlap(40, 50), Overlap(50, 50))


def test_the_share_of_targets_guessed_rightly():
    scores = (scored(place=match(), target="region"), scored(place=match()), scored())
    assert value("auto_target_agrees", *scores) == pytest.approx(2 / 3)


def test_rounds_taken_in_parts_are_the_same_rounds():
    rng = np.random.default_rng(0)
    scores = [
        scored(f"i{k}", match() if rng.random() < 0.5 else None, existence=float(rng.random())) for k in range(40)
    ]
    results = Results(tuple(scores), ())
    units = Units(results.image_ids)
    statistic = HEADLINES["existence_roc_auc"].make(results, units)
    draws = rng.multinomial(40, np.full(40, 1 / 40), size=120).astype(np.float64)
    np.testing.assert_allclose(statistic(draws), [statistic(draw[None])[0] for draw in draws])
