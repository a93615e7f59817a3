from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from cameras import SIZE_PX, K, calibrations, cameras, equidistant, lattice, plumb_bob, rational, spread, thin_prism
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel

MATRIX = np.array(K).reshape(3, 3)
MILD = ("plumb_bob", (-0.2, 0.05, 0.001, -0.002, 0.0))

Calibration = tuple[str, tuple[float, ...]]


def _points(seed: int, count: int = 300) -> NDArray[np.float64]:
    """[n, 3] before the camera, many of them in its picture."""
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(-1.0, 1.0, (count, 2))
    depth = rng.uniform(0.5, 40.0, (count, 1))
    return np.concatenate([slopes * depth, depth], axis=1)


@settings(max_examples=150)
@given(cameras)
def test_a_pixel_is_seen_where_its_ray_goes(camera: CameraModel) -> None:
    xy = lattice(camera.size_px)
    rays = camera.rays(xy)
    seen = np.isfinite(rays[:, 0])
    assert seen[np.hypot(*(xy - camera.centre_px).T) < 50].all()
    for depth in (0.1, 30.0):
        again, visible = camera.project(rays[seen] * depth)
        np.testing.assert_allclose(again, xy[seen], atol=1e-6)
        assert visible.all()


@given(cameras, st.integers(0, 1000))
def test_what_is_visible_lies_on_the_ray_of_its_pixel(camera: CameraModel, seed: int) -> None:
    points = _points(seed)
    xy, visible = camera.project(points)
    rays = camera.rays(xy[visible])
    directions = points[visible] / np.linalg.norm(points[visible], axis=1, keepdims=True)
    assert ((rays * directions).sum(axis=1) > 1 - 1e-5).all()
    # Beyond the field nothing is in the picture, whatever the polynomial says there.
    assert not np.isnan(rays).any()


@settings(max_examples=100)
@given(st.one_of(plumb_bob.map(list), rational.map(list), thin_prism.map(list)), st.integers(0, 1000))
def test_points_appear_where_opencv_has_them(d: list[float], seed: int) -> None:
    name = "plumb_bob" if len(d) == 5 else "rational_polynomial"
    points = _points(seed)
    xy, visible = CameraModel.from_calibration(SIZE_PX, K, name, d).project(points)
    theirs, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), MATRIX, np.array(d))
    np.testing.assert_allclose(xy[visible], theirs[:, 0][visible], atol=1e-6)


@settings(max_examples=100)
@given(equidistant, st.integers(0, 1000))
def test_points_appear_where_opencvs_fisheye_has_them(d: tuple[float, ...], seed: int) -> None:
    points = _points(seed)
    xy, visible = CameraModel.from_calibration(SIZE_PX, K, "fisheye", d).project(points)
    theirs, _ = cv2.fisheye.projectPoints(points[:, None], np.zeros(3), np.zeros(3), MATRIX, np.array(d))
    np.testing.assert_allclose(xy[visible], theirs[:, 0][visible], atol=1e-6)


def test_rays_are_those_of_opencv_undistortion() -> None:
    xy = lattice(SIZE_PX)
    d = (-0.08, 0.02, 0.001, -0.002, 0.0)  # so mild that the few rounds which OpenCV takes are enough
    mild = CameraModel.from_calibration(SIZE_PX, K, "plumb_bob", d).rays(xy)
    slopes = cv2.undistortPoints(xy[:, None], MATRIX, np.array(d))[:, 0]
    np.testing.assert_allclose(mild[:, :2] / mild[:, 2:], slopes, atol=1e-4)
    d = (0.05, -0.01, 0.002, -0.001)
    fisheye = CameraModel.from_calibration(SIZE_PX, K, "equidistant", d).rays(xy)
    slopes = cv2.fisheye.undistortPoints(xy[:, None], MATRIX, np.array(d))[:, 0]
    np.testing.assert_allclose(fisheye[:, :2] / fisheye[:, 2:], slopes, atol=1e-4)


@given(cameras, spread(0.2, 4.0), spread(0.2, 4.0))
def test_a_scaled_camera_looks_the_same_way(camera: CameraModel, scale: float, aside: float) -> None:
    width, height = SIZE_PX
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = camera.scaled(size)
    # The picture's corners stay its corners, half a pixel from the centres of the outermost pixels.
    xy = lattice(SIZE_PX)
    matching = (xy + 0.5) * (size[0] / width, size[1] / height) - 0.5
    np.testing.assert_allclose(scaled.rays(matching), camera.rays(xy), atol=1e-9)
    with pytest.raises(GeometryError, match="another aspect"):
        camera.scaled((size[0], round(size[1] * (1.5 + aside)) + 2))


@given(cameras, st.integers(0, 600), st.integers(0, 350), st.integers(1, 200), st.integers(1, 200))
def test_a_part_of_a_picture_looks_the_same_way(camera: CameraModel, x: int, y: int, width: int, height: int) -> None:
    part = camera.cropped((x, y, width, height))
    inside = lattice((width, height), 5, 4)
    np.testing.assert_allclose(part.rays(inside), camera.rays(inside + np.array([x, y])), atol=1e-9)
    for aside in ((-1.0, 0.0), (width, 0.0), (0.0, -1.0), (0.0, height)):
        rays = camera.rays(np.array([(x, y)]) + aside)
        assert not part.project(rays)[1].any()


@given(calibrations, st.integers(1, 4), st.integers(1, 4))
def test_binning_makes_one_pixel_of_several(lens: Calibration, across: int, down: int) -> None:
    whole = CameraModel.from_calibration(SIZE_PX, K, *lens)
    roi = (40, 24, 24 * 20 + 1, 24 * 10)
    binned = CameraModel.from_calibration(SIZE_PX, K, *lens, binning_xy=(across, down), roi_xywh=roi)
    assert binned.size_px == (roi[2] // across, roi[3] // down)
    first = np.array([roi[0] + (across - 1) / 2, roi[1] + (down - 1) / 2])  # middle of the pixels that became (0, 0)
    steps = lattice(binned.size_px, 5, 4)
    np.testing.assert_allclose(binned.rays(steps), whole.rays(first + steps * (across, down)), atol=1e-9)


def test_no_region_and_no_binning_is_the_whole_picture() -> None:
    whole = CameraModel.from_calibration(SIZE_PX, K, *MILD)
    assert CameraModel.from_calibration(SIZE_PX, K, *MILD, binning_xy=(0, 0), roi_xywh=(0, 0, 0, 0)) == whole


def test_a_rectified_image_has_its_own_matrix_and_no_lens() -> None:
    p = [500.0, 0.0, 300.0, -60.0, 0.0, 500.0, 190.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    camera = CameraModel.from_calibration(SIZE_PX, K, *MILD, p=p)
    xy, _ = camera.project(np.array([[0.5, -0.2, 2.0]]))
    np.testing.assert_allclose(xy, [[300.0 + 500.0 * 0.25, 190.0 - 500.0 * 0.1]])
    with pytest.raises(GeometryError, match="not calibrated"):
        CameraModel.from_calibration(SIZE_PX, K, *MILD, p=[0.0] * 12)


def test_what_is_behind_or_beside_the_picture_is_not_in_it() -> None:
    camera = CameraModel.from_calibration(SIZE_PX, K, *MILD)
    points = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [5.0, 0.0, 1.0], [0.0, -0.7, 1.0], [math.nan, 0.0, 1.0]])
    xy, visible = camera.project(points)
    assert visible.tolist() == [True, False, False, False, False]
    assert np.isnan(xy[1]).all() and np.isfinite(xy[3]).all()


def test_a_lens_that_folds_shows_nothing_twice() -> None:
    # Fitted in the middle of the picture only: its polynomial brings what is 60 degrees aside back before the camera.
    d = np.array([-0.4, 0.05, 0.0, 0.0, 0.0])
    camera = CameraModel.from_calibration(SIZE_PX, K, "plumb_bob", d.tolist())
    angles = np.radians(np.linspace(45.0, 85.0, 200))
    aside = np.stack([np.sin(angles), np.zeros_like(angles), np.cos(angles)], axis=1)
    theirs, _ = cv2.projectPoints(aside, np.zeros(3), np.zeros(3), MATRIX, d)
    assert ((theirs[:, 0] >= 0) & (theirs[:, 0] < SIZE_PX)).all(axis=1).any()
    _, visible = camera.project(aside)
    assert not visible[angles > math.radians(50.0)].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": [0.0] * 9}, "not calibrated"),
        ({"k": [-400.0, *K[1:]]}, "not calibrated"),
        ({"k": [math.nan, *K[1:]]}, "not numbers"),
        ({"k": K[:8]}, "K of the camera's CameraInfo has 8 values"),
        ({"k": [420.0, 3.0, *K[2:]]}, "skewed"),
        ({"size_px": (0, 0)}, "0x0 pixels"),
        ({"d": [0.1, 0.2]}, "2 distortion coefficients for the model 'plumb_bob', which has 4 or 5"),
        ({"d": [0.1, math.nan, 0.0, 0.0, 0.0]}, "not all numbers"),
        ({"distortion_model": "rational_polynomial", "d": [0.1] * 5}, "which has 8 or 12 or 14"),
        ({"distortion_model": "rational_polynomial", "d": [0.1] * 14}, "tilted sensor"),
        ({"distortion_model": "equidistant", "d": []}, "0 distortion coefficients for the model 'equidistant'"),
        ({"distortion_model": "equidistant", "d": [0.1] * 5}, "which has 4"),
        ({"distortion_model": "double_sphere"}, "'double_sphere' is not known"),
        ({"distortion_model": ""}, "does not say of which model"),
        ({"p": K}, "P of the camera's CameraInfo has 9 values"),
        ({"roi_xywh": (600, 0, 100, 100)}, "no part of the camera's 640x400"),
        ({"roi_xywh": (10, 10, 0, 0)}, "no part"),
        ({"binning_xy": (1000, 1)}, "0x400 pixels"),
    ],
)
def test_a_calibration_that_cannot_be_used_is_refused_by_what_is_wrong(change: dict[str, object], words: str) -> None:
    fields: dict[str, object] = {"size_px": SIZE_PX, "k": K, "distortion_model": MILD[0], "d": MILD[1]}
    with pytest.raises(GeometryError, match=words) as refused:
        CameraModel.from_calibration(**(fields | change))  # type: ignore[arg-type]
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("model", ["", "none", "plumb_bob", "rational_polynomial", "PLUMB_BOB "])
@pytest.mark.parametrize("d", [[], [0.0] * 5])
def test_no_coefficients_are_no_lens(model: str, d: list[float]) -> None:
    plain = CameraModel.from_calibration(SIZE_PX, K, "", [])
    assert CameraModel.from_calibration(SIZE_PX, K, model, d) == plain


def test_sensors_that_are_not_tilted_may_say_so() -> None:
    d = [0.1, 0.2, 0.001, 0.0, 0.01, 0.2, 0.1, 0.0, 0.001, 0.0, 0.0, 0.0]
    twelve = CameraModel.from_calibration(SIZE_PX, K, "rational_polynomial", d)
    assert CameraModel.from_calibration(SIZE_PX, K, "rational_polynomial", [*d, 0.0, 0.0]) == twelve


@given(calibrations)
def test_equal_calibrations_are_equal_cameras(lens: Calibration) -> None:
    one, other = (CameraModel.from_calibration(SIZE_PX, K, *lens) for _ in range(2))
    assume(not any(math.isnan(value) for value in lens[1]))
    assert one == other and hash(one) == hash(other)
    assert one != one.cropped((0, 0, 10, 10))
