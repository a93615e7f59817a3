"""COCO's panoptic maps: PNGs whose pixel (r, g, b) is the segment r + 256 g + 65536 b (Kirillov et al., CVPR 2019)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.origins import Origin
from ris_ros.errors import DataError


def read_segments(path: Path, size: tuple[int, int], origin: Origin) -> NDArray[np.int32]:
    """The segment of each pixel.

    Args:
        path: The map.
        size: (height, width) of its picture.
        origin: Says where a missing map comes from.

    Returns:
        int32 [H, W], 0 where no segment is.

    Raises:
        DataError: The map is missing, damaged, or of another size than its picture.
    """
    stored = read_map(path, size, origin, cv2.IMREAD_COLOR).astype(np.int32)
    return np.asarray(stored[..., 2] + 256 * stored[..., 1] + 65536 * stored[..., 0], np.int32)


def read_map(path: Path, size: tuple[int, int], origin: Origin, flags: int) -> NDArray[np.integer]:
    """The values of a map as OpenCV reads them, checked against the size of its picture.

    Raises:
        DataError: The map is missing, damaged, or of another size than its picture.
    """
    if not path.is_file():
        raise origin.missing(path)
    stored = cv2.imread(str(path), flags)
    if stored is None:
        raise DataError(f"{path}: is no map that can be read: get it again.")
    if stored.shape[:2] != size:
        raise DataError(
            f"{path}: has {stored.shape[1]}x{stored.shape[0]} pixels, its picture {size[1]}x{size[0]}: "
            "get both from the same place."
        )
    return np.asarray(stored)
