"""From logits at the network's stride to masks in camera pixels.

The probability is quantised to 8 bits at the network's stride and that small map is enlarged: it is the confidence that
is published, and the mask is a comparison with it, so the two cannot disagree. What is decided about a map is decided
at the stride; of the enlarged map only the part that holds the mask is made, the rest when somebody asks for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.letterbox import Letterbox
from ris_ros.types import Mask, MaskAnswer

Box = tuple[int, int, int, int]

# A second component counts as another candidate when it is at least this much of the largest in area, and in the excess
# of its mean confidence over the threshold: less is taken for noise, or for a part cut off by something in front.
_COMPARABLE_AREA = 0.3
_COMPARABLE_EXCESS = 0.6

# Of the threshold, what is left of the parts of a map that a single thing has beside its own: enlarging sharpens edges,
# and must not lift them again.
_LOWERED = 0.75

# By how much enlarging can lift a pixel over all cells around it: by 1.19 ** 2 + 0.19 ** 2 where it is cubic in both
# directions, and by the square of that where it goes by way of the input's pixels. And how many cells away from the
# last cell of a thing a pixel of it can lie.
_LIFT = 2.1
_SPILL = 2


def to_confidence(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probability times 255, rounded, of logits of any shape."""
    probability = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
    return np.rint(probability * 255.0).astype(np.uint8)


def threshold_level(threshold: float) -> int:
    """The confidence from which a pixel is set: at least 1, so that no confidence is never enough."""
    return max(1, math.ceil(threshold * 255.0))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the network says about one mask, at its stride.

    Attributes:
        confidence: uint8 [h', w'] over the whole network input, bars included.
        letterbox: How the camera image lies in the input.
        peak: (row, column) of the highest logit among the cells whose middles lie in the image. The confidence does
            not tell it, because many cells share the highest of 256.
    """

    confidence: NDArray[np.uint8]
    letterbox: Letterbox
    peak: tuple[int, int]

    @classmethod
    def of(cls, logits: NDArray[np.float32], letterbox: Letterbox) -> Cells:
        """Read the network's answer.

        Args:
            logits: float32 [h', w'] over the whole network input, bars included.
            letterbox: How the camera image lies in the input.
        """
        rows, columns = _content(logits.shape, letterbox)
        inside = logits[rows, columns]
        row, column = divmod(int(inside.argmax()), inside.shape[1])
        return cls(to_confidence(logits), letterbox, (row + rows.start, column + columns.start))

    @property
    def highest(self) -> int:
        """The confidence at the peak."""
        return int(self.confidence[self.peak])

    def peak_xy(self, size_px: tuple[int, int]) -> tuple[int, int]:
        """The peak's pixel (x, y) in an answer of ``size_px``."""
        (row, column), (cell_x, cell_y) = self.peak, _cell_size(self.confidence.shape, self.letterbox)
        middle = np.array([(column + 0.5) * cell_x, (row + 0.5) * cell_y])
        x, y = self.letterbox.to_image(middle) * (np.array(size_px) / self.letterbox.image_size_px)
        return min(max(int(x), 0), size_px[0] - 1), min(max(int(y), 0), size_px[1] - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The separate parts of a map that pass a threshold.

    Attributes:
        cells: The map.
        level: The confidence from which a cell passes.
        labels: int32 [r, c], the part that each cell in the image belongs to, 0 none.
        areas: int32 [parts + 1], cells of each part and first of what belongs to none.
    """

    cells: Cells
    level: int
    labels: NDArray[np.int32]
    areas: NDArray[np.int32]

    @classmethod
    def of(cls, cells: Cells, threshold: float) -> Parts:
        """Find them.

        Args:
            cells: The map.
            threshold: Probability from which a cell passes.
        """
        level = threshold_level(threshold)
        inside = cells.confidence[_content(cells.confidence.shape, cells.letterbox)]
        _, ones = cv2.threshold(inside, level - 1, 1, cv2.THRESH_BINARY)
        _, labels, statistics, _ = cv2.connectedComponentsWithStats(ones, connectivity=8, ltype=cv2.CV_32S)
        return cls(cells, level, np.asarray(labels, np.int32), np.asarray(statistics[:, cv2.CC_STAT_AREA], np.int32))

    def only_the_peaks(self) -> Cells:
        """The map of a single thing: of what passes the threshold, only the part that holds the peak.

        Things of one kind light up together, and the one that is meant the brightest. All other parts are lowered
        below the threshold, so that confidence and mask still agree.
        """
        if len(self.areas) <= 2:  # no part but the peak's, as nothing is surer
            return self.cells
        rows, columns = _content(self.cells.confidence.shape, self.cells.letterbox)
        meant = self.labels[self.cells.peak[0] - rows.start, self.cells.peak[1] - columns.start]
        kept = self.cells.confidence.copy()
        kept[rows, columns][(self.labels != 0) & (self.labels != meant)] = round(_LOWERED * self.level)
        return Cells(kept, self.cells.letterbox, self.cells.peak)

    def count_candidates(self) -> int:
        """How many separate things of comparable size and strength there are; 0 when nothing passes the threshold."""
        count = len(self.areas)
        if count <= 2:
            return count - 1
        confidence = self.cells.confidence[_content(self.cells.confidence.shape, self.cells.letterbox)]
        sums = np.bincount(self.labels.ravel(), confidence.ravel(), minlength=count)
        excess = sums / self.areas - (self.level - 1)
        largest = 1 + int(np.argmax(self.areas[1:]))
        comparable = (self.areas >= _COMPARABLE_AREA * self.areas[largest]) & (
            excess >= _COMPARABLE_EXCESS * excess[largest]
        )
        return int(np.count_nonzero(comparable[1:]))


@dataclass(frozen=True, eq=False)
class DrawnMask:
    """A :class:`~ris_ros.types.Mask` of which only the part that is set was drawn; the whole is when it is asked for.

    Attributes:
        cells: The map at the network's stride.
        size_px: (width, height) of the answer.
        roi_xywh: See :class:`~ris_ros.types.Mask`, as for the others.
        inside: bool [height, width] of the box.
        peak_xy: Pixel (x, y) of the highest probability.
        score: Mean probability inside the mask.
        drawn: uint8, the confidence around the box; empty where nothing is set.
        drawn_xy: Place of its first pixel in the answer.
    """

    cells: Cells
    size_px: tuple[int, int]
    roi_xywh: Box
    inside: NDArray[np.bool_]
    peak_xy: tuple[int, int]
    score: float
    drawn: NDArray[np.uint8]
    drawn_xy: tuple[int, int]

    @property
    def empty(self) -> bool:
        """Whether no pixel is set."""
        return self.roi_xywh[2] == 0

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """bool [h, w]."""
        mask = np.zeros(self.size_px[::-1], np.bool_)
        x, y, width, height = self.roi_xywh
        mask[y : y + height, x : x + width] = self.inside
        return mask

    @cached_property
    def confidence(self) -> NDArray[np.uint8]:
        """uint8 [h, w]."""
        return self.confidence_at(self.size_px)

    def confidence_at(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """The confidence at another (width, height) of the same aspect: uint8 [h, w]."""
        whole = self.cells.letterbox.map_to_image(self.cells.confidence, size_px)
        if size_px == self.size_px:
            # Enlarged in one piece a pixel may be rounded otherwise, and mask and confidence must never disagree.
            (x, y), (height, width) = self.drawn_xy, self.drawn.shape
            whole[y : y + height, x : x + width] = self.drawn
        return whole


def highest(logits: NDArray[np.float32], letterbox: Letterbox) -> NDArray[np.uint8]:
    """The confidence that any of several answers holds, over the camera image at the network's stride.

    Args:
        logits: float32 [n, h', w'] over the whole network input, bars included.
        letterbox: How the camera image lies in the input.

    Returns:
        uint8 [h, w], the cells under the image.
    """
    confidence = to_confidence(logits.max(axis=0))
    cell_x, cell_y = _cell_size(confidence.shape, letterbox)
    _, _, width, height = letterbox.content_xywh
    return letterbox.map_to_image(confidence, (max(1, round(width / cell_x)), max(1, round(height / cell_y))))


def answer(cells: Cells, size_px: tuple[int, int], threshold: float | None) -> DrawnMask:
    """The answer in camera pixels.

    Args:
        cells: The map at the network's stride.
        size_px: (width, height) of the answer, of the image's aspect.
        threshold: Probability from which a pixel is set; None leaves the mask empty.
    """
    peak = cells.peak_xy(size_px)
    nothing = DrawnMask(
        cells, size_px, (0, 0, 0, 0), np.zeros((0, 0), np.bool_), peak, 0.0, np.empty((0, 0), np.uint8), (0, 0)
    )
    if threshold is None:
        return nothing
    level = threshold_level(threshold)
    box = _may_be_set(cells.confidence, level)
    if box is None:
        return nothing
    drawn, place = cells.letterbox.part_to_image(cells.confidence, box, size_px)
    (x, y, width, height), inside, score = _cut(drawn, level)
    if not width:
        return nothing
    roi = x + place[0], y + place[1], width, height
    return DrawnMask(cells, size_px, roi, inside, peak, score, drawn, place)


def cut(confidence: NDArray[np.uint8], peak: tuple[int, int], threshold: float | None) -> MaskAnswer:
    """The answer of a confidence map.

    Args:
        confidence: uint8 [h, w], probability times 255.
        peak: Pixel (x, y) of the highest probability.
        threshold: Probability from which a pixel is set; None leaves the mask empty.
    """
    mask = np.zeros(confidence.shape, np.bool_)
    if threshold is None:
        return MaskAnswer(confidence, mask, (0, 0, 0, 0), peak, 0.0)
    (x, y, width, height), inside, score = _cut(confidence, threshold_level(threshold))
    mask[y : y + height, x : x + width] = inside
    return MaskAnswer(confidence, mask, (x, y, width, height), peak, score)


def confidence_at(answer: Mask, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The confidence of an answer at another (width, height) of the same aspect: uint8 [h, w].

    Cheaper and finer than shrinking what was enlarged, where the answer is one of :func:`answer`.
    """
    if isinstance(answer, DrawnMask):
        return answer.confidence_at(size_px)
    return np.asarray(cv2.resize(answer.confidence, size_px, interpolation=cv2.INTER_AREA), np.uint8)


def _cut(confidence: NDArray[np.uint8], level: int) -> tuple[Box, NDArray[np.bool_], float]:
    """The tight box of what passes a level, the mask in it, and the mean probability over the mask."""
    _, ones = cv2.threshold(confidence, level - 1, 1, cv2.THRESH_BINARY)
    x, y, width, height = cv2.boundingRect(ones)
    if not width:
        return (0, 0, 0, 0), np.zeros((0, 0), np.bool_), 0.0
    box = slice(y, y + height), slice(x, x + width)
    inside = ones[box]
    # The mean over the mask; cv2.mean with a mask takes three times as long.
    _, kept = cv2.threshold(confidence[box], level - 1, 0, cv2.THRESH_TOZERO)
    score = cv2.sumElems(kept)[0] / cv2.countNonZero(inside) / 255.0
    return (x, y, width, height), inside.view(np.bool_), score


def _may_be_set(confidence: NDArray[np.uint8], level: int) -> Box | None:
    """A box (x, y, width, height) of cells outside of which no pixel can reach a level once the map is enlarged."""
    _, ones = cv2.threshold(confidence, math.ceil(level / _LIFT) - 1, 1, cv2.THRESH_BINARY)
    x, y, width, height = cv2.boundingRect(ones)
    return (x - _SPILL, y - _SPILL, width + 2 * _SPILL, height + 2 * _SPILL) if width else None


def _cell_size(shape: tuple[int, ...], letterbox: Letterbox) -> tuple[float, float]:
    """(width, height) of a map's cell in input pixels."""
    return letterbox.input_size_px[0] / shape[1], letterbox.input_size_px[1] / shape[0]


def _content(shape: tuple[int, ...], letterbox: Letterbox) -> tuple[slice, slice]:
    """The rows and columns of a map whose cells' middles lie in the image."""
    cell_x, cell_y = _cell_size(shape, letterbox)
    x, y, width, height = letterbox.content_xywh

    def span(start: int, length: int, cell: float, count: int) -> slice:
        first = math.ceil(start / cell - 0.5)
        last = math.floor((start + length) / cell - 0.5)
        if last < first:  # thinner than a cell: the one that holds its middle
            first = last = min(int((start + length / 2) / cell), count - 1)
        return slice(max(0, first), min(count, last + 1))

    return span(y, height, cell_y, shape[0]), span(x, width, cell_x, shape[1])
