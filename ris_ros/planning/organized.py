"""A point for every pixel of a mask: what Nav2's semantic layer lays a mask over."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.viewpoint import Viewpoint


class OrganizedPoints:
    """The points that the pixels of one camera in one pose show, aligned with its masks.

    Where depth is known they are measured; elsewhere they are on the ground, as if nothing stood on it, and NaN where
    no ground is believed. The ground is worked out once for each size of mask.

    Args:
        viewpoint: The camera.
        size_px: (width, height) of the masks, of the camera's aspect.
    """

    def __init__(self, viewpoint: Viewpoint, size_px: tuple[int, int]) -> None:
        self.viewpoint = viewpoint
        self.size_px = size_px
        width, height = size_px
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        scale = np.array(viewpoint.camera.size_px) / size_px
        self._xy_px = np.stack([columns.ravel(), rows.ravel()], axis=1) * scale - 0.5
        ground_m = viewpoint.ground_points(self._xy_px).astype(np.float32)
        self.ground_m: NDArray[np.float32] = ground_m.reshape(height, width, 3)
        """float32 [height, width, 3] in the base frame: the ground under every pixel."""
        self._per_depth: NDArray[np.float32] | None = None

    def measured(self, depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
        """The points with a depth image.

        Args:
            depth_m: float32 [h, w] along the optical axis (REP-118) over the same view, at any size of its aspect; NaN
                where it is not known.

        Returns:
            float32 [height, width, 3] in the base frame.
        """
        width, height = self.size_px
        if self._per_depth is None:
            rays = self.viewpoint.camera.rays(self._xy_px)
            per_depth = rays / rays[:, 2:] @ self.viewpoint.base_from_camera.rotation.T
            self._per_depth = per_depth.astype(np.float32).reshape(height, width, 3)
        # The nearest measurement: a mean over an edge would be a point in the air.
        depth = cv2.resize(depth_m, (width, height), interpolation=cv2.INTER_NEAREST)[..., np.newaxis]
        points = self._per_depth * depth + self.viewpoint.base_from_camera.translation_m.astype(np.float32)
        return np.where(np.isfinite(points).all(axis=2, keepdims=True), points, self.ground_m)
