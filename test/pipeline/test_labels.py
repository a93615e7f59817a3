from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.pipeline.labels import NONE, REFERRED_OBJECT, REFERRED_REGION, label_map
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

SIZE = (60, 40)
boxes = st.tuples(st.integers(0, 59), st.integers(0, 39), st.integers(0, 60), st.integers(0, 40))


def masked(mask: np.ndarray) -> MaskAnswer:
    rows, columns = np.nonzero(mask)
    roi = (0, 0, 0, 0)
    if rows.size:
        left, top = int(columns.min()), int(rows.min())
        roi = left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top
    return MaskAnswer(mask.astype(np.uint8) * 255, mask, roi, (0, 0), 1.0)


def grounding(object_mask: np.ndarray, region_mask: np.ndarray, target: Target) -> Grounding:
    frame = Frame("camera", np.zeros((SIZE[1], SIZE[0], 3), np.uint8), 0)
    return Grounding(
        Command("one", "the car", target, 0), frame, True, 1.0, 1.0, masked(object_mask), masked(region_mask)
    )


@pytest.mark.parametrize("target", [Target.OBJECT, Target.REGION])
@given(st.integers(0, 2**32 - 1), boxes, boxes)
def test_each_pixel_says_what_it_is_and_what_was_asked_for_lies_on_top(
    target: Target, seed: int, first: tuple[int, int, int, int], second: tuple[int, int, int, int]
) -> None:
    holes = np.random.default_rng(seed).random((2, SIZE[1], SIZE[0])) < 0.8
    masks = np.zeros_like(holes)
    for mask, hole, (x, y, width, height) in zip(masks, holes, (first, second), strict=True):
        box = slice(y, y + height), slice(x, x + width)
        mask[box] = hole[box]
    thing, region = masks
    expected = np.where(region, REFERRED_REGION, np.where(thing, REFERRED_OBJECT, NONE))
    if target is Target.OBJECT:
        expected = np.where(thing, REFERRED_OBJECT, np.where(region, REFERRED_REGION, NONE))
    answer = grounding(thing, region, target)
    used = np.full((SIZE[1], SIZE[0]), 7, np.uint8)
    assert label_map(answer, out=used) is used
    assert (used == expected).all() and (label_map(answer) == expected).all()
