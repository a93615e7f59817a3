"""The answers worth looking at, as pictures: the truth outlined, the prediction filled, its peak marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.evaluation.questions import Question, truth_of
from ris_ros.evaluation.score import Score, ungated_mask
from ris_ros.pipeline.overlay import OBJECT_COLOUR, REGION_COLOUR, Colour
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Grounding, Target

SHELVES: tuple[str, ...] = ("best_object", "best_region", "worst_object", "worst_region", "false_find", "false_refusal")
"""``best`` and ``worst``: by IoU, of what is there and was found; ``false_find``: found though not there;
``false_refusal``: refused though there, with the mask that the gate held back."""

_KEPT = 8
_WIDTH_PX = 480
_JPEG_QUALITY = 80
_TINT = 0.5
_TRUTH_COLOUR: Colour = (255, 255, 255)
_HALO_COLOUR: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """One answer, kept with what its picture is drawn from.

    Attributes:
        score: What it was worth.
        image_rgb: uint8 [H, W, 3].
        truth: bool [H, W]; None for what is not there.
        predicted: bool [H, W], existence gate or not.
        peak_xy: Pixel of the highest probability.
        colour: Of the prediction.
    """

    score: Score
    image_rgb: NDArray[np.uint8]
    truth: NDArray[np.bool_] | None
    predicted: NDArray[np.bool_]
    peak_xy: tuple[int, int]
    colour: Colour

    def jpeg(self) -> bytes:
        """The picture, 480 pixels wide."""
        height, width = self.image_rgb.shape[:2]
        size = (_WIDTH_PX, round(height * _WIDTH_PX / width))
        picture = cv2.resize(self.image_rgb, size, interpolation=cv2.INTER_AREA)
        inside = _resized(self.predicted, size)
        tint = np.array(self.colour, np.float32)
        picture[inside] = np.rint((1.0 - _TINT) * picture[inside] + _TINT * tint).astype(np.uint8)
        _outline(picture, inside, ((self.colour, 2),))
        if self.truth is not None:
            _outline(picture, _resized(self.truth, size), ((_HALO_COLOUR, 4), (_TRUTH_COLOUR, 2)))
        peak = (round(self.peak_xy[0] * size[0] / width), round(self.peak_xy[1] * size[1] / height))
        for colour, radius in ((_HALO_COLOUR, 7), (_TRUTH_COLOUR, 6), (self.colour, 4)):
            cv2.circle(picture, peak, radius, colour, -1, cv2.LINE_AA)
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


class Gallery:
    """Keeps the most telling answers of each shelf, at most one of an image.

    Args:
        kept: How many on a shelf.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._shelves: dict[str, list[tuple[tuple[float, float], Exhibit]]] = {}

    def add(self, scored: Score, question: Question, grounding: Grounding, thresholds: Thresholds) -> None:
        """Consider one answer."""
        for shelf, worth in _places(scored):
            self._offer(shelf, worth, scored, question, grounding, thresholds)

    def shelf(self, name: str) -> list[Exhibit]:
        """The answers of one of :data:`SHELVES`, the most telling first."""
        return [exhibit for _, exhibit in self._shelves.get(name, [])]

    def _offer(
        self,
        shelf: str,
        worth: tuple[float, float],
        scored: Score,
        question: Question,
        grounding: Grounding,
        thresholds: Thresholds,
    ) -> None:
        entries = self._shelves.setdefault(shelf, [])
        rival = next((entry for entry in entries if entry[1].score.image_id == scored.image_id), None)
        if (rival is not None and rival[0] >= worth) or (len(entries) == self._kept and entries[-1][0] >= worth):
            return
        if rival is not None:
            entries.remove(rival)
        exhibit = Exhibit(
            score=scored,
            image_rgb=grounding.frame.image_rgb,
            truth=truth_of(question.expression) if scored.exists else None,
            predicted=ungated_mask(grounding, thresholds),
            peak_xy=grounding.asked.peak_xy,
            colour=REGION_COLOUR if grounding.command.target is Target.REGION else OBJECT_COLOUR,
        )
        entries.append((worth, exhibit))
        entries.sort(key=lambda entry: entry[0], reverse=True)
        del entries[self._kept :]


def _places(scored: Score) -> Iterator[tuple[str, tuple[float, float]]]:
    """The shelves that an answer belongs on, with its worth there: of equal misses the surest is the most telling."""
    if scored.match is None:
        if scored.found:
            yield "false_find", (scored.existence, 0.0)
        return
    iou = scored.match.overlap.iou
    if scored.found:
        yield f"best_{scored.target}", (iou, scored.existence)
        yield f"worst_{scored.target}", (-iou, scored.existence)
    else:
        yield "false_refusal", (-scored.existence, iou)


def _resized(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0, np.bool_)


def _outline(picture: NDArray[np.uint8], mask: NDArray[np.bool_], pens: tuple[tuple[Colour, int], ...]) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for colour, thickness in pens:
        cv2.drawContours(picture, contours, -1, colour, thickness, cv2.LINE_AA)
