from __future__ import annotations

import math

import cameras as support
import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint

GRID = Grid(0.25, (80, 80), (-10.0, -10.0))
PINHOLE = CameraModel.from_calibration(support.SIZE_PX, support.K, "", ())
FISHEYE = CameraModel.from_calibration(support.SIZE_PX, support.K, "equidistant", (0.02, -0.01, 0.0, 0.0))
CURVED = CameraModel.from_calibration(support.SIZE_PX, support.K, "plumb_bob", (-0.25, 0.06, 0.001, -0.001, 0.0))

level_poses = st.builds(
    lambda z, roll, pitch, yaw: support.looking((0.0, 0.0, z), roll, pitch, yaw),
    *(support.spread(0.5, 2.5), support.spread(-0.1, 0.1), support.spread(0.05, 0.5)),
    support.spread(-math.pi, math.pi),
)
lenses = st.sampled_from([PINHOLE, FISHEYE, CURVED])


def seen_from(pose: RigidTransform, camera: CameraModel = PINHOLE, max_range_m: float = 15.0) -> Viewpoint:
    return Viewpoint(camera, pose, 0.0, max_range_m, 0.0, 1.0)


def painted(viewpoint: Viewpoint, centre_m: tuple[float, float], size_m: tuple[float, float]) -> NDArray[np.uint8]:
    """A picture, half the camera's size, of a white rectangle on black ground; pixels are the share that is white."""
    width, height = viewpoint.camera.size_px
    x, y = np.arange(width), np.arange(height)
    pixels = np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)
    offset = np.abs(viewpoint.ground_points(pixels)[:, :2] - centre_m)
    with np.errstate(invalid="ignore"):
        white = (offset <= np.array(size_m) / 2).all(axis=1).reshape(height, width)
    shares = white.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return np.rint(shares * 255).astype(np.uint8)


@settings(max_examples=25)
@given(
    support.cameras,
    support.poses,
    st.integers(0, 255),
    st.sampled_from([(640, 400), (320, 200), (1280, 800), (333, 208)]),
)
def test_a_constant_map_stays_constant_where_the_ground_is_seen(
    camera: CameraModel, pose: RigidTransform, value: int, size_px: tuple[int, int]
) -> None:
    try:
        view = BirdsEye(seen_from(pose, camera), GRID)
    except GeometryError:
        assume(False)
    values = np.full(size_px[::-1], value, np.uint8)
    for cells in (view.mean(values), view.highest(values)):
        assert (cells[view.seen] == value).all()
        assert (cells[~view.seen] == 0).all()


@settings(max_examples=20)
@given(lenses, level_poses, st.integers(0, 2**32 - 1), st.floats(0.001, 0.999))
def test_the_highest_value_is_at_least_the_mean(
    camera: CameraModel, pose: RigidTransform, seed: int, share: float
) -> None:
    view = BirdsEye(seen_from(pose, camera), GRID)
    noise = np.random.default_rng(seed).random((200, 320))
    for values in ((noise * 255).astype(np.uint8), np.where(noise < share, 255, 0).astype(np.uint8)):
        assert (view.highest(values) >= view.mean(values)).all()


@settings(max_examples=12)
@given(lenses, level_poses, support.spread(3.0, 9.0), support.spread(-0.4, 0.4), support.spread(1.0, 4.0))
def test_a_rectangle_painted_on_the_ground_comes_back_within_a_cell(
    camera: CameraModel, pose: RigidTransform, range_m: float, aside: float, side_m: float
) -> None:
    viewpoint = seen_from(pose, camera)
    view = BirdsEye(viewpoint, GRID)
    ahead = math.atan2(pose.rotation[1, 2], pose.rotation[0, 2]) + aside
    centre, size = (range_m * math.cos(ahead), range_m * math.sin(ahead)), (side_m, 2.0)
    cells = view.mean(painted(viewpoint, centre, size)) > 127
    # How deep inside the rectangle a cell's middle lies; far away, a picture cannot tell what is less than a pixel.
    depth_m = (np.array(size) / 2 - np.abs(GRID.centres_m() - centre)).min(axis=2)
    pixel_m = 2 * (viewpoint.height_m**2 + view.range_m**2) / (viewpoint.height_m * camera.focal_px[1])
    within_m = GRID.resolution_m + pixel_m
    assert cells[view.seen & (depth_m > within_m)].all()
    assert not cells[view.seen & (depth_m < -within_m)].any()


@settings(max_examples=15)
@given(lenses, level_poses, st.integers(0, 2**32 - 1))
def test_no_pixel_of_the_ground_is_lost(camera: CameraModel, pose: RigidTransform, seed: int) -> None:
    viewpoint = seen_from(pose, camera, max_range_m=9.0)
    grid = Grid(0.25, (88, 88), (-11.0, -11.0))
    view = BirdsEye(viewpoint, grid)
    width, height = camera.size_px
    # Not at the border of what is seen, where half a cell is not.
    margin = 60
    columns, rows = np.meshgrid(np.arange(margin, width - margin), np.arange(margin, height - margin))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    ranges = viewpoint.range_m(viewpoint.ground_points(pixels.astype(np.float64)))
    pixels = pixels[ranges < 8.0]
    rng = np.random.default_rng(seed)
    for x, y in rng.permutation(pixels)[:20]:
        values = np.zeros((height, width), np.uint8)
        values[y, x] = 200
        assert view.highest(values).max() == 200


@settings(max_examples=15)
@given(lenses, level_poses, support.spread(0.0, 2 * math.pi))
def test_the_size_of_a_map_does_not_matter(camera: CameraModel, pose: RigidTransform, turn: float) -> None:
    view = BirdsEye(seen_from(pose, camera), GRID)
    answers = []
    for width, height in ((640, 400), (320, 200), (1280, 800), (512, 320)):
        x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
        slope = 0.5 + 0.35 * (math.cos(turn) * (2 * x - 1) + math.sin(turn) * (2 * y - 1))
        answers.append(view.mean(np.rint(slope * 255).astype(np.uint8)).astype(int))
    for answer in answers[1:]:
        # At the border of the map, what is cut off a box of a pixel depends on the size of pixels.
        assert np.abs(answer - answers[0]).max() <= 3


@settings(max_examples=15)
@given(lenses, level_poses, st.integers(0, 2**32 - 1))
def test_a_turned_camera_sees_a_turned_ground(camera: CameraModel, pose: RigidTransform, seed: int) -> None:
    turned = RigidTransform.from_xyz_rpy((0.0, 0.0, 0.0), 0.0, 0.0, math.pi / 2) @ pose
    one, other = BirdsEye(seen_from(pose, camera), GRID), BirdsEye(seen_from(turned, camera), GRID)
    noise = np.random.default_rng(seed).integers(0, 256, (40, 64)).astype(np.uint8)
    values = cv2.resize(noise, (640, 400), interpolation=cv2.INTER_LINEAR)

    def turn(cells: NDArray[np.generic]) -> NDArray[np.generic]:
        return cells.T[:, ::-1]  # x becomes y, y becomes -x

    # Cells at the very border of the view may fall to either side of it.
    assert (turn(one.seen) != other.seen).sum() <= 2
    assert (turn(one.blind) != other.blind).sum() <= 4
    both = turn(one.seen) & other.seen
    np.testing.assert_allclose(turn(one.mean(values))[both].astype(int), other.mean(values)[both].astype(int), atol=2)


@settings(max_examples=25)
@given(lenses, level_poses)
def test_blind_cells_are_near_and_not_seen(camera: CameraModel, pose: RigidTransform) -> None:
    view = BirdsEye(seen_from(pose, camera), GRID)
    assume(view.seen.any())
    assert not (view.blind & view.seen).any()
    nearest = view.range_m[view.seen].min()
    assert (view.range_m[view.blind] < 2.0 * nearest + GRID.resolution_m).all()
    assert (view.blind | view.seen)[view.range_m < nearest - 2 * GRID.resolution_m].all()


def test_ground_that_comes_into_view_over_the_side_of_the_picture_has_nothing_blind_before_it() -> None:
    view = BirdsEye(seen_from(support.looking((0.0, 0.0, 1.2), 0.5, 0.1, 0.0)), GRID)
    assert (view.range_m[view.blind] < 2.0 * view.range_m[view.seen].min() + GRID.resolution_m).all()


def test_what_the_picture_cuts_off_below_is_blind_and_what_lies_beside_it_is_not() -> None:
    # 0.8 m ahead of the origin and 1.2 m high: the first ground in the picture is 2.5 m from below the camera.
    view = BirdsEye(seen_from(support.looking((0.8, 0.0, 1.2), 0.0, 0.0, 0.0)), GRID)
    at = {name: GRID.cells_of(np.array(xy))[:2] for name, xy in PLACES.items()}
    assert {name for name, cell in at.items() if view.blind[cell]} == {
        "under the camera",
        "under it",
        "before the first",
    }
    assert {name for name, cell in at.items() if view.seen[cell]} == {"seen"}


PLACES = {
    "under the camera": (0.8, 0.0),
    "under it": (-0.6, 0.0),
    "before the first": (2.9, 0.5),
    "seen": (4.1, 0.5),
    "aside": (3.0, 4.0),
    "behind": (-4.0, 0.0),
    "too far": (0.8, 9.9),
}


def test_ground_that_is_not_believed_is_not_seen() -> None:
    pose = support.looking((0.0, 0.0, 1.2), 0.0, 0.1, 0.0)
    sure, unsure = (Viewpoint(PINHOLE, pose, 0.0, 15.0, math.radians(1.0), share) for share in (0.5, 0.08))
    far = BirdsEye(sure, GRID).seen & ~BirdsEye(unsure, GRID).seen
    assert far.any()
    assert BirdsEye(sure, GRID).range_m[far].min() == pytest.approx(unsure.believed_range_m, abs=0.3)


def test_a_grid_out_of_view_has_no_cell_that_is_seen() -> None:
    view = BirdsEye(seen_from(support.looking((0.0, 0.0, 1.2), 0.0, 0.1, 0.0)), Grid(0.5, (4, 6), (-30.0, 0.0)))
    assert not view.seen.any() and not view.blind.any()
    values = np.full((400, 640), 9, np.uint8)
    assert not view.mean(values).any() and not view.highest(values).any()


def test_a_camera_that_looks_up_is_refused() -> None:
    with pytest.raises(GeometryError, match="looks up"):
        BirdsEye(seen_from(support.looking((0.0, 0.0, 1.2), 0.0, -0.9, 0.0)), GRID)


def test_a_map_of_another_shape_than_the_camera_is_refused() -> None:
    view = BirdsEye(seen_from(support.looking((0.0, 0.0, 1.2), 0.0, 0.1, 0.0)), GRID)
    view.mean(np.zeros((267, 427), np.uint8))  # a side of a shrunk picture is rounded
    with pytest.raises(GeometryError, match="CameraInfo"):
        view.mean(np.zeros((360, 640), np.uint8))
