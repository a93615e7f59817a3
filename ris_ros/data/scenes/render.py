"""A picture of a world with the truth of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, CLASSES
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.film import Film, develop, tone
from ris_ros.data.scenes.geometry import Geometry, box_around
from ris_ros.data.scenes.mesh import Floats
from ris_ros.data.scenes.tracer import Seen, Tracer
from ris_ros.data.scenes.world import World

MIN_INSTANCE_PX = 25
_THING_CLASSES = np.array([c.thing for c in CLASSES])
_TREE, _SKY, _BUILDING = BY_NAME["tree"].id, BY_NAME["sky"].id, BY_NAME["building"].id


@dataclass(frozen=True, slots=True)
class Quality:
    """How much work goes into a picture.

    Attributes:
        edge_samples: Extra rays for each pixel that differs from a neighbour.
        edge_contrast: Difference, 0 to 1, from which a pixel gets them.
        edge_share: Largest share of the pixels that gets them; the strongest edges come first.
    """

    edge_samples: int = 3
    edge_contrast: float = 0.10
    edge_share: float = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture with its geometry.

    Attributes:
        image: The picture, its labels, what is known of its instances.
        geometry: Camera, depth and boxes of the same instances.
    """

    image: LabeledImage
    geometry: Geometry


def shoot(
    world: World,
    camera: PinholeCamera,
    film: Film,
    rng: np.random.Generator,
    image_id: str,
    quality: Quality | None = None,
    exposure: float | None = None,
) -> Shot:
    """Render a world with its geometry.

    Args:
        world: The scene.
        camera: Where it is seen from.
        film: Electronics.
        rng: Draws jitter and grain; the same generator state gives the same picture.
        image_id: Name of the result.
        quality: Effort.
        exposure: Gain, for sequences; None meters the picture.

    Returns:
        The picture with its geometry, class map, instance map (ids are 1 + the index of the thing in ``world.things``)
        and what is known of each instance; instances below :data:`MIN_INSTANCE_PX` visible pixels are left out of the
        instance map.

    Raises:
        MissingExtraError: Embree is not installed.
    """
    effort = quality if quality is not None else Quality()
    width, height = camera.size_px
    tracer = Tracer(world)
    sky_view = tracer.sky_view(camera, rng)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    pixels = np.stack([xs.ravel(), ys.ravel()], 1)
    seen = tracer.look(camera, pixels, sky_view, rng)
    gain = film.exposure(seen.radiance, seen.thing < 0) if exposure is None else exposure
    colour = tone(seen.radiance, gain)
    rough = _edges(colour.reshape(height, width, 3), effort)
    if len(rough):
        total = colour[rough]
        for _ in range(effort.edge_samples):
            jitter = rng.uniform(-0.5, 0.5, (len(rough), 2)).astype(np.float32)
            total = total + tone(tracer.look(camera, pixels[rough] + jitter, sky_view, rng).radiance, gain)
        colour[rough] = total / (effort.edge_samples + 1)
    image_rgb = develop(colour.reshape(height, width, 3), film, rng)
    class_map, instance_map, instances = _truth(world, seen, (height, width))
    boxes = {key: box_around(world.things[key - 1], camera) for key in instances}
    return Shot(
        LabeledImage(image_id, image_rgb, class_map, instance_map, instances),
        Geometry(camera, seen.depth_m.reshape(height, width), boxes),
    )


def metered(world: World, camera: PinholeCamera, film: Film, rng: np.random.Generator) -> float:
    """The gain that :func:`shoot` would meter, from every eighth pixel; for sequences of one exposure."""
    width, height = camera.size_px
    tracer = Tracer(world)
    xs, ys = np.meshgrid(np.arange(0, width, 8, dtype=np.float32), np.arange(0, height, 8, dtype=np.float32))
    seen = tracer.look(camera, np.stack([xs.ravel(), ys.ravel()], 1), tracer.sky_view(camera, rng), rng)
    return film.exposure(seen.radiance, seen.thing < 0)


def _edges(colour: Floats, effort: Quality) -> NDArray[np.intp]:
    """Flat indices of pixels that differ from a neighbour."""
    grey = colour.mean(axis=2)
    box = np.ones((3, 3), np.uint8)
    contrast = (cv2.dilate(grey, box) - cv2.erode(grey, box)).ravel()
    rows = np.flatnonzero(contrast > effort.edge_contrast)
    most = int(effort.edge_share * contrast.size)
    if len(rows) > most:
        rows = rows[np.argpartition(contrast[rows], len(rows) - most)[-most:]]
    return rows


def _truth(
    world: World, seen: Seen, size: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.int32], dict[int, InstanceInfo]]:
    class_map = seen.class_id.reshape(size).copy()
    instance = np.where(_THING_CLASSES[seen.class_id], seen.thing + 1, 0).astype(np.int32)
    counts = np.bincount(instance, minlength=len(world.things) + 1)
    instances: dict[int, InstanceInfo] = {}
    for key in np.flatnonzero(counts >= MIN_INSTANCE_PX):
        if key == 0:
            continue
        thing = world.things[key - 1]
        depth = float(np.median(seen.depth_m[instance == key]))
        instances[int(key)] = InstanceInfo(thing.class_name, thing.colour, depth, thing.attributes)
    instance[~np.isin(instance, list(instances))] = 0
    return _closed_trees(class_map), instance.reshape(size), instances


def _closed_trees(class_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sky and walls seen through twigs become tree, as people label them."""
    trees = (class_map == _TREE).astype(np.uint8)
    closed = cv2.morphologyEx(trees, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    through = (closed > 0) & ((class_map == _SKY) | (class_map == _BUILDING))
    class_map[through] = _TREE
    return class_map
