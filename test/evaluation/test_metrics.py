"""Worked vectors against the figures."""

from __future__ import annotations

import numpy as np
import pytest

from ris_ros.evaluation.metrics import (
    PRECISION_LEVELS,
    GeneralizedFigures,
    MaskFigures,
    PointingFigures,
    RobustFigures,
    RobustSample,
)
from ris_ros.evaluation.overlap import Overlap


def row(*set_columns: int, width: int = 100) -> np.ndarray:
    mask = np.zeros((1, width), np.bool_)
    mask[0, list(set_columns)] = True
    return mask


def test_the_worked_check_of_the_contract():
    truth = row(*range(50))
    predicted = row(*range(40))
    sample = RobustSample((Overlap.of(predicted, truth),), (0, 40))
    figures = RobustFigures.of([sample])
    assert figures.mean_iou == pytest.approx(0.8)
    assert figures.mean_rejection_rate == pytest.approx(0.5)
    assert figures.robust_iou == pytest.approx(40 / 90)


def test_overall_and_mean_iou_weigh_large_things_differently():
    large, small = Overlap(900, 1000), Overlap(0, 10)
    figures = MaskFigures.of([large, small])
    assert figures.overall_iou == pytest.approx(900 / 1010)
    assert figures.mean_iou == pytest.approx(0.45)


def test_precision_counts_the_level_itself():
    figures = MaskFigures.of([Overlap(5, 10), Overlap(9, 10), Overlap(499, 1000)])
    assert figures.precision_at[0.5] == pytest.approx(2 / 3)
    assert figures.precision_at[0.9] == pytest.approx(1 / 3)


def test_two_empty_masks_score_nothing():
    assert Overlap.of(row(), row()).iou == 0.0
    empty = MaskFigures.of([Overlap(0, 0)])
    assert (empty.count, empty.overall_iou, empty.mean_iou) == (1, 0.0, 0.0)


def test_no_samples_give_zeros_and_not_an_error():
    figures = MaskFigures.of([])
    assert (figures.count, figures.overall_iou, figures.mean_iou) == (0, 0.0, 0.0)
    assert set(figures.precision_at.values()) == {0.0}
    assert RobustFigures.of([]) == RobustFigures(0, 0.0, 0.0, 0.0)
    assert PointingFigures.of([]).count == 0


def test_objects_without_negatives_do_not_count_for_rejection():
    only_positive = RobustSample((Overlap(10, 10),), ())
    only_negative = RobustSample((), (0, 0, 7, 0))
    figures = RobustFigures.of([only_positive, only_negative])
    assert figures.mean_rejection_rate == pytest.approx(0.75)
    assert figures.robust_iou == pytest.approx(1.0)


def test_rejection_is_averaged_per_object_not_per_sentence():
    samples = [RobustSample((), (0,)), RobustSample((), (5, 5, 5))]
    assert RobustFigures.of(samples).mean_rejection_rate == pytest.approx(0.5)


def test_recall_grows_with_k_and_pointing_at_nothing_never_hits():
    figures = PointingFigures.of([0, 4, 9, 50, None])
    assert figures.recall_at == {1: 0.2, 5: 0.4, 10: 0.6, 50: 0.6}


def test_precision_is_given_at_all_levels_of_the_contract():
    assert PRECISION_LEVELS == (0.5, 0.6, 0.7, 0.8, 0.9)
    figures = MaskFigures.of([Overlap(k, 100) for k in (50, 60, 70, 80, 90)])
    assert list(figures.precision_at.values()) == [1.0, 0.8, 0.6, 0.4, 0.2]


def test_existence_accuracies_are_of_their_own_class():
    overlap = Overlap(1, 2)
    figures = GeneralizedFigures.of([(overlap, True), (overlap, False), (overlap, True)], [0])
    assert figures.target_accuracy == pytest.approx(2 / 3)
    assert figures.no_target_accuracy == pytest.approx(1.0)
    assert (figures.target_count, figures.no_target_count) == (3, 1)


def test_generalized_ious_of_a_worked_case():
    true = [(Overlap(30, 60), True), (Overlap(0, 40), False)]
    figures = GeneralizedFigures.of(true, [0, 100])
    assert figures.giou == pytest.approx((0.5 + 0.0 + 1.0 + 0.0) / 4)
    assert figures.ciou == pytest.approx(30 / (60 + 40 + 100))
    assert GeneralizedFigures.of([], []) == GeneralizedFigures(0.0, 0.0, 0.0, 0.0, 0, 0)
