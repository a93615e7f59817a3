"""Where a camera stands over the ground, and what that lets its pixels say about places.

The ground is the plane z = ``ground_z_m`` of the base frame. *Range* is the distance along the ground from the point
below the camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.rigid import RigidTransform

_QUANTISATION_PX = 1.0 / math.sqrt(12.0)
"""Standard deviation of a place that is known to lie in a pixel."""

_PROBES = 33


@dataclass(frozen=True, slots=True, eq=False)
class Viewpoint:
    """A camera over the ground.

    How well a pixel tells the range is limited by how well the camera's tilt is known. From the height h, a direction
    that looks down by the angle a meets the ground at the range ``r = h / tan(a)``, so that an error of the tilt
    becomes one of the range that grows with its square::

        sigma_range = sigma_tilt * (h^2 + r^2) / h,   sigma_tilt^2 = pitch_error^2 + 1 / (12 fy^2)

    The second part of ``sigma_tilt`` is the size of a pixel. Roll is taken to be known as well as pitch: then this
    holds in every direction, not only straight ahead (there pitch does it all, to the side roll does). Ground is
    *believed* as far as ``sigma_range`` is at most ``max_range_error`` of the distance from the camera, which is
    ``sqrt(h^2 + r^2)``, and as far as ``max_range_m``.

    Attributes:
        camera: Its intrinsics.
        base_from_camera: Its optical frame in the base frame.
        ground_z_m: Height of the ground in the base frame.
        max_range_m: Ground of a longer range is not believed.
        pitch_error_rad: Standard deviation of the camera's pitch, and of its roll, against the ground.
        max_range_error: Largest standard deviation of the range that is believed, as a share of the distance.

    Raises:
        GeometryError: The camera is not above the ground.
    """

    camera: CameraModel
    base_from_camera: RigidTransform
    ground_z_m: float
    max_range_m: float
    pitch_error_rad: float
    max_range_error: float

    def __post_init__(self) -> None:
        if not self.max_range_m > 0.0 or not self.max_range_error > 0.0 or not self.pitch_error_rad >= 0.0:
            raise ValueError("max_range_m and max_range_error must be positive, pitch_error_rad must not be negative")
        if not self.height_m > 0.0:
            raise GeometryError(
                f"The camera is {max(-self.height_m, 0.0):.2f} m below the ground: check its pose, or ground_z_m, the"
                " height of the ground in the base frame."
            )

    @property
    def height_m(self) -> float:
        """Of the camera above the ground."""
        return float(self.base_from_camera.translation_m[2]) - self.ground_z_m

    @property
    def camera_xy_m(self) -> tuple[float, float]:
        """The point of the base frame's plane that the camera is above."""
        x, y, _ = self.base_from_camera.translation_m
        return float(x), float(y)

    @property
    def believed_range_m(self) -> float:
        """How far ground is believed; 0 where none is."""
        tilt = self._tilt_error_rad
        if tilt == 0.0:
            return self.max_range_m
        squared = (self.max_range_error / tilt) ** 2 - 1.0
        return min(self.max_range_m, self.height_m * math.sqrt(squared)) if squared > 0.0 else 0.0

    def ground_points(self, xy_px: NDArray[np.floating]) -> NDArray[np.float64]:
        """The ground that pixels show, if nothing stands on it.

        Args:
            xy_px: [n, 2].

        Returns:
            float64 [n, 3] in the base frame; NaN for pixels at or above the horizon, without a direction, or with
            ground beyond :attr:`believed_range_m`.
        """
        points = self._on_ground(xy_px)
        with np.errstate(invalid="ignore"):
            believed = self.range_m(points) <= self.believed_range_m
        points[~believed] = np.nan
        return points

    def pixels(self, points_base_m: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Where points appear, on the ground or not.

        Args:
            points_base_m: [n, 3].

        Returns:
            float64 [n, 2] pixels, NaN for points behind the camera or out of the lens's field; and bool [n]: whether
            the point is in the picture.
        """
        return self.camera.project(self.base_from_camera.inverse.apply(points_base_m))

    def range_m(self, points_base_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """Distance [n] along the ground from the point below the camera to points [n, 2 or 3] of the base frame."""
        x, y = self.camera_xy_m
        points = np.asarray(points_base_m, np.float64)
        return np.hypot(points[:, 0] - x, points[:, 1] - y)

    def range_error_m(self, points_base_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """Standard deviation [n] of the range of points [n, 2 or 3] on the ground, by the formula above."""
        height = self.height_m
        error: NDArray[np.float64] = self._tilt_error_rad * (height**2 + self.range_m(points_base_m) ** 2) / height
        return error

    def require_ground(self) -> None:
        """Make sure that the picture shows ground that is believed.

        Raises:
            GeometryError: It does not.
        """
        width, height = self.camera.size_px
        across, down = np.linspace(0.0, width - 1.0, _PROBES), np.linspace(0.0, height - 1.0, _PROBES)
        points = self._on_ground(np.stack(np.meshgrid(across, down), axis=2).reshape(-1, 2))
        ranges = self.range_m(points)
        if np.isnan(ranges).all():
            raise GeometryError(
                "The camera looks up: no pixel of it sees the ground; check its pose against the base frame (a positive"
                " pitch looks down)."
            )
        nearest, believed = float(np.nanmin(ranges)), self.believed_range_m
        if nearest > believed:
            raise GeometryError(
                f"The camera cannot see ground within {believed:.1f} m, as far as it is believed; the nearest that it"
                f" sees is {nearest:.1f} m away: tilt the camera down, or raise max_range_m or max_range_error."
            )

    @property
    def _tilt_error_rad(self) -> float:
        return math.hypot(self.pitch_error_rad, _QUANTISATION_PX / self.camera.focal_px[1])

    def _on_ground(self, xy_px: NDArray[np.floating]) -> NDArray[np.float64]:
        """float64 [n, 3]: where pixels' directions meet the ground at any range; NaN where they do not."""
        x, y, z = self.base_from_camera.rotation @ self.camera.rays(xy_px).T
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            length = -self.height_m / z
            length[~(z < 0.0)] = np.nan
        camera_x, camera_y = self.camera_xy_m
        return np.stack([camera_x + x * length, camera_y + y * length, np.where(z < 0.0, self.ground_z_m, np.nan)]).T
