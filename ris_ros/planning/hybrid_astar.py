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

from ris_ros.planning.curves import Curves, moved, shortest
from ris_ros.planning.effort import Effort
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_BATCH = 48
"""So many nodes are expanded at once."""

_SHOTS = 4
"""From so many of them the curve to the goal is tried."""

_GREED = 1.3
"""The estimate counts for so much more than what is known: a way may cost this much more than the cheapest."""


class BudgetSpentError(Exception):
    """As many nodes were expanded as were allowed, and no way was found."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What a robot can do next, from each heading that the search knows.

    Attributes:
        headings: How many headings a whole turn is divided into, counted from the start's.
        lengths_m: float64 [steps].
        turns: int64 [steps], in headings.
        start_yaw_rad: Heading 0.
    """

    headings: int
    lengths_m: Array
    turns: Indices
    start_yaw_rad: float

    @classmethod
    def of(cls, turning_radius_m: float, cell_m: float, start_yaw_rad: float) -> Steps:
        """Steps that leave a cell: straight, turning as tightly as possible and half so; or on the spot.

        Args:
            turning_radius_m: Of the tightest turn, 0 for a robot that turns on the spot.
            cell_m: Side of the cells of the search.
            start_yaw_rad: The robot's heading.
        """
        shortest_m = 1.5 * cell_m
        if turning_radius_m == 0.0:
            return cls(24, np.array([shortest_m, 0.0, 0.0]), np.array([0, 1, -1]), start_yaw_rad)
        # Two headings a step where steps are short against the radius, and otherwise as many as the radius allows.
        headings = min(72, max(24, round(4.0 * math.pi * turning_radius_m / shortest_m)))
        heading_m = 2.0 * math.pi / headings * turning_radius_m
        length_m = max(shortest_m, 2.0 * heading_m)
        tight = int(length_m / heading_m + 1e-9)
        turns = np.array([0, tight, -tight, tight // 2, -(tight // 2)])
        return cls(headings, np.full(5, length_m), turns, start_yaw_rad)

    def yaw_rad(self, headings: Indices) -> Array:
        """float64 [...]: the yaw of headings."""
        yaw: Array = self.start_yaw_rad + headings * (2.0 * math.pi / self.headings)
        return yaw

    def curves(self) -> Curves:
        """Every step from every heading, at the origin: row heading * steps + step."""
        starts = np.zeros((self.headings * len(self.turns), 3))
        starts[:, 2] = np.repeat(self.yaw_rad(np.arange(self.headings)), len(self.turns))
        turns = self.turns * (2.0 * math.pi / self.headings)
        return Curves(starts, *(np.tile(part, self.headings)[:, np.newaxis] for part in (self.lengths_m, turns)))


class Search:
    """One search, from a pose to a pose.

    Args:
        effort: What driving costs on this ground.
        free_space: Where the robot may stand.
        start: float64 [3].
        goal: float64 [3].
        to_goal: float64 [coarse rows, coarse columns]: cost from the cells of ``effort.terrain.coarse`` to the goal.
        sample_m: Poses along the way are tried at most so far apart.
    """

    def __init__(
        self, effort: Effort, free_space: FreeSpace, start: Array, goal: Array, to_goal: Array, sample_m: float
    ) -> None:
        self._effort = effort
        self._free_space = free_space
        self._goal = goal
        self._to_goal = to_goal
        self._sample_m = sample_m
        self._coarse = effort.terrain.coarse
        self._steps = Steps.of(effort.turning_radius_m, self._coarse.resolution_m, float(start[2]))
        self._prepare_steps()
        self._nodes = _Nodes(start)
        self._best = np.full(self._coarse.shape[0] * self._coarse.shape[1] * self._steps.headings, np.inf)
        self._found_cost = math.inf
        self._found: tuple[int, Curves] | None = None

    def run(self, max_expansions: int) -> Curves | None:
        """The way, one curve after the other; None when there is none.

        Raises:
            BudgetSpentError: So many nodes were not enough.
        """
        expanded = 0
        while True:
            batch = self._nodes.most_promising(_BATCH, self._found_cost)
            if not len(batch):
                break
            if expanded >= max_expansions:
                if self._found is None:
                    raise BudgetSpentError
                break
            expanded += len(batch)
            self._shoot(batch)
            self._expand(batch)
        return None if self._found is None else self._way(*self._found)

    def _prepare_steps(self) -> None:
        curves = self._steps.curves()
        count = len(self._steps.turns)
        poses, rows = curves.poses(self._sample_m)
        # Steps differ in how many poses they have: the last is repeated, so that one array holds all.
        most = int(np.bincount(rows).max())
        first = np.searchsorted(rows, np.arange(len(curves)))
        last = np.searchsorted(rows, np.arange(len(curves)), side="right") - 1
        which = np.minimum(first[:, np.newaxis] + np.arange(most), last[:, np.newaxis])
        self._poses = poses[which].reshape(self._steps.headings, count, most, 3)
        turns: Array = self._steps.turns * self._heading_rad
        self._step_effort = self._effort.of_pieces(self._steps.lengths_m, turns)

    @property
    def _heading_rad(self) -> float:
        return 2.0 * math.pi / self._steps.headings

    def _expand(self, batch: Indices) -> None:
        nodes, steps = self._nodes, self._steps
        nodes.close(batch)
        headings = nodes.heading[batch]
        poses = self._poses[headings].copy()  # batch, step, pose, 3
        poses[..., :2] += nodes.xy[batch][:, np.newaxis, np.newaxis]
        count = poses.shape[1]
        clear = self._free_space.clear(poses.reshape(-1, 3)).reshape(poses.shape[:3]).all(axis=2).ravel()
        parents = np.repeat(batch, count)[clear]
        step = np.tile(np.arange(count), len(batch))[clear]
        ends = poses[:, :, -1].reshape(-1, 3)[clear]
        if not len(ends):
            return
        metre = self._effort.terrain.cost_at(poses[:, :, :, :2].reshape(-1, poses.shape[2], 2)[clear]).mean(axis=1)
        length = steps.lengths_m[step]
        cost = nodes.cost[parents] + self._step_effort[step] + length * (metre - 1.0)
        heading = (nodes.heading[parents] + steps.turns[step]) % steps.headings
        rows, columns, _ = self._coarse.cells_of(ends[:, :2])
        key = (rows * self._coarse.size_cells[0] + columns) * steps.headings + heading
        # Of the ways into one cell only the cheapest is kept, and only if none was cheaper before.
        order = np.lexsort((np.arange(len(key)), cost, key))
        first = np.ones(len(order), np.bool_)
        first[1:] = key[order][1:] != key[order][:-1]
        kept = order[first]
        kept = kept[cost[kept] < self._best[key[kept]] - 1e-9]
        left = self._left(ends[kept], rows[kept], columns[kept])
        promising = np.isfinite(left)
        kept, left = kept[promising], left[promising]
        self._best[key[kept]] = cost[kept]
        nodes.add(ends[kept, :2], heading[kept], cost[kept], cost[kept] + _GREED * left, parents[kept], step[kept])

    def _left(self, poses: Array, rows: Indices, columns: Indices) -> Array:
        """The estimate of what is left to the goal."""
        curves = shortest(poses, np.broadcast_to(self._goal, poses.shape), self._effort.turning_radius_m)
        unhindered = curves.lengths_m.sum(axis=1)
        if self._effort.turning_radius_m == 0.0:
            unhindered = self._effort.of_pieces(curves.lengths_m, curves.turns_rad).sum(axis=1)
        left: Array = np.maximum(self._to_goal[rows, columns], unhindered)
        return left

    def _shoot(self, batch: Indices) -> None:
        """Try the curve that leads from some nodes to the goal, were nothing in the way."""
        nodes = self._nodes
        shooters = batch[np.argsort(nodes.promise[batch] - nodes.cost[batch], kind="stable")[:_SHOTS]]
        starts = np.column_stack([nodes.xy[shooters], self._steps.yaw_rad(nodes.heading[shooters])])
        curves = shortest(starts, np.broadcast_to(self._goal, starts.shape), self._effort.turning_radius_m)
        cost = nodes.cost[shooters] + self._effort.of_curves(curves, self._free_space, self._sample_m)
        best = int(np.argmin(cost))
        if cost[best] < self._found_cost:
            self._found_cost = float(cost[best])
            self._found = int(shooters[best]), curves.taken(np.array([best]))

    def _way(self, node: int, last: Curves) -> Curves:
        nodes, steps = self._nodes, self._steps
        chain = nodes.chain(node)
        pieces = nodes.step[chain[1:]]
        lengths = np.concatenate([steps.lengths_m[pieces], last.lengths_m[0]])
        turns = np.concatenate([steps.turns[pieces] * self._heading_rad, last.turns_rad[0]])
        starts = [np.append(nodes.xy[0], self._steps.start_yaw_rad)[np.newaxis]]
        for length, turn in zip(lengths[:-1], turns[:-1], strict=True):
            starts.append(moved(starts[-1], np.array([length]), np.array([turn])))
        return Curves(np.concatenate(starts), lengths[:, np.newaxis], turns[:, np.newaxis])


class _Nodes:
    """The poses that were reached, each by the cheapest way to it that was known then; node 0 is the start."""

    def __init__(self, start: Array) -> None:
        self._count = 0
        self.xy = np.empty((1024, 2))
        self.heading = np.empty(1024, np.int64)
        self.cost = np.empty(1024)
        self.promise = np.empty(1024)
        self.parent = np.empty(1024, np.int64)
        self.step = np.empty(1024, np.int64)
        self._open = np.empty(1024)
        zero = np.zeros(1, np.int64)
        self.add(start[np.newaxis, :2], zero, np.zeros(1), np.zeros(1), zero - 1, zero)

    def add(self, xy: Array, heading: Indices, cost: Array, promise: Array, parent: Indices, step: Indices) -> None:
        """Open nodes.

        Args:
            xy: [n, 2].
            heading: [n].
            cost: [n], from the start.
            promise: [n], cost of the whole way, as far as it is known.
            parent: [n], the node that each was reached from.
            step: [n], by which step.
        """
        begin, self._count = self._count, self._count + len(xy)
        for name, values in (
            ("xy", xy), ("heading", heading), ("cost", cost), ("promise", promise), ("parent", parent),
            ("step", step), ("_open", promise),
        ):  # fmt: skip
            column = getattr(self, name)
            if len(column) < self._count:
                # To twice the length at least, so that growing costs little in all.
                longer = np.empty((max(self._count, 2 * len(column)), *column.shape[1:]), column.dtype)
                longer[:begin] = column[:begin]
                column = longer
                setattr(self, name, column)
            column[begin : self._count] = values

    def most_promising(self, count: int, below: float) -> Indices:
        """Up to ``count`` open nodes, the best first, that promise a way cheaper than ``below``."""
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
