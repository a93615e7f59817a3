"""Rigid transforms between frames, named by where they lead: ``target_from_source``.

Frames are right-handed (REP-103): in a robot's frame x points forward, y left, z up; in a camera's optical frame x
points right, y down, z forward. Lengths are metres, angles radians.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError

_ORTHONORMAL = 1e-6

OPTICAL_AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""[3, 3] rotation from a camera's optical frame into its body frame, in which x is forward, y left, z up (REP-103)."""


@dataclass(frozen=True, slots=True, eq=False)
class RigidTransform:
    """Carries points from one frame into another: ``p_target = rotation @ p_source + translation_m``.

    Attributes:
        rotation: float64 [3, 3], orthonormal, of determinant 1.
        translation_m: float64 [3], the source's origin in the target frame.
    """

    rotation: NDArray[np.float64]
    translation_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.rotation.dtype != np.float64 or self.rotation.shape != (3, 3):
            raise ValueError("rotation must be float64 [3, 3]")
        if self.translation_m.dtype != np.float64 or self.translation_m.shape != (3,):
            raise ValueError("translation_m must be float64 [3]")
        if not np.isfinite(self.translation_m).all():
            raise GeometryError("A transform's translation is not a number: check who publishes it.")
        off = np.abs(self.rotation @ self.rotation.T - np.eye(3)).max()
        if not off < _ORTHONORMAL or np.linalg.det(self.rotation) < 0.0:
            raise GeometryError("A transform's rotation is none: check who publishes it.")

    @classmethod
    def identity(cls) -> RigidTransform:
        """Leaves every point where it is."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, translation_m: Sequence[float], xyzw: Sequence[float]) -> RigidTransform:
        """From a translation and a quaternion in the order of geometry_msgs: x, y, z, w.

        Raises:
            GeometryError: The quaternion is zero or not a number.
        """
        x, y, z, w = (float(value) for value in xyzw)
        norm = math.sqrt(x * x + y * y + z * z + w * w)
        if not norm > 1e-9 or not math.isfinite(norm):
            raise GeometryError(f"The quaternion ({x}, {y}, {z}, {w}) is no rotation: check who publishes it.")
        x, y, z, w = x / norm, y / norm, z / norm, w / norm
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        return cls(rotation, np.array([float(value) for value in translation_m]))

    @classmethod
    def from_xyz_rpy(cls, xyz_m: Sequence[float], roll: float, pitch: float, yaw: float) -> RigidTransform:
        """From a translation and angles about the fixed axes x, y, z, in this order (REP-103); radians.

        A camera's body with positive pitch looks down.
        """
        cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
        cy, sy = math.cos(yaw), math.sin(yaw)
        about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]], float)
        about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]], float)
        about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]], float)
        return cls(about_z @ about_y @ about_x, np.array([float(value) for value in xyz_m]))

    @property
    def inverse(self) -> RigidTransform:
        """``source_from_target``."""
        return RigidTransform(self.rotation.T.copy(), -self.rotation.T @ self.translation_m)

    @property
    def yaw(self) -> float:
        """Heading of the source's x axis in the target's xy plane, radians, -pi to pi."""
        return math.atan2(float(self.rotation[1, 0]), float(self.rotation[0, 0]))

    @property
    def level(self) -> RigidTransform:
        """The turn about the vertical and the shift in the target's xy plane alone: motion over a flat ground."""
        x, y, _ = self.translation_m
        return RigidTransform.from_xyz_rpy((x, y, 0.0), 0.0, 0.0, self.yaw)

    @property
    def quaternion_xyzw(self) -> tuple[float, float, float, float]:
        """The rotation as geometry_msgs has it, of length 1, with w not negative."""
        r = self.rotation
        # Each row is the quaternion times one of its own parts; the row of the largest part loses no digits
        # (Shepperd, Quaternion from Rotation Matrix, 1978).
        rows = np.array(
            [
                [1 + r[0, 0] - r[1, 1] - r[2, 2], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[2, 1] - r[1, 2]],
                [r[0, 1] + r[1, 0], 1 - r[0, 0] + r[1, 1] - r[2, 2], r[1, 2] + r[2, 1], r[0, 2] - r[2, 0]],
                [r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], 1 - r[0, 0] - r[1, 1] + r[2, 2], r[1, 0] - r[0, 1]],
                [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 1 + r[0, 0] + r[1, 1] + r[2, 2]],
            ]
        )
        row = rows[np.argmax(np.diagonal(rows))]
        x, y, z, w = (float(part) for part in row / math.copysign(float(np.linalg.norm(row)), row[3]))
        return x, y, z, w

    def interpolated(self, other: RigidTransform, share: float) -> RigidTransform:
        """A transform between this one and another, both of the same frames.

        The translation goes straight, the rotation by the shortest way at a constant rate (slerp; Shoemake, Animating
        Rotation with Quaternion Curves, 1985).

        Args:
            other: Where it leads.
            share: 0 for this one, 1 for the other.
        """
        x, y, z, w = RigidTransform(self.rotation.T @ other.rotation, np.zeros(3)).quaternion_xyzw
        axis_length = math.sqrt(x * x + y * y + z * z)
        half = math.atan2(axis_length, w) * share
        factor = math.sin(half) / axis_length if axis_length > 0.0 else 0.0
        turn = RigidTransform.from_quaternion((0.0, 0.0, 0.0), (x * factor, y * factor, z * factor, math.cos(half)))
        translation_m = self.translation_m + share * (other.translation_m - self.translation_m)
        return RigidTransform(self.rotation @ turn.rotation, translation_m)

    def __matmul__(self, other: RigidTransform) -> RigidTransform:
        """``c_from_b @ b_from_a`` is ``c_from_a``."""
        rotation = self.rotation @ other.rotation
        # Many products in a row would drift away from a rotation.
        u, _, vt = np.linalg.svd(rotation)
        return RigidTransform(u @ vt, self.rotation @ other.translation_m + self.translation_m)

    def apply(self, points_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """Carry points.

        Args:
            points_m: [..., 3] in the source frame.

        Returns:
            float64 [..., 3] in the target frame.
        """
        points = np.asarray(points_m, np.float64)
        # One long row for each axis: rows of three numbers would take twice as long, here and in whatever comes next.
        carried = self.rotation @ points.reshape(-1, 3).T
        carried += self.translation_m[:, np.newaxis]
        return carried.T.reshape(points.shape)
