"""Instances out of a class map: connected components, with the ones that may hold several things flagged.

A semantic map does not say where one car ends and the next begins. A component whose shape no single thing has (parked
rows, people walking arm in arm) is kept as a *merged* instance, to be named as a group and never as a single thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, CLASSES
from ris_ros.data.colours import body_colour, clothes_colour
from ris_ros.data.labeled_image import InstanceInfo

_VEHICLES = frozenset({"car", "van", "truck", "bus"})
_PEOPLE = frozenset({"pedestrian", "bicyclist"})
# Of a class "car" that holds vans and buses too, this one is taller than wide, so "car" may not be its name.
TALL_VEHICLE = "tall vehicle"
_TALL_ASPECT = 0.98
# Below this height a person is too few pixels for the colour of clothes.
_MIN_DRESSED_PX = 40


@dataclass(frozen=True, slots=True)
class SingleShape:
    """The shapes that one single thing of a class takes on the image.

    Attributes:
        max_aspect: Largest width over height.
        min_solidity: Smallest area over area of the convex hull.
        max_foot_range: Largest spread of the lowest pixel of each column, as a share of the height; the foot line of a
            parked row climbs with perspective, that of one car does not.
    """

    max_aspect: float
    min_solidity: float
    max_foot_range: float = 1.0


# Read off 400 components of CamVid by eye; strict on purpose, since a row taken for one car teaches a wrong mask,
# while a car taken for a row only loses a sentence.
SINGLE_SHAPES: dict[str, SingleShape] = {
    "car": SingleShape(max_aspect=2.3, min_solidity=0.905, max_foot_range=0.35),
    "pedestrian": SingleShape(max_aspect=0.47, min_solidity=0.6),
    "bicyclist": SingleShape(max_aspect=0.75, min_solidity=0.72),
    "sign": SingleShape(max_aspect=4.0, min_solidity=0.75),
    "pole": SingleShape(max_aspect=0.4, min_solidity=0.0),
}


def find_instances(
    image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], min_area_px: int
) -> tuple[NDArray[np.int32], dict[int, InstanceInfo]]:
    """Connected components (8-connected) of every thing class.

    Args:
        image_rgb: uint8 [H, W, 3], to read the colours of vehicles and clothes from.
        class_map: uint8 [H, W].
        min_area_px: Smaller components stay out of the instance map.

    Returns:
        int32 [H, W] instance map, and what is known of each instance.
    """
    instance_map = np.zeros(class_map.shape, np.int32)
    instances: dict[int, InstanceInfo] = {}
    brightness = road_brightness(image_rgb, class_map == BY_NAME["road"].id)
    for street_class in CLASSES:
        if not street_class.thing:
            continue
        binary = (class_map == street_class.id).view(np.uint8)
        if not binary.any():
            continue
        count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
        for label in range(1, count):
            x, y, width, height, area = (int(v) for v in stats[label])
            if area < min_area_px:
                continue
            window = (slice(y, y + height), slice(x, x + width))
            inside = labels[window] == label
            key = len(instances) + 1
            instance_map[window][inside] = key
            merged = _looks_merged(street_class.name, inside)
            seen = image_rgb[window], inside, brightness
            instances[key] = describe_instance(street_class.name, *seen, whole=_whole(x, width, binary), merged=merged)
    return instance_map, instances


def describe_instance(
    class_name: str,
    crop_rgb: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    brightness: float,
    *,
    whole: bool,
    merged: bool = False,
) -> InstanceInfo:
    """What the pixels tell of an instance: paint, clothes, and whether "car" may not be its name.

    Args:
        class_name: Its class.
        crop_rgb: uint8 [h, w, 3], its box.
        inside: bool [h, w], its pixels.
        brightness: Of the road in the same picture, see :func:`road_brightness`.
        whole: Whether neither side of the image cuts its box.
        merged: Whether it may be several things.
    """
    height, width = inside.shape
    colour = body_colour(crop_rgb, inside, brightness) if class_name in _VEHICLES and not merged else None
    attributes: tuple[str, ...] = ()
    if class_name in _PEOPLE and not merged and height >= _MIN_DRESSED_PX:
        worn = clothes_colour(crop_rgb, inside, brightness)
        attributes = (f"wearing a {worn} top",) if worn else ()
    if class_name == "car" and whole and width < _TALL_ASPECT * height:
        attributes = (TALL_VEHICLE,)
    return InstanceInfo(class_name, colour=colour, attributes=attributes, merged=merged)


def _whole(x: int, width: int, image: NDArray[np.uint8]) -> bool:
    """Whether neither side of the image cuts a box."""
    return x > 0 and x + width < image.shape[1]


def road_brightness(image_rgb: NDArray[np.uint8], road: NDArray[np.bool_]) -> float:
    """Median brightness of the road, 0 to 255: the grey that car paint is judged against."""
    sample = image_rgb[::4, ::4][road[::4, ::4]]
    return float(np.median(sample.max(axis=1))) if len(sample) else 90.0


def _looks_merged(class_name: str, inside: NDArray[np.bool_]) -> bool:
    shape = SINGLE_SHAPES.get(class_name)
    if shape is None:
        return False
    height, width = inside.shape
    if width > shape.max_aspect * height:
        return True
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull_area = cv2.contourArea(cv2.convexHull(np.vstack(contours))) + 1.0
    if np.count_nonzero(inside) < shape.min_solidity * hull_area:
        return True
    return _foot_range(inside) > shape.max_foot_range


def _foot_range(inside: NDArray[np.bool_]) -> float:
    lowest = inside.shape[0] - 1 - np.argmax(inside[::-1], axis=0)
    low, high = (float(row) for row in np.percentile(lowest[inside.any(axis=0)], (10, 90)))
    return float(high - low) / float(inside.shape[0])
