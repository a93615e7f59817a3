"""From logits at the network's stride to masks in camera pixels.

The probability is quantised to 8 bits at the network's stride and that small map is resized once: it is the
confidence that is published, and the mask is a comparison with it, so the two cannot disagree.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.letterbox import Letterbox
from ris_ros.types import MaskAnswer

# A second component counts as another candidate when it is at least this much of the largest in area, and in the excess
# of its mean confidence over the threshold: less is taken for noise, or for a part cut off by something in front.
_COMPARABLE_AREA = 0.3
_COMPARABLE_EXCESS = 0.6

# Of the threshold, what is left of the parts of a map that a single thing has beside its own: resizing sharpens edges,
# and must not lift them again.
_LOWERED = 0.75


def to_confidence(logits: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probability times 255, rounded, of logits of any shape."""
    probability = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
    return np.rint(probability * 255.0).astype(np.uint8)


def threshold_level(threshold: float) -> int:
    """The confidence from which a pixel is set: at least 1, so that no confidence is never enough."""
    return max(1, math.ceil(threshold * 255.0))


def answer(
    logits: NDArray[np.float32], letterbox: Letterbox, size_px: tuple[int, int], threshold: float | None
) -> MaskAnswer:
    """The answer in camera pixels.

    Args:
        logits: float32 [h', w'] over the whole network input, bars included.
        letterbox: How the camera image lies in the input.
        size_px: (width, height) of the answer, of the image's aspect.
        threshold: Probability from which a pixel is set; None leaves the mask empty.
    """
    confidence = letterbox.map_to_image(to_confidence(logits), size_px)
    peak = peak_xy(logits, letterbox, size_px)
    if threshold is None:
        return MaskAnswer(confidence, np.zeros(confidence.shape, np.bool_), (0, 0, 0, 0), peak, 0.0)
    level = threshold_level(threshold)
    _, ones = cv2.threshold(confidence, level - 1, 1, cv2.THRESH_BINARY)
    x, y, width, height = cv2.boundingRect(ones)
    score = 0.0
    if width:
        inside = slice(y, y + height), slice(x, x + width)
        # The mean over the mask; cv2.mean with a mask takes three times as long.
        _, kept = cv2.threshold(confidence[inside], level - 1, 0, cv2.THRESH_TOZERO)
        score = cv2.sumElems(kept)[0] / cv2.countNonZero(ones[inside]) / 255.0
    return MaskAnswer(confidence, ones.view(np.bool_), (x, y, width, height), peak, score)


def peak_xy(logits: NDArray[np.float32], letterbox: Letterbox, size_px: tuple[int, int]) -> tuple[int, int]:
    """The pixel (x, y) of an answer of ``size_px`` under the highest logit whose cell's middle lies in the image.

    It is read from the logits, because many pixels share the highest of 256 confidences.
    """
    rows, columns = _content(logits.shape, letterbox)
    row, column = np.unravel_index(
        int(np.argmax(logits[rows, columns])), (rows.stop - rows.start, columns.stop - columns.start)
    )
    cell_x, cell_y = _cell_size(logits.shape, letterbox)
    middle = np.array([(int(column) + columns.start + 0.5) * cell_x, (int(row) + rows.start + 0.5) * cell_y])
    x, y = letterbox.to_image(middle) * (np.array(size_px) / letterbox.image_size_px)
    return min(max(int(x), 0), size_px[0] - 1), min(max(int(y), 0), size_px[1] - 1)


def only_the_peaks_component(
    logits: NDArray[np.float32], letterbox: Letterbox, threshold: float
) -> NDArray[np.float32]:
    """The map of a single thing: of what passes the threshold, only the part that holds the highest logit.

    Things of one kind light up together, and the one that is meant the brightest. All other parts are lowered below
    the threshold, so that confidence and mask still agree.

    Args:
        logits: float32 [h', w'] over the whole network input, bars included.
        letterbox: How the camera image lies in the input.
        threshold: Probability from which a pixel is set.

    Returns:
        float32 [h', w'], ``logits`` itself where nothing is to be lowered.
    """
    rows, columns = _content(logits.shape, letterbox)
    inside = logits[rows, columns]
    level = threshold_level(threshold)
    ones = to_confidence(inside) >= level
    _, labels = cv2.connectedComponents(ones.view(np.uint8), connectivity=8)
    strays = ones & (labels != labels.flat[int(np.argmax(inside))])
    if not strays.any():
        return logits
    below = _LOWERED * level / 255.0
    kept = logits.copy()
    kept[rows, columns][strays] = math.log(below / (1.0 - below))
    return kept


def count_candidates(logits: NDArray[np.float32], letterbox: Letterbox, threshold: float) -> int:
    """How many separate things of comparable size and strength a map holds; 0 when nothing passes the threshold."""
    rows, columns = _content(logits.shape, letterbox)
    confidence = to_confidence(logits[rows, columns])
    level = threshold_level(threshold)
    ones = (confidence >= level).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(ones, connectivity=8)
    if count < 2:
        return 0
    areas = statistics[:, cv2.CC_STAT_AREA].astype(np.float64)
    excess = np.bincount(labels.ravel(), confidence.ravel(), minlength=count) / areas - (level - 1)
    largest = 1 + int(np.argmax(areas[1:]))
    comparable = (areas >= _COMPARABLE_AREA * areas[largest]) & (excess >= _COMPARABLE_EXCESS * excess[largest])
    return int(np.count_nonzero(comparable[1:]))


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
