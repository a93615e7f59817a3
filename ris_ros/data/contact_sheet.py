"""Contact sheets: sentences with their pictures and masks, many on a page, for the eye."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.drawing import ABSENT_COLOUR, BLACK, OBJECT_COLOUR, REGION_COLOUR, Colour, tint, wrapped, write
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import LabeledImage

TILES_ACROSS, TILES_DOWN = 3, 4
TILES_PER_SHEET = TILES_ACROSS * TILES_DOWN
_TILE_WIDTH, _PICTURE_HEIGHT, _LINE, _LINES, _MARGIN = 420, 280, 16, 3, 6
# A thing below this share of the picture gets a ring.
_TINY_SHARE, _RING_PX = 0.004, 9
_TILE_HEIGHT = _PICTURE_HEIGHT + (_LINES + 1) * _LINE + _MARGIN


def tile(image: LabeledImage, expression: Expression) -> NDArray[np.uint8]:
    """A picture with the sentence under it: object orange, region green, an amber frame where nothing fits.

    Returns:
        uint8 [h, w, 3] RGB, of one size for all pictures.
    """
    height, width = image.class_map.shape
    scale = min((_TILE_WIDTH - 2 * _MARGIN) / width, (_PICTURE_HEIGHT - _MARGIN) / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image.image_rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    for mask, colour in ((expression.region_mask, REGION_COLOUR), (expression.object_mask, OBJECT_COLOUR)):
        if mask is not None and mask.any():
            _mark(small, mask, colour)
    page = np.full((_TILE_HEIGHT, _TILE_WIDTH, 3), 255, np.uint8)
    page[_MARGIN : _MARGIN + size[1], _MARGIN : _MARGIN + size[0]] = small
    if not expression.exists:
        corner = (_MARGIN + size[0] - 1, _MARGIN + size[1] - 1)
        cv2.rectangle(page, (_MARGIN, _MARGIN), corner, ABSENT_COLOUR, 3)
    base = _PICTURE_HEIGHT + _LINE
    truth = expression.kind if expression.exists else f"{expression.kind}: not there"
    write(page, f"[{truth}] {image.id}", (_MARGIN, base), (120, 120, 120), 0.36)
    for row, line in enumerate(wrapped(expression.text, _TILE_WIDTH - 2 * _MARGIN, _LINES), start=1):
        write(page, line, (_MARGIN, base + row * _LINE), BLACK)
    return page


def _mark(small: NDArray[np.uint8], mask: NDArray[np.bool_], colour: Colour) -> None:
    """Tint a mask on the shrunken picture; a ring shows where to look for what is tiny."""
    size = small.shape[1], small.shape[0]
    # Whatever holds a pixel of the mask is marked, so that nothing is lost by shrinking.
    shrunk = np.asarray(cv2.resize(mask.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0)
    if not shrunk.any():
        shrunk = np.asarray(cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.bool_)
    tint(small, shrunk, colour)
    if np.count_nonzero(shrunk) < _TINY_SHARE * shrunk.size:
        x, y, width, height = cv2.boundingRect(shrunk.view(np.uint8))
        cv2.circle(small, (x + width // 2, y + height // 2), max(width, height) // 2 + _RING_PX, colour, 1, cv2.LINE_AA)


def sheet(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Up to :data:`TILES_PER_SHEET` tiles on a page, uint8 [H, W, 3] RGB, row by row."""
    rows = -(-len(tiles) // TILES_ACROSS)
    page = np.full((rows * _TILE_HEIGHT, TILES_ACROSS * _TILE_WIDTH, 3), 255, np.uint8)
    for place, one in enumerate(tiles):
        y, x = (place // TILES_ACROSS) * _TILE_HEIGHT, (place % TILES_ACROSS) * _TILE_WIDTH
        page[y : y + _TILE_HEIGHT, x : x + _TILE_WIDTH] = one
    return page
