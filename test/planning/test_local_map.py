from __future__ import annotations

import functools
import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.planning.local_map import LocalMap
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Occupancy
from test.support.cameras import looking

GRID = Grid(0.25, (64, 64), (-4.0, -8.0))
CENTRES_M = GRID.centres_m()
SIZE_PX = (320, 200)
SECOND = 1_000_000_000
START = 100 * SECOND
MEMORY_S = 2.0
SURE = 240
PIXEL_M = 0.9
"""The longest ground that a pixel shows."""

World = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def bird(x_m: float = 0.5, yaw: float = 0.0, grid: Grid = GRID) -> BirdsEye:
    camera = CameraModel.from_calibration(SIZE_PX, [160, 0, 159.5, 0, 160, 99.5, 0, 0, 1], "", [])
    return BirdsEye(Viewpoint(camera, looking((x_m, 0.0, 1.5), 0.0, 0.35, yaw), 0.0, 14.0, 0.001, 0.25), grid)


AHEAD = bird()
BEHIND = bird(-0.5, math.pi)


def pose(x_m: float, y_m: float = 0.0, yaw: float = 0.0) -> RigidTransform:
    return RigidTransform.from_xyz_rpy((x_m, y_m, 0.0), 0.0, 0.0, yaw)


@functools.cache
def ground_of(view: BirdsEye) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which pixels, row by row, show ground, and the ground that these show."""
    width, height = SIZE_PX
    xy_px = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).reshape(-1, 2).astype(float)
    ground_m = view.viewpoint.ground_points(xy_px)
    known = np.isfinite(ground_m).all(axis=1)
    return known, ground_m[known]


def picture(view: BirdsEye, world: World, fixed_from_base: RigidTransform) -> NDArray[np.uint8]:
    """A map of the camera image: SURE where the ground that a pixel shows is of the world."""
    known, ground_m = ground_of(view)
    of_pixels = np.zeros(len(known), np.uint8)
    of_pixels[known] = np.where(world(fixed_from_base.apply(ground_m)[:, :2]), SURE, 0)
    return of_pixels.reshape(SIZE_PX[1], SIZE_PX[0])


def everywhere(xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.ones(xy_m.shape[:-1], np.bool_)


def nowhere(xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.zeros(xy_m.shape[:-1], np.bool_)


def around(x_m: float, y_m: float, radius_m: float) -> World:
    return lambda xy_m: np.linalg.norm(xy_m - (x_m, y_m), axis=-1) < radius_m


def stripes(xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Bands 4 m wide, free and not free in turn, askew to every axis."""
    across = xy_m @ (math.cos(0.5), math.sin(0.5))
    return np.asarray(np.remainder(across, 8.0) < 4.0)


def stripe_edge_m(xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    to_edge = np.remainder(xy_m @ (math.cos(0.5), math.sin(0.5)), 4.0)
    return np.minimum(to_edge, 4.0 - to_edge)


def look(
    local_map: LocalMap,
    stamp_ns: int,
    base: RigidTransform | None,
    free: World = everywhere,
    obstacle: World = nowhere,
    view: BirdsEye = AHEAD,
) -> Occupancy:
    """One image taken in, and what the map says at once."""
    at = base or RigidTransform.identity()
    local_map.update(view, picture(view, free, at), picture(view, obstacle, at), base, stamp_ns)
    return local_map.occupancy(base, stamp_ns)


def value_at(occupancy: Occupancy, x_m: float, y_m: float) -> int:
    row, column, inside = GRID.cells_of(np.array([x_m, y_m]))
    assert inside
    return int(occupancy.values[row, column])


def distance_to_occupied_m(occupancy: Occupancy, xy_m: NDArray[np.float64]) -> float:
    occupied = CENTRES_M[occupancy.values == OCCUPIED]
    return float(np.linalg.norm(occupied - xy_m, axis=1).min(initial=math.inf))


steps = st.tuples(st.floats(-0.5, 1.5), st.floats(-0.3, 0.3), st.floats(-0.4, 0.4))


def test_the_first_view_is_the_world_where_it_is_seen_and_nothing_elsewhere() -> None:
    occupancy = look(LocalMap(GRID, MEMORY_S), START, pose(0.0), stripes)
    known = occupancy.values != UNKNOWN
    assert np.array_equal(known, AHEAD.seen)
    clear_cut = known & (stripe_edge_m(CENTRES_M) > PIXEL_M)
    assert clear_cut.sum() > 300
    expected = np.where(stripes(CENTRES_M), round(100 * (1 - SURE / 255)), OCCUPIED - 1)
    assert np.array_equal(occupancy.values[clear_cut], expected[clear_cut])
    assert np.array_equal(occupancy.blind, AHEAD.blind)
    assert occupancy.stamp_ns == START


@settings(deadline=None, max_examples=15)
@given(st.floats(-math.pi, math.pi), st.lists(steps, min_size=1, max_size=12))
def test_a_world_that_stands_still_stands_still_in_the_map_however_the_robot_moves(
    heading: float, moves: list[tuple[float, float, float]]
) -> None:
    local_map = LocalMap(GRID, 60.0)
    base = pose(1000.0, -500.0, heading)
    for step, (x_m, y_m, yaw) in enumerate(((0.0, 0.0, 0.0), *moves)):
        base = base @ pose(x_m, y_m, yaw)
        occupancy = look(local_map, START + step * SECOND // 10, base, stripes)
    known = occupancy.values != UNKNOWN
    well_inside = cv2.distanceTransform(np.pad(AHEAD.seen.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1] > 2.5
    assert known[well_inside].all()
    in_fixed = base.apply(np.concatenate([CENTRES_M, np.zeros((*GRID.shape, 1))], axis=2))[..., :2]
    clear_cut = known & (stripe_edge_m(in_fixed) > PIXEL_M + 1.42 * GRID.resolution_m)
    assert np.array_equal(occupancy.values[clear_cut] < 50, stripes(in_fixed)[clear_cut])


@settings(deadline=None, max_examples=30)
@given(st.integers(-12, 12), st.integers(-12, 12))
def test_moves_by_whole_cells_change_nothing_at_all(columns: int, rows: int) -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    before = look(local_map, START, pose(0.0), stripes, around(4.0, 1.0, 0.5))
    moved = pose(columns * GRID.resolution_m, rows * GRID.resolution_m)
    after = local_map.occupancy(moved, START).values
    size = GRID.shape[0]
    kept_before = before.values[max(0, rows) : size + min(0, rows), max(0, columns) : size + min(0, columns)]
    kept_after = after[max(0, -rows) : size + min(0, -rows), max(0, -columns) : size + min(0, -columns)]
    assert np.array_equal(kept_before, kept_after)


@settings(deadline=None, max_examples=15)
@given(st.integers(-4000, 4000), st.integers(-4000, 4000), st.lists(steps, min_size=1, max_size=6))
def test_where_the_fixed_frame_begins_does_not_matter(
    columns: int, rows: int, moves: list[tuple[float, float, float]]
) -> None:
    elsewhere = pose(columns * GRID.resolution_m, rows * GRID.resolution_m)
    maps = LocalMap(GRID, MEMORY_S), LocalMap(GRID, MEMORY_S)
    base = pose(0.0)
    free, obstacle = picture(AHEAD, stripes, base), picture(AHEAD, around(4.0, 1.0, 0.5), base)
    for step, move in enumerate(moves):
        base = base @ pose(*move)
        for local_map, at in zip(maps, (base, elsewhere @ base), strict=True):
            local_map.update(AHEAD, free, obstacle, at, START + step)
    here, there = maps[0].occupancy(base, START), maps[1].occupancy(elsewhere @ base, START)
    # A cell's middle on the very edge of another may fall to either side.
    assert (here.values != there.values).mean() < 0.01


@settings(deadline=None, max_examples=30)
@given(
    st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(-3.1, 3.1)),
    st.floats(2.6, 8.0),
    st.floats(-1.0, 1.0),
)
def test_no_obstacle_falls_between_the_cells(move: tuple[float, float, float], x_m: float, y_m: float) -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    start = pose(3.3, -7.7, 0.4)
    before = look(local_map, START, start, everywhere, around(*start.apply(np.array([x_m, y_m, 0.0]))[:2], 0.15))
    occupied = CENTRES_M[before.values == OCCUPIED]
    assert len(occupied)
    base = start @ pose(*move)
    after = local_map.occupancy(base, START)
    for place in occupied:
        now_at = pose(*move).inverse.apply(np.array([*place, 0.0]))[:2]
        if GRID.cells_of(now_at + 0.5)[2] and GRID.cells_of(now_at - 0.5)[2]:
            # The map before is itself one cell of the memory, up to 0.71 cells off and 0.8 cells larger.
            assert distance_to_occupied_m(after, now_at) <= 2.3 * GRID.resolution_m


@pytest.mark.parametrize(
    ("views_after_s", "stands"),
    [((0.05, 0.1, 0.14), (True, True, True)), ((0.05, 0.1, 0.15), (True, True, False)), ((0.2,), (False,))],
)
def test_an_obstacle_is_there_at_once_and_gone_once_views_show_none_a_moment_later(
    views_after_s: tuple[float, ...], stands: tuple[bool, ...]
) -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    post = around(4.0, 0.0, 0.4)
    assert value_at(look(local_map, START, pose(0.0)), 3.75, 0.1) < 50
    assert value_at(look(local_map, START + 1, pose(0.0), everywhere, post), 3.75, 0.1) == OCCUPIED
    stamps = [START + 1 + round(after_s * SECOND) for after_s in views_after_s]
    after = [value_at(look(local_map, stamp, pose(0.0)), 3.75, 0.1) for stamp in stamps]
    assert tuple(value == OCCUPIED for value in after) == stands


def test_what_an_obstacle_hides_is_unknown_though_it_was_free_before() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    assert value_at(look(local_map, START, pose(0.0)), 7.0, 0.1) < 50
    smear: World = lambda xy_m: (np.abs(xy_m[..., 1]) < 0.1 * xy_m[..., 0]) & (xy_m[..., 0] > 4.0)  # noqa: E731
    occupancy = look(local_map, START + 1, pose(0.0), everywhere, smear)
    assert value_at(occupancy, 4.2, 0.1) == OCCUPIED
    assert value_at(occupancy, 7.0, 0.1) == UNKNOWN
    assert value_at(occupancy, 2.5, 0.1) < 50 and value_at(occupancy, 7.0, 2.5) < 50


def test_what_is_out_of_view_is_remembered_for_the_memory_and_no_longer() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(0.0))
    turned = pose(0.0, 0.0, math.pi / 2)
    for age_s, known in ((0.1, True), (MEMORY_S, True), (MEMORY_S + 0.1, False)):
        now = START + round(age_s * SECOND)
        assert (value_at(local_map.occupancy(turned, now), 0.0, -5.0) != UNKNOWN) == known
    assert (local_map.occupancy(turned, START + 3 * SECOND).values == UNKNOWN).all()
    local_map.memory_s = 5.0
    assert value_at(local_map.occupancy(turned, START + 3 * SECOND), 0.0, -5.0) != UNKNOWN


def test_an_obstacle_of_which_nothing_was_seen_for_longer_than_the_memory_does_not_come_back() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(0.0), everywhere, around(4.0, 0.0, 0.4))
    assert value_at(look(local_map, START + 3 * SECOND, pose(0.0)), 3.75, 0.1) < 50


def test_a_map_from_a_clock_that_was_set_back_since_is_of_no_use() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(0.0))
    assert (local_map.occupancy(pose(0.0), START - 10 * SECOND).values == UNKNOWN).all()
    occupancy = look(local_map, START - 10 * SECOND, pose(0.0, 0.0, math.pi))
    assert np.array_equal(occupancy.values != UNKNOWN, AHEAD.seen)
    assert occupancy.stamp_ns == START - 10 * SECOND


def test_a_late_image_adds_what_no_newer_one_has_shown() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(0.0), nowhere)
    local_map.update(
        AHEAD, picture(AHEAD, everywhere, pose(0.0)), picture(AHEAD, nowhere, pose(0.0)), pose(0.0), START - 1
    )
    late = look(local_map, START - 1, pose(0.0), everywhere, around(-4.0, 0.0, 0.5), BEHIND)
    assert value_at(late, 5.0, 0.1) == OCCUPIED - 1
    assert value_at(late, -3.75, 0.1) == OCCUPIED and value_at(late, -2.8, 1.0) < 50
    assert late.stamp_ns == START


def test_without_the_robots_motion_only_the_newest_stamp_counts() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, None, view=BEHIND)
    both = look(local_map, START, None)
    assert np.array_equal(both.values != UNKNOWN, AHEAD.seen | BEHIND.seen)
    newest = look(local_map, START + 1, None)
    assert np.array_equal(newest.values != UNKNOWN, AHEAD.seen)
    older = look(local_map, START, None, view=BEHIND)
    assert np.array_equal(older.values, newest.values)
    assert (local_map.occupancy(None, START + 3 * SECOND).values == UNKNOWN).all()


def test_losing_the_robots_motion_and_having_it_back_begins_anew() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(5.0, 3.0, 1.0), view=BEHIND)
    for stamp, base in ((START + 1, None), (START + 2, pose(5.0))):
        assert np.array_equal(look(local_map, stamp, base).values != UNKNOWN, AHEAD.seen)


def test_the_map_of_the_newest_image_is_given_where_the_robots_place_is_not_known() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    at_image = look(local_map, START, pose(5.0, 3.0, 1.0), stripes)
    assert np.array_equal(local_map.occupancy(None, START).values, at_image.values)


def test_before_the_first_image_nothing_is_known() -> None:
    occupancy = LocalMap(GRID, MEMORY_S).occupancy(pose(1.0), START)
    assert (occupancy.values == UNKNOWN).all() and not occupancy.blind.any() and occupancy.stamp_ns == 0


def test_blind_ground_is_no_longer_said_to_be_blind_when_the_camera_has_failed() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    assert look(local_map, START, pose(0.0)).blind.any()
    assert not local_map.occupancy(pose(0.0), START + 3 * SECOND).blind.any()


def test_what_the_lower_edge_of_the_picture_cuts_takes_the_ground_before_it() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    close: World = lambda xy_m: (xy_m[..., 0] < 3.0) & (np.abs(xy_m[..., 1]) < 0.4)  # noqa: E731
    occupancy = look(local_map, START, pose(0.0), everywhere, close)
    assert AHEAD.blind[GRID.cells_of(np.array([1.0, 0.1]))[:2]]
    assert value_at(occupancy, 1.0, 0.1) == OCCUPIED
    again = look(local_map, START + 1, pose(0.0))
    assert value_at(again, 1.0, 0.1) == UNKNOWN and again.blind[GRID.cells_of(np.array([1.0, 0.1]))[:2]]


def test_a_robot_that_was_carried_away_knows_nothing() -> None:
    local_map = LocalMap(GRID, MEMORY_S)
    look(local_map, START, pose(0.0))
    assert (local_map.occupancy(pose(500.0), START).values == UNKNOWN).all()
    assert np.array_equal(look(local_map, START + 1, pose(500.0)).values != UNKNOWN, AHEAD.seen)


def test_a_view_of_other_cells_is_refused() -> None:
    other = Grid(0.5, (32, 32), (-4.0, -8.0))
    view = bird(grid=other)
    with pytest.raises(ValueError, match="grid"):
        look(LocalMap(GRID, MEMORY_S), START, pose(0.0), view=view)
