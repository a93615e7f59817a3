from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.geometry.box_maximum import BoxMaximum


@given(st.data(), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_it_is_the_maximum_of_each_box(data: st.DataObject, width: int, height: int, seed: int) -> None:
    def ends(length: int) -> st.SearchStrategy[list[int]]:
        return st.lists(st.integers(0, length), min_size=2, max_size=2, unique=True).map(sorted)

    boxes = data.draw(st.lists(st.tuples(ends(width), ends(height)), max_size=12))
    columns = np.array([across for across, _ in boxes], np.int64).reshape(-1, 2)
    rows = np.array([down for _, down in boxes], np.int64).reshape(-1, 2)
    table = BoxMaximum((width, height), columns, rows)
    rng = np.random.default_rng(seed)
    for _ in range(2):  # the second map must not see what is left of the first
        values = rng.integers(0, 256, (height, width)).astype(np.uint8)
        expected = [values[top:bottom, left:right].max() for (left, right), (top, bottom) in boxes]
        assert table.of(values).tolist() == expected


@pytest.mark.parametrize("ends", [[3, 3], [-1, 2], [4, 11]])
def test_boxes_that_are_empty_or_not_in_the_map_are_refused(ends: list[int]) -> None:
    good, bad = np.array([[0, 10]]), np.array([ends])
    for columns, rows in ((good, bad), (bad, good)):
        with pytest.raises(ValueError, match="box"):
            BoxMaximum((10, 10), columns, rows)
