from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.corridor import corridor_headings
from ris_ros.planning.values import Pose2d

GRID = Grid(0.25, (120, 120), (-15.0, -15.0))
X_M, Y_M = GRID.centres_m()[..., 0], GRID.centres_m()[..., 1]
EVERYWHERE = np.ones(GRID.shape, np.bool_)

headings = st.floats(-math.pi, math.pi)


def strip(yaw: float, width_m: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(Y_M * math.cos(yaw) - X_M * math.sin(yaw)) < width_m / 2)


def off(one: float, other: float) -> float:
    return abs(math.remainder(one - other, 2 * math.pi))


@settings(deadline=None, max_examples=60)
@given(headings, st.floats(2.0, 5.0), st.floats(4.0, 8.0))
def test_along_a_road_and_away_from_a_robot_that_drives_on_it(yaw: float, width_m: float, ahead_m: float) -> None:
    road = strip(yaw, width_m)
    place = ahead_m * np.array([[math.cos(yaw), math.sin(yaw)]])
    (heading,) = corridor_headings(place, road, road, GRID, Pose2d(0.0, 0.0, yaw))
    assert off(heading, yaw) < math.radians(3.0)


@settings(deadline=None, max_examples=60)
@given(headings, st.sampled_from([-1.0, 1.0]))
def test_into_a_road_that_crosses_the_robots_way(yaw: float, side: float) -> None:
    across = yaw + side * math.pi / 2
    ahead, aside = np.array([math.cos(yaw), math.sin(yaw)]), np.array([math.cos(across), math.sin(across)])
    road = strip(across, 4.0)
    robot = Pose2d(*map(float, -6.0 * ahead), yaw)
    (heading,) = corridor_headings((5.0 * aside)[np.newaxis], road, road, GRID, robot)
    assert off(heading, across) < math.radians(3.0)


@given(headings)
def test_on_open_ground_as_the_robot_faces(yaw: float) -> None:
    places = np.array([[0.0, 0.0], [2.0, -1.0], [-2.0, 1.5]])
    found = corridor_headings(places, EVERYWHERE, EVERYWHERE, GRID, Pose2d(0.0, 0.0, yaw))
    assert max(off(heading, yaw) for heading in found) < 1e-3


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.0])
def test_behind_the_robot_it_still_drives_the_way_it_faces(yaw: float) -> None:
    road = strip(yaw, 4.0)
    place = -5.0 * np.array([[math.cos(yaw), math.sin(yaw)]])
    assert off(corridor_headings(place, road, road, GRID, Pose2d(0.0, 0.0, yaw))[0], yaw) < math.radians(3.0)
