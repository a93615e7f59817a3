from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.grid import Grid
from ris_ros.planning.clearance import Clearance
from ris_ros.planning.goal import approach_goal, region_goal
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Footprint, Occupancy, Pose2d

GRID = Grid(0.25, (80, 80), (-10.0, -10.0))
"""The robot stands in its middle, so that quarter turns carry cells onto cells."""

CENTRES_M = GRID.centres_m()
X_M, Y_M = CENTRES_M[..., 0], CENTRES_M[..., 1]
NOTHING = np.zeros(GRID.shape, np.bool_)
CART = Footprint(0.5, 0.5, 0.35)
CAR = Footprint(3.4, 1.0, 0.9)
CLEARANCE_M = 0.2

places = st.tuples(st.floats(-9.0, 9.0), st.floats(-9.0, 9.0))
boxes = st.tuples(places, st.tuples(st.floats(0.3, 4.0), st.floats(0.3, 4.0)))


def box(x_m: float, y_m: float, length_m: float, width_m: float, yaw: float = 0.0) -> NDArray[np.bool_]:
    along = (X_M - x_m) * math.cos(yaw) + (Y_M - y_m) * math.sin(yaw)
    across = (Y_M - y_m) * math.cos(yaw) - (X_M - x_m) * math.sin(yaw)
    return np.asarray((np.abs(along) <= length_m / 2) & (np.abs(across) <= width_m / 2))


def ground(
    road: NDArray[np.bool_],
    obstacles: NDArray[np.bool_] = NOTHING,
    robot: Footprint = CART,
    hidden: NDArray[np.bool_] = NOTHING,
) -> Clearance:
    values = np.where(obstacles, OCCUPIED, np.where(hidden, UNKNOWN, np.where(road, 5, 95))).astype(np.int8)
    return Clearance(Occupancy(GRID, values, NOTHING, 0), robot, CLEARANCE_M, 0.5)


def inside(cells: NDArray[np.bool_], x_m: float, y_m: float) -> bool:
    row, column, within = GRID.cells_of(np.array([x_m, y_m]))
    return bool(within & cells[row, column])


def squares(cells: NDArray[np.bool_]) -> shapely.Geometry:
    half = GRID.resolution_m / 2
    return shapely.union_all([shapely.box(x - half, y - half, x + half, y + half) for x, y in CENTRES_M[cells]])


def row_of(pose: Pose2d) -> NDArray[np.float64]:
    return np.array([[pose.x_m, pose.y_m, pose.yaw_rad]])


def turned(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The world turned to the left by a quarter about the grid's middle."""
    return np.ascontiguousarray(np.rot90(cells, -1))


def angle_between(one: float, other: float) -> float:
    return abs(math.remainder(one - other, 2 * math.pi))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(boxes, min_size=1, max_size=3), st.lists(boxes, max_size=4), st.lists(boxes, max_size=2), boxes,
    st.sampled_from([CART, CAR]),
)  # fmt: skip
def test_a_goal_lies_in_the_region_clear_of_all_that_is_not_known_to_be_free_or_there_is_none(
    roads: list[tuple[tuple[float, float], tuple[float, float]]],
    obstacles: list[tuple[tuple[float, float], tuple[float, float]]],
    hidden: list[tuple[tuple[float, float], tuple[float, float]]],
    asked: tuple[tuple[float, float], tuple[float, float]],
    robot: Footprint,
) -> None:
    road, standing, unseen = (
        np.any([box(*place, 3.0 * size[0], 3.0 * size[1]) for place, size in some] + [NOTHING], axis=0)
        for some in (roads, obstacles, hidden)
    )
    region = box(*asked[0], 2.0 * asked[1][0], 2.0 * asked[1][1])
    clearance = ground(road, standing, robot, unseen)
    try:
        goal = region_goal(region, clearance)
    except GeometryError as error:
        assert str(error).endswith(".")
        return
    middle = shapely.Polygon(robot.corners_m(goal)).centroid
    assert inside(region, goal.x_m, goal.y_m) and inside(region, middle.x, middle.y)
    outline = shapely.Polygon(robot.corners_m(goal))
    assert outline.distance(squares(~clearance.seen_free)) >= CLEARANCE_M - 1e-6


@settings(deadline=None, max_examples=20)
@given(st.integers(-14, 14), st.integers(-14, 14), st.integers(0, 3))
def test_a_goal_turns_and_moves_with_its_world(columns: int, rows: int, quarters: int) -> None:
    road = box(1.0, 0.5, 9.0, 4.0, 0.4)
    region = box(2.0, 1.0, 3.0, 2.0, 0.4)
    robot = Pose2d(-3.0, -1.5, 0.4)
    goal = region_goal(region, ground(road), robot)

    def carried(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
        for _ in range(quarters):
            cells = turned(cells)
        return np.roll(cells, (rows, columns), axis=(0, 1))

    def carried_pose(pose: Pose2d) -> Pose2d:
        x, y = pose.x_m, pose.y_m
        for _ in range(quarters):
            x, y = -y, x
        shift_x, shift_y = columns * GRID.resolution_m, rows * GRID.resolution_m
        return Pose2d(x + shift_x, y + shift_y, pose.yaw_rad + quarters * math.pi / 2)

    moved = region_goal(carried(region), ground(carried(road)), carried_pose(robot))
    expected = carried_pose(goal)
    # Middles of cells lie between half-cells, of which the upper one is looked up: places about as good change ranks.
    assert math.dist((moved.x_m, moved.y_m), (expected.x_m, expected.y_m)) < 3 * GRID.resolution_m
    assert angle_between(moved.yaw_rad, expected.yaw_rad) < 0.1


@pytest.mark.parametrize("yaw", [0.0, 0.5, -1.0])
def test_on_a_road_the_robot_faces_along_it_and_away_from_where_it_came(yaw: float) -> None:
    road = box(0.0, 0.0, 40.0, 5.0, yaw)
    ahead = math.cos(yaw), math.sin(yaw)
    region = road & ((X_M * ahead[0] + Y_M * ahead[1]) > 3.0)
    goal = region_goal(region, ground(road))
    assert angle_between(goal.yaw_rad, yaw) < 0.25
    back = region_goal(road & ((X_M * ahead[0] + Y_M * ahead[1]) < -3.0), ground(road), Pose2d(0.0, 0.0, yaw))
    assert angle_between(back.yaw_rad, yaw) < 0.25


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_in_a_side_road_the_robot_faces_into_it(side: float) -> None:
    side_road = box(6.0, side * 6.0, 4.0, 12.0)
    road = box(0.0, 0.0, 20.0, 4.0) | side_road
    goal = region_goal(side_road & (side * Y_M > 3.0), ground(road))
    assert angle_between(goal.yaw_rad, side * math.pi / 2) < 0.2


def test_a_goal_leaves_the_most_room() -> None:
    goal = region_goal(box(4.0, 0.0, 6.0, 8.0), ground(~NOTHING, box(4.0, 3.0, 8.0, 2.0)))
    assert goal.y_m < -0.5
    middle = region_goal(box(4.0, 1.0, 4.0, 4.0), ground(~NOTHING))
    assert math.dist((middle.x_m, middle.y_m), (4.0, 1.0)) < 0.6


def test_a_car_parks_where_it_only_fits_across_its_way() -> None:
    bay = box(5.0, 6.0, 3.6, 7.0)
    goal = region_goal(bay, ground(box(0.0, 0.0, 20.0, 4.0) | bay, robot=CAR))
    assert angle_between(2 * goal.yaw_rad, math.pi) < 0.7
    assert inside(bay, goal.x_m, goal.y_m)


def test_what_the_command_names_is_kept_out_of_though_no_obstacle_is_known_there() -> None:
    region, named = box(5.0, 0.0, 4.0, 3.0), box(5.0, 0.0, 1.0, 3.0)
    occupancy = ground(~NOTHING).occupancy
    goal = region_goal(region, Clearance(occupancy, CART, CLEARANCE_M, 0.5, named))
    assert shapely.Polygon(CART.corners_m(goal)).distance(squares(named)) >= CLEARANCE_M


def test_no_goal_is_on_blind_ground() -> None:
    near = X_M < 3.0
    occupancy = Occupancy(GRID, np.where(near, UNKNOWN, 0).astype(np.int8), near, 0)
    clearance = Clearance(occupancy, CART, CLEARANCE_M, 0.5)
    assert clearance.clear(np.array([[1.0, 0.0, 0.0]])).all()
    with pytest.raises(GeometryError, match="believed free"):
        region_goal(box(1.0, 0.0, 3.0, 3.0), clearance)
    assert region_goal(box(3.0, 0.0, 6.0, 3.0), clearance).x_m > 3.5


@pytest.mark.parametrize(
    ("region", "road", "reason"),
    [
        (NOTHING, ~NOTHING, "map covers"),
        (box(5.0, 0.0, 3.0, 3.0), box(-5.0, 0.0, 3.0, 3.0), "believed free"),
        (box(5.0, 0.0, 0.6, 0.6), box(5.0, 0.0, 0.6, 0.6), "robot's size"),
    ],
)
def test_where_there_is_no_goal_the_reason_is_said(
    region: NDArray[np.bool_], road: NDArray[np.bool_], reason: str
) -> None:
    with pytest.raises(GeometryError, match=reason):
        region_goal(region, ground(road))


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.floats(3.0, 7.0), st.floats(-math.pi, math.pi)), st.floats(0.0, 1.5), st.floats(0.3, 1.5),
    st.lists(boxes, max_size=4), st.sampled_from([CART, CAR]),
)  # fmt: skip
def test_the_robot_stands_before_the_thing_facing_it_and_clear(
    at: tuple[float, float],
    size_m: float,
    standoff_m: float,
    obstacles: list[tuple[tuple[float, float], tuple[float, float]]],
    robot: Footprint,
) -> None:
    centre = np.array([at[0] * math.cos(at[1]), at[0] * math.sin(at[1])])
    thing = centre + size_m / 2 * np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    standing = np.any([box(*place, *size) for place, size in obstacles] + [NOTHING], axis=0)
    clearance = ground(~NOTHING, standing, robot)
    try:
        goal = approach_goal(thing, clearance, standoff_m)
    except GeometryError as error:
        assert "thing" in str(error)
        return
    outline = shapely.Polygon(robot.corners_m(goal))
    assert outline.distance(squares(standing)) >= CLEARANCE_M - 1e-6 or not standing.any()
    gap_m = outline.distance(shapely.convex_hull(shapely.MultiPoint(thing)))
    # Facing a corner, the robot's front is as far from it as it should; facing a side askew, nearer nowhere.
    assert standoff_m - 1e-6 <= gap_m <= 2.0 * standoff_m + size_m + 1e-6
    assert angle_between(goal.yaw_rad, math.atan2(centre[1] - goal.y_m, centre[0] - goal.x_m)) < 1e-6
    assert (np.array([goal.x_m, goal.y_m]) - centre) @ -centre >= -1e-6


def test_the_straight_way_to_a_thing_is_taken_where_it_is_free() -> None:
    thing = np.array([[6.0, 2.0]])
    goal = approach_goal(thing, ground(~NOTHING), 1.5)
    assert math.dist((goal.x_m, goal.y_m), thing[0]) == pytest.approx(1.5 + CART.front_m)
    assert goal.yaw_rad == pytest.approx(math.atan2(2.0, 6.0))


def test_a_robot_keeps_farther_off_where_the_ground_near_the_thing_is_not_free() -> None:
    beside_road = np.array([[5.0, 4.0]])
    goal = approach_goal(beside_road, ground(box(0.0, 0.0, 20.0, 4.0)), 1.5, Pose2d(4.0, 0.0, 0.0))
    assert 2.0 < math.dist((goal.x_m, goal.y_m), beside_road[0]) <= 3.5
    with pytest.raises(GeometryError, match=r"1\.0 to 2\.0 m before"):
        approach_goal(beside_road, ground(box(0.0, 0.0, 20.0, 1.4)), 1.0, Pose2d(4.0, 0.0, 0.0))


def test_a_place_that_can_be_driven_to_directly_is_preferred() -> None:
    region = box(6.0, 0.0, 8.0, 8.0)

    def left_only(poses: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(poses[:, 1] > 2.0)

    assert region_goal(region, ground(~NOTHING)).y_m < 2.0
    assert region_goal(region, ground(~NOTHING), reach=left_only).y_m > 2.0
    assert region_goal(region, ground(~NOTHING), reach=lambda poses: np.zeros(len(poses), np.bool_)) is not None


def test_a_robot_that_cannot_face_a_thing_beside_its_road_stops_along_its_way_near_to_it() -> None:
    beside_road = np.array([[6.0, 3.5]])
    road = ground(box(4.0, 0.0, 24.0, 4.0))

    def ahead_only(poses: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.abs(poses[:, 2]) < 0.2)

    goal = approach_goal(beside_road, road, 1.5, reach=ahead_only)
    assert abs(goal.yaw_rad) < 0.2
    gap_m = shapely.Polygon(CART.corners_m(goal)).distance(shapely.Point(beside_road[0]))
    assert 1.5 - 1e-6 <= gap_m < 2.5


@pytest.mark.parametrize("thing", [np.empty((0, 2)), np.array([[np.nan, 0.0]]), np.zeros((2, 3))])
def test_a_thing_without_a_place_is_a_mistake_of_the_caller(thing: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="thing_m"):
        approach_goal(thing, ground(~NOTHING), 1.0)
