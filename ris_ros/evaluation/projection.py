"""How exactly pixels are given places on the ground, against the depth of rendered pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.geometry import Geometry
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint

RANGES_M: tuple[float, ...] = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
"""Upper ends of the bins of range; nothing beyond the last is measured."""

_PIXELS_PER_FRAME = 600
_LEVEL_M = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Pixels of road, by what is said of them.

    Attributes:
        range_m: float64 [n], true distance along the ground.
        error: float64 [n], distance between the place that is said and the true one, as a share of the range; inf where
            the pixel is said to be at or above the horizon.
    """

    range_m: NDArray[np.float64]
    error: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        image: LabeledImage,
        geometry: Geometry,
        viewpoint: Viewpoint,
        rng: np.random.Generator,
        pitch_error_rad: float = 0.0,
    ) -> Projected:
        """Look at some road pixels of a picture, evenly drawn over the range.

        Args:
            image: Picture and labels.
            geometry: Its depth.
            viewpoint: Its camera, over the same ground.
            rng: Draws the pixels.
            pitch_error_rad: What the camera is believed to be tilted by too much, downwards.
        """
        points = geometry.points_m()
        range_m = np.hypot(points[..., 0], points[..., 1])
        # A kerb and its ramps are labelled road here and there, and lie above the plane.
        known = (image.class_map == BY_NAME["road"].id) & (np.abs(points[..., 2]) < _LEVEL_M)
        known &= range_m < RANGES_M[-1]
        rows, columns = np.nonzero(known)
        if not len(rows):
            return cls(np.zeros(0), np.zeros(0))
        # As many far pixels as near ones, of which a picture has far more.
        weights = range_m[rows, columns] ** 2
        drawn = rng.choice(len(rows), min(_PIXELS_PER_FRAME, len(rows)), replace=False, p=weights / weights.sum())
        rows, columns = rows[drawn], columns[drawn]
        believed = _unlimited(viewpoint, pitch_error_rad).ground_points(np.stack([columns, rows], axis=1).astype(float))
        error = np.linalg.norm(believed[:, :2] - points[rows, columns, :2], axis=1) / range_m[rows, columns]
        return cls(range_m[rows, columns], np.where(np.isnan(error), np.inf, error))


@dataclass(frozen=True, slots=True)
class ProjectionFigures:
    """Errors over many pictures.

    Attributes:
        pixels: How many.
        median: Of the error, a share of the range.
        p95: Its 95th percentile.
        median_to_m: Upper end of a bin of range -> median error in it.
    """

    pixels: int
    median: float | None
    p95: float | None
    median_to_m: dict[str, float]

    @classmethod
    def over(cls, parts: Sequence[Projected]) -> ProjectionFigures:
        """Of the pixels of all pictures together."""
        range_m = np.concatenate([part.range_m for part in parts]) if parts else np.zeros(0)
        error = np.concatenate([part.error for part in parts]) if parts else np.zeros(0)
        if not len(error):
            return cls(0, None, None, {})
        place = np.searchsorted(RANGES_M, range_m)
        bins = {
            f"{end_m:.0f}": float(np.median(error[place == index]))
            for index, end_m in enumerate(RANGES_M)
            if (place == index).any()
        }
        highest = np.sort(error)[int(0.95 * (len(error) - 1))]
        return cls(len(error), float(np.median(error)), float(highest), bins)


def _unlimited(viewpoint: Viewpoint, pitch_error_rad: float) -> Viewpoint:
    """The same camera, tilted, and believed as far as it sees ground."""
    cos, sin = math.cos(pitch_error_rad), math.sin(pitch_error_rad)
    down = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    base_from_camera = viewpoint.base_from_camera
    tilted = RigidTransform(down @ base_from_camera.rotation, base_from_camera.translation_m)
    return replace(viewpoint, base_from_camera=tilted, max_range_m=1e6, pitch_error_rad=0.0, max_range_error=1e6)
