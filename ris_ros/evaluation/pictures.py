"""The best and the worst answers as pictures, truth beside answer."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.evaluation.score import Score
from ris_ros.pipeline import overlay
from ris_ros.types import Grounding, Target

_KEPT = 6
_GOOD_IOU = 0.5


class Extremes:
    """Keeps the answers with the highest and the lowest IoU of each target, and the surest false finds.

    Args:
        kept: How many of each.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lists: dict[str, list[tuple[float, int, Expression, Grounding]]] = {}
        self._seen = 0

    def add(self, scored: Score, expression: Expression, grounding: Grounding) -> None:
        """Consider one answer."""
        self._seen += 1
        name = "region" if scored.target is Target.REGION else "object"
        if scored.overlap is not None and scored.overlap.iou >= _GOOD_IOU:
            self._offer(f"best_{name}", scored.overlap.iou, expression, grounding)
        elif scored.overlap is not None:
            self._offer(f"worst_{name}", -scored.overlap.iou, expression, grounding)
        elif scored.found:
            self._offer("false_find", scored.existence, expression, grounding)

    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Name of each picture -> uint8 [H, 2 W, 3] RGB: truth on the left, answer on the right."""
        return {
            f"{name}_{place}": _beside(expression, grounding)
            for name, entries in sorted(self._lists.items())
            for place, (_, _, expression, grounding) in enumerate(entries)
        }

    def _offer(self, name: str, worth: float, expression: Expression, grounding: Grounding) -> None:
        entries = self._lists.setdefault(name, [])
        entries.append((worth, -self._seen, expression, grounding))
        entries.sort(key=lambda entry: entry[:2], reverse=True)
        del entries[self._kept :]


def _beside(expression: Expression, grounding: Grounding) -> NDArray[np.uint8]:
    truth = grounding.frame.image_rgb.copy()
    layers = ((expression.object_mask, overlay.OBJECT_COLOUR), (expression.region_mask, overlay.REGION_COLOUR))
    for mask, colour in layers:
        if mask is not None and mask.any():
            contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(truth, contours, -1, colour, 2)
    return np.hstack([truth, overlay.draw([grounding])])
