"""COCO's three forms of a mask against definitions of them that are written anew here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from published_sets import runs, runs_as_text

from ris_ros.data.published.coco_masks import decode_runs, fill_polygons

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(MASKS)
def test_run_lengths_give_the_mask_back_in_every_form(mask):
    lengths = runs(mask)
    text = runs_as_text(lengths)
    for counts in (lengths, text, text.encode("ascii")):
        assert np.array_equal(decode_runs(mask.shape, counts), mask)


def test_long_runs_take_several_characters_and_may_shrink():
    mask = np.zeros((300, 200), np.bool_)
    mask[5:290, 3:190] = True
    mask[100, 50] = False
    assert np.array_equal(decode_runs(mask.shape, runs_as_text(runs(mask))), mask)


def test_runs_go_down_the_columns():
    assert decode_runs((2, 3), [1, 2, 3]).tolist() == [[False, True, False], [True, False, False]]


@pytest.mark.parametrize("counts", [[3], [7], [8, -2], [], "", "3", "~", "P", [2, 2, 1]])
def test_run_lengths_that_do_not_fill_the_picture_are_refused(counts):
    with pytest.raises(ValueError, match="run lengths"):
        decode_runs((2, 3), counts)


@given(st.text(max_size=12))
def test_damaged_text_raises_nothing_else(text):
    try:
        assert decode_runs((4, 5), text.encode("utf-8")).shape == (4, 5)
    except ValueError as error:
        assert "run lengths" in str(error)


def test_a_rectangle_along_pixels_is_filled_exactly():
    mask = fill_polygons((10, 12), [[2, 3, 8, 3, 8, 7, 2, 7]])
    expected = np.zeros((10, 12), np.bool_)
    expected[3:7, 2:8] = True
    assert np.array_equal(mask, expected)


CORNERS = st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 25)), min_size=3, max_size=7)


def holds(corners: list[tuple[float, float]], x: float, y: float) -> bool:
    """The even-odd rule for one point, by a ray upwards."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if min(x0, x1) <= x < max(x0, x1) and y0 + (x - x0) * (y1 - y0) / (x1 - x0) <= y:
            crossings += 1
    return crossings % 2 == 1


@given(CORNERS)
def test_a_pixel_is_filled_when_its_middle_is_inside(corners):
    mask = fill_polygons((20, 18), [[value for corner in corners for value in corner]])
    # A middle on the very outline may fall either way by rounding.
    wrong = [
        (x, y)
        for y in range(20)
        for x in range(18)
        if mask[y, x] != holds(corners, x + 0.5, y + 0.5)
        and holds(corners, x + 0.5, y + 0.5 - 1e-9) == holds(corners, x + 0.5, y + 0.5 + 1e-9)
    ]
    assert not wrong


def test_parts_join_and_do_not_cancel_each_other():
    square = [2, 2, 8, 2, 8, 8, 2, 8]
    assert np.array_equal(fill_polygons((10, 10), [square, square]), fill_polygons((10, 10), [square]))


@pytest.mark.parametrize("polygon", [[], [1, 1, 2, 2], [1, 1, 2, 2, 3, 3, 4]])
def test_what_is_no_polygon_is_refused(polygon):
    with pytest.raises(ValueError, match="fewer than three corners"):
        fill_polygons((5, 5), [polygon])
