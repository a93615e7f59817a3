"""A drawn street with things where a test wants them: everything about it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

WIDTH, HEIGHT, HORIZON = 480, 288, 120

Box = tuple[int, int, int, int]


def street(things: Sequence[tuple[Box, InstanceInfo]] = (), id: str = "street") -> LabeledImage:
    """Sky over a road that widens towards us, pavements beside it, and boxes (x0, y0, x1, y1), the last in front."""
    classes = np.full((HEIGHT, WIDTH), BY_NAME["sky"].id, np.uint8)
    classes[60:HORIZON] = BY_NAME["building"].id
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    ground = rows >= HORIZON
    classes[ground] = BY_NAME["sidewalk"].id
    classes[ground & (np.abs(columns - WIDTH / 2) < 12 + 3.2 * (rows - HORIZON))] = BY_NAME["road"].id
    instances = np.zeros((HEIGHT, WIDTH), np.int32)
    for key, ((x0, y0, x1, y1), info) in enumerate(things, start=1):
        classes[y0:y1, x0:x1] = BY_NAME[info.class_name].id
        instances[y0:y1, x0:x1] = key
    image = np.repeat((classes * 12)[..., None], 3, axis=2)
    facts = {key: info for key, (_, info) in enumerate(things, start=1)}
    return LabeledImage(id, image, classes, instances, facts)


def mirrored(image: LabeledImage) -> LabeledImage:
    """Left and right exchanged."""
    return replace(
        image,
        image_rgb=np.ascontiguousarray(image.image_rgb[:, ::-1]),
        class_map=np.ascontiguousarray(image.class_map[:, ::-1]),
        instance_map=np.ascontiguousarray(image.instance_map[:, ::-1]),
    )


def busy_street() -> LabeledImage:
    """Three cars, a van, a bus, two people and a cyclist, with colours, distances and clothes."""
    return street(
        [
            ((205, 112, 235, 134), InstanceInfo("bus", "red", 60.0, ("driving ahead",))),
            ((250, 118, 275, 138), InstanceInfo("car", "white", 40.0, ("driving ahead", "hatchback"))),
            ((150, 122, 200, 160), InstanceInfo("van", "white", 18.0, ("parked",))),
            ((300, 125, 360, 168), InstanceInfo("car", "red", 15.0, ("parked", "SUV"))),
            ((385, 130, 470, 200), InstanceInfo("car", "blue", 8.0, ("parked", "sedan"))),
            ((60, 110, 85, 190), InstanceInfo("pedestrian", None, 9.0, ("wearing a yellow jacket", "walking"))),
            ((110, 115, 126, 165), InstanceInfo("pedestrian", None, 14.0, ("wearing a black coat", "standing"))),
            ((225, 125, 245, 185), InstanceInfo("bicyclist", None, 9.5, ("wearing a blue jacket", "riding ahead"))),
        ]
    )
