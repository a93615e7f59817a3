"""Raw camera images to RGB: the one place that knows the encodings of ``sensor_msgs/Image``.

Reads by name only (``height``, ``width``, ``encoding``, ``is_bigendian``, ``step``, ``data``), so it needs no ROS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError


class RawImage(Protocol):
    """What is read of a ``sensor_msgs/Image``."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How the bytes of one encoding lie and become RGB.

    Attributes:
        channels: Samples of a pixel in the buffer.
        bits: 8 or 16; of 16 the upper 8 are kept.
        to_rgb: uint8 [H', W, channels] (or [H', W]) -> uint8 [H, W, 3]; None when the samples are RGB already.
        rows: Buffer rows for a number of image rows, as a fraction (numerator, denominator).
        even: Whether width (and height, where rows are not 1/1) must be even.
    """

    channels: int
    to_rgb: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None
    bits: int = 8
    rows: tuple[int, int] = (1, 1)
    even: bool = False


def _convert(code: int) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    def convert(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(samples, code), np.uint8)

    return convert


def _demosaic(code: int) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    convert = _convert(code)

    def demosaic(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if min(samples.shape) < 4:
            raise ImageError(f"A Bayer image of {samples.shape[1]}x{samples.shape[0]} pixels is too small to read.")
        return convert(samples)

    return demosaic


def _table() -> dict[str, _Encoding]:
    gray, bgr, bgra, rgba = (
        _convert(code) for code in (cv2.COLOR_GRAY2RGB, cv2.COLOR_BGR2RGB, cv2.COLOR_BGRA2RGB, cv2.COLOR_RGBA2RGB)
    )
    table: dict[str, _Encoding] = {}
    for bits, generic in ((8, "8UC"), (16, "16UC")):
        table |= {
            f"rgb{bits}": _Encoding(3, None, bits),
            f"bgr{bits}": _Encoding(3, bgr, bits),
            f"rgba{bits}": _Encoding(4, rgba, bits),
            f"bgra{bits}": _Encoding(4, bgra, bits),
            f"mono{bits}": _Encoding(1, gray, bits),
            f"{generic}1": _Encoding(1, gray, bits),
            f"{generic}3": _Encoding(3, bgr, bits),
            f"{generic}4": _Encoding(4, bgra, bits),
        }
        # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
        for pattern, code in (
            ("rggb", cv2.COLOR_BayerBG2RGB),
            ("bggr", cv2.COLOR_BayerRG2RGB),
            ("gbrg", cv2.COLOR_BayerGR2RGB),
            ("grbg", cv2.COLOR_BayerGB2RGB),
        ):
            table[f"bayer_{pattern}{bits}"] = _Encoding(1, _demosaic(code), bits)
    for name in ("yuv422", "uyvy"):
        table[name] = _Encoding(2, _convert(cv2.COLOR_YUV2RGB_UYVY), even=True)
    for name in ("yuv422_yuy2", "yuyv"):
        table[name] = _Encoding(2, _convert(cv2.COLOR_YUV2RGB_YUY2), even=True)
    table["nv12"] = _Encoding(1, _convert(cv2.COLOR_YUV2RGB_NV12), rows=(3, 2), even=True)
    table["nv21"] = _Encoding(1, _convert(cv2.COLOR_YUV2RGB_NV21), rows=(3, 2), even=True)
    return table


_ENCODINGS = _table()
ENCODINGS = tuple(sorted(_ENCODINGS))
"""Names of every encoding that is read."""


def decode_raw(message: RawImage, max_pixels: int) -> NDArray[np.uint8]:
    """Read a raw image.

    Args:
        message: A ``sensor_msgs/Image``, or anything with its fields.
        max_pixels: Refuse images of more pixels.

    Returns:
        uint8 [H, W, 3], RGB, rows from the top. A view of the message's bytes where they are RGB already.

    Raises:
        ImageError: The encoding is unknown, or size, ``step`` and number of bytes contradict each other.
    """
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        name = message.encoding[:40]
        raise ImageError(f"Encoding '{name}' is not known: set the camera to one of {', '.join(ENCODINGS)}.")
    width, height = int(message.width), int(message.height)
    check_size(width, height, max_pixels)
    if encoding.even and (width % 2 or (encoding.rows != (1, 1) and height % 2)):
        raise ImageError(f"A {message.encoding} image of {width}x{height} pixels cannot be: its sides must be even.")
    samples = _samples(message, encoding, width, height)
    if encoding.to_rgb is None:
        return samples
    return encoding.to_rgb(samples)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse an image that is empty or too large.

    Raises:
        ImageError: It is.
    """
    if width <= 0 or height <= 0:
        raise ImageError(f"The image is empty ({width}x{height} pixels): check the camera driver.")
    if width * height > max_pixels:
        raise ImageError(
            f"The image has {width}x{height} pixels, over the limit of {max_pixels}:"
            " use a smaller one or raise 'max_image_pixels'."
        )


def _samples(message: RawImage, encoding: _Encoding, width: int, height: int) -> NDArray[np.uint8]:
    row_bytes = width * encoding.channels * encoding.bits // 8
    rows = height * encoding.rows[0] // encoding.rows[1]
    step = int(message.step)
    if step < row_bytes:
        raise ImageError(
            f"The image's step is {step} bytes, but {width} pixels of {message.encoding} take {row_bytes}:"
            " correct the camera driver."
        )
    data = np.frombuffer(message.data, np.uint8)
    if data.size != step * rows:
        raise ImageError(
            f"The image holds {data.size} bytes, but {rows} rows of step {step} make {step * rows}: it is truncated,"
            " or its step is wrong."
        )
    packed = data.reshape(rows, step)[:, :row_bytes]
    if encoding.bits == 16:
        packed = packed[:, (0 if message.is_bigendian else 1) :: 2]
    shape = (rows, width) if encoding.channels == 1 else (rows, width, encoding.channels)
    if packed.flags.c_contiguous:
        return packed.reshape(shape)
    return np.ascontiguousarray(packed).reshape(shape)
