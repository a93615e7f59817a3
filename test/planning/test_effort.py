"""What driving costs: never less than its length, more in bends, more where there is little room."""

from __future__ import annotations

import numpy as np
import pytest
from box_world import BoxWorld
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.geometry.grid import Grid
from ris_ros.planning.curves import Curves
from ris_ros.planning.effort import Effort
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.values import Footprint

FIELD = Grid(0.2, (200, 200), (-8.0, -20.0))
WALL = BoxWorld(FIELD, Footprint(0.5, 0.5, 0.35), np.array([[10.0, 3.0, 20.0, 1.0, 0.0], [5.0, -10.0, 1.0, 6.0, 0.0]]))
TERRAIN = Terrain.of(WALL, FIELD)


def straight(x: float, y: float, length: float) -> Curves:
    return Curves(np.array([[x, y, 0.0]]), np.array([[length]]), np.array([[0.0]]))


@given(st.floats(0.01, 20), st.floats(-3, 3), st.sampled_from([0.0, 0.5, 5.0]))
def test_no_piece_costs_less_than_its_length_nor_than_a_part_of_it(length: float, turn: float, radius_m: float) -> None:
    effort = Effort(TERRAIN, radius_m)
    whole, half = (float(effort.of_pieces(np.array(length * s), np.array(turn * s))) for s in (1.0, 0.5))
    assert whole >= length
    assert whole == pytest.approx(2 * half)


def test_the_tightest_turn_costs_a_tenth_more_than_driving_straight() -> None:
    cost = Effort(TERRAIN, 5.0).of_pieces(np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.1, 0.2]))
    np.testing.assert_allclose(cost, [1.0, 1.025, 1.1])


def test_a_turn_on_the_spot_costs_a_stop_and_the_turn() -> None:
    cost = Effort(TERRAIN, 0.0).of_pieces(np.array([0.0, 0.0]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(cost, [0.0, 0.8])


def test_room_is_worth_something() -> None:
    effort = Effort(TERRAIN, 2.0)
    beside = effort.of_curves(straight(2.0, 2.0, 8.0), WALL, 0.1)[0]
    away = effort.of_curves(straight(2.0, -2.0, 8.0), WALL, 0.1)[0]
    assert away == pytest.approx(8.0)
    assert 9.0 < beside <= 16.0
    assert effort.guessed(straight(2.0, 2.0, 8.0), WALL)[0] == pytest.approx(beside, rel=0.1)


def test_what_runs_into_something_cannot_be_paid_for() -> None:
    effort = Effort(TERRAIN, 2.0)
    through = straight(0.0, -10.0, 10.0)
    assert np.isinf(effort.of_curves(through, WALL, 0.1)[0])
    assert np.isinf(effort.guessed(straight(2.0, 3.0, 6.0), WALL)[0])
