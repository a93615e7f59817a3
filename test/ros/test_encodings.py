"""Every raw encoding gives back the picture that was put into it, whatever the size, padding and byte order."""

from __future__ import annotations

import array
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import resized
from ris_ros.ros.encodings import ENCODINGS, decode_raw

LIMIT = 1_000_000
COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "orange": (250, 140, 20),
    "grey": (90, 90, 90),
}
PACKED = [name for name in ENCODINGS if name.startswith(("rgb", "bgr", "mono", "8UC", "16UC"))]
BAYER = [name for name in ENCODINGS if name.startswith("bayer")]
YUV = ["uyvy", "yuv422", "yuyv", "yuv422_yuy2", "nv12", "nv21"]


def message(samples: np.ndarray, encoding: str, width: int, height: int, padding: int = 0, big: bool = False) -> Any:
    """A message of uint8 or uint16 samples [rows, bytes or samples of a row]."""
    if samples.dtype == np.uint16:
        samples = samples.astype(">u2" if big else "<u2")
    rows = samples.reshape(samples.shape[0], -1)
    rows = np.ascontiguousarray(rows).view(np.uint8).reshape(samples.shape[0], -1)
    padded = np.full((rows.shape[0], rows.shape[1] + padding), 0xAB, np.uint8)
    padded[:, : rows.shape[1]] = rows
    return SimpleNamespace(
        width=width,
        height=height,
        encoding=encoding,
        is_bigendian=int(big),
        step=padded.shape[1],
        data=array.array("B", padded.tobytes()),
    )


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def packed(rgb: np.ndarray, encoding: str, seed: int) -> np.ndarray:
    """Samples of a packed encoding; what it does not keep is noise. Of gray ones, the red is taken."""
    gray = encoding.startswith("mono") or encoding.endswith("C1")
    samples = rgb[:, :, :1] if gray else rgb
    if encoding.startswith(("bgr", "8UC3", "8UC4", "16UC3", "16UC4")):
        samples = samples[:, :, ::-1]
    if encoding.startswith(("rgba", "bgra")) or encoding.endswith("C4"):
        samples = np.concatenate([samples, noise(seed + 1, *rgb.shape[:2], 1)], axis=2)
    if "16" in encoding:
        samples = samples.astype(np.uint16) * 256 + noise(seed + 2, *samples.shape)
    return samples


def mosaic(rgb: np.ndarray, encoding: str) -> np.ndarray:
    """Samples of a Bayer encoding."""
    pattern = encoding.removeprefix("bayer_")[:4]
    channel = np.array(["rgb".index(letter) for letter in pattern]).reshape(2, 2)
    height, width = rgb.shape[:2]
    channels = np.tile(channel, (height // 2, width // 2))
    samples = np.take_along_axis(rgb, channels[:, :, None], axis=2)[:, :, 0]
    return samples.astype(np.uint16) * 256 if encoding.endswith("16") else samples


@pytest.mark.parametrize("encoding", PACKED)
@given(
    width=st.integers(1, 40),
    height=st.integers(1, 30),
    padding=st.integers(0, 7),
    big=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_packed_pixels_come_back_exactly(
    encoding: str, width: int, height: int, padding: int, big: bool, seed: int
) -> None:
    gray = encoding.startswith("mono") or encoding.endswith("C1")
    rgb = np.repeat(noise(seed, height, width, 1), 3, axis=2) if gray else noise(seed, height, width, 3)
    samples = packed(rgb, encoding, seed)
    padding *= 2 if "16" in encoding else 1
    decoded = decode_raw(message(samples, encoding, width, height, padding, big), LIMIT)
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    assert np.array_equal(decoded, rgb)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("encoding", BAYER)
@pytest.mark.parametrize("big", [False, True])
def test_a_bayer_mosaic_of_one_colour_gives_that_colour(encoding: str, colour: str, big: bool) -> None:
    width, height = 22, 14
    samples = mosaic(np.full((height, width, 3), COLOURS[colour], np.uint8), encoding)
    decoded = decode_raw(message(samples, encoding, width, height, padding=4, big=big), LIMIT)
    assert decoded.shape == (height, width, 3)
    assert np.array_equal(decoded, np.broadcast_to(COLOURS[colour], decoded.shape))


def encoded_yuv(rgb: np.ndarray, encoding: str) -> np.ndarray:
    """Samples of a YUV encoding, by its definition: luma per pixel, chroma of the pixels that share it averaged."""
    height, width = rgb.shape[:2]
    yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    y = yuv[:height]
    u, v = (plane.reshape(height // 2, width // 2) for plane in np.split(yuv[height:].reshape(-1), 2))
    if encoding.startswith("nv"):
        first, second = (u, v) if encoding == "nv12" else (v, u)
        return np.concatenate([y, np.stack([first, second], axis=2).reshape(height // 2, width)])
    rows_u, rows_v = u.repeat(2, axis=0), v.repeat(2, axis=0)
    order = (rows_u, y[:, ::2], rows_v, y[:, 1::2])
    if encoding in ("yuyv", "yuv422_yuy2"):
        order = (y[:, ::2], rows_u, y[:, 1::2], rows_v)
    return np.stack(order, axis=2).reshape(height, 2 * width)


@pytest.mark.parametrize("encoding", YUV)
@given(
    blocks=st.tuples(st.integers(1, 12), st.integers(1, 8)),
    padding=st.integers(0, 6),
    colours=st.lists(st.sampled_from(sorted(COLOURS)), min_size=1, max_size=4),
)
def test_yuv_gives_the_colours_that_were_put_in(
    encoding: str, blocks: tuple[int, int], padding: int, colours: list[str]
) -> None:
    tiles = [np.full((2 * blocks[1], 2 * blocks[0], 3), COLOURS[name], np.uint8) for name in colours]
    rgb = np.concatenate(tiles, axis=1)
    height, width = rgb.shape[:2]
    samples = encoded_yuv(rgb, encoding)
    decoded = decode_raw(message(samples, encoding, width, height, padding), LIMIT)
    assert decoded.shape == rgb.shape
    assert np.abs(decoded.astype(int) - rgb).max() <= 4  # rounding of the chroma


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("encoding", YUV)
def test_yuv_keeps_its_colours_while_it_is_shrunk(encoding: str, colour: str) -> None:
    rgb = np.full((60, 90, 3), COLOURS[colour], np.uint8)
    image = message(encoded_yuv(rgb, encoding), encoding, 90, 60)
    small = decode_raw(image, LIMIT, lambda _: (36, 24))
    assert np.abs(small.astype(int) - COLOURS[colour]).max() <= 4  # rounding of the chroma


def test_every_encoding_is_tried_here() -> None:
    assert set(ENCODINGS) == {*PACKED, *BAYER, *YUV}


@given(
    encoding=st.one_of(st.sampled_from(ENCODINGS), st.text(max_size=20)),
    width=st.integers(0, 50),
    height=st.integers(0, 50),
    step=st.integers(0, 400),
    data=st.binary(max_size=4000),
    big=st.booleans(),
)
def test_any_message_is_an_image_or_an_image_error(
    encoding: str, width: int, height: int, step: int, data: bytes, big: bool
) -> None:
    odd = SimpleNamespace(width=width, height=height, encoding=encoding, is_bigendian=big, step=step, data=data)
    try:
        decoded = decode_raw(odd, max_pixels=2000)
    except ImageError as error:
        assert str(error).endswith(".")
    else:
        assert decoded.shape == (height, width, 3)
        assert width * height <= 2000


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_byte_too_few_or_too_many_is_refused(encoding: str) -> None:
    width, height = 8, 6
    rows = height * 3 // 2 if encoding.startswith("nv") else height
    step = width * 8  # enough for four samples of 16 bits; the surplus is padding
    good = SimpleNamespace(
        width=width, height=height, encoding=encoding, is_bigendian=0, step=step, data=bytes(step * rows)
    )
    assert decode_raw(good, LIMIT).shape == (height, width, 3)
    for data in (good.data[:-1], good.data + b"\0"):
        good.data = data
        with pytest.raises(ImageError, match="step"):
            decode_raw(good, LIMIT)


def street_like(seed: int, width: int, height: int) -> np.ndarray:
    """Soft shades with a few hard edges, as in photographs."""
    coarse = noise(seed, -(-height // 12) + 1, -(-width // 12) + 1, 3)
    rgb = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    rgb[height // 3 : height // 2, width // 4 : width // 2] = COLOURS["orange"]
    return np.asarray(rgb, np.uint8)


def samples_of(rgb: np.ndarray, encoding: str) -> np.ndarray:
    if encoding in YUV:
        return encoded_yuv(rgb, encoding)
    return mosaic(rgb, encoding) if encoding in BAYER else packed(rgb, encoding, seed=5)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=25, deadline=None)
@given(
    half=st.tuples(st.integers(20, 110), st.integers(20, 80)),
    odd=st.tuples(st.booleans(), st.booleans()),
    ratio=st.floats(1.0, 5.0),
    padding=st.integers(0, 5),
    big=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_shrunk_while_decoded_is_what_was_decoded_and_then_shrunk(
    encoding: str,
    half: tuple[int, int],
    odd: tuple[bool, bool],
    ratio: float,
    padding: int,
    big: bool,
    seed: int,
) -> None:
    width, height = 2 * half[0], 2 * half[1]
    if encoding in PACKED:
        width, height = width + odd[0], height + odd[1]
    image = message(samples_of(street_like(seed, width, height), encoding), encoding, width, height, padding, big)
    size = max(1, round(width / ratio)), max(1, round(height / ratio))
    small = decode_raw(image, LIMIT, lambda _: size)
    whole = decode_raw(image, LIMIT)
    assert small.shape == (size[1], size[0], 3) and small.dtype == np.uint8
    difference = np.abs(small.astype(int) - (whole if size == (width, height) else resized(whole, size)))
    # Averages are rounded at another moment; and of two planes the colours become softer at hard edges than those of
    # four pixels that share one.
    assert difference.max() <= (110 if encoding.startswith("nv") else 2)
    assert difference.mean() <= (4.0 if encoding.startswith("nv") else 1.0)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_image_that_is_wanted_larger_comes_as_it_is(encoding: str) -> None:
    image = message(samples_of(street_like(1, 40, 24), encoding), encoding, 40, 24)
    asked: list[tuple[int, int]] = []

    def larger(size: tuple[int, int]) -> tuple[int, int]:
        asked.append(size)
        return size[0] * 2, size[1] * 2

    assert np.array_equal(decode_raw(image, LIMIT, larger), decode_raw(image, LIMIT))
    assert asked == [(40, 24)]


def test_rgb_is_not_copied() -> None:
    image = message(noise(1, 20, 30, 3).reshape(20, 90), "rgb8", 30, 20)
    assert np.shares_memory(decode_raw(image, LIMIT), np.frombuffer(image.data, np.uint8))


def test_the_limit_is_a_number_of_pixels() -> None:
    image = message(noise(1, 20, 90), "rgb8", 30, 20)
    assert decode_raw(image, 600).shape == (20, 30, 3)
    with pytest.raises(ImageError, match="max_image_pixels"):
        decode_raw(image, 599)
