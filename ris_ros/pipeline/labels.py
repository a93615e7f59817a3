"""The label mask: one small integer a pixel, as message and as picture file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.types import Grounding, Target

NONE, REFERRED_OBJECT, REFERRED_REGION = 0, 1, 2


def label_map(grounding: Grounding) -> NDArray[np.uint8]:
    """Both masks of an answer in one map.

    Where they overlap, the one that the command asks for lies on top.

    Returns:
        uint8 [H, W]: 0 none, 1 referred object, 2 referred region.
    """
    labels = np.zeros(grounding.object.mask.shape, np.uint8)
    layers = [(grounding.object, REFERRED_OBJECT), (grounding.region, REFERRED_REGION)]
    if grounding.command.target is Target.OBJECT:
        layers.reverse()
    for answer, value in layers:
        x, y, width, height = answer.roi_xywh
        box = slice(y, y + height), slice(x, x + width)
        labels[box][answer.mask[box]] = value
    return labels
