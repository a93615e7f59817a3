"""Sheets to write notes by: a frame enlarged, its components outlined and numbered, rulers in its own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import CLASSES
from ris_ros.data.drawing import BLACK, Colour, outline, text_size, write
from ris_ros.data.labeled_image import LabeledImage

SCALE = 2.5
MIN_COMPONENT_PX = 60
_MARGIN, _TICK, _TEXT = 30, 6, 0.42
_COLOURS: dict[str, Colour] = {
    "car": (255, 255, 0),
    "van": (255, 220, 60),
    "truck": (255, 180, 0),
    "bus": (200, 255, 0),
    "pedestrian": (255, 60, 255),
    "bicyclist": (0, 255, 255),
    "sign": (255, 160, 60),
    "traffic light": (255, 90, 90),
    "cone": (255, 120, 180),
}
# Poles are many and thin; their outlines would hide the rest.
_LEFT_OUT = frozenset({"pole"})


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A connected component of the class map.

    Attributes:
        number: On the sheet.
        class_name: Its label.
        area_px: Pixels of the frame.
        at: (x, y) deep inside it, what a note's ``at`` may be.
        mask: bool [H, W].
    """

    number: int
    class_name: str
    area_px: int
    at: tuple[int, int]
    mask: NDArray[np.bool_]


def components(image: LabeledImage) -> list[Component]:
    """The components of all classes of things but poles, as notes mean them, numbered from 1."""
    found: list[Component] = []
    for street_class in CLASSES:
        if not street_class.thing or street_class.name in _LEFT_OUT:
            continue
        labelled = np.equal(image.class_map, street_class.id).view(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(labelled, connectivity=8)
        for label in range(1, count):
            area = int(stats[label, cv2.CC_STAT_AREA])
            if area < MIN_COMPONENT_PX:
                continue
            mask = np.equal(labels, label)
            depth = cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
            y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
            found.append(Component(len(found) + 1, street_class.name, area, (int(x), int(y)), np.asarray(mask)))
    return found


def draw_sheet(image: LabeledImage, found: list[Component], scale: float = SCALE) -> NDArray[np.uint8]:
    """The sheet of a frame, uint8 [H, W, 3] RGB.

    Args:
        image: The frame.
        found: Its :func:`components`.
        scale: How much larger than the frame.
    """
    height, width = image.class_map.shape
    size = round(width * scale), round(height * scale)
    large = np.asarray(cv2.resize(image.image_rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    for component in found:
        mask = cv2.resize(component.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outline(large, np.asarray(mask, np.bool_), _COLOURS[component.class_name])
    for component in found:
        _number(large, component, scale)
    page = np.full((size[1] + 2 * _MARGIN, size[0] + 2 * _MARGIN, 3), 255, np.uint8)
    page[_MARGIN : _MARGIN + size[1], _MARGIN : _MARGIN + size[0]] = large
    _rulers(page, (width, height), scale)
    return page


def _number(large: NDArray[np.uint8], component: Component, scale: float) -> None:
    """Write a component's number above its middle, within the picture."""
    text = str(component.number)
    text_width, text_height = text_size(text, _TEXT)
    rows, columns = np.nonzero(component.mask)
    x = round(float(columns.mean()) * scale) - text_width // 2
    y = round(float(rows.min()) * scale) - 3
    place = min(max(x, 1), large.shape[1] - text_width - 1), max(y, text_height + 3)
    write(large, text, place, _COLOURS[component.class_name], _TEXT, background=BLACK)


def _rulers(page: NDArray[np.uint8], size_px: tuple[int, int], scale: float) -> None:
    """Ticks every 40 pixels of the frame (every 100 on large ones) along all four edges."""
    width, height = size_px
    step = 40 if width <= 800 else 100
    right, bottom = page.shape[1] - _MARGIN, page.shape[0] - _MARGIN
    for x in range(0, width + 1, step):
        column = _MARGIN + round(x * scale)
        for end, base in ((_MARGIN - _TICK, _MARGIN - _TICK - 4), (bottom, bottom + 20)):
            cv2.line(page, (column, end), (column, end + _TICK), BLACK, 1)
            write(page, str(x), (max(0, column - text_size(str(x), 0.38)[0] // 2), base), BLACK, 0.38)
    for y in range(0, height + 1, step):
        row = _MARGIN + round(y * scale)
        for end, left in ((_MARGIN - _TICK, 0), (right, right + _TICK + 1)):
            cv2.line(page, (end, row), (end + _TICK, row), BLACK, 1)
            write(page, str(y), (left, row + 4), BLACK, 0.34)
