from __future__ import annotations

import math

import cameras as support
import cv2
import numpy as np
import pytest
from box_view import BoxView
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.lifting import Lifted, cloud_points, depth_of, depth_points, lift

PINHOLE = CameraModel.from_calibration(support.SIZE_PX, support.K, "", ())
CURVED = CameraModel.from_calibration(support.SIZE_PX, support.K, "plumb_bob", (-0.25, 0.06, 0.001, -0.001, 0.0))
POSE = support.looking((0.3, 0.1, 1.6), 0.02, 0.12, 0.05)
CAR_M = (4.4, 1.8, 1.5)
Mask = tuple[NDArray[np.bool_], tuple[int, int, int, int], tuple[int, int]]


def boxed(mask: NDArray[np.bool_]) -> Mask:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y, width, height = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    inside = mask[y : y + height, x : x + width]
    return inside, (int(x), int(y), int(width), int(height)), (mask.shape[1], mask.shape[0])


def grown(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=by_px) > 0


def lifted(depth_m: NDArray[np.float32], mask: NDArray[np.bool_], camera: CameraModel = PINHOLE) -> Lifted:
    return lift(POSE.apply(depth_points(depth_m, *boxed(mask), camera)))


def between(one: float, other: float) -> float:
    """Angle between two lines."""
    return abs(math.remainder(one - other, math.pi))


def test_millimetres_become_metres_and_nothing_becomes_nan() -> None:
    millimetres = np.array([[0, 1, 1500, 65535]], np.uint16)
    for encoding in ("16UC1", "mono16"):
        np.testing.assert_allclose(depth_of(millimetres, encoding), [[np.nan, 0.001, 1.5, 65.535]], rtol=1e-6)
    metres = np.array([[np.nan, np.inf, -np.inf, -1.0, 0.0, 2.5]], np.float32)
    np.testing.assert_array_equal(depth_of(metres, "32FC1"), np.array([[np.nan] * 5 + [2.5]], np.float32))
    assert depth_of(metres, "32FC1") is not metres


@pytest.mark.parametrize("encoding", ["bgr8", "8UC1", "64FC1", ""])
def test_an_image_that_is_no_depth_is_refused(encoding: str) -> None:
    with pytest.raises(GeometryError, match="REP-118"):
        depth_of(np.zeros((2, 2), np.uint8), encoding)


@settings(max_examples=15)
@given(
    st.sampled_from([PINHOLE, CURVED]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([(640, 400), (320, 200), (1280, 800)]),
)
def test_depth_points_appear_where_they_were_measured(
    camera: CameraModel, seed: int, depth_size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    depth_m = rng.uniform(0.5, 20.0, depth_size[::-1]).astype(np.float32)
    x, y = int(rng.integers(0, 250)), int(rng.integers(0, 150))
    inside = np.ones((40, 60), np.bool_)
    points = depth_points(depth_m, inside, (x, y, 60, 40), (320, 200), camera)
    # Back in the mask, and measured along the optical axis there.
    xy_px, visible = camera.project(points)
    assert visible.all()
    mask_xy = (xy_px + 0.5) / 2
    assert (mask_xy >= np.array([x, y]) - 1e-6).all() and (mask_xy <= np.array([x + 60, y + 40]) + 1e-6).all()
    scale = depth_size[0] / 640
    columns, rows = np.floor((xy_px + 0.5) * scale).astype(int).T
    np.testing.assert_allclose(points[:, 2], depth_m[rows, columns], rtol=1e-6)
    # Two pixels of the mask's edge are left out.
    assert len(points) == pytest.approx(56 * 36 * (depth_size[0] / 320) ** 2, rel=0.05)


def test_of_very_many_points_evenly_spread_ones_are_given() -> None:
    depth_m = np.full((800, 1280), 3.0, np.float32)
    inside = np.ones((400, 640), np.bool_)
    points = depth_points(depth_m, inside, (0, 0, 640, 400), (640, 400), PINHOLE)
    assert 20_000 < len(points) <= 45_000
    assert np.ptp(points[:, 0]) == pytest.approx(3.0 * 640 / support.K[0], rel=0.02)


@settings(max_examples=12)
@given(support.spread(7.0, 14.0), support.spread(-1.5, 1.5), support.spread(0.4, 1.2), st.integers(0, 2**32 - 1))
def test_a_car_is_lifted_through_background_holes_and_noise(x: float, y: float, yaw: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = BoxView.of(PINHOLE, POSE, (x, y, CAR_M[2] / 2), CAR_M, yaw, wall_x_m=x + 8.0)
    truth = lifted(view.depth_m, view.on_box)
    # Three tenths of the pixels see the wall behind the car, some fly between the two, a fifth has no value.
    draw = rng.random(view.depth_m.shape)
    wall_m = np.float32(x + 8.0)
    depth_m = np.where(draw < 0.3, wall_m, view.depth_m)
    share = rng.random(depth_m.shape)
    depth_m = np.where((draw > 0.3) & (draw < 0.33), view.depth_m + (wall_m - view.depth_m) * share, depth_m)
    depth_m[draw > 0.8] = np.nan
    thing = lifted((depth_m + rng.normal(0.0, 0.02, depth_m.shape)).astype(np.float32), view.on_box)
    assert np.linalg.norm(thing.centroid_m - truth.centroid_m) < 0.25
    assert np.linalg.norm(thing.box.centre_m - truth.box.centre_m) < 0.4
    np.testing.assert_allclose(thing.box.size_m, truth.box.size_m, atol=0.6)


@settings(max_examples=12)
@given(support.spread(7.0, 12.0), support.spread(0.4, 0.9), st.sampled_from([-1.0, 1.0]))
def test_a_car_seen_from_a_corner_has_the_box_of_the_car(x: float, turn: float, side: float) -> None:
    view = BoxView.of(PINHOLE, POSE, (x, 0.3, CAR_M[2] / 2), CAR_M, side * turn, wall_x_m=30.0)
    box = lifted(view.depth_m, view.on_box).box
    assert between(box.yaw_rad, side * turn) < math.radians(4)
    assert np.linalg.norm(box.centre_m - (x, 0.3, CAR_M[2] / 2)) < 0.5
    np.testing.assert_allclose(box.size_m, CAR_M, atol=0.7)


def test_a_mask_that_reaches_over_the_edge_of_the_thing_changes_little() -> None:
    view = BoxView.of(PINHOLE, POSE, (9.0, 1.0, 0.75), CAR_M, 0.6, wall_x_m=25.0)
    exact, wide = lifted(view.depth_m, view.on_box), lifted(view.depth_m, grown(view.on_box, 4))
    assert np.linalg.norm(wide.centroid_m - exact.centroid_m) < 0.1
    np.testing.assert_allclose(wide.box.size_m, exact.box.size_m, atol=0.3)


def test_a_thing_farther_than_its_background_is_wide_is_still_itself() -> None:
    """A pedestrian, a few pixels wide, whose mask's outermost pixels see a house."""
    view = BoxView.of(PINHOLE, POSE, (18.0, -1.0, 0.85), (0.4, 0.5, 1.7), 0.0, wall_x_m=30.0)
    thing = lifted(view.depth_m, grown(view.on_box, 1))
    np.testing.assert_allclose(thing.centroid_m[:2], (17.8, -1.0), atol=0.15)
    assert 1.3 < thing.box.size_m[2] < 1.8


@settings(max_examples=20)
@given(support.spread(-math.pi, math.pi), st.integers(0, 2**32 - 1))
def test_a_turned_thing_has_a_turned_box(turn: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Two sides of a car, as a laser scanner meets them.
    sides = np.concatenate(
        [
            np.column_stack([rng.uniform(8.0, 12.4, 300), np.full(300, -1.0)]),
            np.column_stack([np.full(150, 8.0), rng.uniform(-1.0, 0.8, 150)]),
        ]
    )
    points = np.column_stack([sides + rng.normal(0.0, 0.01, sides.shape), rng.uniform(0.2, 1.5, 450)])
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    turned = np.column_stack([points[:, :2] @ rotation, points[:, 2]])
    one, other = lift(points).box, lift(turned).box
    assert between(one.yaw_rad, 0.0) < math.radians(2)
    assert between(other.yaw_rad, turn) < math.radians(3)
    assert -math.pi / 2 <= other.yaw_rad <= math.pi / 2
    np.testing.assert_allclose(other.size_m, (4.4, 1.8, 1.3), atol=0.15)
    np.testing.assert_allclose(other.centre_m[:2], np.array([10.2, -0.1]) @ rotation, atol=0.15)


@settings(max_examples=15)
@given(st.sampled_from([PINHOLE, CURVED]), st.integers(0, 2**32 - 1))
def test_a_cloud_gives_the_points_that_appear_in_the_mask(camera: CameraModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.uniform((-0.5, -0.5), (639.5, 399.5), (4000, 2))
    depths = rng.uniform(1.0, 20.0, 4000)
    rays = camera.rays(pixels)
    points = rays * (depths / rays[:, 2])[:, np.newaxis]
    cloud = np.vstack([points, -points, np.full((3, 3), np.nan)])
    # Of the mask, at half the camera's size, two pixels at its edge are left out.
    found = cloud_points(cloud, np.ones((60, 80), np.bool_), (100, 50, 80, 60), (320, 200), camera)
    low, high = np.array([102, 52]) * 2 - 0.5, np.array([178, 108]) * 2 - 0.5
    expected = points[((pixels >= low) & (pixels < high)).all(axis=1)]
    assert abs(len(found) - len(expected)) <= 1
    assert np.isin(np.round(found[:, 0], 6), np.round(points[:, 0], 6)).all()


def test_a_cloud_and_depth_agree() -> None:
    view = BoxView.of(PINHOLE, POSE, (9.0, 1.0, 0.75), CAR_M, 0.6, wall_x_m=25.0)
    everything = np.ones_like(view.on_box)
    cloud = depth_points(view.depth_m, *boxed(everything), PINHOLE)
    sparse = cloud[np.random.default_rng(4).permutation(len(cloud))[:8000]]
    thing = lift(POSE.apply(cloud_points(sparse, *boxed(view.on_box), PINHOLE)))
    assert np.linalg.norm(thing.box.centre_m - lifted(view.depth_m, view.on_box).box.centre_m) < 0.2


def test_depth_that_says_nothing_is_told_from_depth_of_another_camera() -> None:
    inside, roi, size = np.ones((20, 20), np.bool_), (100, 100, 20, 20), (640, 400)
    for nothing in (np.nan, 0.0, np.inf, -1.0):
        with pytest.raises(GeometryError, match="no value in the mask"):
            depth_points(np.full((400, 640), nothing, np.float32), inside, roi, size, PINHOLE)
    with pytest.raises(GeometryError, match="aligned to this camera"):
        depth_points(np.ones((480, 640), np.float32), inside, roi, size, PINHOLE)


@pytest.mark.parametrize("cloud", [np.zeros((0, 3)), np.array([[0.0, 0.0, -5.0]]), np.full((4, 3), np.nan)])
def test_a_cloud_without_a_point_in_the_mask_says_so(cloud: NDArray[np.float64]) -> None:
    with pytest.raises(GeometryError, match="no point in the mask"):
        cloud_points(cloud, np.ones((20, 20), np.bool_), (300, 180, 20, 20), (640, 400), PINHOLE)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_points_are_no_thing(count: int) -> None:
    points = np.vstack([np.full((count, 3), 5.0), np.full((3, 3), np.nan)])
    with pytest.raises(GeometryError, match=f"Only {count} points"):
        lift(points)


def test_the_smallest_thing_of_all_has_a_box() -> None:
    thing = lift(np.full((5, 3), 5.0))
    assert thing.centroid_m.tolist() == [5.0, 5.0, 5.0]
    assert max(thing.box.size_m) < 1e-9
