"""Intervals: what is drawn together, and how wide they are."""

from __future__ import annotations

import numpy as np
import pytest

from ris_ros.evaluation.resampling import Estimate, Resampling, Units, divide, mean, ratio


def interval(values: np.ndarray, units: np.ndarray, seed: int = 1) -> Estimate:
    count = int(units.max()) + 1
    return Resampling(count, seed).estimate(mean(values.tolist(), units, count))


def test_interval_holds_the_figure_and_shrinks_with_data():
    rng = np.random.default_rng(0)
    widths = []
    for count in (20, 2000):
        values = rng.random(count)
        made = interval(values, np.arange(count))
        assert made.value == pytest.approx(values.mean())
        assert made.low is not None and made.high is not None
        assert made.low < values.mean() < made.high
        widths.append(made.high - made.low)
    assert widths[1] < 0.3 * widths[0]


def test_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(2).random(4000)
    made = interval(values, np.arange(4000))
    half = 1.96 * values.std() / np.sqrt(4000)
    assert made.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert made.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_sentences_of_one_image_are_resampled_together():
    values = np.array([1.0] * 50 + [0.0] * 50)
    made = interval(values, np.repeat([0, 1], 50))
    assert (made.value, made.low, made.high) == (0.5, 0.0, 1.0)


def test_a_ratio_of_sums_is_not_a_mean_of_ratios():
    statistic = ratio([90.0, 0.0], [100.0, 900.0], np.array([0, 1]), 2)
    assert Resampling(2, 0).estimate(statistic).value == pytest.approx(0.09)
    np.testing.assert_allclose(statistic(np.array([[2.0, 0.0], [0.0, 3.0]])), [0.9, 0.0])


def test_a_figure_of_nothing_has_no_value_nor_interval():
    assert Resampling(3, 0).estimate(mean([], np.zeros(0, np.int64), 3)) == Estimate(None, None, None)


def test_draws_without_a_sample_are_left_out():
    made = Resampling(2, 0).estimate(mean([0.25], np.array([1]), 2))
    assert made == Estimate(0.25, 0.25, 0.25)
    assert np.isnan(divide(np.array([1.0]), np.array([0.0]))).all()


def test_a_block_holds_neighbours_of_one_drive():
    ids = ["a/one_001", "a/one_005", "a/one_009", "a/two_001", "a/two_002", "other"]
    units = Units(ids, block_frames=2)
    first, second, third, fourth, fifth, alone = units.of(ids)
    assert first == second and fourth == fifth
    assert units.count == len({first, third, fourth, alone}) == 4
    assert Units(ids).count == 6
    with pytest.raises(ValueError, match="at least one frame"):
        Units(ids, 0)


def test_blocks_of_frames_that_agree_widen_the_interval():
    rng = np.random.default_rng(0)
    ids = [f"drive_{number:04}" for number in range(200)]
    values = np.repeat(rng.random(20), 10)
    widths = []
    for block in (1, 10):
        units = Units(ids, block)
        made = Resampling(units.count, 0).estimate(mean(values.tolist(), units.of(ids), units.count))
        assert made.low is not None and made.high is not None
        widths.append(made.high - made.low)
    assert widths[1] > 2 * widths[0]


def test_the_same_seed_draws_the_same():
    values, units = np.random.default_rng(0).random(30), np.arange(30)
    assert interval(values, units, seed=5) == interval(values, units, seed=5) != interval(values, units, seed=6)
