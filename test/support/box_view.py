"""A box on level ground before a wall, as a depth camera measures it: every ray is cast exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.rigid import RigidTransform


@dataclass(frozen=True)
class BoxView:
    """What the camera sees.

    Attributes:
        depth_m: float32 [h, w] along the optical axis; inf above ground and beside the wall.
        on_box: bool [h, w].
    """

    depth_m: NDArray[np.float32]
    on_box: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        camera: CameraModel,
        base_from_camera: RigidTransform,
        centre_m: tuple[float, float, float],
        size_m: tuple[float, float, float],
        yaw_rad: float,
        wall_x_m: float,
    ) -> BoxView:
        """A box, the ground z = 0, and a wall at x = ``wall_x_m`` of the base frame."""
        width, height = camera.size_px
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        rays = camera.rays(np.stack([columns, rows], axis=2).reshape(-1, 2).astype(np.float64))
        away, start = rays @ base_from_camera.rotation.T, base_from_camera.translation_m
        turn = np.array(
            [[math.cos(yaw_rad), math.sin(yaw_rad), 0.0], [-math.sin(yaw_rad), math.cos(yaw_rad), 0.0], [0.0, 0.0, 1.0]]
        )
        local, offset, half = away @ turn.T, turn @ (start - np.array(centre_m)), np.array(size_m) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            near, far = np.sort(np.stack([(-half - offset) / local, (half - offset) / local]), axis=0)
            entry, leave = near.max(axis=1), far.min(axis=1)
            ground = np.where(away[:, 2] < 0.0, -start[2] / away[:, 2], np.inf)
            wall = np.where(away[:, 0] > 0.0, (wall_x_m - start[0]) / away[:, 0], np.inf)
        behind = np.minimum(ground, wall)
        hit = (entry < leave) & (entry > 0.0) & (entry < behind)
        depth = np.where(hit, entry, behind) * rays[:, 2]
        return cls(depth.reshape(height, width).astype(np.float32), hit.reshape(height, width))
