"""A pinhole camera in the scene's world: x forward along the street, y left, z up, metres."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.mesh import Floats


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """Intrinsics and pose.

    Attributes:
        size_px: (width, height).
        focal_px: fx = fy.
        centre_px: (cx, cy), with pixel centres at whole numbers.
        position_m: (x, y, z) in the world.
        yaw: Turn to the left, radians; 0 looks along +x.
        pitch: Downward tilt, radians.
        roll: Clockwise turn of the camera about its axis, radians.
    """

    size_px: tuple[int, int]
    focal_px: float
    centre_px: tuple[float, float]
    position_m: tuple[float, float, float]
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def height_m(self) -> float:
        """Height above the carriageway."""
        return self.position_m[2]

    @property
    def world_from_optical(self) -> NDArray[np.float64]:
        """[3, 3] rotation; optical axes (REP-103): x right, y down, z forward."""
        axes = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
        cy, sy, cp, sp = math.cos(self.yaw), math.sin(self.yaw), math.cos(self.pitch), math.sin(self.pitch)
        cr, sr = math.cos(self.roll), math.sin(self.roll)
        about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        rotation: NDArray[np.float64] = about_z @ about_y @ about_x @ axes
        return rotation

    def rays(self, xy_px: NDArray[np.floating]) -> Floats:
        """Unit directions in the world, float32 [n, 3], through pixels [n, 2]."""
        away = np.ones((len(xy_px), 3), np.float32)
        away[:, :2] = (xy_px - np.asarray(self.centre_px)) / self.focal_px
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        return np.ascontiguousarray(away @ self.world_from_optical.T.astype(np.float32))

    def project(self, points_m: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels [n, 2] and depths [n] (metres along the optical axis) of world points [n, 3]."""
        local = (np.asarray(points_m, float) - self.position_m) @ self.world_from_optical
        depth = local[:, 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)[:, None]
        return local[:, :2] / safe * self.focal_px + np.asarray(self.centre_px), depth
