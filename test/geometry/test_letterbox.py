from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import PAD_VALUE, Letterbox

INPUT = (480, 288)
sides = st.integers(1, 4000)
sizes = st.tuples(sides, sides)


@given(sizes, st.lists(st.tuples(st.floats(-100, 5000), st.floats(-100, 5000)), min_size=1, max_size=20))
def test_points_come_back_to_where_they_were(size: tuple[int, int], points: list[tuple[float, float]]) -> None:
    box = Letterbox.fit(size, INPUT)
    xy = np.array(points)
    np.testing.assert_allclose(box.to_image(box.to_input(xy)), xy, atol=1e-6)
    np.testing.assert_allclose(box.to_input(box.to_image(xy)), xy, atol=1e-6)


@given(sizes)
def test_the_content_is_inside_centred_and_touches_two_sides(size: tuple[int, int]) -> None:
    x, y, width, height = Letterbox.fit(size, INPUT).content_xywh
    assert x >= 0 and x + width <= INPUT[0] and y >= 0 and y + height <= INPUT[1]
    assert width == INPUT[0] or height == INPUT[1]
    assert abs((INPUT[0] - width) - 2 * x) <= 1 and abs((INPUT[1] - height) - 2 * y) <= 1


@given(st.tuples(st.integers(64, 4000), st.integers(64, 4000)))
def test_the_aspect_is_kept_to_half_a_pixel(size: tuple[int, int]) -> None:
    box = Letterbox.fit(size, INPUT)
    exact = min(INPUT[0] / size[0], INPUT[1] / size[1])
    _, _, width, height = box.content_xywh
    assert abs(width - max(1, size[0] * exact)) <= 0.5 + 1e-9
    assert abs(height - max(1, size[1] * exact)) <= 0.5 + 1e-9


@given(sizes)
def test_the_image_corners_are_the_content_corners(size: tuple[int, int]) -> None:
    box = Letterbox.fit(size, INPUT)
    x, y, width, height = box.content_xywh
    corners = box.to_input(np.array([(0, 0), size], np.float64))
    np.testing.assert_allclose(corners, [(x, y), (x + width, y + height)], atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.tuples(st.integers(1, 1500), st.integers(1, 1500)), st.integers(0, 255))
def test_a_plain_image_stays_plain_and_the_bars_are_grey(size: tuple[int, int], grey: int) -> None:
    box = Letterbox.fit(size, INPUT)
    out = np.full((INPUT[1], INPUT[0], 3), 7, np.uint8)
    assert box.apply(np.full((size[1], size[0], 3), grey, np.uint8), out=out) is out
    x, y, width, height = box.content_xywh
    inside = np.zeros(out.shape[:2], bool)
    inside[y : y + height, x : x + width] = True
    assert (out[inside] == grey).all()
    assert (out[~inside] == PAD_VALUE).all()


@pytest.mark.parametrize(
    "size", [(480, 288), (640, 480), (1280, 720), (1920, 1080), (1080, 1920), (3840, 2160), (200, 100)]
)
def test_a_box_in_the_image_is_the_same_box_in_the_input_and_back(size: tuple[int, int]) -> None:
    width, height = size
    left, top, right, bottom = width // 4, height // 3, width * 3 // 4, height * 2 // 3
    image = np.zeros((height, width, 3), np.uint8)
    image[top:bottom, left:right] = 255
    box = Letterbox.fit(size, INPUT)
    seen = box.apply(image)[..., 0]
    x, y, w, h = cv2.boundingRect((seen > 127).astype(np.uint8) * (seen != PAD_VALUE))
    expected = box.to_input(np.array([(left, top), (right, bottom)], np.float64))
    np.testing.assert_allclose([(x, y), (x + w, y + h)], expected, atol=1.0)

    back = box.map_to_image(seen)
    assert back.shape == (height, width)
    truth = image[..., 0] > 127
    overlap = (truth & (back > 127)).sum() / (truth | (back > 127)).sum()
    assert overlap > 0.97


@pytest.mark.parametrize("stride", [1, 4, 8])
def test_a_map_at_any_stride_lies_where_the_image_lies(stride: int) -> None:
    """A ramp over the input, given at a stride, must read the input's coordinate at each image pixel."""
    size = (1280, 720)
    box = Letterbox.fit(size, INPUT)
    centres = (np.arange(0, INPUT[1], stride) + stride / 2) / INPUT[1] * 255
    ramp = np.repeat(np.rint(centres).astype(np.uint8)[:, None], INPUT[0] // stride, axis=1)
    back = box.map_to_image(ramp).astype(float)
    rows = np.arange(100, 620)
    expected = box.to_input(np.stack([np.zeros(len(rows)), rows + 0.5], axis=1))[:, 1] / INPUT[1] * 255
    np.testing.assert_allclose(back[rows, 640], expected, atol=1.6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 255), st.integers(0, 255), st.tuples(st.integers(1, 900), st.integers(1, 900)))
def test_a_map_brought_back_stays_within_its_values(low: int, high: int, size: tuple[int, int]) -> None:
    values = np.full((72, 120), low, np.uint8)
    values[20:50, 40:80] = high
    back = Letterbox.fit(size, INPUT).map_to_image(values)
    assert back.min() >= min(low, high) and back.max() <= max(low, high)


def test_shrinking_does_not_alias() -> None:
    """A fine checkerboard must turn to its mean, not to stripes."""
    board = np.indices((1080, 1920)).sum(axis=0) % 2 * 255
    seen = Letterbox.fit((1920, 1080), INPUT).apply(np.repeat(board[..., None], 3, axis=2).astype(np.uint8))
    assert np.abs(seen[9:279].astype(int) - 127).max() <= 3


@pytest.mark.parametrize("size", [(0, 100), (100, 0)])
def test_an_image_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="pixels"):
        Letterbox.fit(size, INPUT)


def test_an_image_of_another_aspect_is_refused() -> None:
    with pytest.raises(ImageError, match="announced"):
        Letterbox.fit((640, 480), INPUT).apply(np.zeros((480, 660, 3), np.uint8))


@settings(deadline=None, max_examples=50)
@given(sizes.filter(lambda size: size[0] * size[1] < 2_000_000))
def test_an_image_shrunk_to_its_content_beforehand_is_taken_as_it_is(size: tuple[int, int]) -> None:
    box = Letterbox.fit(size, INPUT)
    x, y, width, height = box.content_xywh
    small = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    assert np.array_equal(box.apply(small)[y : y + height, x : x + width], small)
