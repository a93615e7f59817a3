"""Paths: whatever the world, what is returned can be driven; where there is none, the reason is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from box_world import BoxWorld
from driving import assert_drivable
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.grid import Grid
from ris_ros.planning.clearance import Clearance
from ris_ros.planning.curves import shortest
from ris_ros.planning.path import plan_path
from ris_ros.planning.values import Footprint, FreeSpace, Occupancy, Path, Pose2d

Array = NDArray[np.float64]

CAR, CART = Footprint(3.6, 1.0, 0.9), Footprint(0.5, 0.5, 0.35)
FIELD = Grid(0.2, (160, 160), (-8.0, -16.0))
HERE = Pose2d(0.0, 0.0, 0.0)
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

robots = st.sampled_from([(CAR, 5.0), (CART, 0.0), (CART, 0.6)])
coordinates = st.tuples(st.floats(4, 21), st.floats(-14, 14))
box_lists = st.lists(
    st.tuples(st.floats(3, 22), st.floats(-14, 14), st.floats(0.5, 6), st.floats(0.5, 3), st.floats(-1.6, 1.6)),
    max_size=12,
)
headings = st.floats(-math.pi, math.pi)


def world(boxes: list[tuple[float, float, float, float, float]], footprint: Footprint = CART) -> BoxWorld:
    return BoxWorld(FIELD, footprint, np.array(boxes, np.float64).reshape(-1, 5))


def wall(x: float, y: float, length: float, yaw: float = math.pi / 2) -> tuple[float, float, float, float, float]:
    """A wall across the way."""
    return (x, y, length, 0.4, yaw)


def cells(ground: BoxWorld) -> Clearance:
    """The same ground as a map tells it: in cells, with nothing exact about it."""
    grid = ground.grid
    middles = grid.centres_m().reshape(-1, 2)
    occupied = (ground.room_m(middles) <= grid.resolution_m / 2).reshape(grid.shape)
    occupancy = Occupancy(grid, np.where(occupied, 100, 0).astype(np.int8), np.zeros(grid.shape, np.bool_), 0)
    return Clearance(occupancy, ground.footprint, 0.0, 0.5)


def attempt(ground: FreeSpace, goal: Pose2d, radius_m: float, start: Pose2d = HERE) -> Path | None:
    try:
        return plan_path(start, goal, ground, FIELD, radius_m)
    except GeometryError:
        return None


@SLOW
@given(box_lists, coordinates, headings, robots)
@example([], (20.0, 5.0), 0.0, (CAR, 5.0))
def test_what_is_returned_can_be_driven(
    boxes: list[tuple[float, float, float, float, float]],
    xy: tuple[float, float],
    yaw: float,
    robot: tuple[Footprint, float],
) -> None:
    ground, goal = world(boxes, robot[0]), Pose2d(*xy, yaw)
    for free_space in (ground, cells(ground)):
        path = attempt(free_space, goal, robot[1])
        if path is not None:
            assert_drivable(path, HERE, goal, free_space, robot[1])


@SLOW
@given(box_lists, coordinates, headings, robots, st.booleans())
def test_a_mirrored_or_turned_world_has_a_way_where_this_one_has(
    boxes: list[tuple[float, float, float, float, float]],
    xy: tuple[float, float],
    yaw: float,
    robot: tuple[Footprint, float],
    mirror: bool,
) -> None:
    """What a wider robot can do here, the robot itself can do there: what lies on a knife's edge may differ."""
    footprint, radius_m = robot
    wider = Footprint(footprint.front_m + 0.3, footprint.rear_m + 0.3, footprint.half_width_m + 0.3)
    if attempt(world(boxes, wider), Pose2d(*xy, yaw), radius_m) is None:
        return
    if mirror:
        there = world([(x, -y, length, width, -angle) for x, y, length, width, angle in boxes], footprint)
        assert attempt(there, Pose2d(xy[0], -xy[1], -yaw), radius_m) is not None
        return
    quarter = math.pi / 2
    grid = Grid(0.2, (160, 160), (-16.0, -8.0))
    turned = [(-y, x, length, width, angle + quarter) for x, y, length, width, angle in boxes]
    there = BoxWorld(grid, footprint, np.array(turned, np.float64).reshape(-1, 5))
    plan_path(Pose2d(0.0, 0.0, quarter), Pose2d(-xy[1], xy[0], yaw + quarter), there, grid, radius_m)


@SLOW
@given(coordinates, headings, robots)
def test_over_an_open_field_it_is_hardly_longer_than_it_must_be(
    xy: tuple[float, float], yaw: float, robot: tuple[Footprint, float]
) -> None:
    ground, goal = world([], robot[0]), Pose2d(*xy, yaw)
    least = shortest(np.zeros((1, 3)), np.array([[*xy, yaw]]), robot[1])
    if not (ground.clear(np.array([[*xy, yaw]])).all() and ground.clear(least.poses(0.1)[0]).all()):
        return  # it leads over the edge of the field
    path = plan_path(HERE, goal, ground, FIELD, robot[1])
    # Instead of a stop and a turn on the spot it may drive a curve.
    turned = np.abs(least.turns_rad).sum() if robot[1] == 0.0 else 0.0
    assert path.length_m <= 1.1 * least.lengths_m.sum() + 0.6 * turned + 0.7


@pytest.mark.parametrize(("footprint", "radius_m"), [(CAR, 4.0), (CART, 0.0), (CART, 1.0)])
def test_it_goes_around_a_wall(footprint: Footprint, radius_m: float) -> None:
    ground, goal = world([wall(10.0, 3.0, 16.0)], footprint), Pose2d(18.0, 0.0, 0.0)
    path = plan_path(HERE, goal, ground, FIELD, radius_m)
    assert_drivable(path, HERE, goal, ground, radius_m)
    assert path.poses[:, 1].min() < -5.0


def test_it_finds_the_gap_in_a_wall() -> None:
    ground, goal = world([wall(10.0, -8.0, 15.0), wall(10.0, 8.0, 13.6)], CART), Pose2d(18.0, -6.0, 0.0)
    path = plan_path(HERE, goal, ground, FIELD, 0.0)
    crossing = path.poses[np.argmin(np.abs(path.poses[:, 0] - 10.0))]
    assert -0.5 < crossing[1] < 1.2


@pytest.mark.parametrize("yaw", np.linspace(-0.4, 0.4, 9))
def test_a_lane_that_lies_askew_is_as_good_as_another(yaw: float) -> None:
    """Half a metre wider than a car, at any angle to the cells and to the robot."""
    along, aside = np.array([math.cos(yaw), math.sin(yaw)]), np.array([-math.sin(yaw), math.cos(yaw)])
    kerbs = [(*(10.0 * along + side * 1.35 * aside), 16.0, 0.4, yaw) for side in (-1, 1)]
    start, goal = (Pose2d(*(far * along), yaw) for far in (-4.0, 13.0))
    path = plan_path(start, goal, world(kerbs, CAR), FIELD, 5.0)
    assert_drivable(path, start, goal, world(kerbs, CAR), 5.0)
    assert path.length_m < 17.2


def test_it_keeps_to_the_middle_where_there_is_no_hurry() -> None:
    """A lane four metres wide, and a robot that stands at its side and shall end there too."""
    lane = [(10.0, 2.2, 30.0, 0.4, 0.0), (10.0, -2.2, 30.0, 0.4, 0.0)]
    start, goal = Pose2d(-4.0, 1.4, 0.0), Pose2d(20.0, 1.4, 0.0)
    path = plan_path(start, goal, world(lane), FIELD, 0.0)
    middle = path.poses[np.abs(path.poses[:, 0] - 8.0) < 5.0]
    assert np.abs(middle[:, 1]).mean() < 1.0


def test_it_leads_out_of_a_dead_end() -> None:
    trap = [wall(4.0, 0.0, 5.0), (1.0, 2.4, 6.0, 0.4, 0.0), (1.0, -2.4, 6.0, 0.4, 0.0)]
    goal = Pose2d(12.0, 0.0, 0.0)
    path = plan_path(HERE, goal, world(trap), FIELD, 0.0)
    assert_drivable(path, HERE, goal, world(trap), 0.0)
    assert path.poses[:, 0].min() < -2.0


def test_a_robot_that_turns_on_the_spot_may_end_so() -> None:
    """Between walls it cannot drive a curve."""
    lane = [(10.0, 0.9, 30.0, 0.4, 0.0), (10.0, -0.9, 30.0, 0.4, 0.0)]
    goal = Pose2d(12.0, 0.0, math.pi)
    path = plan_path(HERE, goal, world(lane, Footprint(0.4, 0.4, 0.35)), FIELD, 0.0)
    last = path.poses[-10:]
    assert np.hypot(*(last[:, :2] - last[-1, :2]).T).max() < 1e-6
    assert path.curvature_per_m[-1] == 0.0


def test_the_robot_may_be_there_already() -> None:
    path = plan_path(HERE, HERE, world([]), FIELD, 3.0)
    np.testing.assert_array_equal(path.poses, np.zeros((1, 3)))


def test_the_same_question_has_the_same_answer() -> None:
    boxes = [(8.0, 0.5, 4.0, 2.0, 0.4), (14.0, -3.0, 5.0, 1.0, 1.0), (12.0, 5.0, 3.0, 3.0, 0.0)]
    paths = [plan_path(HERE, Pose2d(20.0, 2.0, 0.5), world(boxes, CAR), FIELD, 5.0) for _ in range(2)]
    np.testing.assert_array_equal(paths[0].poses, paths[1].poses)


def test_a_wall_from_edge_to_edge_cannot_be_passed() -> None:
    with pytest.raises(GeometryError, match="No way on ground believed free leads to the goal"):
        plan_path(HERE, Pose2d(18.0, 0.0, 0.0), world([wall(10.0, 0.0, 40.0)]), FIELD, 0.0)


def test_a_gap_narrower_than_the_robot_is_none() -> None:
    with pytest.raises(GeometryError, match="No way on ground believed free"):
        walls = [wall(10.0, -8.2, 15.8), wall(10.0, 8.2, 15.8)]
        plan_path(HERE, Pose2d(18.0, 0.0, 0.0), world(walls), FIELD, 0.0)


def test_a_robot_that_stands_in_something_says_so() -> None:
    with pytest.raises(GeometryError, match="robot itself stands on ground that is not believed free"):
        plan_path(HERE, Pose2d(10.0, 0.0, 0.0), world([(0.3, 0.0, 0.5, 0.5, 0.0)]), FIELD, 0.0)


@pytest.mark.parametrize("goal", [Pose2d(10.0, 0.0, 0.0), Pose2d(500.0, 0.0, 0.0)])
def test_a_goal_in_something_or_off_the_map_is_refused(goal: Pose2d) -> None:
    with pytest.raises(GeometryError, match="goal lies on ground that is not believed free"):
        plan_path(HERE, goal, world([(10.0, 0.0, 0.5, 0.5, 0.0)]), FIELD, 0.0)


def test_a_goal_behind_which_there_is_no_room_is_said_to_be_the_reason() -> None:
    """A car in a slot that it could only back into."""
    slot = [(18.0, 1.6, 6.0, 0.4, 0.0), (18.0, -1.6, 6.0, 0.4, 0.0), wall(15.0, 0.0, 4.0)]
    with pytest.raises(GeometryError, match="drive up to the goal with its heading, driving forward with a turning"):
        plan_path(HERE, Pose2d(17.0, 0.0, 0.0), world(slot, CAR), FIELD, 5.0)


def test_a_car_before_a_wall_is_said_to_be_the_reason() -> None:
    corner = [wall(5.0, 0.0, 12.0), (0.0, 3.0, 10.0, 0.4, 0.0), (0.0, -3.0, 10.0, 0.4, 0.0)]
    with pytest.raises(GeometryError, match="get away from where the robot stands, driving forward"):
        plan_path(HERE, Pose2d(18.0, 0.0, 0.0), world(corner, CAR), FIELD, 5.0)


def test_the_search_ends_when_its_budget_is_spent() -> None:
    class Counted(BoxWorld):
        asked = 0

        def clear(self, poses: Array) -> NDArray[np.bool_]:
            Counted.asked += 1
            return super().clear(poses)

    maze = [wall(4.0, 2.0, 26.0), wall(8.0, -2.0, 26.0), wall(12.0, 2.0, 26.0), wall(16.0, -2.0, 26.0)]
    ground = Counted(FIELD, CART, np.array(maze))
    with pytest.raises(GeometryError, match="among 300 poses"):
        plan_path(HERE, Pose2d(20.0, 0.0, 0.0), ground, FIELD, 0.0, max_expansions=300)
    assert Counted.asked < 60


def test_a_way_that_is_not_clear_in_the_end_is_not_returned() -> None:
    """Of ground that changes its mind, as at the border of a cell, which rounding puts to one side or the other."""

    class Fickle(BoxWorld):
        def clear(self, poses: Array) -> NDArray[np.bool_]:
            whole = len(poses) > 50 and bool((poses[0] == [0.0, 0.0, 0.0]).all()) and poses[-1, 0] == 10.0
            return super().clear(poses) & (not whole)

    with pytest.raises(GeometryError, match="touches ground that is not free"):
        plan_path(HERE, Pose2d(10.0, 0.0, 0.0), Fickle(FIELD, CART, np.zeros((0, 5))), FIELD, 0.0)
