"""The search from both ends: what it finds and which end it blames."""

from __future__ import annotations

import math

import numpy as np
import pytest
from box_world import BoxWorld
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.curves import Curves
from ris_ros.planning.effort import Effort
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.two_ended import NoWayError, find_way
from ris_ros.planning.values import Footprint

Array = NDArray[np.float64]

CAR = Footprint(3.6, 1.0, 0.9)
FIELD = Grid(0.2, (200, 160), (-8.0, -16.0))
START, GOAL = np.zeros(3), np.array([22.0, 0.0, 0.0])


def search(boxes: list[list[float]], start: Array, goal: Array, budget: int = 8000, radius_m: float = 5.0) -> Curves:
    ground = BoxWorld(FIELD, CAR, np.array(boxes, np.float64).reshape(-1, 5))
    terrain = Terrain.of(ground, FIELD)
    to_goal = terrain.cost_to((goal[0], goal[1]))
    return find_way(Effort(terrain, radius_m), ground, start, goal, to_goal, 0.1, budget)


@pytest.mark.parametrize("turned", [False, True])
def test_a_way_leads_from_the_start_to_the_goal_whichever_end_found_it(turned: bool) -> None:
    about = np.array([0.0, 0.0, math.pi])
    start, goal = (GOAL + about, START + about) if turned else (START, GOAL)
    boxes = [[10.0, 0.0, 1.0, 14.0, 0.2], [16.0, 6.0, 1.0, 16.0, -0.2], [16.0, -9.0, 1.0, 8.0, 0.0]]
    way = search(boxes, start, goal)
    np.testing.assert_allclose(way.starts[0, :2], start[:2], atol=1e-4)
    end = way.joints[-1, -1]
    np.testing.assert_allclose(end[:2], goal[:2], atol=1e-4)
    assert abs(math.remainder(end[2] - goal[2], 2 * math.pi)) < 1e-4
    assert (np.abs(way.turns_rad) * 5.0 <= way.lengths_m + 1e-9).all()
    np.testing.assert_allclose(way.joints[:-1, 1], way.starts[1:], atol=1e-9)


def test_the_start_is_to_blame_where_the_robot_stands_before_a_wall() -> None:
    with pytest.raises(NoWayError) as caught:
        search([[4.5, 0.0, 0.4, 14.0, 0.0]], START, GOAL)
    assert caught.value.end == "start"


def test_nobody_is_to_blame_where_the_budget_is_spent() -> None:
    with pytest.raises(NoWayError) as caught:
        search([[12.0, -2.0, 1.0, 26.0, 0.0]], START, GOAL, budget=50)
    assert caught.value.end is None


def test_it_is_known_at_once_that_a_goal_cannot_be_driven_up_to() -> None:
    """All the ground before it is free, so a search from the start alone would look at all of that."""
    with pytest.raises(NoWayError) as caught:
        search([[18.6, 0.0, 0.4, 6.0, 0.0]], START, np.array([20.0, 0.0, 0.0]), budget=1000)
    assert caught.value.end == "goal"
