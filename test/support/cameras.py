"""Cameras and poses for property tests."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform

SIZE_PX = (640, 400)
K = [420.0, 0.0, 315.0, 0.0, 410.0, 208.0, 0.0, 0.0, 1.0]


def spread(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers between two bounds."""
    return st.floats(low, high, allow_nan=False)


_tangential = spread(-0.005, 0.005)
_prism = spread(-0.005, 0.005)

plumb_bob = st.tuples(spread(-0.4, 0.3), spread(-0.2, 0.3), _tangential, _tangential, spread(-0.1, 0.1))
rational = st.tuples(
    *(spread(-0.4, 1.0), spread(-0.2, 0.5), _tangential, _tangential),
    *(spread(-0.05, 0.1), spread(-0.2, 1.0), spread(-0.1, 0.5), spread(-0.05, 0.1)),
)
thin_prism = st.tuples(rational, st.tuples(_prism, _prism, _prism, _prism)).map(lambda parts: (*parts[0], *parts[1]))
equidistant = st.tuples(spread(-0.2, 0.2), spread(-0.1, 0.1), spread(-0.02, 0.02), spread(-0.005, 0.005))

calibrations: st.SearchStrategy[tuple[str, tuple[float, ...]]] = st.one_of(
    st.just(("", ())),
    plumb_bob.map(lambda d: ("plumb_bob", d)),
    rational.map(lambda d: ("rational_polynomial", d)),
    thin_prism.map(lambda d: ("rational_polynomial", d)),
    equidistant.map(lambda d: ("equidistant", d)),
)
"""Distortion models with coefficients, of strong lenses too: some fold within the picture."""

cameras = calibrations.map(lambda lens: CameraModel.from_calibration(SIZE_PX, K, *lens))

poses = st.builds(
    lambda x, y, z, roll, pitch, yaw: looking((x, y, z), roll, pitch, yaw),
    *(spread(-2.0, 2.0), spread(-2.0, 2.0), spread(0.3, 3.0)),
    *(spread(-0.2, 0.2), spread(-0.1, 0.6), spread(-math.pi, math.pi)),
)
"""``base_from_camera`` of cameras that stand over z = 0 and look about level or down."""

turns = st.builds(
    lambda x, y, z, roll, pitch, yaw: RigidTransform.from_xyz_rpy((x, y, z), roll, pitch, yaw),
    *[spread(-10.0, 10.0)] * 3,
    *[spread(-math.pi, math.pi)] * 3,
)
"""Any rigid transform."""


def looking(xyz_m: tuple[float, float, float], roll: float, pitch: float, yaw: float) -> RigidTransform:
    """``base_from_camera`` of a camera whose body lies so in the base frame."""
    return RigidTransform.from_xyz_rpy(xyz_m, roll, pitch, yaw) @ RigidTransform(OPTICAL_AXES.copy(), np.zeros(3))


def lattice(size_px: tuple[int, int], columns: int = 23, rows: int = 17) -> NDArray[np.float64]:
    """float64 [n, 2]: places all over a picture, out to its corners."""
    width, height = size_px
    x, y = np.linspace(-0.499, width - 0.501, columns), np.linspace(-0.499, height - 0.501, rows)
    return np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)
