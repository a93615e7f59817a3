"""Tiles of one size, with marks where the mask is."""

from __future__ import annotations

import numpy as np
import pytest
from toy_images import toy_image

from ris_ros.data.contact_sheet import TILES_ACROSS, TILES_PER_SHEET, sheet, tile
from ris_ros.data.drawing import ABSENT_COLOUR, OBJECT_COLOUR, REGION_COLOUR, text_size, wrapped
from ris_ros.data.expression import Expression
from ris_ros.types import Target

SIZE = (192, 128)


def box(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros((SIZE[1], SIZE[0]), np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


def drawn(expression: Expression, size=SIZE) -> np.ndarray:
    return tile(toy_image(0, size), expression)


def has(page: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((page == colour).all(axis=2).any())


def test_each_mask_has_its_colour():
    both = drawn(Expression("a", "park", Target.REGION, True, box(20, 20, 60, 60), box(80, 80, 140, 120)))
    assert has(both, OBJECT_COLOUR) and has(both, REGION_COLOUR) and not has(both, ABSENT_COLOUR)
    absent = drawn(Expression("a", "absent_class", Target.OBJECT, False, None, None))
    assert has(absent, ABSENT_COLOUR) and not has(absent, OBJECT_COLOUR)


@pytest.mark.parametrize("size", [(1920, 1080), (640, 480), (60, 900)])
def test_a_single_pixel_can_be_found(size):
    mask = np.zeros((size[1], size[0]), np.bool_)
    mask[size[1] // 3, size[0] // 3] = True
    page = drawn(Expression("tiny", "class", Target.OBJECT, True, mask, None), size)
    reddish = (page[..., 0] > page[..., 2] + 60) & (page[..., 0] > page[..., 1] + 60)
    assert reddish.sum() > 20
    assert page.shape == drawn(Expression("a", "class", Target.OBJECT, True, None, None)).shape


def test_a_sheet_holds_its_tiles_row_by_row():
    one = np.zeros_like(drawn(Expression("a", "class", Target.OBJECT, True, None, None)))
    tiles = [np.full_like(one, number) for number in range(1, TILES_ACROSS + 2)]
    page = sheet(tiles)
    height, width = one.shape[:2]
    assert page.shape[:2] == (2 * height, TILES_ACROSS * width)
    assert page[0, 0, 0] == 1 and page[0, width, 0] == 2 and page[height, 0, 0] == TILES_ACROSS + 1
    assert (page[height:, width:] == 255).all()
    assert TILES_PER_SHEET % TILES_ACROSS == 0


def test_long_sentences_are_wrapped_and_cut():
    rows = wrapped("the man in the blue jacket " * 30, 300, 3)
    assert len(rows) == 3 and rows[-1].endswith(" ...")
    assert all(text_size(row)[0] <= 330 for row in rows)
    assert wrapped("short", 300, 3) == ["short"]
