from __future__ import annotations

import itertools
import math

import cameras as support
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.polygon import (
    area_m2,
    contains,
    divided,
    grid_outline,
    ground_outline,
    is_simple,
    mask_outlines,
    simplified,
)
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint

SIZE_PX = (1280, 800)
K = [*(2 * value for value in support.K[:8]), 1.0]
LENSES = [
    CameraModel.from_calibration(SIZE_PX, K, "", ()),
    CameraModel.from_calibration(SIZE_PX, K, "equidistant", (0.02, -0.01, 0.0, 0.0)),
    CameraModel.from_calibration(SIZE_PX, K, "plumb_bob", (-0.25, 0.06, 0.001, -0.001, 0.0)),
]
lenses = st.sampled_from(LENSES)
level_poses = st.builds(
    lambda z, roll, pitch, yaw: support.looking((0.4, -0.2, z), roll, pitch, yaw),
    *(support.spread(0.8, 2.5), support.spread(-0.1, 0.1), support.spread(0.05, 0.4)),
    support.spread(-math.pi, math.pi),
)
masks = st.builds(
    lambda height, width, share, seed: np.random.default_rng(seed).random((height, width)) < share,
    *(st.integers(1, 24), st.integers(1, 24), st.floats(0.05, 0.95), st.integers(0, 2**32 - 1)),
)
corners = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7)


def boxed(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[int, int, int, int]]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y, width, height = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return mask[y : y + height, x : x + width], (int(x), int(y), int(width), int(height))


def ground_of(viewpoint: Viewpoint, size_px: tuple[int, int]) -> NDArray[np.float64]:
    """[h, w, 2] ground under the middles of a mask's pixels."""
    scale = viewpoint.camera.size_px[0] / size_px[0]
    columns, rows = np.meshgrid(np.arange(size_px[0]), np.arange(size_px[1]))
    pixels = (np.stack([columns, rows], axis=2).reshape(-1, 2) + 0.5) * scale - 0.5
    return viewpoint.ground_points(pixels)[:, :2].reshape(size_px[1], size_px[0], 2)


def rectangle_ahead(viewpoint: Viewpoint, range_m: float, size_m: tuple[float, float]) -> NDArray[np.float64]:
    """Corners [4, 2] of a rectangle that lies across the camera's view."""
    forward = viewpoint.base_from_camera.rotation[:2, 2]
    forward = forward / np.linalg.norm(forward)
    left = np.array([-forward[1], forward[0]])
    middle = np.asarray(viewpoint.camera_xy_m) + forward * range_m
    half = size_m[0] / 2 * forward, size_m[1] / 2 * left
    return np.array([middle + x * half[0] + y * half[1] for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))])


def crosses_itself(polygon: list[tuple[int, int]]) -> bool:
    """In whole numbers, pair by pair: whether edges meet elsewhere than at the vertex that they share."""

    def side(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
        turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        return (turn > 0) - (turn < 0)

    def on(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
        within = all(min(p, q) <= r <= max(p, q) for p, q, r in zip(a, b, c, strict=True))
        return within and side(a, b, c) == 0

    count = len(polygon)
    if len(set(polygon)) < count:
        return True
    edges = [(polygon[index], polygon[(index + 1) % count]) for index in range(count)]
    for (i, (a, b)), (j, (c, d)) in itertools.combinations(enumerate(edges), 2):
        if j == i + 1 or (i, j) == (0, count - 1):
            shared, others = (b, (a, d)) if j == i + 1 else (a, (b, c))
            ends = (a, b), (c, d)
            if any(on(*edge, other) for edge in ends for other in others if other not in edge and other != shared):
                return True
            continue
        crossing = side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)
        if crossing or any((on(a, b, c), on(a, b, d), on(c, d, a), on(c, d, b))):
            return True
    return False


@settings(max_examples=400)
@given(corners)
def test_simple_is_what_exact_arithmetic_says(polygon: list[tuple[int, int]]) -> None:
    assert is_simple(np.array(polygon, np.float64)) == (not crosses_itself(polygon))


@given(st.integers(3, 60), st.integers(0, 2**32 - 1))
def test_a_star_is_simple_until_a_vertex_is_repeated(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = (np.arange(count) + rng.uniform(0.1, 0.9, count)) * (2 * math.pi / count)
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1) * rng.uniform(0.5, 2.0, count)[:, np.newaxis]
    assert is_simple(star) and is_simple(star[::-1])
    again = rng.integers(count)
    assert not is_simple(np.insert(star, rng.integers(count + 1), star[again], axis=0))
    assert not is_simple(star[:2])


def test_the_area_has_the_sign_of_the_direction() -> None:
    square = np.array([[1.0, 1.0], [3.0, 1.0], [3.0, 4.0], [1.0, 4.0]])
    assert area_m2(square) == 6.0 and area_m2(square[::-1]) == -6.0
    assert area_m2(square + 1e6) == pytest.approx(6.0)


@given(st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_the_share_of_points_inside_is_the_area(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = (np.arange(count) + rng.uniform(0.2, 0.8, count)) * (2 * math.pi / count)
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1) * rng.uniform(0.4, 1.0, count)[:, np.newaxis]
    steps = (np.arange(100) + 0.5) / 50 - 1.0
    points = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    assert contains(star, points).mean() * 4 == pytest.approx(area_m2(star), abs=0.03)


def test_points_that_are_not_finite_lie_in_nothing() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    points = np.array([[1.0, 1.0], [np.nan, 1.0], [1.0, np.inf], [3.0, 1.0], [1.0, -1.0]])
    assert contains(square, points).tolist() == [True, False, False, False, False]


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5), st.integers(0, 5))
def test_the_outline_of_a_block_of_pixels_runs_along_their_edges(width: int, height: int, x: int, y: int) -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[y : y + height, x : x + width] = True
    (outline,) = mask_outlines(mask)
    assert outline.min(axis=0).tolist() == [x - 0.5, y - 0.5]
    assert outline.max(axis=0).tolist() == [x + width - 0.5, y + height - 0.5]
    # Only the four corners are cut, an eighth of a pixel each.
    assert abs(area_m2(outline)) == width * height - 0.5


@given(st.floats(0.0, math.pi), st.floats(3.0, 8.0), st.floats(-0.5, 0.5))
def test_slanted_borders_lose_nothing(turn: float, half: float, shift: float) -> None:
    columns, rows = np.meshgrid(np.arange(61) - 30 + shift, np.arange(61) - 30 - shift)
    cos, sin = math.cos(turn), math.sin(turn)
    mask = (np.abs(columns * cos + rows * sin) <= half) & (np.abs(rows * cos - columns * sin) <= 2 * half)
    (outline,) = mask_outlines(mask)
    assert abs(area_m2(outline)) == pytest.approx(mask.sum(), abs=1 + 0.02 * mask.sum())


@given(masks)
def test_outlines_are_simple_and_hold_the_pixels(mask: NDArray[np.bool_]) -> None:
    outlines = mask_outlines(mask)
    assert all(map(is_simple, outlines))
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns, rows], axis=1)
    held = sum((contains(outline, pixels).astype(int) for outline in outlines), np.zeros(len(pixels), int))
    assert (held >= 1).all()


@given(masks, st.floats(0.01, 3.0))
def test_outlines_of_cells_stay_simple_and_counter_clockwise(mask: NDArray[np.bool_], tolerance_m: float) -> None:
    grid = Grid(0.2, mask.shape[::-1], (-3.0, 1.0))
    polygon = grid_outline(mask, grid, tolerance_m)
    if not mask.any():
        assert polygon.shape == (0, 2)
        return
    assert is_simple(polygon) and area_m2(polygon) > 0.0
    low, high = np.array([-3.0, 1.0]), np.array([-3.0, 1.0]) + 0.2 * np.array(grid.size_cells)
    assert (polygon >= low - 1e-6).all() and (polygon <= high + 1e-6).all()


def test_cells_are_outlined_where_they_lie() -> None:
    mask = np.zeros((20, 30), np.bool_)
    mask[5:15, 4:24] = True
    mask[8:10, 8:10] = False  # a hole is filled
    mask[0, 29] = True  # another part is left out
    polygon = grid_outline(mask, Grid(0.5, (30, 20), (10.0, -5.0)))
    assert area_m2(polygon) == pytest.approx(10 * 5, rel=0.02)
    np.testing.assert_allclose(polygon.min(axis=0), [12.0, -2.5], atol=0.01)
    np.testing.assert_allclose(polygon.max(axis=0), [22.0, 2.5], atol=0.01)


@given(st.integers(3, 40), st.floats(0.001, 1.0), st.integers(0, 2**32 - 1))
def test_simplifying_moves_no_vertex_much_farther_than_told(count: int, tolerance: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = (np.arange(count) + rng.uniform(0.2, 0.8, count)) * (2 * math.pi / count)
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1) * rng.uniform(2.0, 3.0, count)[:, np.newaxis]
    assume(is_simple(star) and area_m2(star) > 0.5)
    polygon = simplified(star[:: rng.choice([-1, 1])], tolerance)
    assert is_simple(polygon) and area_m2(polygon) > 0.0
    start, edge = polygon, np.roll(polygon, -1, axis=0) - polygon
    share = ((star[:, np.newaxis] - start) * edge).sum(axis=2) / (edge**2).sum(axis=1)
    nearest = start + np.clip(share, 0.0, 1.0)[..., np.newaxis] * edge
    assert np.linalg.norm(star[:, np.newaxis] - nearest, axis=2).min(axis=1).max() <= tolerance * 1.5 + 1e-5


@given(st.floats(0.05, 5.0))
def test_dividing_edges_changes_nothing_but_their_length(longest: float) -> None:
    triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]])
    parts = divided(triangle, longest)
    assert area_m2(parts) == pytest.approx(6.0)
    assert np.linalg.norm(np.roll(parts, -1, axis=0) - parts, axis=1).max() <= longest + 1e-9


@settings(max_examples=10)
@given(lenses, level_poses, st.floats(4.0, 8.0), st.floats(1.0, 3.0), st.sampled_from([(1280, 800), (640, 400)]))
def test_a_rectangle_on_the_ground_keeps_its_area_and_its_corners(
    camera: CameraModel, pose: RigidTransform, range_m: float, length_m: float, size_px: tuple[int, int]
) -> None:
    viewpoint = Viewpoint(camera, pose, 0.0, 30.0, 0.0, 1.0)
    corners_m = rectangle_ahead(viewpoint, range_m, (length_m, 2.0))
    assume(viewpoint.pixels(np.column_stack([corners_m, np.zeros(4)]))[1].all())
    mask = contains(corners_m, ground_of(viewpoint, size_px).reshape(-1, 2)).reshape(size_px[::-1])
    polygon = ground_outline(*boxed(mask), size_px, viewpoint, 0.02)
    assert is_simple(polygon)
    # A pixel's length on the ground at its far edge.
    far_m = range_m + length_m / 2
    pixel_m = (viewpoint.height_m**2 + far_m**2) / (viewpoint.height_m * camera.focal_px[1]) * 1280 / size_px[0]
    assert area_m2(polygon) == pytest.approx(2.0 * length_m, rel=0.02, abs=2.0 * pixel_m)
    for corner in corners_m:
        assert np.linalg.norm(polygon - corner, axis=1).min() < 0.05 + 3.0 * pixel_m


@settings(max_examples=30)
@given(lenses, level_poses, st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(0.01, 0.5))
def test_outlines_on_the_ground_are_simple_and_on_believed_ground(
    camera: CameraModel, pose: RigidTransform, seed: int, blobs: int, tolerance_m: float
) -> None:
    viewpoint = Viewpoint(camera, pose, 0.0, 25.0, 0.005, 0.2)
    rng = np.random.default_rng(seed)
    columns, rows = np.meshgrid(np.arange(320), np.arange(200))
    mask = np.zeros((200, 320), np.bool_)
    for _ in range(blobs):
        x, y, across, down = rng.uniform((0, 80, 3, 2), (320, 200, 120, 60))
        mask |= ((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 < rng.uniform(0.7, 1.0, mask.shape)
    assume(mask.any())
    try:
        polygon = ground_outline(*boxed(mask), (320, 200), viewpoint, tolerance_m)
    except GeometryError:
        return
    assert is_simple(polygon) and area_m2(polygon) > 0.0
    assert (viewpoint.range_m(polygon) <= viewpoint.believed_range_m + 1e-3).all()


def test_of_a_mask_that_reaches_over_the_horizon_the_ground_below_is_outlined() -> None:
    viewpoint = Viewpoint(LENSES[0], support.looking((0.0, 0.0, 1.5), 0.0, 0.1, 0.0), 0.0, 20.0, 0.0, 1.0)
    inside = np.ones((800, 200), np.bool_)
    polygon = ground_outline(inside, (540, 0, 200, 800), SIZE_PX, viewpoint, 0.05)
    ranges = viewpoint.range_m(polygon)
    assert 19.5 < ranges.max() <= 20.0
    # Of the lower edge of the picture, its middle is the nearest.
    assert ranges.min() == pytest.approx(
        viewpoint.range_m(viewpoint.ground_points(np.array([[630.0, 799.5]])))[0], abs=0.1
    )


def test_the_part_that_is_largest_on_the_ground_is_taken() -> None:
    viewpoint = Viewpoint(LENSES[0], support.looking((0.0, 0.0, 1.5), 0.0, 0.2, 0.0), 0.0, 30.0, 0.0, 1.0)
    ground = ground_of(viewpoint, (640, 400))
    far = contains(np.array([[9.0, -2.0], [14.0, -2.0], [14.0, 2.0], [9.0, 2.0]]), ground.reshape(-1, 2)).reshape(
        400, 640
    )
    near = contains(np.array([[3.0, -1.0], [5.0, -1.0], [5.0, 1.0], [3.0, 1.0]]), ground.reshape(-1, 2)).reshape(
        400, 640
    )
    assert near.sum() > far.sum()
    polygon = ground_outline(*boxed(near | far), (640, 400), viewpoint, 0.05)
    assert polygon[:, 0].min() > 8.0


@pytest.mark.parametrize(
    ("rows", "max_range_m", "says"),
    [
        ((100, 120), 30.0, "above the horizon"),
        ((360, 372), 6.0, "farther than 6.0 m"),
        ((500, 502), 30.0, "too little"),
    ],
)
def test_what_has_no_outline_says_why(rows: tuple[int, int], max_range_m: float, says: str) -> None:
    viewpoint = Viewpoint(LENSES[0], support.looking((0.0, 0.0, 1.5), 0.0, 0.1, 0.0), 0.0, max_range_m, 0.0, 1.0)
    height = rows[1] - rows[0]
    with pytest.raises(GeometryError, match=says):
        ground_outline(np.ones((height, 3), np.bool_), (640, rows[0], 3, height), SIZE_PX, viewpoint, 0.2)


def test_an_empty_mask_has_no_outline() -> None:
    viewpoint = Viewpoint(LENSES[0], support.looking((0.0, 0.0, 1.5), 0.0, 0.1, 0.0), 0.0, 30.0, 0.0, 1.0)
    with pytest.raises(GeometryError, match="empty"):
        ground_outline(np.zeros((0, 0), np.bool_), (0, 0, 0, 0), SIZE_PX, viewpoint, 0.2)
