from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ris_ros.pipeline.labels import NONE, REFERRED_OBJECT, REFERRED_REGION, label_map
from ris_ros.pipeline.overlay import draw
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target


def answer(size: tuple[int, int], box: tuple[int, int, int, int] | None) -> MaskAnswer:
    mask = np.zeros((size[1], size[0]), np.bool_)
    if box is None:
        return MaskAnswer(mask.astype(np.uint8), mask, (0, 0, 0, 0), (0, 0), 0.0)
    x, y, width, height = box
    mask[y : y + height, x : x + width] = True
    return MaskAnswer(mask.astype(np.uint8) * 255, mask, box, (x, y), 1.0)


def grounding(
    size: tuple[int, int],
    object_box: tuple[int, int, int, int] | None,
    region_box: tuple[int, int, int, int] | None,
    target: Target = Target.OBJECT,
    text: str = "the red car",
) -> Grounding:
    frame = Frame("front", np.full((size[1], size[0], 3), 128, np.uint8), 0)
    found = object_box is not None or region_box is not None
    reason = "" if found else "It is probably not there."
    return Grounding(
        Command("1", text, target, 0), frame, found, 0.9 if found else 0.1, 0.9 if found else 0.0,
        answer(size, object_box), answer(size, region_box), int(found), reason=reason,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(480, 360), (640, 480), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("target", [Target.OBJECT, Target.REGION])
def test_outside_the_banner_only_the_masks_change(size: tuple[int, int], target: Target) -> None:
    width, height = size
    boxes = (width // 8, height // 2, width // 4, height // 4), (width // 2, height // 2, width // 4, height // 3)
    one = grounding(size, *boxes, target)
    before = one.frame.image_rgb.copy()
    changed = (draw([one]) != before).any(axis=2)
    banner = int(np.argmin(changed.any(axis=1)))
    assert 0.03 < banner / height < 0.12
    changed[:banner] = False
    marked = one.object.mask | one.region.mask
    assert not (changed & ~marked).any()
    assert changed[one.asked.mask].all()
    assert (one.frame.image_rgb == before).all()


def test_a_frame_that_was_shrunk_is_drawn_at_its_cameras_size() -> None:
    one = grounding((640, 480), (100, 200, 100, 100), None)
    small = dataclasses.replace(
        one, frame=Frame("front", one.frame.image_rgb[::2, ::2].copy(), 0, camera_size_px=(640, 480))
    )
    assert (draw([small]) == draw([one])).all()
    whole = np.full((480, 640, 3), 60, np.uint8)
    picture = draw([small], whole)
    assert (picture[470, 600] == 60).all() and (picture[250, 150] != draw([one])[250, 150]).any()


def test_the_two_masks_are_told_apart_by_colour() -> None:
    size = (640, 480)
    box = (100, 200, 100, 100)
    as_object = draw([grounding(size, box, None)])[250, 150].astype(int)
    as_region = draw([grounding(size, None, box, Target.REGION)])[250, 150].astype(int)
    assert as_object[0] > as_object[1] + 40
    assert as_region[1] > as_region[0] + 40


def test_what_was_not_found_says_so_in_the_banner_and_marks_nothing() -> None:
    absent = draw([grounding((640, 480), None, None)])
    assert (absent[60:] == 128).all()
    found = draw([grounding((640, 480), (0, 400, 9, 9), None)])
    assert (absent[:60] != found[:60]).any()


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (50, 400), (4000, 30)])
@pytest.mark.parametrize("text", ["the red car", "très joli 🚗 " * 30])
def test_any_size_and_text_can_be_drawn(size: tuple[int, int], text: str) -> None:
    picture = draw([grounding(size, (0, 0, *size), None, text=text)] * 9)
    assert picture.shape == (size[1], size[0], 3)


def test_masks_of_another_size_are_drawn_on_the_whole_picture() -> None:
    small = answer((64, 48), (8, 24, 16, 16))
    frame = Frame("front", np.full((480, 640, 3), 128, np.uint8), 0)
    one = Grounding(Command("1", "the car", Target.OBJECT, 0), frame, True, 0.9, 0.9, small, answer((64, 48), None))
    changed = (draw([one])[60:] != 128).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (columns.min(), columns.max()) == (80, 239)
    assert (rows.min() + 60, rows.max() + 60) == (240, 399)


def test_the_label_map_puts_what_was_asked_for_on_top() -> None:
    size = (64, 48)
    boxes = (10, 10, 20, 20), (20, 20, 20, 20)
    as_object = label_map(grounding(size, *boxes, Target.OBJECT))
    as_region = label_map(grounding(size, *boxes, Target.REGION))
    assert as_object.dtype == np.uint8
    assert (as_object[25, 25], as_region[25, 25]) == (REFERRED_OBJECT, REFERRED_REGION)
    assert (as_object[12, 12], as_object[35, 35], as_object[0, 0]) == (REFERRED_OBJECT, REFERRED_REGION, NONE)
    assert (as_object == as_region).sum() == 64 * 48 - 100
    assert not label_map(grounding(size, None, None)).any()
