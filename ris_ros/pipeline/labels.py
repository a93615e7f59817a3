"""The label mask: one small integer a pixel, as message and as picture file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.types import Grounding, Target

NONE, REFERRED_OBJECT, REFERRED_REGION = 0, 1, 2


def label_map(grounding: Grounding, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Both masks of an answer in one map.

    Where they overlap, the one that the command asks for lies on top.

    Args:
        grounding: The answer.
        out: uint8 [H, W] to write to, or None for a fresh one.

    Returns:
        uint8 [H, W]: 0 none, 1 referred object, 2 referred region.
    """
    width, height = grounding.object.size_px
    labels = np.empty((height, width), np.uint8) if out is None else out
    labels[:] = NONE
    layers = [(grounding.object, REFERRED_OBJECT), (grounding.region, REFERRED_REGION)]
    if grounding.command.target is Target.OBJECT:
        layers.reverse()
    for mask, value in layers:
        x, y, width, height = mask.roi_xywh
        ones = mask.inside.view(np.uint8)
        if not mask.empty:
            cv2.copyTo(ones * np.uint8(value), ones, labels[y : y + height, x : x + width])
    return labels
