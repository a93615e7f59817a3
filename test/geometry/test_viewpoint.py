from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from cameras import SIZE_PX, K, cameras, lattice, looking, poses, spread
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint

PINHOLE = CameraModel.from_calibration(SIZE_PX, K, "", [])
AHEAD = looking((0.5, 0.1, 1.4), 0.0, 0.15, 0.0)


def _viewpoint(
    camera: CameraModel = PINHOLE,
    base_from_camera: RigidTransform = AHEAD,
    *,
    ground_z_m: float = 0.0,
    max_range_m: float = 40.0,
    pitch_error_rad: float = math.radians(0.3),
    max_range_error: float = 0.25,
) -> Viewpoint:
    return Viewpoint(camera, base_from_camera, ground_z_m, max_range_m, pitch_error_rad, max_range_error)


viewpoints = st.builds(_viewpoint, cameras, poses, ground_z_m=spread(-0.5, 0.2))


def _ahead(view: Viewpoint, range_m: NDArray[np.float64], bearing: float = 0.0) -> NDArray[np.float64]:
    """[n, 3]: points of the ground at ranges, in a bearing from where the camera looks, to the left."""
    forward = view.base_from_camera.rotation[:, 2]
    heading = math.atan2(forward[1], forward[0]) + bearing
    x, y = view.camera_xy_m
    ground = np.full_like(range_m, view.ground_z_m)
    return np.stack([x + range_m * math.cos(heading), y + range_m * math.sin(heading), ground], axis=1)


@settings(max_examples=150)
@given(viewpoints)
def test_ground_is_seen_where_its_pixel_is(view: Viewpoint) -> None:
    xy = lattice(view.camera.size_px)
    points = view.ground_points(xy)
    seen = np.isfinite(points).all(axis=1)
    assert np.isnan(points[~seen]).all()
    again, visible = view.pixels(points[seen])
    assert visible.all()
    np.testing.assert_allclose(again, xy[seen], atol=1e-6)
    np.testing.assert_allclose(points[seen, 2], view.ground_z_m, atol=1e-9)
    assert (view.range_m(points[seen]) <= view.believed_range_m).all()


@settings(max_examples=150)
@given(viewpoints, st.integers(0, 1000))
def test_a_pixel_of_ground_leads_back_to_it(view: Viewpoint, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground = np.concatenate([rng.uniform(-30.0, 30.0, (400, 2)), np.full((400, 1), view.ground_z_m)], axis=1)
    xy, visible = view.pixels(ground)
    believed = visible & (view.range_m(ground) < 0.999 * view.believed_range_m)
    back = view.ground_points(xy[believed])
    # Where the lens or the slant of the ground squeezes the picture, rounding is enlarged.
    np.testing.assert_allclose(back, ground[believed], atol=1e-4)


@given(viewpoints, spread(-math.pi, math.pi), spread(-20.0, 20.0), spread(-20.0, 20.0))
def test_when_the_camera_turns_and_moves_so_does_the_ground(view: Viewpoint, yaw: float, x: float, y: float) -> None:
    moved = RigidTransform.from_xyz_rpy((x, y, 0.0), 0.0, 0.0, yaw)
    elsewhere = replace(view, base_from_camera=moved @ view.base_from_camera)
    xy = lattice(view.camera.size_px)
    xy = xy[view.range_m(view.ground_points(xy)) < 0.999 * view.believed_range_m]
    np.testing.assert_allclose(elsewhere.ground_points(xy), moved.apply(view.ground_points(xy)), atol=1e-6)


@given(viewpoints, st.integers(0, 1000))
def test_what_is_level_with_the_camera_or_higher_is_no_ground(view: Viewpoint, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sky = rng.uniform(-30.0, 30.0, (300, 3))
    sky[:, 2] = view.base_from_camera.translation_m[2] + rng.uniform(1e-6, 10.0, 300)
    xy, visible = view.pixels(sky)
    assert np.isnan(view.ground_points(xy[visible])).all()


def test_straight_down_the_middle_of_the_picture_shows_the_ground_below() -> None:
    down = _viewpoint(base_from_camera=looking((0.0, 0.0, 2.0), 0.0, math.pi / 2, 0.0))
    np.testing.assert_allclose(down.ground_points(np.array([PINHOLE.centre_px])), [[0.0, 0.0, 0.0]], atol=1e-9)


@given(poses, st.integers(0, 1000))
def test_pixels_show_ground_below_the_horizon_and_only_there(base_from_camera: RigidTransform, seed: int) -> None:
    view = _viewpoint(base_from_camera=base_from_camera, max_range_m=1e9, pitch_error_rad=0.0, max_range_error=1e9)
    rng = np.random.default_rng(seed)
    bearing, rise = rng.uniform(-math.pi, math.pi, 300), rng.choice([-1e-4, 1e-4], 300)
    about_level = np.stack([np.cos(bearing), np.sin(bearing), rise], axis=1)
    xy, visible = view.pixels(view.base_from_camera.translation_m + about_level)
    shows_ground = np.isfinite(view.ground_points(xy[visible])).all(axis=1)
    np.testing.assert_array_equal(shows_ground, rise[visible] < 0.0)


@given(poses, spread(1.0, 30.0), spread(-math.pi, math.pi))
def test_the_stated_error_of_the_range_is_what_a_little_tilt_makes(
    base_from_camera: RigidTransform, range_m: float, bearing: float
) -> None:
    tilt = 1e-6
    view = _viewpoint(base_from_camera=base_from_camera, pitch_error_rad=tilt)
    point = _ahead(view, np.array([range_m]), bearing)
    # The tilt that matters in a bearing is that about the level axis across it.
    heading = math.atan2(*(point[0, 1::-1] - view.camera_xy_m[::-1]))
    across = np.array([-math.sin(heading), math.cos(heading), 0.0])
    ray = point[0] - view.base_from_camera.translation_m
    shifts = []
    for sign in (1.0, -1.0):
        turned = ray + sign * tilt * np.cross(across, ray)
        shifts.append(float(np.hypot(*(turned[:2] * (-view.height_m / turned[2])))))
    measured = abs(shifts[0] - shifts[1]) / 2
    of_pixels = 1.0 / math.sqrt(12.0) / PINHOLE.focal_px[1]
    stated = float(view.range_error_m(point)[0])
    assert stated == pytest.approx(measured * math.hypot(tilt, of_pixels) / tilt, rel=1e-3)


@given(poses, spread(0.001, 0.02), spread(0.01, 0.5))
def test_ground_is_believed_as_far_as_its_error_allows(
    base_from_camera: RigidTransform, tilt: float, share: float
) -> None:
    view = _viewpoint(base_from_camera=base_from_camera, pitch_error_rad=tilt, max_range_error=share, max_range_m=1e6)
    edge = view.believed_range_m
    for ranges, believed in ((np.linspace(0.0, 0.999, 20) * edge, True), (np.linspace(1.001, 5.0, 20) * edge, False)):
        points = _ahead(view, ranges)
        allowed = view.range_error_m(points) <= share * np.hypot(ranges, view.height_m)
        if edge > 0.0:
            assert (allowed == believed).all()
    limited = replace(view, max_range_m=5.0)
    assert limited.believed_range_m == min(5.0, edge)


def test_the_error_grows_with_the_square_of_the_range_and_falls_with_height() -> None:
    low, high = (_viewpoint(base_from_camera=looking((0, 0, z), 0.0, 0.1, 0.0)) for z in (1.0, 2.0))
    far, twice = np.array([[10.0, 0.0, 0.0]]), np.array([[20.0, 0.0, 0.0]])
    assert low.range_error_m(twice)[0] / low.range_error_m(far)[0] == pytest.approx(4.0, rel=0.02)
    assert high.range_error_m(far)[0] / low.range_error_m(far)[0] == pytest.approx(0.5, rel=0.05)


def test_roll_of_the_camera_is_taken_out() -> None:
    level = _viewpoint(base_from_camera=looking((0.0, 0.0, 1.5), 0.0, 0.2, 0.0))
    rolled = _viewpoint(base_from_camera=looking((0.0, 0.0, 1.5), 0.3, 0.2, 0.0))
    ground = _ahead(level, np.array([6.0, 9.0, 12.0]), 0.1)
    there, _ = level.pixels(ground)
    here, _ = rolled.pixels(ground)
    assert np.abs(there - here).max() > 10.0
    np.testing.assert_allclose(rolled.ground_points(here), level.ground_points(there), atol=1e-9)


def test_a_camera_that_sees_ground_is_content() -> None:
    _viewpoint().require_ground()
    _viewpoint(base_from_camera=looking((0.0, 0.0, 2.0), 0.0, math.pi / 2, 0.0)).require_ground()


@pytest.mark.parametrize(
    ("pitch", "change", "words"),
    [
        (-0.8, {}, "looks up"),
        (-math.pi / 2, {}, "looks up"),
        (0.15, {"max_range_m": 1.0}, r"cannot see ground within 1\.0 m"),
        (0.15, {"pitch_error_rad": 0.2, "max_range_error": 0.1}, r"cannot see ground within 0\.0 m"),
    ],
)
def test_a_camera_that_sees_no_ground_says_why(pitch: float, change: dict[str, float], words: str) -> None:
    view = replace(_viewpoint(base_from_camera=looking((0.0, 0.0, 1.4), 0.0, pitch, 0.0)), **change)
    with pytest.raises(GeometryError, match=words) as refused:
        view.require_ground()
    assert str(refused.value).endswith(".")
    assert np.isnan(view.ground_points(lattice(SIZE_PX))).all()


def test_a_camera_under_the_ground_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"0\.30 m below the ground"):
        _viewpoint(base_from_camera=looking((0.0, 0.0, -0.3), 0.0, 0.1, 0.0))


@pytest.mark.parametrize("change", [{"max_range_m": 0.0}, {"max_range_error": -1.0}, {"pitch_error_rad": math.nan}])
def test_settings_that_make_no_sense_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        replace(_viewpoint(), **change)
