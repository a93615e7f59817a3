from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ris_ros.geometry.letterbox import Letterbox
from ris_ros.pipeline import masks

INPUT = (480, 288)
STRIDE = 4
SHAPE = (INPUT[1] // STRIDE, INPUT[0] // STRIDE)


def logits_with_peak(row: int, column: int) -> np.ndarray:
    logits = np.full(SHAPE, -20.0, np.float32)
    logits[row, column] = 25.0
    return logits


@settings(deadline=None, max_examples=50)
@given(
    st.tuples(st.integers(60, 2000), st.integers(60, 1200)),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
def test_the_peak_is_the_image_pixel_under_the_highest_logit(size: tuple[int, int], right: float, down: float) -> None:
    box = Letterbox.fit(size, INPUT)
    x, y = box.to_input(np.array([right * size[0], down * size[1]]))
    # A cell on the edge of a thin picture has its middle in the bars, where nobody looks.
    left, top, width, height = box.content_xywh
    assume(left <= (x // STRIDE + 0.5) * STRIDE < left + width and top <= (y // STRIDE + 0.5) * STRIDE < top + height)
    peak = masks.peak_xy(logits_with_peak(int(y / STRIDE), int(x / STRIDE)), box, size)
    # One cell of the map is the finest that can be known.
    assert abs(peak[0] - right * size[0]) <= STRIDE / box.scale_xy[0] + 1
    assert abs(peak[1] - down * size[1]) <= STRIDE / box.scale_xy[1] + 1


def test_the_bars_are_never_the_peak() -> None:
    size = (400, 400)
    logits = logits_with_peak(0, 0)
    logits[40, 60] = 5.0
    x, y = masks.peak_xy(logits, Letterbox.fit(size, INPUT), size)
    assert abs(x - 200) < 8 and abs(y - 225) < 8


def test_a_saturated_map_still_has_one_peak_where_the_logit_is_highest() -> None:
    logits = np.full(SHAPE, 12.0, np.float32)
    logits[50, 100] = 12.5
    x, y = masks.peak_xy(logits, Letterbox.fit(INPUT, INPUT), INPUT)
    assert (x, y) == (402, 202)


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3000, 2), (480, 288), (17, 5)])
def test_extreme_sizes_are_answered(size: tuple[int, int]) -> None:
    answer = masks.answer(np.full(SHAPE, 5.0, np.float32), Letterbox.fit(size, INPUT), size, 0.5)
    assert answer.mask.all()
    assert answer.roi_xywh == (0, 0, *size)
    assert 0 <= answer.peak_xy[0] < size[0] and 0 <= answer.peak_xy[1] < size[1]


@given(st.floats(-1e9, 1e9, width=32))
def test_confidence_is_the_rounded_probability(logit: float) -> None:
    value = int(masks.to_confidence(np.array([logit], np.float32))[0])
    probability = 1.0 / (1.0 + np.exp(-np.clip(float(logit), -500, 500)))
    assert abs(value - probability * 255) <= 0.51


@given(st.floats(1e-9, 1.0, exclude_max=True))
def test_a_pixel_is_set_only_if_its_probability_reaches_the_threshold(threshold: float) -> None:
    level = masks.threshold_level(threshold)
    assert 1 <= level <= 255
    assert level / 255 >= threshold - 1e-12
    assert level == 1 or (level - 1) / 255 < threshold


def test_without_a_threshold_the_mask_is_empty_and_the_confidence_stays() -> None:
    answer = masks.answer(np.full(SHAPE, 5.0, np.float32), Letterbox.fit((640, 480), INPUT), (640, 480), None)
    assert answer.empty and not answer.mask.any() and answer.score == 0.0
    assert answer.confidence.min() > 250


def test_of_a_single_thing_only_the_part_under_the_peak_stays() -> None:
    logits = np.full(SHAPE, -6.0, np.float32)
    logits[20:30, 20:30], logits[20:30, 60:70] = 2.0, 1.5
    logits[25, 25] = 3.0
    box = Letterbox.fit(INPUT, INPUT)
    kept = masks.only_the_peaks_component(logits, box, 0.5)
    both, one = (masks.answer(each, box, INPUT, 0.5) for each in (logits, kept))
    assert both.mask[100, 260] and not one.mask[:, 200:].any()
    assert one.mask[100, 100] and (one.mask[:, :200] == both.mask[:, :200]).all()
    assert ((one.confidence >= masks.threshold_level(0.5)) == one.mask).all()
    assert one.peak_xy == both.peak_xy
    assert masks.count_candidates(logits, box, 0.5) == 2


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_keeping_the_peaks_part_adds_nothing_and_keeps_the_peak(seed: int, threshold: float) -> None:
    logits = np.random.default_rng(seed).normal(0.0, 3.0, SHAPE).astype(np.float32)
    box = Letterbox.fit((640, 480), INPUT)
    kept = masks.only_the_peaks_component(logits, box, threshold)
    assert (kept <= logits).all()
    assert masks.peak_xy(kept, box, (640, 480)) == masks.peak_xy(logits, box, (640, 480))
    assert masks.only_the_peaks_component(kept, box, threshold) is kept
    assert masks.count_candidates(kept, box, threshold) <= 1
