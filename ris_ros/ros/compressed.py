"""JPEG and PNG images to RGB, their size and completeness checked before they are decoded.

A decoder fed with a cut-off file returns grey where the rest should be, and one fed with a huge file takes the memory
first; both are refused here from the headers alone.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import resized
from ris_ros.ros.encodings import WorkingSize, check_size, smaller

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_START_OF_SCAN = 0xDA
# Start-of-frame markers hold the size; C4, C8 and CC of that range are tables.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))
"""By how much a JPEG can be shrunk while it is decoded, and how to ask for it."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def decode_compressed(data: bytes, max_pixels: int, working_size: WorkingSize | None = None) -> NDArray[np.uint8]:
    """Read a JPEG or PNG image, whatever the message's format string says.

    Of a JPEG no more detail is decoded than the size needs: its blocks of 8x8 pixels become 4x4, 2x2 or 1x1 at once.
    An orientation noted in the file is not applied, because the camera model refers to the pixels as they lie.

    Args:
        data: The whole file.
        max_pixels: Refuse images of more pixels.
        working_size: The size that is wanted, where that is smaller; None for the image's own.

    Returns:
        uint8 [h, w, 3], RGB, rows from the top.

    Raises:
        ImageError: It is neither JPEG nor PNG, is truncated or damaged, or too large.
    """
    width, height = encoded_size_px(data)
    check_size(width, height, max_pixels)
    size_px = smaller((width, height), working_size)
    form = cv2.IMREAD_COLOR
    if size_px is not None and data.startswith(_JPEG):
        form = _reduced(width, height, size_px)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), form | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:  # such as a side longer than OpenCV reads
        image = None
    if image is None:
        raise ImageError(f"The compressed image ({len(data)} bytes) is damaged: check the camera driver.")
    if size_px is not None:
        image = resized(np.asarray(image, np.uint8), size_px)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image), np.uint8)


def _reduced(width: int, height: int, size_px: tuple[int, int]) -> int:
    """How to read a JPEG of which no more than a size is wanted."""
    for by, form in _REDUCED:
        # Where a part of a pixel would be left, the result holds more than the image, and would be out of place.
        if width >= by * size_px[0] and height >= by * size_px[1] and not (width % by or height % by):
            return form
    return cv2.IMREAD_COLOR


def encoded_size_px(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG or PNG file, from its headers.

    Raises:
        ImageError: It is neither, or it is truncated.
    """
    if data.startswith(_PNG):
        return _png_size(data)
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    if not data:
        raise ImageError("The compressed image is empty: check the camera driver.")
    raise ImageError("The compressed image is neither JPEG nor PNG: set the camera to one of these.")


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 24 or data[12:16] != b"IHDR" or b"IEND" not in data[-64:]:
        raise _truncated(data)
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    position, size = 2, None
    while position + 4 <= len(data):
        marker = data[position + 1]
        if data[position] != 0xFF:
            raise ImageError(f"The JPEG image ({len(data)} bytes) is damaged: check the camera driver.")
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        if marker in _START_OF_FRAME and position + 9 <= len(data):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            size = int(width), int(height)
        position += 2 + length
        # Within the entropy-coded data that follows, FF is always escaped: the first FF D9 is the end of the image.
        if marker == _START_OF_SCAN:
            if size is not None and data.find(_JPEG_END, position) >= 0:
                return size
            break
    raise _truncated(data)


def _truncated(data: bytes) -> ImageError:
    return ImageError(f"The compressed image is truncated ({len(data)} bytes arrived): check the camera driver.")
