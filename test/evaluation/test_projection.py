"""Errors of projection, against depth that is exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flat_scene import CAMERA, flat_scene

from ris_ros.evaluation.projection import Projected, ProjectionFigures
from ris_ros.evaluation.true_ground import base_from_camera
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.viewpoint import Viewpoint


def seen(pitch_error_rad: float = 0.0) -> Projected:
    image, geometry = flat_scene(((12.0, 2.0),), half_road_m=20.0)
    (cx, cy), f = CAMERA.centre_px, CAMERA.focal_px
    camera = CameraModel.from_calibration(CAMERA.size_px, [f, 0, cx, 0, f, cy, 0, 0, 1], "", [])
    viewpoint = Viewpoint(camera, base_from_camera(geometry.camera), 0.0, 10.0, 0.01, 0.1)
    return Projected.of(image, geometry, viewpoint, np.random.default_rng(0), pitch_error_rad)


def test_the_true_camera_makes_no_error_even_beyond_what_is_believed():
    figures = ProjectionFigures.over([seen(), seen()])
    assert figures.pixels == 1200
    assert set(figures.median_to_m) == {"5", "10", "15", "20", "25", "30"}
    assert figures.p95 is not None
    assert figures.p95 < 1e-3


@pytest.mark.parametrize("error_rad", [0.005, -0.005])
def test_a_tilt_errs_as_geometry_says(error_rad):
    off = seen(error_rad)
    h = CAMERA.height_m
    with np.errstate(divide="ignore"):
        angle = np.arctan2(h, off.range_m) + error_rad
    expected = np.abs(h / np.tan(angle) - off.range_m) / off.range_m
    # To the side of straight ahead a pitch is partly a roll; the picture is 56 degrees wide.
    assert np.median(off.error / expected) == pytest.approx(1.0, abs=0.08)
    bins = ProjectionFigures.over([off]).median_to_m
    assert bins["10"] < bins["20"] < bins["30"]


def test_what_is_said_to_be_sky_is_infinitely_wrong():
    figures = ProjectionFigures.over([seen(-math.radians(6.0))])
    assert figures.median == math.inf


def test_nothing_is_measured_where_no_road_is():
    assert ProjectionFigures.over([]) == ProjectionFigures(0, None, None, {})
