"""What the ground is to a search: where the robot fits, what it likes, and how far the goal is."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from box_world import BoxWorld
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.values import Footprint

CART = Footprint(0.5, 0.5, 0.35)
SMALL = Grid(0.5, (24, 20), (0.0, 0.0))


def terrain(boxes: list[list[float]], grid: Grid = SMALL, footprint: Footprint = CART) -> Terrain:
    return Terrain.of(BoxWorld(grid, footprint, np.array(boxes, np.float64).reshape(-1, 5)), grid)


def dijkstra(ground: Terrain, goal: tuple[int, int]) -> NDArray[np.float64]:
    """Dijkstra's algorithm, cell by cell, over the cells that can be stood on."""
    cost = np.where(ground.standable, ground.coarse_cost, np.inf)
    reached = np.full(cost.shape, np.inf)
    reached[goal] = 0.0
    queue = [(0.0, goal)]
    while queue:
        far, (row, column) = heapq.heappop(queue)
        if far > reached[row, column]:
            continue
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                near = (row + down, column + right)
                if near == (row, column) or not (0 <= near[0] < cost.shape[0] and 0 <= near[1] < cost.shape[1]):
                    continue
                step = (cost[row, column] + cost[near]) / 2 * math.hypot(down, right) * ground.coarse.resolution_m
                if far + step < reached[near]:
                    reached[near] = far + step
                    heapq.heappush(queue, (far + step, near))
    return reached


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 12), st.floats(0, 10), st.floats(0.3, 5), st.floats(0.3, 2), st.floats(-2, 2)),
        max_size=8,
    ),
    st.tuples(st.floats(0.5, 11.5), st.floats(0.5, 9.5)),
)
def test_sweeps_agree_with_dijkstra(boxes: list[tuple[float, ...]], goal: tuple[float, float]) -> None:
    ground = terrain([list(box) for box in boxes])
    row, column, _ = ground.coarse.cells_of(np.array(goal))
    if not ground.standable[row, column]:
        return
    expected = dijkstra(ground, (int(row), int(column)))
    cost = ground.cost_to(goal)
    np.testing.assert_allclose(cost[ground.standable], expected[ground.standable], rtol=1e-6)
    # A cell that counts only because its neighbour does is a step farther than that.
    assert (cost[~ground.standable] >= ground.coarse.resolution_m).all()


def test_a_wall_makes_the_way_long_and_a_closed_one_endless() -> None:
    open_wall = terrain([[6.0, 3.5, 0.4, 7.0, 0.0]]).cost_to((10.0, 2.0))
    closed = terrain([[6.0, 5.0, 0.4, 10.0, 0.0]]).cost_to((10.0, 2.0))
    row, column, _ = SMALL.cells_of(np.array([2.0, 2.0]))
    assert 16.0 < open_wall[row, column] < 30.0
    assert np.isinf(closed[row, column])


def test_a_robot_fits_through_a_gap_that_is_wide_enough_for_one_heading() -> None:
    """A slit one metre wide, along x, and robots 2 m long: one 0.7 m wide, the other 1.2 m."""
    walls = [[6.0, 2.375, 2.0, 4.75, 0.0], [6.0, 7.875, 2.0, 4.25, 0.0]]
    row, column, _ = SMALL.cells_of(np.array([1.5, 5.2]))
    slim, stout = (terrain(walls, footprint=Footprint(1.0, 1.0, half)).cost_to((10.5, 5.2)) for half in (0.35, 0.6))
    assert np.isfinite(slim[row, column])
    assert np.isinf(stout[row, column])


def test_ground_is_disliked_near_things_and_only_there() -> None:
    grid = Grid(0.2, (200, 200), (-8.0, -20.0))
    ground = terrain([[10.0, 0.0, 4.0, 2.0, 0.0]], grid)
    beside, away = ground.cost_at(np.array([[10.0, 1.6], [10.0, 6.0]]))
    assert beside > 1.3
    assert away == 1.0
    assert (ground.dislike >= 0.0).all() and (ground.dislike <= 1.0).all()


def test_a_great_map_is_looked_at_in_larger_cells() -> None:
    grid = Grid(0.1, (333, 250), (0.0, 0.0))
    ground = terrain([], grid)
    assert max(ground.coarse.size_cells) <= 100
    assert ground.coarse.resolution_m * ground.coarse.size_cells[0] >= 33.3
    cost = ground.cost_to((20.0, 12.0))
    row, column, _ = ground.coarse.cells_of(np.array([10.0, 12.0]))
    assert cost[row, column] == pytest.approx(10.0, abs=0.5)


def test_a_goal_off_the_map_is_nowhere_near() -> None:
    assert np.isinf(terrain([]).cost_to((99.0, 0.0))).all()
