"""Raw camera images to RGB: the one place that knows the encodings of ``sensor_msgs/Image``.

Reads by name only (``height``, ``width``, ``encoding``, ``is_bigendian``, ``step``, ``data``), so it needs no ROS.

An image that the network sees smaller is shrunk before its colours are converted, straight from the message's bytes,
wherever its samples can be averaged as they lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import resized

WorkingSize = Callable[[tuple[int, int]], tuple[int, int]]
"""From (width, height) of a camera image to that at which it is wanted, of the same aspect."""


class RawImage(Protocol):
    """What is read of a ``sensor_msgs/Image``; each field as that defines it."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def encoding(self) -> str: ...

    @property
    def is_bigendian(self) -> int: ...

    @property
    def step(self) -> int: ...

    @property
    def data(self) -> Any: ...


_YUV_TO_RGB = np.array(
    [
        [1.164, 0.0, 1.596, -16 * 1.164 - 128 * 1.596],
        [1.164, -0.391, -0.813, -16 * 1.164 + 128 * (0.391 + 0.813)],
        [1.164, 2.018, 0.0, -16 * 1.164 - 128 * 2.018],
    ]
)
"""From (Y, U, V, 1) to RGB: ITU-R BT.601 in studio range, as OpenCV converts the subsampled encodings."""

_ToRgb = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
_ToSmallRgb = Callable[[NDArray[Any], tuple[int, int]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How the bytes of one encoding lie and become RGB.

    Attributes:
        channels: Samples of a pixel in the buffer.
        to_rgb: uint8 [H', W, channels] (or [H', W]) -> uint8 [H, W, 3].
        to_small_rgb: The same for a smaller (width, height).
        bits: 8 or 16; of 16 the upper 8 are kept.
        rows: Buffer rows for a number of image rows, as a fraction (numerator, denominator).
        even: Whether width (and height, where rows are not 1/1) must be even.
    """

    channels: int
    to_rgb: _ToRgb
    to_small_rgb: _ToSmallRgb
    bits: int = 8
    rows: tuple[int, int] = (1, 1)
    even: bool = False


def _as_it_is(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return samples


def _convert(code: int) -> _ToRgb:
    def convert(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.cvtColor(samples, code), np.uint8)

    return convert


def _demosaic(code: int) -> _ToRgb:
    convert = _convert(code)

    def demosaic(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if min(samples.shape) < 4:
            raise ImageError(f"A Bayer image of {samples.shape[1]}x{samples.shape[0]} pixels is too small to read.")
        return convert(samples)

    return demosaic


def _packed(channels: int, to_rgb: _ToRgb, bits: int) -> _Encoding:
    """Every pixel whole beside the next: shrunk as it lies, then converted."""

    def shrink(samples: NDArray[Any], size_px: tuple[int, int]) -> NDArray[np.uint8]:
        return to_rgb(_upper_bits(resized(samples, size_px)))

    return _Encoding(channels, to_rgb, shrink, bits)


def _mixed(channels: int, to_rgb: _ToRgb, bits: int = 8, even: bool = False) -> _Encoding:
    """Colours shared among neighbours: converted, then shrunk.

    Pulling the planes of a packed 4:2:2 image apart to shrink them would save a quarter at most; the colours of a
    mosaic lie beside each other, so that shrinking them apart would tint edges.
    """

    def shrink(samples: NDArray[Any], size_px: tuple[int, int]) -> NDArray[np.uint8]:
        return resized(to_rgb(_upper_bits(samples)), size_px)

    return _Encoding(channels, to_rgb, shrink, bits, even=even)


def _two_planes(code: int, blue_first: bool) -> _Encoding:
    """Luma, and below it colours of half the size: each is shrunk as it lies, then they are converted."""
    to_rgb = _convert(code)
    matrix = _YUV_TO_RGB if blue_first else _YUV_TO_RGB[:, [0, 2, 1, 3]]

    def shrink(samples: NDArray[Any], size_px: tuple[int, int]) -> NDArray[np.uint8]:
        height, width = samples.shape[0] * 2 // 3, samples.shape[1]
        luma, chroma = samples[:height], samples[height:].reshape(height // 2, width // 2, 2)
        yuv = cv2.merge([resized(luma, size_px), resized(chroma, size_px)])
        return np.asarray(cv2.transform(yuv, matrix), np.uint8)

    return _Encoding(1, to_rgb, shrink, rows=(3, 2), even=True)


def _upper_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """The samples themselves, or of 16 bits the upper 8."""
    return samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)


def _table() -> dict[str, _Encoding]:
    gray, bgr, bgra, rgba = (
        _convert(code) for code in (cv2.COLOR_GRAY2RGB, cv2.COLOR_BGR2RGB, cv2.COLOR_BGRA2RGB, cv2.COLOR_RGBA2RGB)
    )
    table: dict[str, _Encoding] = {}
    for bits, generic in ((8, "8UC"), (16, "16UC")):
        table |= {
            f"rgb{bits}": _packed(3, _as_it_is, bits),
            f"bgr{bits}": _packed(3, bgr, bits),
            f"rgba{bits}": _packed(4, rgba, bits),
            f"bgra{bits}": _packed(4, bgra, bits),
            f"mono{bits}": _packed(1, gray, bits),
            f"{generic}1": _packed(1, gray, bits),
            f"{generic}3": _packed(3, bgr, bits),
            f"{generic}4": _packed(4, bgra, bits),
        }
        # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
        for pattern, code in (
            ("rggb", cv2.COLOR_BayerBG2RGB),
            ("bggr", cv2.COLOR_BayerRG2RGB),
            ("gbrg", cv2.COLOR_BayerGR2RGB),
            ("grbg", cv2.COLOR_BayerGB2RGB),
        ):
            table[f"bayer_{pattern}{bits}"] = _mixed(1, _demosaic(code), bits)
    for name in ("yuv422", "uyvy"):
        table[name] = _mixed(2, _convert(cv2.COLOR_YUV2RGB_UYVY), even=True)
    for name in ("yuv422_yuy2", "yuyv"):
        table[name] = _mixed(2, _convert(cv2.COLOR_YUV2RGB_YUY2), even=True)
    table["nv12"] = _two_planes(cv2.COLOR_YUV2RGB_NV12, blue_first=True)
    table["nv21"] = _two_planes(cv2.COLOR_YUV2RGB_NV21, blue_first=False)
    return table


_ENCODINGS = _table()
ENCODINGS = tuple(sorted(_ENCODINGS))
"""Names of every encoding that is read."""


def decode_raw(message: RawImage, max_pixels: int, working_size: WorkingSize | None = None) -> NDArray[np.uint8]:
    """Read a raw image.

    Args:
        message: A ``sensor_msgs/Image``, or anything with its fields.
        max_pixels: Refuse images of more pixels.
        working_size: The size that is wanted, where that is smaller; None for the image's own.

    Returns:
        uint8 [h, w, 3], RGB, rows from the top. A view of the message's bytes where they are RGB of that size already.

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
    size_px = smaller((width, height), working_size)
    if size_px is not None:
        return encoding.to_small_rgb(samples, size_px)
    return encoding.to_rgb(np.ascontiguousarray(_upper_bits(samples)))


def smaller(size_px: tuple[int, int], working_size: WorkingSize | None) -> tuple[int, int] | None:
    """The size to shrink an image to while it is decoded; None where it is wanted as it is, or larger."""
    if working_size is None:
        return None
    wanted = working_size(size_px)
    return wanted if wanted[0] <= size_px[0] and wanted[1] <= size_px[1] and wanted != size_px else None


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


def _samples(message: RawImage, encoding: _Encoding, width: int, height: int) -> NDArray[Any]:
    """The samples, uint8 or uint16: where possible a view of the message's bytes, rows perhaps apart."""
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
    shape = (rows, width) if encoding.channels == 1 else (rows, width, encoding.channels)
    if encoding.bits == 8:
        return packed.reshape(shape)  # a view, also of padded rows: only the last axis is split
    if step % 2:  # samples that straddle their own places
        packed = np.ascontiguousarray(packed)
    samples = packed.view(">u2" if message.is_bigendian else "<u2").reshape(shape)
    return samples if samples.dtype.isnative else samples.astype(np.uint16)
