"""Straightening: the same ends, no more effort, and nothing that cannot be driven."""

from __future__ import annotations

import numpy as np
import pytest
from box_world import BoxWorld
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.curves import Curves, chained
from ris_ros.planning.effort import Effort
from ris_ros.planning.smooth import smoothed
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.values import Footprint

Array = NDArray[np.float64]

FIELD = Grid(0.2, (200, 200), (-8.0, -20.0))
CART = Footprint(0.5, 0.5, 0.35)
BOXES = np.array([[8.0, 0.0, 3.0, 3.0, 0.3], [14.0, 4.0, 2.0, 4.0, 0.0], [14.0, -6.0, 6.0, 1.0, 0.5]])
GROUND = BoxWorld(FIELD, CART, BOXES)
TERRAIN = Terrain.of(GROUND, FIELD)


def cost(way: Curves, effort: Effort) -> float:
    return float(effort.of_curves(way.divided(0.1), GROUND, 0.1).sum())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-1, 1), min_size=3, max_size=30), st.sampled_from([0.0, 1.0, 3.0]))
def test_it_costs_no_more_and_stays_what_can_be_driven(turns: list[int], radius_m: float) -> None:
    length = 0.8
    turn = np.array(turns) * (length / radius_m if radius_m else 0.4)
    way = chained(np.array([-6.0, -3.0, 0.2]), np.full(len(turns), length), turn)
    effort = Effort(TERRAIN, radius_m)
    if not np.isfinite(cost(way, effort)):
        return  # it runs into something
    better = smoothed(way, effort, GROUND, 0.1)
    assert cost(better, effort) <= cost(way, effort) + 1e-3
    assert GROUND.clear(better.poses(0.1)[0]).all()
    np.testing.assert_allclose(better.starts[0], way.starts[0], atol=1e-6)
    np.testing.assert_allclose(better.joints[-1, 1, :2], way.joints[-1, 1, :2], atol=1e-3)
    if radius_m:
        assert (np.abs(better.turns_rad) * radius_m <= better.lengths_m + 1e-6).all()


@pytest.mark.parametrize("radius_m", [0.0, 2.0])
def test_a_wriggle_becomes_straight(radius_m: float) -> None:
    turn = np.tile([0.35, -0.35, -0.35, 0.35], 5)
    way = chained(np.array([-6.0, -12.0, 0.0]), np.full(20, 0.8), turn)
    better = smoothed(way, Effort(TERRAIN, radius_m), GROUND, 0.1)
    assert np.abs(better.turns_rad).sum() < 0.1 * np.abs(turn).sum()
    straight = np.hypot(*(way.joints[-1, 1] - way.starts[0])[:2])
    assert better.lengths_m.sum() == pytest.approx(straight, rel=0.01)


@pytest.mark.parametrize("radius_m", [0.0, 2.0])
def test_what_is_straight_stays_as_it_is(radius_m: float) -> None:
    way = chained(np.array([-6.0, -12.0, 0.0]), np.array([7.0]), np.array([0.0]))
    better = smoothed(way, Effort(TERRAIN, radius_m), GROUND, 0.1)
    np.testing.assert_allclose(better.joints[-1, 1], [1.0, -12.0, 0.0], atol=1e-9)
    assert np.abs(better.turns_rad).sum() < 1e-9


def test_corners_are_rounded_where_there_is_room() -> None:
    """A robot that turns on the spot need not stop for it."""
    way = chained(np.array([-6.0, -12.0, 0.0]), np.array([8.0, 0.0, 8.0]), np.array([0.0, np.pi / 2, 0.0]))
    better = smoothed(way, Effort(TERRAIN, 0.0), GROUND, 0.1)
    assert not (better.lengths_m[np.abs(better.turns_rad) > 1e-6] == 0.0).any()
    assert better.lengths_m.sum() < 16.0
