"""A rendered picture without a renderer: flat ground with a straight road, and upright boxes on it, seen exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.geometry import Box3d, Geometry

SIZE_PX = (320, 180)
CAMERA = PinholeCamera(SIZE_PX, 300.0, (159.5, 89.5), (40.0, 7.0, 1.4), 0.3, 0.05, 0.01)
CAR_M = (4.4, 1.8, 1.5)


def flat_scene(
    cars_xy_m: tuple[tuple[float, float], ...] = (), half_road_m: float = 5.0, camera: PinholeCamera = CAMERA
) -> tuple[LabeledImage, Geometry]:
    """A road ``half_road_m`` to either side of straight ahead, pavement beside it, and parked cars on it.

    Args:
        cars_xy_m: Middles of the cars, in the camera's ground frame.
        half_road_m: Half the width of the road.
        camera: Where it is seen from.
    """
    width, height = camera.size_px
    level = replace(camera, position_m=(0.0, 0.0, camera.height_m), yaw=0.0)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    toward = level.rays(np.stack([columns.ravel(), rows.ravel()], axis=1).astype(float)).astype(float)
    forward = toward @ level.world_from_optical[:, 2]
    with np.errstate(divide="ignore"):
        reach = np.where(toward[:, 2] < 0.0, -camera.height_m / np.minimum(toward[:, 2], -1e-12), np.inf)
    classes = np.full(len(toward), BY_NAME["sky"].id, np.uint8)
    y_m = np.where(np.isfinite(reach), toward[:, 1] * np.where(np.isfinite(reach), reach, 0.0), np.inf)
    classes[np.isfinite(reach)] = BY_NAME["sidewalk"].id
    classes[np.abs(y_m) < half_road_m] = BY_NAME["road"].id
    instances = np.zeros(len(toward), np.int32)
    boxes: dict[int, Box3d] = {}
    for key, (x, y) in enumerate(cars_xy_m, start=1):
        boxes[key] = Box3d((x, y, CAR_M[2] / 2), CAR_M, 0.0)
        low, high = np.array([x, y, 0.0]) - np.array([*CAR_M[:2], 0.0]) / 2, np.array([x, y, CAR_M[2]])
        high[:2] += np.array(CAR_M[:2]) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            slabs = np.stack([(low - (0, 0, camera.height_m)) / toward, (high - (0, 0, camera.height_m)) / toward])
        enter, leave = np.nanmax(slabs.min(axis=0), axis=1), np.nanmin(slabs.max(axis=0), axis=1)
        hit = (enter < leave) & (enter > 0.0) & (enter < reach)
        reach[hit], classes[hit], instances[hit] = enter[hit], BY_NAME["car"].id, key
    shape = (height, width)
    image = np.repeat((classes * 15).reshape(shape)[..., None], 3, axis=2)
    info = {key: InstanceInfo("car", "red", float(x), ("parked",)) for key, (x, _) in enumerate(cars_xy_m, start=1)}
    labels = LabeledImage("flat", image, classes.reshape(shape), instances.reshape(shape), info)
    depth_m = (reach * forward).astype(np.float32).reshape(shape)
    return labels, Geometry(camera, depth_m, boxes)
