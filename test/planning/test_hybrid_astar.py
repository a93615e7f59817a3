"""The search from one end: its steps, and what it is worth at each moment."""

from __future__ import annotations

import math

import numpy as np
import pytest
from box_world import BoxWorld
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.effort import Effort
from ris_ros.planning.hybrid_astar import Search, Steps
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.values import Footprint

Array = NDArray[np.float64]

FIELD = Grid(0.2, (160, 120), (-4.0, -12.0))
CART = Footprint(0.5, 0.5, 0.35)


def field(boxes: list[list[float]]) -> BoxWorld:
    return BoxWorld(FIELD, CART, np.array(boxes, np.float64).reshape(-1, 5))


def search(boxes: list[list[float]], goal: Array, radius_m: float) -> Search:
    ground = field(boxes)
    terrain = Terrain.of(ground, FIELD)
    to_goal = terrain.cost_to((goal[0], goal[1]))
    return Search(Effort(terrain, radius_m), ground, np.zeros(3), goal, to_goal, 0.1)


@given(st.floats(0.1, 100.0), st.floats(0.1, 5.0), st.sampled_from([72, 144]), st.floats(-4, 4))
def test_no_step_turns_more_tightly_than_the_robot(radius_m: float, least_m: float, most: int, yaw: float) -> None:
    steps = Steps.of(radius_m, least_m, most, yaw)
    assert (steps.lengths_m >= least_m).all()
    assert (np.abs(steps.turns_rad) * radius_m <= steps.lengths_m * (1 + 1e-9)).all()
    assert 24 <= steps.headings <= most
    assert steps.headings % steps.alike == 0
    # As tight as the headings allow, to both sides, and straight on.
    assert np.abs(steps.turns_rad).max() * radius_m > 0.6 * steps.lengths_m[0] or steps.turns.max() == 2
    assert set(steps.turns) == set(-steps.turns) and 0 in steps.turns


@pytest.mark.parametrize("radius_m", [0.0, 1.0, 5.0])
def test_steps_begin_and_end_at_headings(radius_m: float) -> None:
    steps = Steps.of(radius_m, 0.6, 72, 0.3)
    table = steps.poses(0.1)
    ends = table[:, :, -1, 2]
    expected = steps.yaw_rad(np.arange(steps.headings))[:, np.newaxis] + steps.turns_rad
    np.testing.assert_allclose(ends, expected, atol=1e-9)
    reach = np.hypot(table[..., -1, 0], table[..., -1, 1])
    assert (reach <= steps.lengths_m + 1e-9).all()


def test_what_is_in_plain_view_is_found_at_once() -> None:
    ahead = search([], np.array([20.0, 0.0, 0.0]), 2.0)
    ahead.advance()
    assert ahead.expanded == 1
    assert ahead.way is not None
    assert ahead.way.lengths_m.sum() == pytest.approx(20.0)


@pytest.mark.parametrize("radius_m", [0.0, 2.0])
def test_a_longer_search_finds_no_worse_way_and_ends(radius_m: float) -> None:
    wall = [[10.0, 1.0, 1.0, 14.0, 0.0]]
    around, ground = search(wall, np.array([20.0, 0.0, 0.0]), radius_m), field(wall)
    effort = Effort(Terrain.of(ground, FIELD), radius_m)
    costs: list[float] = []
    while not around.ended and around.expanded < 20_000:
        around.advance()
        if around.way is not None:
            costs.append(float(effort.of_curves(around.way, ground, 0.1).sum()))
    assert around.ended
    assert costs
    assert (np.diff(costs) <= 1e-6).all()


def test_a_search_that_is_closed_in_ends_with_nothing() -> None:
    cell = [
        [2.5, 0.0, 0.4, 5.0, 0.0],
        [-2.5, 0.0, 0.4, 5.0, 0.0],
        [0.0, 2.5, 5.0, 0.4, 0.0],
        [0.0, -2.5, 5.0, 0.4, 0.0],
    ]
    closed_in = search(cell, np.array([20.0, 0.0, 0.0]), 0.0)
    while not closed_in.ended:
        closed_in.advance()
    assert closed_in.way is None
    # Where the goal cannot be reached by a way that forgets how the robot turns, nothing is expanded in vain.
    assert closed_in.expanded == 1


def test_finer_steps_are_shorter() -> None:
    coarse, fine = (Steps.of(1.0, 0.6 / fineness, 72 * fineness, 0.0) for fineness in (1, 2))
    assert fine.lengths_m[0] == pytest.approx(coarse.lengths_m[0] / 2)
    assert fine.heading_rad < coarse.heading_rad
    assert math.isclose(fine.heading_rad * fine.headings, 2 * math.pi)
