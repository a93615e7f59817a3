"""Read a picture file as the network's colour image, whatever it was stored as."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError

MAX_PIXELS = 100_000_000
MAX_BYTES = 1_000_000_000


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """The pixels of a picture file, as they are stored.

    Grey pictures become three equal channels, 16 bits become 8, transparency is ignored. So is the orientation that a
    JPEG may state: masks refer to the pixels as stored, like those of every annotation tool.

    Returns:
        uint8 [H, W, 3], red first.

    Raises:
        ImageError: The file is missing, is no picture that can be read, or has over 100 megapixels or a gigabyte.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)  # a device or a pipe may never end
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    if len(content) > MAX_BYTES:
        raise ImageError(f"{path}: has over a gigabyte, more than any picture that can be read: check the path.")
    try:
        stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    except cv2.error:  # raised for pictures beyond OpenCV's own limit on size
        stored = None
    if stored is None:
        raise ImageError(f"{path}: is no picture that can be read: use an undamaged JPEG, PNG, BMP, TIFF or WebP file.")
    if stored.shape[0] * stored.shape[1] > MAX_PIXELS:
        raise ImageError(f"{path}: has {stored.shape[1]}x{stored.shape[0]} pixels, over 100 million: shrink it first.")
    if stored.dtype == np.uint16:
        stored = cv2.convertScaleAbs(stored, alpha=1.0 / 257.0)
    if stored.dtype != np.uint8:
        raise ImageError(f"{path}: has {stored.dtype} pixels: convert it to 8 or 16 bits a channel.")
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    conversion = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}.get(channels)
    if conversion is None:
        # Grey with transparency, the only other layout that readers hand over.
        stored, conversion = np.ascontiguousarray(stored[..., 0]), cv2.COLOR_GRAY2RGB
    return np.asarray(cv2.cvtColor(stored, conversion), np.uint8)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """A PNG of grey [H, W] or of RGB [H, W, 3], fast rather than small."""
    if image.ndim == 3:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    done, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ImageError("A picture could not be encoded as PNG: is it empty?")
    return bytes(data)
