from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ris_ros.geometry.letterbox import Letterbox
from ris_ros.pipeline import masks
from ris_ros.pipeline.masks import Cells, Parts

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
    peak = Cells.of(logits_with_peak(int(y / STRIDE), int(x / STRIDE)), box).peak_xy(size)
    # One cell of the map is the finest that can be known.
    assert abs(peak[0] - right * size[0]) <= STRIDE / box.scale_xy[0] + 1
    assert abs(peak[1] - down * size[1]) <= STRIDE / box.scale_xy[1] + 1


def test_the_bars_are_never_the_peak() -> None:
    size = (400, 400)
    logits = logits_with_peak(0, 0)
    logits[40, 60] = 5.0
    x, y = Cells.of(logits, Letterbox.fit(size, INPUT)).peak_xy(size)
    assert abs(x - 200) < 8 and abs(y - 225) < 8


def test_a_saturated_map_still_has_one_peak_where_the_logit_is_highest() -> None:
    logits = np.full(SHAPE, 12.0, np.float32)
    logits[50, 100] = 12.5
    x, y = Cells.of(logits, Letterbox.fit(INPUT, INPUT)).peak_xy(INPUT)
    assert (x, y) == (402, 202)


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3000, 2), (480, 288), (17, 5)])
def test_extreme_sizes_are_answered(size: tuple[int, int]) -> None:
    answer = masks.answer(Cells.of(np.full(SHAPE, 5.0, np.float32), Letterbox.fit(size, INPUT)), size, 0.5)
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
    cells = Cells.of(np.full(SHAPE, 5.0, np.float32), Letterbox.fit((640, 480), INPUT))
    answer = masks.answer(cells, (640, 480), None)
    assert answer.empty and not answer.mask.any() and answer.score == 0.0
    assert answer.confidence.min() > 250


def test_of_a_single_thing_only_the_part_under_the_peak_stays() -> None:
    logits = np.full(SHAPE, -6.0, np.float32)
    logits[20:30, 20:30], logits[20:30, 60:70] = 2.0, 1.5
    logits[25, 25] = 3.0
    cells = Cells.of(logits, Letterbox.fit(INPUT, INPUT))
    parts = Parts.of(cells, 0.5)
    both, one = (masks.answer(each, INPUT, 0.5) for each in (cells, parts.only_the_peaks()))
    assert both.mask[100, 260] and not one.mask[:, 200:].any()
    assert one.mask[100, 100] and (one.mask[:, :200] == both.mask[:, :200]).all()
    assert ((one.confidence >= masks.threshold_level(0.5)) == one.mask).all()
    assert one.peak_xy == both.peak_xy
    assert parts.count_candidates() == 2


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_keeping_the_peaks_part_adds_nothing_and_keeps_the_peak(seed: int, threshold: float) -> None:
    logits = np.random.default_rng(seed).normal(0.0, 3.0, SHAPE).astype(np.float32)
    cells = Cells.of(logits, Letterbox.fit((640, 480), INPUT))
    kept = Parts.of(cells, threshold).only_the_peaks()
    assert (kept.confidence <= cells.confidence).all()
    assert kept.peak == cells.peak
    again = Parts.of(kept, threshold)
    assert again.only_the_peaks() is kept
    assert again.count_candidates() <= 1


def test_a_part_that_is_small_or_faint_beside_another_is_no_candidate() -> None:
    logits = np.full(SHAPE, -6.0, np.float32)
    logits[10:30, 10:30] = 4.0
    logits[10:30, 40:60] = 0.2  # as large, barely over the threshold
    logits[50:53, 10:13] = 4.0  # as sure, a few cells
    cells = Cells.of(logits, Letterbox.fit(INPUT, INPUT))
    assert Parts.of(cells, 0.5).count_candidates() == 1
    assert Parts.of(cells, 0.995).count_candidates() == 0


blobs = st.lists(
    st.tuples(st.integers(-3, 75), st.integers(-3, 120), st.integers(1, 30), st.integers(1, 50), st.floats(-2.0, 4.0)),
    max_size=4,
)
sizes = st.sampled_from(
    [(480, 288), (1280, 720), (1280, 768), (960, 540), (640, 480), (641, 479), (333, 777), (97, 31)]
)


@settings(deadline=None, max_examples=60)
@given(sizes, st.tuples(st.integers(32, 700), st.integers(32, 700)), blobs, st.floats(0.02, 0.98), st.booleans())
def test_what_is_drawn_in_part_is_what_the_whole_would_be(
    size: tuple[int, int],
    odd: tuple[int, int],
    things: list[tuple[int, int, int, int, float]],
    threshold: float,
    at: bool,
) -> None:
    """The box, the mask and the score, made of the part around the mask, are those of the whole enlarged map."""
    size = odd if at else size
    logits = np.full(SHAPE, -7.0, np.float32)
    for row, column, height, width, logit in things:
        logits[max(row, 0) : max(row + height, 0), max(column, 0) : max(column + width, 0)] = logit
    box = Letterbox.fit(size, INPUT)
    answer = masks.answer(Cells.of(logits, box), size, threshold)
    level = masks.threshold_level(threshold)
    whole = box.map_to_image(masks.to_confidence(logits), size)

    assert answer.mask.shape == answer.confidence.shape == (size[1], size[0])
    assert ((answer.confidence >= level) == answer.mask).all()
    # Enlarged in one piece or in part, a pixel may be rounded by one step otherwise.
    assert np.abs(answer.confidence.astype(int) - whole).max() <= 1
    assert not (answer.mask & (whole < level - 1)).any() and not (~answer.mask & (whole > level)).any()
    rows, columns = np.nonzero(answer.mask)
    if answer.empty:
        assert not rows.size and answer.score == 0.0
    else:
        x, y, width, height = answer.roi_xywh
        assert (x, y, x + width, y + height) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert (answer.inside == answer.mask[y : y + height, x : x + width]).all()
        assert answer.score == pytest.approx(answer.confidence[answer.mask].mean() / 255, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1280, 720), (480, 288), (640, 480)]))
def test_a_mirrored_map_gives_the_mirrored_mask(seed: int, size: tuple[int, int]) -> None:
    coarse = np.random.default_rng(seed).normal(-1.0, 3.0, (8, 12)).astype(np.float32)
    logits = np.kron(coarse, np.ones((9, 10), np.float32))
    box = Letterbox.fit(size, INPUT)
    one, other = (masks.answer(Cells.of(each, box), size, 0.5) for each in (logits, logits[:, ::-1].copy()))
    difference = np.abs(one.confidence.astype(int) - other.confidence[:, ::-1])
    # Fixed-point weights are not quite symmetric.
    assert difference.max() <= 2
    assert (one.mask != other.mask[:, ::-1]).mean() < 0.002


def test_a_map_cut_elsewhere_agrees_with_the_answer_of_its_cells() -> None:
    logits = logits_with_peak(40, 60)
    logits[30:50, 50:70] = 3.0
    size = (640, 480)
    drawn = masks.answer(Cells.of(logits, Letterbox.fit(size, INPUT)), size, 0.6)
    whole = masks.cut(drawn.confidence, drawn.peak_xy, 0.6)
    assert (whole.mask == drawn.mask).all() and (whole.inside == drawn.inside).all()
    assert whole.roi_xywh == drawn.roi_xywh and whole.size_px == drawn.size_px
    assert whole.score == pytest.approx(drawn.score)


@pytest.mark.parametrize("whole", [False, True])
def test_the_confidence_can_be_had_at_another_size(whole: bool) -> None:
    logits = logits_with_peak(40, 60)
    logits[30:50, 50:70] = 3.0
    size = (640, 384)
    answer = masks.answer(Cells.of(logits, Letterbox.fit(size, INPUT)), size, 0.6)
    small = masks.confidence_at(masks.cut(answer.confidence, answer.peak_xy, 0.6) if whole else answer, (160, 96))
    assert small.shape == (96, 160)
    assert small[50, 80] > 200 and small[5, 5] < 20
