"""Ranks against a sort of all pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ris_ros.evaluation.pointing import first_hit_rank, prior_hits

BELIEFS = arrays(np.uint8, (5, 6), elements=st.integers(0, 4))
TRUTHS = arrays(np.bool_, (5, 6)).filter(lambda mask: bool(mask.any()))


@given(BELIEFS, TRUTHS)
def test_rank_is_the_place_in_a_stable_sort(probability, truth):
    order = np.argsort(-probability.astype(int).ravel(), kind="stable")
    brute = next(rank for rank, pixel in enumerate(order) if truth.ravel()[pixel])
    assert first_hit_rank(probability, truth) == brute


@given(BELIEFS, TRUTHS, st.tuples(st.integers(0, 5), st.integers(0, 4)))
def test_a_known_peak_comes_first_and_decides_ties_by_distance(probability, truth, peak_xy):
    def place(x, y):
        away = (x - peak_xy[0]) ** 2 + (y - peak_xy[1]) ** 2
        # Of pixels as far as each other, one in the truth comes first.
        return (away != 0, -int(probability[y, x]), away, not truth[y, x])

    order = sorted(((x, y) for y in range(5) for x in range(6)), key=lambda xy: place(*xy))
    assert first_hit_rank(probability, truth, peak_xy) == next(i for i, (x, y) in enumerate(order) if truth[y, x])


def test_a_flat_top_counts_from_the_peak_outwards():
    probability = np.full((1, 9), 255, np.uint8)
    truth = np.zeros((1, 9), np.bool_)
    truth[0, 6:] = True
    assert first_hit_rank(probability, truth, peak_xy=(6, 0)) == 0
    assert first_hit_rank(probability, truth, peak_xy=(5, 0)) == 1
    assert first_hit_rank(probability, truth, peak_xy=(4, 0)) == 3


def test_an_empty_truth_cannot_be_pointed_at():
    with pytest.raises(ValueError, match="empty truth"):
        first_hit_rank(np.zeros((2, 2)), np.zeros((2, 2), np.bool_))


def test_the_prior_points_at_the_road_before_us():
    truth = np.zeros((10, 20), np.bool_)
    truth[7, 10] = True
    assert prior_hits(truth)
    assert not prior_hits(~truth)
