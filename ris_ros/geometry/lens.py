"""Lenses: where on the image plane a direction appears, and back.

The image plane is that of focal length 1: ``u`` to the right, ``v`` down, (0, 0) on the optical axis. Directions are in
the camera's optical frame (x right, y down, z forward).

A polynomial that was fitted to a lens folds back far enough from the axis: things outside the field of view would seem
to be in the picture. Every lens therefore knows its *field*, in which it is one to one, and says nothing outside.

Arrays [n, 2] and [n, 3] are laid out in memory axis by axis, which is twice as fast as point by point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RADIAL_TANGENTIAL_COEFFICIENTS = 12
"""k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4, as OpenCV orders them."""

_WIDEST_RAD = math.radians(89.0)
"""From the axis: where a model of slopes ends, which go to infinity at a right angle."""

_SAMPLES = 1024
_BEARINGS = 48
_ROUNDS = 60
_START = 0.95
"""Share of the field's radius within which Newton's method begins: from its edge, where a place hardly moves with the
direction, a step leads anywhere."""

_TOLERANCE = 1e-12


class Lens(Protocol):
    """What bends light between the world and the image plane."""

    def project(self, points_m: NDArray[np.floating]) -> Floats:
        """Image of points.

        Args:
            points_m: [n, 3] in the optical frame.

        Returns:
            float64 [n, 2]: u, v; NaN for what lies outside of the field.
        """
        ...

    def rays(self, uv: Floats) -> Floats:
        """Directions that appear at places of the image plane.

        Args:
            uv: float64 [n, 2].

        Returns:
            float64 [n, 3] of length 1; NaN where nothing of the field appears.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pinhole:
    """No lens: straight lines stay straight."""

    def project(self, points_m: NDArray[np.floating]) -> Floats:
        """See :class:`Lens`; the field is all that lies in front of the camera."""
        x, y = _slopes(points_m)
        return np.stack([x, y]).T

    def rays(self, uv: Floats) -> Floats:
        """See :class:`Lens`."""
        return _directions(uv[:, 0], uv[:, 1])


@dataclass(frozen=True, slots=True)
class RadialTangential:
    """The lens of OpenCV: Brown's radial and decentering terms, a rational radial factor, thin prisms.

    With x, y the slopes of a direction and r2 = x^2 + y^2 (OpenCV, calib3d; Brown, Decentering Distortion of Lenses,
    1966)::

        g = (1 + k1 r2 + k2 r2^2 + k3 r2^3) / (1 + k4 r2 + k5 r2^2 + k6 r2^3)
        u = x g + 2 p1 x y + p2 (r2 + 2 x^2) + s1 r2 + s2 r2^2
        v = y g + p1 (r2 + 2 y^2) + 2 p2 x y + s3 r2 + s4 r2^2

    Its field is the largest disc of slopes about the axis in which the symmetric part of the derivative of (u, v) by
    (x, y) is positive definite. There the model is one to one, for then (f(b) - f(a)) . (b - a) > 0 for any two
    points; of radial terms alone this is the range in which they increase. The field ends 89 degrees from the axis at
    the latest, on either side of the lens.

    Attributes:
        coefficients: The twelve of :data:`RADIAL_TANGENTIAL_COEFFICIENTS`.
    """

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.coefficients) != RADIAL_TANGENTIAL_COEFFICIENTS:
            raise ValueError(f"coefficients must be {RADIAL_TANGENTIAL_COEFFICIENTS}")

    def project(self, points_m: NDArray[np.floating]) -> Floats:
        """See :class:`Lens`."""
        x, y = _slopes(points_m)
        limit = _field(self.coefficients).radius
        with np.errstate(invalid="ignore", over="ignore"):
            outside = ~(x * x + y * y <= limit * limit)
        x[outside] = np.nan
        return np.stack(_bent(self.coefficients, x, y)).T

    def rays(self, uv: Floats) -> Floats:
        """See :class:`Lens`; by a damped Newton's method from where the radial terms alone would have it."""
        field = _field(self.coefficients)
        u, v = uv[:, 0], uv[:, 1]
        with np.errstate(invalid="ignore"):
            bent = np.hypot(u, v)
            straight = np.minimum(np.interp(bent, field.bent_radii, field.radii), _START * field.radius)
            factor = np.divide(straight, bent, out=np.ones_like(bent), where=bent > 0.0)
        x, y = u * factor, v * factor
        tolerance = _TOLERANCE * (1.0 + bent)
        missed_u, missed_v = self._missed(u, v, x, y)
        boldness = np.ones_like(bent)
        with np.errstate(invalid="ignore"):
            left = np.flatnonzero(np.hypot(missed_u, missed_v) > tolerance)
        for _ in range(_ROUNDS):
            if not left.size:
                break
            near_x, near_y = self._step(x[left], y[left], missed_u[left], missed_v[left], boldness[left], field.radius)
            near_u, near_v = self._missed(u[left], v[left], near_x, near_y)
            missed = np.hypot(near_u, near_v)
            # Beside the edge of the field whole steps may go back and forth without coming closer.
            closer = missed < np.hypot(missed_u[left], missed_v[left])
            boldness[left] = np.where(closer, 1.0, boldness[left] / 4.0)
            better = left[closer]
            x[better], y[better] = near_x[closer], near_y[closer]
            missed_u[better], missed_v[better] = near_u[closer], near_v[closer]
            left = left[~(closer & (missed <= tolerance[left]))]
        with np.errstate(invalid="ignore"):
            x[~(np.hypot(missed_u, missed_v) <= tolerance)] = np.nan
        return _directions(x, y)

    def _missed(self, u: Floats, v: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """By how much the slopes x, y appear beside the places u, v."""
        bent_u, bent_v = _bent(self.coefficients, x, y)
        return u - bent_u, v - bent_v

    def _step(
        self, x: Floats, y: Floats, missed_u: Floats, missed_v: Floats, boldness: Floats, radius: float
    ) -> tuple[Floats, Floats]:
        """A part of one step of Newton's, kept in the field."""
        u_x, u_y, v_x, v_y = _derivative(self.coefficients, x, y)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            share = boldness / (u_x * v_y - u_y * v_x)
            x = x + (v_y * missed_u - u_y * missed_v) * share
            y = y + (u_x * missed_v - v_x * missed_u) * share
            inwards = np.minimum(1.0, radius / np.hypot(x, y))
        return x * inwards, y * inwards


@dataclass(frozen=True, slots=True)
class Equidistant:
    """A fisheye: the distance from the centre grows with the angle from the axis, which may be beyond a right one.

    With t the angle: ``r = t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8)`` (Kannala and Brandt, A Generic Camera Model and
    Calibration Method, PAMI 2006, their radially symmetric part; the fisheye model of OpenCV). Its field is the cone in
    which r increases.

    Attributes:
        coefficients: k1 k2 k3 k4.
    """

    coefficients: tuple[float, float, float, float]

    def project(self, points_m: NDArray[np.floating]) -> Floats:
        """See :class:`Lens`."""
        points = np.asarray(points_m, np.float64)
        across = np.hypot(points[:, 0], points[:, 1])
        with np.errstate(invalid="ignore", divide="ignore"):
            angle = np.arctan2(across, points[:, 2])
            angle[~(angle <= _cone(self.coefficients)) | ~np.isfinite(points).all(axis=1)] = np.nan
            per_length = np.where(across > 0.0, self._bent(angle) / across, 0.0)
        per_length[np.isnan(angle) | ((across == 0.0) & ~(points[:, 2] > 0.0))] = np.nan
        return np.stack([points[:, 0] * per_length, points[:, 1] * per_length]).T

    def rays(self, uv: Floats) -> Floats:
        """See :class:`Lens`; by Newton's method."""
        widest = _cone(self.coefficients)
        bent = np.hypot(uv[:, 0], uv[:, 1])
        angles = np.linspace(0.0, widest, _SAMPLES)
        angle = np.interp(bent, self._bent(angles), angles)
        found = np.zeros(len(uv), bool)
        left = np.flatnonzero(np.isfinite(bent))
        for _ in range(_ROUNDS):
            short = bent[left] - self._bent(angle[left])
            there = np.abs(short) <= _TOLERANCE * (1.0 + bent[left])
            found[left[there]] = True
            left, short = left[~there], short[~there]
            if not left.size:
                break
            with np.errstate(invalid="ignore", divide="ignore"):
                angle[left] = np.clip(angle[left] + short / self._growth(angle[left]), 0.0, widest)
        angle[~found] = np.nan
        factor = np.divide(np.sin(angle), bent, out=np.ones_like(bent), where=bent > 0.0)
        return np.stack([uv[:, 0] * factor, uv[:, 1] * factor, np.cos(angle)]).T

    def _bent(self, angle: Floats) -> Floats:
        k1, k2, k3, k4 = self.coefficients
        t2 = angle * angle
        return angle * (1.0 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))

    def _growth(self, angle: Floats) -> Floats:
        k1, k2, k3, k4 = self.coefficients
        t2 = angle * angle
        return np.asarray(1.0 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4))))


def _slopes(points_m: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """x / z and y / z of points [n, 3]; NaN of those that are not in front of the camera."""
    points = np.asarray(points_m, np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        per_depth = 1.0 / points[:, 2]
        per_depth[~(points[:, 2] > 0.0)] = np.nan
        return points[:, 0] * per_depth, points[:, 1] * per_depth


def _directions(x: Floats, y: Floats) -> Floats:
    """float64 [n, 3] of length 1 for slopes."""
    per_length = 1.0 / np.sqrt(x * x + y * y + 1.0)
    return np.stack([x * per_length, y * per_length, per_length]).T


def _bent(coefficients: tuple[float, ...], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """u and v of :class:`RadialTangential`."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = coefficients
    xx, yy = x * x, y * y
    r2 = xx + yy
    factor = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    if k4 or k5 or k6:
        factor /= 1.0 + r2 * (k4 + r2 * (k5 + r2 * k6))
    u, v = x * factor, y * factor
    if p1 or p2:
        twice_xy = 2.0 * x * y
        u += p1 * twice_xy + p2 * (r2 + 2.0 * xx)
        v += p1 * (r2 + 2.0 * yy) + p2 * twice_xy
    if s1 or s2 or s3 or s4:
        u += r2 * (s1 + r2 * s2)
        v += r2 * (s3 + r2 * s4)
    return u, v


def _derivative(coefficients: tuple[float, ...], x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Of u by x and y, and of v by x and y."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = coefficients
    r2 = x * x + y * y
    above = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    below = 1.0 + r2 * (k4 + r2 * (k5 + r2 * k6))
    above_r2 = k1 + r2 * (2 * k2 + r2 * 3 * k3)
    below_r2 = k4 + r2 * (2 * k5 + r2 * 3 * k6)
    factor = above / below
    factor_r2 = (above_r2 - factor * below_r2) / below
    prism_u, prism_v = s1 + 2 * s2 * r2, s3 + 2 * s4 * r2
    mixed = 2 * x * y * factor_r2 + 2 * p1 * x + 2 * p2 * y
    u_x = factor + 2 * x * x * factor_r2 + 2 * p1 * y + 6 * p2 * x + 2 * x * prism_u
    v_y = factor + 2 * y * y * factor_r2 + 6 * p1 * y + 2 * p2 * x + 2 * y * prism_v
    return u_x, mixed + 2 * y * prism_u, mixed + 2 * x * prism_v, v_y


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """Of a :class:`RadialTangential`.

    Attributes:
        radius: Of the disc of slopes.
        radii: float64 [n] from 0 to it.
        bent_radii: float64 [n], what the radial terms alone make of these; increasing.
    """

    radius: float
    radii: Floats
    bent_radii: Floats


@lru_cache(maxsize=64)
def _field(coefficients: tuple[float, ...]) -> _Field:
    """Every image of a camera has the same lens, so this is found once."""
    bearings = np.linspace(0.0, 2 * math.pi, _BEARINGS, endpoint=False)
    cos, sin = np.cos(bearings), np.sin(bearings)

    def folds(radius: Floats) -> NDArray[np.bool_]:
        x, y = radius[:, np.newaxis] * cos, radius[:, np.newaxis] * sin
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            u_x, u_y, v_x, v_y = _derivative(coefficients, x, y)
            least = (u_x + v_y) / 2 - np.hypot((u_x - v_y) / 2, (u_y + v_x) / 2)
            reach = np.hypot(*_bent(coefficients, x, y))
            return np.asarray(~((least > 0.0) & (reach <= math.tan(_WIDEST_RAD))).all(axis=1))

    radii = np.tan(np.linspace(0.0, _WIDEST_RAD, _SAMPLES))
    folded = folds(radii)
    radius = float(radii[-1])
    if folded.any():
        first = int(folded.argmax())
        radius, beyond = float(radii[first - 1]), float(radii[first])
        while beyond - radius > 1e-12 * beyond:
            middle = (radius + beyond) / 2
            radius, beyond = (radius, middle) if folds(np.array([middle]))[0] else (middle, beyond)
    radii = np.tan(np.linspace(0.0, math.atan(radius), _SAMPLES))
    k1, k2, _, _, k3, k4, k5, k6, *_ = coefficients
    bent_radii, _ = _bent((k1, k2, 0.0, 0.0, k3, k4, k5, k6, 0.0, 0.0, 0.0, 0.0), radii, np.zeros_like(radii))
    return _Field(radius, radii, bent_radii)


@lru_cache(maxsize=64)
def _cone(coefficients: tuple[float, float, float, float]) -> float:
    """Largest angle of the field of an :class:`Equidistant`, radians."""
    k1, k2, k3, k4 = coefficients
    # Where r stops growing, 1 + 3 k1 t^2 + 5 k2 t^4 + 7 k3 t^6 + 9 k4 t^8 = 0; in 1 / t^2, so that the first factor is
    # never 0.
    roots = np.roots([1.0, 3 * k1, 5 * k2, 7 * k3, 9 * k4])
    ends = [1.0 / math.sqrt(root.real) for root in roots if root.real > 1e-3 and abs(root.imag) < 1e-9]
    return min([math.pi, *ends])
