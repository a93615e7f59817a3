"""The exact ground of a picture, on a scene whose every metre is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flat_scene import CAR_M, flat_scene

from ris_ros.evaluation.true_ground import TrueGround
from ris_ros.planning.values import Footprint, Pose2d

CAR_XY_M = (14.0, 1.0)
ROBOT = Footprint(0.5, 0.5, 0.35)


@pytest.fixture(scope="module")
def ground() -> TrueGround:
    return TrueGround(*flat_scene((CAR_XY_M,)))


def pose(x: float, y: float, yaw: float = 0.0) -> np.ndarray:
    return np.array([[x, y, yaw]])


def cells(ground: TrueGround, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    centres = ground.grid.centres_m()
    return (centres[..., 0] > x[0]) & (centres[..., 0] < x[1]) & (centres[..., 1] > y[0]) & (centres[..., 1] < y[1])


def test_road_is_where_the_road_is_seen(ground):
    assert ground.road[cells(ground, (7.0, 10.0), (-2.0, 2.0))].all()
    assert not ground.road[cells(ground, (18.0, 30.0), (5.2, 9.0))].any()  # pavement
    assert not ground.road[cells(ground, (16.5, 17.5), (0.8, 1.2))].any()  # hidden behind the car
    assert not ground.road[cells(ground, (-8.0, 0.0), (-20.0, 20.0))].any()  # out of the picture


def test_what_stands_there_is_drawn_where_it_stands(ground):
    x, y = CAR_XY_M
    half_x, half_y = CAR_M[0] / 2, CAR_M[1] / 2
    assert ground.occupied[
        cells(ground, (x - half_x + 0.1, x + half_x - 0.1), (y - half_y + 0.1, y + half_y - 0.1))
    ].all()
    outside = ~cells(ground, (x - half_x - 0.2, x + half_x + 0.2), (y - half_y - 0.2, y + half_y + 0.2))
    assert not ground.occupied[outside].any()


@pytest.mark.parametrize(
    ("gap_m", "yaw", "touches"),
    [(0.02, 0.0, False), (-0.02, 0.0, True), (0.02, math.radians(45), True), (0.30, math.radians(45), False)],
)
def test_touching_is_to_the_centimetre_and_turns_with_the_robot(ground, gap_m, yaw, touches):
    x = CAR_XY_M[0] - CAR_M[0] / 2 - ROBOT.front_m - gap_m
    assert ground.touched(pose(x, CAR_XY_M[1], yaw), ROBOT).tolist() == [touches]


def test_a_robot_inside_a_thing_touches_it(ground):
    assert ground.touched(pose(*CAR_XY_M), Footprint(0.1, 0.1, 0.1)).all()


@pytest.mark.parametrize(
    ("at", "off"),
    [
        ((9.0, 0.0, 0.0), False),
        ((20.0, -4.5, 0.0), False),
        ((20.0, -4.75, 0.0), True),  # the wheels are on the pavement
        ((16.6, 1.0, 0.0), True),  # behind the car, where nobody sees
        ((0.0, 0.0, 0.0), False),  # where the robot stands: too near to be seen
        ((-6.5, 0.0, 0.0), True),  # behind the robot
        ((60.0, 0.0, 0.0), True),  # beyond the map
    ],
)
def test_off_the_road_is_any_part_of_the_robot(ground, at, off):
    assert ground.off_road(np.array([at]), ROBOT).tolist() == [off]


def test_a_region_holds_the_robot_only_where_all_of_it_fits(ground):
    lane = cells(ground, (7.0, 9.5), (-2.0, -0.5))
    assert ground.holds(lane, ROBOT, 0.2)
    assert not ground.holds(lane, Footprint(1.9, 2.6, 0.9), 0.2)  # longer than the region
    assert not ground.holds(cells(ground, (7.0, 9.5), (-2.0, -1.5)), ROBOT, 0.2)  # wider than it
    assert not ground.holds(cells(ground, (24.0, 26.0), (4.2, 8.0)), ROBOT, 0.5)  # on the pavement
    assert not ground.holds(np.zeros(ground.grid.shape, np.bool_), ROBOT, 0.0)


def test_a_region_across_the_way_holds_a_robot_that_stands_across():
    ground = TrueGround(*flat_scene())
    across = cells(ground, (8.0, 8.9), (-2.0, 2.0))
    long = Footprint(1.2, 1.2, 0.35)
    assert ground.holds(across, long, 0.1)
    assert ground.share_inside(across, Pose2d(8.45, 0.0, math.pi / 2), long) == 1.0
    assert ground.share_inside(across, Pose2d(8.45, 0.0, 0.0), long) == pytest.approx(0.9 / 2.4, abs=0.06)


def test_a_mask_is_spread_over_the_ground_that_it_shows(ground):
    image, geometry = flat_scene((CAR_XY_M,))
    points = geometry.points_m()
    wanted = (np.abs(points[..., 0] - 9.0) < 1.0) & (np.abs(points[..., 1]) < 1.0) & (np.abs(points[..., 2]) < 0.01)
    spread = ground.spread(wanted)
    middle = ground.grid.centres_m()[spread].mean(axis=0)
    assert middle == pytest.approx([9.0, 0.0], abs=0.1)
    assert spread.sum() * ground.grid.resolution_m**2 == pytest.approx(4.0, rel=0.1)
    assert ground.contains(spread, Pose2d(9.0, 0.5, 0.0))
    assert not ground.contains(spread, Pose2d(11.0, 0.5, 0.0))
    assert image.class_map.shape == wanted.shape
