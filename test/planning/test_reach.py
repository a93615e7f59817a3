"""What counts as reachable without a search can be driven to, and what a search need not find is not refused to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_ros.geometry.grid import Grid
from ris_ros.planning.path import plan_path
from ris_ros.planning.reach import reachable
from ris_ros.planning.values import Footprint, Pose2d
from test.support.box_world import BoxWorld

GRID = Grid(0.2, (150, 150), (-5.0, -15.0))
CART = Footprint(0.5, 0.5, 0.35)
HERE = Pose2d(0.0, 0.0, 0.0)
FIELD = BoxWorld(GRID, CART, np.zeros((0, 5)))
WALL = BoxWorld(GRID, CART, np.array([[6.0, 0.0, 1.0, 20.0, 0.0]]))


@pytest.mark.parametrize("radius_m", [0.0, 2.0])
def test_a_wall_parts_what_is_reachable_from_what_is_not(radius_m: float) -> None:
    goals = np.array([[4.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
    assert reachable(HERE, goals, FIELD, radius_m).tolist() == [True, True]
    assert reachable(HERE, goals, WALL, radius_m).tolist() == [True, False]


def test_a_car_is_not_sent_where_it_would_have_to_drive_round_in_a_circle() -> None:
    beside = np.array([[0.0, 3.0, 0.0], [12.0, 3.0, 0.0]])
    assert reachable(HERE, beside, FIELD, 4.0).tolist() == [False, True]
    assert reachable(HERE, beside, FIELD, 0.0).tolist() == [True, True]


def test_the_order_of_the_goals_makes_no_difference() -> None:
    rng = np.random.default_rng(0)
    goals = np.column_stack([rng.uniform(-4, 20, 60), rng.uniform(-12, 12, 60), rng.uniform(-3, 3, 60)])
    order = rng.permutation(60)
    assert (reachable(HERE, goals, WALL, 2.0)[order] == reachable(HERE, goals[order], WALL, 2.0)).all()


@settings(max_examples=15, deadline=None)
@given(
    x=st.floats(1.0, 20.0),
    y=st.floats(-10.0, 10.0),
    yaw=st.floats(-math.pi, math.pi),
    box=st.tuples(st.floats(2.0, 15.0), st.floats(-6.0, 6.0)),
)
def test_what_is_reachable_has_a_path(x: float, y: float, yaw: float, box: tuple[float, float]) -> None:
    boxes = np.array([[*box, 2.0, 2.0, 0.3]])
    wider = BoxWorld(GRID, Footprint(0.9, 0.9, 0.75), boxes)  # by more than lies between two poses that are looked at
    if reachable(HERE, np.array([[x, y, yaw]]), wider, 2.0)[0] and wider.clear(np.zeros((1, 3)))[0]:
        path = plan_path(HERE, Pose2d(x, y, yaw), BoxWorld(GRID, CART, boxes), GRID, 2.0)
        assert path.poses[-1] == pytest.approx([x, y, yaw])
