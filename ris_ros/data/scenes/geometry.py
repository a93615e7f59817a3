"""The exact geometry of a rendered picture: camera, depth of every pixel, a box around every instance.

The *ground frame* of a camera has its origin on the road's plane below the camera; x points forward (level, where the
camera looks), y left, z up (REP-103), metres.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.world import Thing

DEPTH_STEP_M = 0.01
_NO_SURFACE = 65535


@dataclass(frozen=True, slots=True)
class Box3d:
    """An upright box around a thing, in the ground frame of a camera.

    Attributes:
        centre_m: (x, y, z) of its middle.
        size_m: (length, width, height) along its own axes.
        yaw_rad: Its heading, from the camera's forward direction to the left, -pi to pi.
    """

    centre_m: tuple[float, float, float]
    size_m: tuple[float, float, float]
    yaw_rad: float

    def __post_init__(self) -> None:
        if min(self.size_m) < 0.0:
            raise ValueError("size_m must not be negative")

    def corners_m(self) -> NDArray[np.float64]:
        """[8, 3] in the ground frame, the four of the underside first."""
        signs = np.array([[x, y, z] for z in (-1, 1) for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1))], float)
        offset = signs * np.asarray(self.size_m) / 2
        corners: NDArray[np.float64] = np.asarray(self.centre_m) + offset @ _about_z(self.yaw_rad).T
        return corners


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """What is known of a rendered picture in three dimensions.

    Attributes:
        camera: Intrinsics and the pose in the world, whose plane z = 0 is the carriageway.
        depth_m: float32 [H, W] along the optical axis as in REP-118, to the surface that the ray through the pixel's
            middle meets; inf for the sky.
        boxes: Box of each instance, by its id.
    """

    camera: PinholeCamera
    depth_m: NDArray[np.float32]
    boxes: Mapping[int, Box3d] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        width, height = self.camera.size_px
        if self.depth_m.dtype != np.float32 or self.depth_m.shape != (height, width):
            raise ValueError("depth_m must be float32 [H, W] of the camera's size")

    def points_m(self) -> NDArray[np.float64]:
        """[H, W, 3] points in the ground frame; not finite where the sky is."""
        height, width = self.depth_m.shape
        columns, rows = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
        across, down = (
            (axis - middle) / self.camera.focal_px
            for axis, middle in zip((columns, rows), self.camera.centre_px, strict=True)
        )
        with np.errstate(invalid="ignore"):
            optical = np.stack([across, down, np.ones_like(across)], 2) * self.depth_m[..., None]
            level = optical @ (_about_z(-self.camera.yaw) @ self.camera.world_from_optical).T
        points: NDArray[np.float64] = level + np.array([0.0, 0.0, self.camera.height_m])
        return points


def box_around(thing: Thing, camera: PinholeCamera) -> Box3d:
    """The box around a thing's mesh, along the thing's own axes."""
    low, high = thing.mesh.bounds_m()
    middle = (low + high).astype(float) / 2
    world = np.array([thing.x, thing.y, thing.z]) + _about_z(thing.yaw) @ middle
    x, y, _ = camera.position_m
    centre = _about_z(-camera.yaw) @ (world - np.array([x, y, 0.0]))
    yaw = math.remainder(thing.yaw - camera.yaw, 2 * math.pi)
    length, width, height = (float(extent) for extent in high - low)
    return Box3d((float(centre[0]), float(centre[1]), float(centre[2])), (length, width, height), yaw)


def _about_z(angle: float) -> NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def encode_depth(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """[H, W] in steps of :data:`DEPTH_STEP_M`; what is too far for 16 bits becomes 65534, the sky 65535."""
    known = np.isfinite(depth_m)
    steps = np.clip(np.rint(np.where(known, depth_m, 0.0) / DEPTH_STEP_M), 0, _NO_SURFACE - 1)
    return np.where(known, steps, _NO_SURFACE).astype(np.uint16)


def decode_depth(steps: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The inverse of :func:`encode_depth` up to half a step, and up to the depths that 16 bits hold."""
    return np.where(steps == _NO_SURFACE, np.inf, steps * DEPTH_STEP_M).astype(np.float32)


def camera_as_json(camera: PinholeCamera) -> dict[str, Any]:
    """Pixels, metres and radians; ``pose`` is in the world, ``height_m`` and ``pitch_rad`` are above the ground."""
    x, y, z = camera.position_m
    return {
        "size_px": list(camera.size_px),
        "fx": camera.focal_px,
        "fy": camera.focal_px,
        "cx": camera.centre_px[0],
        "cy": camera.centre_px[1],
        "height_m": z,
        "pitch_rad": camera.pitch,
        "roll_rad": camera.roll,
        "pose": {"x_m": x, "y_m": y, "yaw_rad": camera.yaw},
    }


def camera_from_json(record: Mapping[str, Any]) -> PinholeCamera:
    """The inverse of :func:`camera_as_json`.

    Raises:
        KeyError, TypeError, ValueError: The record is not such a camera.
    """
    width, height = record["size_px"]
    pose = record["pose"]
    return PinholeCamera(
        (int(width), int(height)),
        float(record["fx"]),
        (float(record["cx"]), float(record["cy"])),
        (float(pose["x_m"]), float(pose["y_m"]), float(record["height_m"])),
        float(pose["yaw_rad"]),
        float(record["pitch_rad"]),
        float(record["roll_rad"]),
    )


def box_as_json(box: Box3d) -> dict[str, Any]:
    """Millimetres are enough for a box."""
    return {
        "centre_m": [round(value, 3) for value in box.centre_m],
        "size_m": [round(value, 3) for value in box.size_m],
        "yaw_rad": round(box.yaw_rad, 4),
    }


def box_from_json(record: Mapping[str, Any]) -> Box3d:
    """The inverse of :func:`box_as_json`.

    Raises:
        KeyError, TypeError, ValueError: The record is not such a box.
    """
    x, y, z = (float(value) for value in record["centre_m"])
    length, width, height = (float(value) for value in record["size_m"])
    return Box3d((x, y, z), (length, width, height), float(record["yaw_rad"]))
