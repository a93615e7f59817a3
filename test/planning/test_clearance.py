from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.clearance import Clearance
from ris_ros.planning.outline_discs import outline_discs
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Footprint, Occupancy, Pose2d

GRID = Grid(0.25, (48, 40), (-4.0, -5.0))
NOTHING = np.zeros(GRID.shape, np.bool_)
ROBOT = Footprint(0.6, 0.3, 0.35)
SPENT_CELLS = 1.4
"""What the check may refuse beyond the clearance."""

footprints = st.builds(Footprint, st.floats(0.05, 3.0), st.floats(0.0, 3.0), st.floats(0.05, 1.5))
poses = st.builds(Pose2d, st.floats(-4.0, 8.0), st.floats(-5.0, 5.0), st.floats(-math.pi, math.pi))
cells = st.tuples(st.integers(0, GRID.shape[0] - 1), st.integers(0, GRID.shape[1] - 1))


def occupancy(values: NDArray[np.int8], blind: NDArray[np.bool_] = NOTHING) -> Occupancy:
    return Occupancy(GRID, values, blind, 0)


def ground(value: int = 0) -> NDArray[np.int8]:
    return np.full(GRID.shape, value, np.int8)


def outline(footprint: Footprint, pose: Pose2d) -> shapely.Polygon:
    return shapely.Polygon(footprint.corners_m(pose))


def not_free(closed: list[tuple[int, int]]) -> shapely.Geometry:
    """The cells that are not free, and all that lies outside the grid."""
    side = GRID.resolution_m
    x, y = GRID.origin_m
    field = shapely.box(x, y, x + GRID.size_cells[0] * side, y + GRID.size_cells[1] * side)
    squares = [shapely.box(x + c * side, y + r * side, x + (c + 1) * side, y + (r + 1) * side) for r, c in closed]
    return shapely.union_all([field.buffer(50.0).difference(field), *squares])


def rows_of(*some: Pose2d) -> NDArray[np.float64]:
    return np.array([(pose.x_m, pose.y_m, pose.yaw_rad) for pose in some])


@settings(deadline=None, max_examples=60)
@given(
    footprints,
    st.floats(0.0, 0.8),
    st.lists(cells, max_size=6),
    st.lists(poses, min_size=5, max_size=20),
    st.booleans(),
)
def test_clear_is_what_polygons_say_never_less_and_hardly_more(
    footprint: Footprint, clearance_m: float, closed: list[tuple[int, int]], some: list[Pose2d], unknown: bool
) -> None:
    values = ground()
    for row, column in closed:
        values[row, column] = UNKNOWN if unknown else OCCUPIED
    clear = Clearance(occupancy(values), footprint, clearance_m, 0.5).clear_seen(rows_of(*some))
    obstacles = not_free(closed)
    for pose, is_clear in zip(some, clear, strict=True):
        distance_m = outline(footprint, pose).distance(obstacles)
        if is_clear:
            assert distance_m >= clearance_m - 1e-6
        else:
            assert distance_m < clearance_m + SPENT_CELLS * GRID.resolution_m


@settings(deadline=None, max_examples=60)
@given(st.lists(cells, min_size=1, max_size=6), st.lists(poses, min_size=1, max_size=20))
def test_room_is_a_distance_that_is_really_there(closed: list[tuple[int, int]], some: list[Pose2d]) -> None:
    values = ground()
    values[tuple(np.transpose(closed))] = OCCUPIED
    free = Clearance(occupancy(values), ROBOT, 0.0, 0.5)
    obstacles = not_free(closed)
    for pose, room_m in zip(some, free.room_m(rows_of(*some)[:, :2]), strict=True):
        distance_m = shapely.Point(pose.x_m, pose.y_m).distance(obstacles)
        assert 0.0 <= room_m <= distance_m + 1e-6
        assert room_m > distance_m - 0.9 * GRID.resolution_m


@settings(deadline=None, max_examples=100)
@given(footprints, st.floats(0.02, 0.3))
def test_discs_hold_the_outline_and_no_more_than_the_slack_beside_it(footprint: Footprint, slack_m: float) -> None:
    middles, radii = outline_discs(footprint, slack_m)
    shape = outline(footprint, Pose2d(0.0, 0.0, 0.0))
    x, y = np.meshgrid(
        np.linspace(-footprint.rear_m, footprint.front_m, 41),
        np.linspace(-footprint.half_width_m, footprint.half_width_m, 41),
    )
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    gap = np.linalg.norm(points[:, np.newaxis] - middles, axis=2) - radii
    assert gap.min(axis=1).max() <= 1e-9
    for middle, radius in zip(middles, radii, strict=True):
        assert radius - shapely.Point(middle).distance(shape.exterior) <= slack_m + 1e-9
        assert shape.buffer(1e-9).covers(shapely.Point(middle))


def test_nothing_is_clear_off_the_map_or_nowhere() -> None:
    free = Clearance(occupancy(ground()), ROBOT, 0.0, 0.5)
    off = np.array([[100.0, 0.0, 0.0], [-1e9, 1e9, 1.0], [7.9, 0.0, 0.0], [np.nan, 0.0, 0.0]])
    assert not free.clear(off).any()
    assert (free.room_m(off[[0, 1, 3], :2]) == 0.0).all()
    assert free.clear(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(("value", "clear"), [(0, True), (40, True), (41, False), (OCCUPIED, False), (UNKNOWN, False)])
def test_free_is_what_is_probable_enough_and_known(value: int, clear: bool) -> None:
    free = Clearance(occupancy(ground(value)), ROBOT, 0.1, 0.6)
    assert free.clear_seen(np.array([[3.0, 1.0, 0.3]]))[0] == clear


def test_what_the_robot_keeps_out_of_is_not_free_whatever_the_map_says() -> None:
    keep_out = NOTHING.copy()
    keep_out[18:22, 28:32] = True
    free = Clearance(occupancy(ground()), ROBOT, 0.1, 0.5, keep_out)
    inside, beside = free.clear(np.array([[3.5, 0.0, 0.0], [3.5, 3.0, 0.0]]))
    assert not inside and beside


class TestBlindGround:
    """The camera sees from x = 2 m on; the robot stands at the origin."""

    x_m = GRID.centres_m()[..., 0]
    y_m = GRID.centres_m()[..., 1]
    near = x_m < 2.0

    def values(self) -> NDArray[np.int8]:
        return np.where(self.near, UNKNOWN, 0).astype(np.int8)

    def test_the_robot_may_stand_where_it_stands_and_drive_on_to_what_it_sees(self) -> None:
        free = Clearance(occupancy(self.values(), self.near & (np.abs(self.y_m) < 2.0)), ROBOT, 0.2, 0.5)
        on = np.column_stack([np.linspace(0.0, 5.0, 51), np.zeros(51), np.zeros(51)])
        assert free.clear(on).all()

    def test_it_may_stand_where_it_stands_though_nothing_at_all_is_known(self) -> None:
        free = Clearance(occupancy(ground(UNKNOWN)), ROBOT, 0.2, 0.5)
        assert free.clear(np.zeros((1, 3))).all()
        assert not free.clear(np.array([[2.0, 0.0, 0.0]])).any()

    def test_no_goal_is_there(self) -> None:
        free = Clearance(occupancy(self.values(), self.near), ROBOT, 0.2, 0.5)
        assert not free.clear_seen(np.zeros((1, 3))).any()
        assert not free.seen_free[self.near].any()

    def test_an_obstacle_known_there_is_still_one(self) -> None:
        values = self.values()
        values[np.hypot(self.x_m - 1.2, self.y_m) < 0.3] = OCCUPIED
        free = Clearance(occupancy(values, self.near & (values == UNKNOWN)), ROBOT, 0.2, 0.5)
        assert not free.clear(np.array([[0.9, 0.0, 0.0]])).any()

    def test_blind_ground_that_is_parted_from_the_robot_is_not_free(self) -> None:
        apart = np.abs(self.x_m - 1.6) < 0.3
        free = Clearance(occupancy(ground(UNKNOWN), apart & (self.y_m > 2.0)), ROBOT, 0.0, 0.5)
        assert not free.drivable[apart & (self.y_m > 2.0)].any()
