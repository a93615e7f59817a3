"""The ground as a search for a way looks at it: what driving costs where, and how far it is from anywhere to the goal.

The distance is the holonomic heuristic of Dolgov, Thrun, Montemerlo and Diebel, Path Planning for Autonomous Vehicles
in Unknown Semi-structured Environments (2010), section 2: around obstacles, but as if the robot could move sideways.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]

_COARSE_CELLS = 100
"""The distance is worked out on at most so many cells along a side."""

_HEADINGS = 16
"""A cell can be stood on when it can be with one of so many headings, or with one of the two between each two."""

_COMFORT_M = 1.0
"""With this much more room than the narrowest standable place has, nothing is in the robot's way."""

_BLOCKED_M = 1e6
"""To cross a blocked cell costs more than any way; finite, because differences of sums are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Where the robot can stand at all, and how much it likes to.

    Attributes:
        grid: The map's cells.
        dislike: float64 [rows, columns]: 0 with all the room one could wish, 1 where there is the least that will do.
        coarse: Larger cells over the same ground.
        standable: bool [coarse rows, coarse columns]: there is a place and a heading that is clear.
        coarse_cost: float64 [coarse rows, coarse columns]: cost of a metre there.
    """

    grid: Grid
    dislike: Array
    coarse: Grid
    standable: NDArray[np.bool_]
    coarse_cost: Array

    @classmethod
    def of(cls, free_space: FreeSpace, grid: Grid) -> Terrain:
        """Look at all of a map."""
        points = grid.centres_m().reshape(-1, 2)
        room = np.asarray(free_space.room_m(points), np.float64)
        coarse, roomiest = _coarsened(grid, room)
        shape = coarse.shape
        standable = _standable(free_space, points[roomiest], room[roomiest])
        needed = room[roomiest][standable].min() if standable.any() else 0.0
        dislike = np.clip(1.0 - (room - needed) / _COMFORT_M, 0.0, 1.0) ** 2
        return cls(
            grid=grid,
            dislike=dislike.reshape(grid.shape),
            coarse=coarse,
            standable=standable.reshape(shape),
            coarse_cost=1.0 + dislike[roomiest].reshape(shape),
        )

    def cost_at(self, xy_m: Array) -> Array:
        """float64 [...]: cost of a metre at points [..., 2] of the map."""
        steps = ((xy_m - self.grid.origin_m) * (1.0 / self.grid.resolution_m)).astype(np.int64)
        columns = np.clip(steps[..., 0], 0, self.grid.size_cells[0] - 1)
        rows = np.clip(steps[..., 1], 0, self.grid.size_cells[1] - 1)
        cost: Array = 1.0 + self.dislike[rows, columns]
        return cost

    def cost_to(self, goal_xy_m: tuple[float, float]) -> Array:
        """float64 [coarse rows, coarse columns]: cost from each cell to the goal, infinite where no way leads to it.

        Steps go to the eight neighbours. Sweeps over the rows, down and up, repeat until nothing changes; in each row
        costs spread along the whole of it at once, as the running minimum of what is left of them when the cost of
        the row's own cells is taken off.
        """
        rows, columns, inside = self.coarse.cells_of(np.asarray(goal_xy_m))
        if not inside:
            return np.full(self.coarse.shape, np.inf)
        goal = int(rows), int(columns)
        cost = np.where(self.standable, self.coarse_cost, _BLOCKED_M)
        cost[goal] = self.coarse_cost[goal]  # whoever asks knows that the robot can stand there
        reached = _swept(cost, goal)
        reached *= self.coarse.resolution_m
        reached[reached >= _BLOCKED_M * self.coarse.resolution_m / 2] = np.inf
        # A robot may stand clear in a cell whose roomiest point is not: beside a cell that counts, it counts.
        beside = cv2.erode(np.minimum(reached, 1e12), np.ones((3, 3), np.uint8)) + self.coarse.resolution_m
        return np.where(np.isfinite(reached) | (beside >= 1e12), reached, beside)


def _coarsened(grid: Grid, room_m: Array) -> tuple[Grid, NDArray[np.int64]]:
    """Larger cells, and for each the index of the roomiest of its cells."""
    factor = math.ceil(max(grid.size_cells) / _COARSE_CELLS)
    columns, rows = (math.ceil(cells / factor) for cells in grid.size_cells)
    coarse = Grid(grid.resolution_m * factor, (columns, rows), grid.origin_m)
    padded = np.full((rows * factor, columns * factor), -1.0)
    padded[: grid.shape[0], : grid.shape[1]] = room_m.reshape(grid.shape)
    blocks = padded.reshape(rows, factor, columns, factor).transpose(0, 2, 1, 3).reshape(rows * columns, -1)
    within = np.argmax(blocks, axis=1)
    row = np.repeat(np.arange(rows), columns) * factor + within // factor
    column = np.tile(np.arange(columns), rows) * factor + within % factor
    return coarse, row * grid.size_cells[0] + column


def _standable(free_space: FreeSpace, xy_m: Array, room_m: Array) -> NDArray[np.bool_]:
    """bool [n]: where some heading is clear; most places are settled by the first."""
    standable = np.zeros(len(xy_m), np.bool_)
    left = np.flatnonzero(room_m > 0.0)
    for between in range(3):
        # Far apart first: neighbouring headings mostly share their fate.
        for heading in (np.arange(_HEADINGS) * 7) % _HEADINGS:
            yaw = np.full(len(left), 2.0 * math.pi * (heading + between / 3.0) / _HEADINGS)
            clear = free_space.clear(np.column_stack([xy_m[left], yaw]))
            standable[left[clear]] = True
            left = left[~clear]
            if not len(left):
                return standable
        if standable.any():
            # Whatever the heading, a robot needs room for its width: of the rest only lanes that lie askew are left.
            left = left[room_m[left] >= room_m[standable].min()]
    return standable


def _swept(cost: Array, goal: tuple[int, int]) -> Array:
    """Least sum of costs from each cell to the goal, a step costing the mean of its two cells times its length."""
    reached = np.full(cost.shape, 2.0 * _BLOCKED_M)
    reached[goal] = 0.0
    along = np.zeros(cost.shape)
    np.cumsum((cost[:, 1:] + cost[:, :-1]) / 2.0, axis=1, out=along[:, 1:])
    straight = (cost[1:] + cost[:-1]) / 2.0
    falling = (cost[1:, 1:] + cost[:-1, :-1]) * (math.sqrt(0.5))
    rising = (cost[1:, :-1] + cost[:-1, 1:]) * (math.sqrt(0.5))

    def spread(row: int) -> None:
        line, sums = reached[row], along[row]
        np.minimum(line, np.minimum.accumulate(line - sums) + sums, out=line)
        np.minimum(line, np.minimum.accumulate((line + sums)[::-1])[::-1] - sums, out=line)

    while True:
        before = reached.copy()
        spread(0)
        for row in range(1, len(cost)):
            line, above = reached[row], reached[row - 1]
            np.minimum(line, above + straight[row - 1], out=line)
            np.minimum(line[1:], above[:-1] + falling[row - 1], out=line[1:])
            np.minimum(line[:-1], above[1:] + rising[row - 1], out=line[:-1])
            spread(row)
        for row in range(len(cost) - 2, -1, -1):
            line, below = reached[row], reached[row + 1]
            np.minimum(line, below + straight[row], out=line)
            np.minimum(line[:-1], below[1:] + falling[row], out=line[:-1])
            np.minimum(line[1:], below[:-1] + rising[row], out=line[1:])
            spread(row)
        if np.allclose(before, reached, rtol=0.0, atol=1e-6):
            return reached
