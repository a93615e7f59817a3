"""Existence as a probability: worked bins, brute-force ROC, and the curve of thresholds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.evaluation.calibration import (
    expected_calibration_error,
    kept_rejected_curve,
    operating_point,
    reliability,
    roc_auc,
)

SENTENCES = st.lists(st.tuples(st.integers(0, 10), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)


def test_bins_and_error_of_a_worked_case():
    existence = np.array([0.95, 0.95, 0.95, 1.0, 0.25, 0.25])
    exists = np.array([True, True, False, True, False, True])
    bins = reliability(existence, exists)
    assert [b.count for b in bins] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 4]
    assert (bins[9].mean_existence, bins[9].share_true) == (pytest.approx(0.9625), 0.75)
    assert bins[0].mean_existence is None
    assert expected_calibration_error(bins) == pytest.approx((4 * 0.2125 + 2 * 0.25) / 6)
    assert expected_calibration_error(reliability(np.zeros(0), np.zeros(0, np.bool_))) == 0.0


@given(SENTENCES)
def test_roc_auc_counts_pairs(sentences):
    existence = np.array([e / 10 for e, _, _ in sentences])
    exists = np.array([there for _, there, _ in sentences])
    weights = np.array([weight for _, _, weight in sentences], np.float64)
    pairs = [(i, j) for i in np.flatnonzero(exists) for j in np.flatnonzero(~exists)]
    total = sum(weights[i] * weights[j] for i, j in pairs)
    right = sum(weights[i] * weights[j] * (0.5 + 0.5 * np.sign(existence[i] - existence[j])) for i, j in pairs)
    area = roc_auc(existence, exists, np.stack([weights, np.ones(len(weights))]))
    assert area[0] == (pytest.approx(right / total) if total else pytest.approx(np.nan, nan_ok=True))
    assert np.isnan(area[1]) == (not pairs)


def test_what_has_no_mask_is_rejected_at_any_threshold():
    existence = np.array([0.9, 0.9, 0.2, 0.9])
    exists = np.array([True, True, False, False])
    has_mask = np.array([True, False, True, True])
    point = operating_point(0.5, existence, exists, has_mask)
    assert (point.kept, point.rejected) == (0.5, 0.5)


@given(SENTENCES)
def test_a_higher_threshold_never_keeps_more_nor_rejects_less(sentences):
    existence = np.array([e / 10 for e, _, _ in sentences])
    exists = np.array([there for _, there, _ in sentences])
    curve = kept_rejected_curve(existence, exists, np.ones(len(sentences), np.bool_))
    assert (curve[0].threshold, curve[-1].threshold, len(curve)) == (0.0, 1.0, 101)
    assert all(a.kept >= b.kept and a.rejected <= b.rejected for a, b in pairwise(curve))
    assert curve[0].rejected == 0.0
