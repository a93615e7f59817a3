"""Worked vectors and brute force against the figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ris_ros.evaluation.metrics import (
    ClassOverlaps,
    ExistenceFigures,
    MaskFigures,
    Overlap,
    PointingFigures,
    RobustFigures,
    RobustSample,
    bootstrap_interval,
    first_hit_rank,
)

MASKS = arrays(np.bool_, (6, 7))


def _row(*set_columns: int, width: int = 100) -> np.ndarray:
    mask = np.zeros((1, width), np.bool_)
    mask[0, list(set_columns)] = True
    return mask


def test_the_worked_check_of_the_contract():
    truth = _row(*range(50))
    predicted = _row(*range(40))
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
    assert Overlap.of(_row(), _row()).iou == 0.0
    empty = MaskFigures.of([Overlap(0, 0)])
    assert (empty.count, empty.overall_iou, empty.mean_iou) == (1, 0.0, 0.0)


def test_no_samples_give_zeros_and_not_an_error():
    figures = MaskFigures.of([])
    assert (figures.count, figures.overall_iou, figures.mean_iou) == (0, 0.0, 0.0)
    assert set(figures.precision_at.values()) == {0.0}
    assert RobustFigures.of([]) == RobustFigures(0.0, 0.0, 0.0)
    assert PointingFigures.of([]).count == 0
    assert bootstrap_interval(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.random.default_rng(0)) == (0.0, 0.0)


def test_masks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        Overlap.of(np.zeros((2, 3), np.bool_), np.zeros((3, 2), np.bool_))


@given(MASKS, MASKS)
def test_overlap_agrees_with_sets_and_is_symmetric(one, other):
    mine = {tuple(p) for p in np.argwhere(one)}
    yours = {tuple(p) for p in np.argwhere(other)}
    overlap = Overlap.of(one, other)
    assert overlap == Overlap(len(mine & yours), len(mine | yours)) == Overlap.of(other, one)
    assert 0.0 <= overlap.iou <= 1.0
    assert (overlap.iou == 1.0) == (mine == yours and bool(mine))


def test_objects_without_negatives_do_not_count_for_rejection():
    only_positive = RobustSample((Overlap(10, 10),), ())
    only_negative = RobustSample((), (0, 0, 7, 0))
    figures = RobustFigures.of([only_positive, only_negative])
    assert figures.mean_rejection_rate == pytest.approx(0.75)
    assert figures.robust_iou == pytest.approx(1.0)


def test_rejection_is_averaged_per_object_not_per_sentence():
    samples = [RobustSample((), (0,)), RobustSample((), (5, 5, 5))]
    assert RobustFigures.of(samples).mean_rejection_rate == pytest.approx(0.5)


@given(
    arrays(np.uint8, (5, 6), elements=st.integers(0, 4)),
    arrays(np.bool_, (5, 6)).filter(lambda mask: bool(mask.any())),
)
def test_rank_is_the_place_in_a_stable_sort(probability, truth):
    order = np.argsort(-probability.astype(int).ravel(), kind="stable")
    brute = next(rank for rank, pixel in enumerate(order) if truth.ravel()[pixel])
    assert first_hit_rank(probability, truth) == brute


@given(
    arrays(np.uint8, (5, 6), elements=st.integers(0, 4)),
    arrays(np.bool_, (5, 6)).filter(lambda mask: bool(mask.any())),
    st.tuples(st.integers(0, 5), st.integers(0, 4)),
)
def test_a_known_peak_goes_to_the_front_of_that_sort(probability, truth, peak_xy):
    belief = -probability.astype(int)
    belief[peak_xy[1], peak_xy[0]] = -255
    order = np.argsort(belief.ravel(), kind="stable")
    brute = next(rank for rank, pixel in enumerate(order) if truth.ravel()[pixel])
    assert first_hit_rank(probability, truth, peak_xy) == brute


def test_a_known_peak_decides_ties():
    probability = np.full((2, 3), 255, np.uint8)
    truth = np.zeros((2, 3), np.bool_)
    truth[1, 2] = True
    assert first_hit_rank(probability, truth) == 5
    assert first_hit_rank(probability, truth, peak_xy=(2, 1)) == 0
    truth[0, 0] = True
    assert first_hit_rank(probability, truth, peak_xy=(1, 0)) == 1


def test_an_empty_truth_cannot_be_pointed_at():
    with pytest.raises(ValueError, match="empty truth"):
        first_hit_rank(np.zeros((2, 2)), np.zeros((2, 2), np.bool_))


def test_recall_grows_with_k():
    figures = PointingFigures.of([0, 5, 50, 5000])
    assert [figures.recall_at[k] for k in (1, 10, 100, 1000)] == [0.25, 0.5, 0.75, 0.75]


def test_existence_accuracies_are_of_their_own_class():
    figures = ExistenceFigures.of([True, True, True, False], [True, False, True, False])
    assert figures.target_accuracy == pytest.approx(2 / 3)
    assert figures.no_target_accuracy == pytest.approx(1.0)
    assert (figures.target_count, figures.no_target_count) == (3, 1)


def test_class_iou_pools_pixels_over_images():
    gathered = ClassOverlaps()
    gathered.add("road", _row(0, 1), _row(0, 1, 2, 3))
    gathered.add("road", _row(0), _row(0))
    gathered.add("fence", _row(), _row())
    gathered.add("car", _row(4), _row(5))
    assert gathered.ious() == {"road": pytest.approx(3 / 5), "car": 0.0}
    assert gathered.mean_iou() == pytest.approx(0.3)


def test_interval_holds_the_figure_and_shrinks_with_data():
    rng = np.random.default_rng(0)
    widths = []
    for count in (20, 2000):
        ious = rng.random(count)
        low, high = bootstrap_interval(ious, np.ones(count), np.arange(count), np.random.default_rng(1))
        assert low < ious.mean() < high
        widths.append(high - low)
    assert widths[1] < 0.3 * widths[0]


def test_sentences_of_one_image_are_resampled_together():
    ious = np.array([1.0] * 50 + [0.0] * 50)
    together = bootstrap_interval(ious, np.ones(100), np.repeat([0, 1], 50), np.random.default_rng(0))
    assert together == (0.0, 1.0)
