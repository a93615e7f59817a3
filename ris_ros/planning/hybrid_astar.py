"""Search for a way that a robot can drive.

Hybrid A* (Dolgov, Thrun, Montemerlo and Diebel, Path Planning for Autonomous Vehicles in Unknown Semi-structured
Environments, 2010, section 2): places are continuous, cells only tell which of two ways to much the same pose to keep;
the estimate of what is left is the greater of a way around the obstacles that forgets how the robot turns, and a curve
that forgets the obstacles; and such curves are tried as the last piece. Where Dolgov et al. expand one node after
another, this takes many of the most promising at once, so that the work is done by few calls over large arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.curves import Curves, chained, shortest
from ris_ros.planning.effort import Effort
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_BATCH = 48
"""So many nodes are expanded at once."""

_SHOTS = 4
"""From so many of them the curve to the goal is tried."""

_GREED = 1.1
"""The estimate counts for so much more than what is known: a way may cost this much more than the cheapest."""

_STEP_CELLS = 1.5
"""Least length of a step in coarse cells of the terrain."""

_CELL = 0.7
"""Side of the cells in which ways are compared, in steps: with it a step straight on leaves its cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What a robot can do next, from each heading that the search knows.

    Attributes:
        headings: How many headings a whole turn is divided into, counted from the start's.
        alike: So many neighbouring headings are one where ways are compared; no step that stays in its place turns
            less than that.
        lengths_m: float64 [steps].
        turns: int64 [steps], in headings.
        start_yaw_rad: Heading 0.
    """

    headings: int
    alike: int
    lengths_m: Array
    turns: Indices
    start_yaw_rad: float

    @classmethod
    def of(cls, turning_radius_m: float, least_m: float, most_headings: int, start_yaw_rad: float) -> Steps:
        """Steps straight on, and turning as tightly as possible and half so; or turning on the spot.

        Args:
            turning_radius_m: Of the tightest turn, 0 for a robot that turns on the spot.
            least_m: Length of a step at least.
            most_headings: A multiple of 24; short steps of robots that turn widely need many.
            start_yaw_rad: The robot's heading.
        """
        fewest = most_headings // 3
        if turning_radius_m == 0.0:
            return cls(fewest, 1, np.array([least_m, 0.0, 0.0]), np.array([0, 1, -1]), start_yaw_rad)
        # Two headings a step where steps are short against the radius, and otherwise as many as the radius allows.
        headings = min(most_headings, max(fewest, 2 * round(2.0 * math.pi * turning_radius_m / least_m)))
        heading_m = 2.0 * math.pi / headings * turning_radius_m
        length_m = max(least_m, 2.0 * heading_m)
        tight = int(length_m / heading_m + 1e-9)
        turns = np.array([0, tight, -tight, tight // 2, -(tight // 2)])
        return cls(headings, 2, np.full(5, length_m), turns, start_yaw_rad)

    @property
    def heading_rad(self) -> float:
        """From one heading to the next."""
        return 2.0 * math.pi / self.headings

    def yaw_rad(self, headings: Indices) -> Array:
        """float64 [...]: the yaw of headings."""
        yaw: Array = self.start_yaw_rad + np.asarray(headings, np.float64) * self.heading_rad
        return yaw

    @property
    def turns_rad(self) -> Array:
        """float64 [steps]."""
        return np.asarray(self.turns, np.float64) * self.heading_rad

    def poses(self, sample_m: float) -> Array:
        """float64 [headings, steps, m, 3]: poses along every step from every heading at the origin, at most so far
        apart; shorter steps repeat their last."""
        count = len(self.turns)
        starts = np.zeros((self.headings * count, 3))
        starts[:, 2] = np.repeat(self.yaw_rad(np.arange(self.headings)), count)
        lengths, turns = (np.tile(part, self.headings)[:, np.newaxis] for part in (self.lengths_m, self.turns_rad))
        poses, step = Curves(starts, lengths, turns).poses(sample_m)
        first, last = (np.searchsorted(step, np.arange(len(starts)), side=side) for side in ("left", "right"))
        which = np.minimum(first[:, np.newaxis] + np.arange((last - first).max()), last[:, np.newaxis] - 1)
        table: Array = poses[which].reshape(self.headings, count, -1, 3)
        return table


class Search:
    """One search, from a pose to a pose, that goes on as far as it is told to.

    Args:
        effort: What driving costs on this ground.
        free_space: Where the robot may stand.
        start: float64 [3].
        goal: float64 [3].
        to_goal: float64 [coarse rows, coarse columns]: cost from the cells of ``effort.terrain.coarse`` to the goal.
        sample_m: Poses along the way are tried at most so far apart.
        fineness: Steps are so many times shorter, and turn in so many times smaller parts, than where there is room.

    Attributes:
        expanded: How many nodes were expanded.
        ended: Nothing is left to be expanded that could lead to a cheaper way than was found, if one was.
    """

    def __init__(
        self,
        effort: Effort,
        free_space: FreeSpace,
        start: Array,
        goal: Array,
        to_goal: Array,
        sample_m: float,
        fineness: int = 1,
    ) -> None:
        self._effort = effort
        self._free_space = free_space
        self._goal = goal
        self._to_goal = to_goal
        self._sample_m = sample_m
        self._coarse = effort.terrain.coarse
        least_m = _STEP_CELLS * self._coarse.resolution_m / fineness
        self._steps = Steps.of(effort.turning_radius_m, least_m, 72 * fineness, float(start[2]))
        self._step_poses = self._steps.poses(sample_m)
        self._step_effort = effort.of_pieces(self._steps.lengths_m, self._steps.turns_rad)
        self._cells = _cells_over(self._coarse, _CELL * float(self._steps.lengths_m[0]))
        self._cheapest: dict[int, float] = {}  # by cell and heading; an array of all would mostly stay empty
        self._nodes = _Nodes(start)
        self._found_cost = math.inf
        self._found: tuple[int, Curves] | None = None
        self.expanded = 0
        self.ended = False

    @property
    def way(self) -> Curves | None:
        """The cheapest way found so far, in curves of one piece each, one after the other; None where none was."""
        if self._found is None:
            return None
        node, last = self._found
        chain = self._nodes.chain(node)
        step = self._nodes.step[chain[1:]]
        lengths = np.concatenate([self._steps.lengths_m[step], last.lengths_m[0]])
        turns = np.concatenate([self._steps.turns_rad[step], last.turns_rad[0]])
        return chained(np.append(self._nodes.xy[0], self._steps.start_yaw_rad), lengths, turns)

    def advance(self) -> None:
        """Expand the most promising nodes, and see whether the goal can be driven to from some of them."""
        batch = self._nodes.most_promising(_BATCH, self._found_cost)
        if not len(batch):
            self.ended = True
            return
        self.expanded += len(batch)
        self._nodes.close(batch)
        self._shoot(batch)
        self._expand(batch)

    def _shoot(self, batch: Indices) -> None:
        """Try, from the nodes nearest to the goal, the curve that leads to it were nothing in the way."""
        nodes = self._nodes
        shooters = batch[np.argsort(nodes.promise[batch] - nodes.cost[batch], kind="stable")[:_SHOTS]]
        starts = np.column_stack([nodes.xy[shooters], self._steps.yaw_rad(nodes.heading[shooters])])
        curves = shortest(starts, np.broadcast_to(self._goal, starts.shape), self._effort.turning_radius_m)
        cost = nodes.cost[shooters] + self._effort.of_curves(curves, self._free_space, self._sample_m)
        best = int(np.argmin(cost))
        if cost[best] < self._found_cost:
            self._found_cost = float(cost[best])
            self._found = int(shooters[best]), curves.taken(np.array([best]))

    def _expand(self, batch: Indices) -> None:
        nodes, steps = self._nodes, self._steps
        poses = self._step_poses[nodes.heading[batch]].copy()  # [batch, steps, poses, 3]
        poses[..., :2] += nodes.xy[batch][:, np.newaxis, np.newaxis]
        clear = self._free_space.clear(poses.reshape(-1, 3)).reshape(poses.shape[:3]).all(axis=2)
        which, step = np.nonzero(clear)
        if not len(which):
            return
        parent, poses = batch[which], poses[which, step]
        ends = poses[:, -1]
        crowded = self._effort.terrain.cost_at(poses[:, :, :2]).mean(axis=1) - 1.0
        cost = nodes.cost[parent] + self._step_effort[step] + steps.lengths_m[step] * crowded
        heading = (nodes.heading[parent] + steps.turns[step]) % steps.headings
        rows, columns, _ = self._cells.cells_of(ends[:, :2])
        headings = steps.headings // steps.alike
        cell = (rows * self._cells.size_cells[0] + columns) * headings + heading // steps.alike
        # Of the ways into one cell only the cheapest is kept, and only if none was cheaper before.
        order = np.lexsort((cost, cell))
        first = np.ones(len(order), np.bool_)
        first[1:] = cell[order[1:]] != cell[order[:-1]]
        kept = order[first]
        left = self._left(ends[kept])
        known = np.array([self._cheapest.get(place, math.inf) for place in cell[kept].tolist()])
        better = (cost[kept] < known - 1e-9) & np.isfinite(left)
        kept, left = kept[better], left[better]
        self._cheapest.update(zip(cell[kept].tolist(), cost[kept].tolist(), strict=True))
        nodes.add(ends[kept, :2], heading[kept], cost[kept], cost[kept] + _GREED * left, parent[kept], step[kept])

    def _left(self, poses: Array) -> Array:
        """The estimate of what is left to the goal, from poses [n, 3]."""
        curves = shortest(poses, np.broadcast_to(self._goal, poses.shape), self._effort.turning_radius_m)
        if self._effort.turning_radius_m == 0.0:
            unhindered = self._effort.of_pieces(curves.lengths_m, curves.turns_rad).sum(axis=1)
        else:
            unhindered = curves.lengths_m.sum(axis=1)
        rows, columns, _ = self._coarse.cells_of(poses[:, :2])
        left: Array = np.maximum(self._to_goal[rows, columns], unhindered)
        return left


def _cells_over(grid: Grid, side_m: float) -> Grid:
    """Cells of another size over the same ground."""
    columns, rows = (math.ceil(cells * grid.resolution_m / side_m) for cells in grid.size_cells)
    return Grid(side_m, (columns, rows), grid.origin_m)


class _Nodes:
    """The poses that were reached; node 0 is the start.

    Attributes:
        xy: float64 [n, 2].
        heading: int64 [n].
        cost: float64 [n], from the start.
        promise: float64 [n], cost of the whole way, as far as it is known.
        parent: int64 [n], the node that each was reached from.
        step: int64 [n], and by which step.
    """

    def __init__(self, start: Array) -> None:
        self._count = 0
        self.xy = np.empty((1024, 2))
        self.heading = np.empty(1024, np.int64)
        self.cost = np.empty(1024)
        self.promise = np.empty(1024)
        self.parent = np.empty(1024, np.int64)
        self.step = np.empty(1024, np.int64)
        self._open = np.empty(1024)  # the promise of those that are to be expanded, infinite for the others
        zero = np.zeros(1, np.int64)
        self.add(start[np.newaxis, :2], zero, np.zeros(1), np.zeros(1), zero, zero)

    def add(self, xy: Array, heading: Indices, cost: Array, promise: Array, parent: Indices, step: Indices) -> None:
        """Add nodes that are to be expanded; for the arguments see the attributes."""
        begin, self._count = self._count, self._count + len(xy)
        if self._count > len(self.cost):
            longer = max(self._count, 2 * len(self.cost))
            for name in ("xy", "heading", "cost", "promise", "parent", "step", "_open"):
                column = getattr(self, name)
                grown = np.empty((longer, *column.shape[1:]), column.dtype)
                grown[:begin] = column[:begin]
                setattr(self, name, grown)
        added = slice(begin, self._count)
        self.xy[added], self.heading[added], self.cost[added] = xy, heading, cost
        self.promise[added], self.parent[added], self.step[added] = promise, parent, step
        self._open[added] = promise

    def most_promising(self, count: int, below: float) -> Indices:
        """Up to ``count`` nodes to be expanded, the best first, that promise a way cheaper than ``below``."""
        promise = self._open[: self._count]
        best = np.argpartition(promise, count)[:count] if len(promise) > count else np.arange(len(promise))
        best = best[promise[best] < below]
        return best[np.lexsort((best, promise[best]))]

    def close(self, nodes: Indices) -> None:
        """Expand these no more."""
        self._open[nodes] = np.inf

    def chain(self, node: int) -> list[int]:
        """The nodes from the start to one."""
        chain = [node]
        while chain[-1] != 0:
            chain.append(int(self.parent[chain[-1]]))
        return chain[::-1]
