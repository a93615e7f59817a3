"""A street of plain surfaces with cars and people on it, for tests of edited pictures."""

from __future__ import annotations

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

HORIZON_Y = 60
CAMERA_M = 1.4
_HEIGHT_M = {"car": 1.5, "pedestrian": 1.7, "bicyclist": 1.7, "pole": 3.0, "cone": 0.7}
_WIDTH_M = {"car": 2.1, "pedestrian": 0.6, "bicyclist": 0.6, "pole": 0.2, "cone": 0.5}


def empty_street(road_value: int = 100) -> LabeledImage:
    """Sky above the horizon, a road below with a pavement along its right side; 240 x 160 pixels."""
    image = np.full((160, 240, 3), road_value, np.uint8)
    image[:HORIZON_Y] = 220
    classes = np.full((160, 240), BY_NAME["road"].id, np.uint8)
    classes[:HORIZON_Y] = BY_NAME["sky"].id
    classes[HORIZON_Y:, 180:] = BY_NAME["sidewalk"].id
    return LabeledImage("toy/street", image, classes, np.zeros((160, 240), np.int32))


def with_thing(
    street: LabeledImage, class_name: str, foot_y: int, middle_x: int, rgb: tuple[int, int, int], info: InstanceInfo
) -> LabeledImage:
    """The street with a box of the height that a thing of this class has there; cars get glass and tyres."""
    image, classes, keys = street.image_rgb.copy(), street.class_map.copy(), street.instance_map.copy()
    metre = (foot_y - HORIZON_Y) / CAMERA_M
    h, w = round(_HEIGHT_M[class_name] * metre), round(_WIDTH_M[class_name] * metre)
    left, top = middle_x - w // 2, foot_y - h
    box = (slice(top, foot_y), slice(left, left + w))
    key = len(street.instances) + 1
    # Light falls from above: the lower, the darker.
    shade = np.linspace(1.12, 0.85, h)[:, None, None]
    image[box] = np.clip(np.asarray(rgb) * shade, 0, 255)
    if class_name == "car":
        image[top + round(0.15 * h) : top + round(0.42 * h), left + 3 : left + w - 3] = (24, 27, 30)
        image[foot_y - round(0.12 * h) : foot_y, left : left + w] = (15, 15, 15)
    classes[box], keys[box] = BY_NAME[class_name].id, key
    return LabeledImage(street.id, image, classes, keys, {**street.instances, key: info})
