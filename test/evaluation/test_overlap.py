"""Overlaps against sets, and boundaries against the distance to what lies outside."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ris_ros.evaluation.overlap import BOUNDARY_SHARE, Overlap, boundary_of

MASKS = arrays(np.bool_, (6, 7))


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


def test_an_intersection_larger_than_its_union_cannot_be():
    with pytest.raises(ValueError, match="cannot be"):
        Overlap(3, 2)


def reference_boundary(mask: np.ndarray) -> np.ndarray:
    """The published algorithm: a frame of zeros, as many erosions by 3x3 as pixels of depth, the frame taken off."""
    depth = max(1, round(BOUNDARY_SHARE * float(np.hypot(*mask.shape))))
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(framed, np.ones((3, 3), np.uint8), iterations=depth)
    return mask & (eroded[1:-1, 1:-1] == 0)


@given(st.integers(0, 2**32 - 1), st.integers(20, 200), st.integers(20, 200))
def test_boundary_is_that_of_the_reference_code(seed, height, width):
    rng = np.random.default_rng(seed)
    mask = cv2.resize(rng.integers(0, 2, (5, 5), np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    np.testing.assert_array_equal(boundary_of(mask), reference_boundary(mask))


def test_boundary_is_two_hundredths_of_the_diagonal_wide_and_runs_along_the_edge_of_the_image():
    mask = np.zeros((300, 400), np.bool_)  # a diagonal of 500, so 10 pixels
    mask[100:, 100:300] = True
    boundary = boundary_of(mask)
    inner = boundary.copy()
    inner[110:290, 110:290] = True
    np.testing.assert_array_equal(inner, mask)
    assert not boundary[110:290, 110:290].any()


def test_boundary_iou_of_a_worked_pair():
    truth = np.zeros((60, 80), np.bool_)  # a diagonal of 100, so 2 pixels
    truth[10:50, 10:50] = True
    predicted = np.zeros_like(truth)
    predicted[10:50, 12:52] = True
    frame = 40 * 40 - 36 * 36
    shared = 2 * (2 * 38)  # of the rows above and below, what both share; of the sides nothing
    assert int(boundary_of(truth).sum()) == frame
    assert Overlap.of(boundary_of(predicted), boundary_of(truth)) == Overlap(shared, 2 * frame - shared)


def test_what_is_thinner_than_the_boundary_is_all_boundary():
    mask = np.zeros((360, 480), np.bool_)
    mask[100:110, 50:400] = True
    np.testing.assert_array_equal(boundary_of(mask), mask)
    assert not boundary_of(np.zeros_like(mask)).any()
