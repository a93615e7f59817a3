"""Search for a way from both of its ends.

Where there is no way, one end is mostly the reason: a goal that stands too close behind something to be driven up to, a
robot that faces a wall. A search from there is through in no time, while one from the other end would look at all of
the map first. It also tells which end it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.curves import Curves, chained
from ris_ros.planning.effort import Effort
from ris_ros.planning.hybrid_astar import Search
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]

_HEAD_START = 200
"""So many nodes are expanded from the start alone: most ways are found by then."""

_FINEST = 2
"""A search that came to its end is repeated with steps so much shorter before it is believed."""


class NoWayError(Exception):
    """No way was found.

    Attributes:
        end: Which end cannot be driven away from, or up to: "start" or "goal"; None where the budget was spent.
    """

    def __init__(self, end: str | None) -> None:
        super().__init__(end)
        self.end = end


def find_way(
    effort: Effort, free_space: FreeSpace, start: Array, goal: Array, to_goal: Array, sample_m: float, budget: int
) -> Curves:
    """A way from one pose to another, in curves of one piece each, one after the other.

    Args:
        effort: What driving costs.
        free_space: Where the robot may stand.
        start: float64 [3].
        goal: float64 [3].
        to_goal: float64 [coarse rows, coarse columns], see :meth:`ris_ros.planning.terrain.Terrain.cost_to`.
        sample_m: Poses along the way are tried at most so far apart.
        budget: Nodes that may be expanded in all.

    Raises:
        NoWayError: None was found.
    """
    forward = _End("start", lambda fineness: Search(effort, free_space, start, goal, to_goal, sample_m, fineness))
    ends = [forward]
    while sum(end.expanded for end in ends) < budget:
        for end in ends:
            end.advance()
            if end.search.way is not None:
                return _bettered(end, ends, budget)
            if end.search.ended:
                raise NoWayError(end.name)
        if len(ends) == 1 and forward.expanded >= _HEAD_START:
            ends.append(_from_goal(effort, free_space, start, goal, sample_m))
    raise NoWayError(None)


class _End:
    """The search from one end, repeated in finer steps where it comes to nothing.

    Attributes:
        name: "start" or "goal".
        search: The search that goes on.
    """

    def __init__(self, name: str, search: Callable[[int], Search]) -> None:
        self.name = name
        self._make = search
        self._fineness = 1
        self._expanded_before = 0
        self.search = search(self._fineness)

    @property
    def expanded(self) -> int:
        """Nodes expanded from this end."""
        return self._expanded_before + self.search.expanded

    def advance(self) -> None:
        """Search on for a little."""
        self.search.advance()
        if self.search.ended and self.search.way is None and self._fineness < _FINEST:
            self._expanded_before = self.expanded
            self._fineness += 1
            self.search = self._make(self._fineness)


def _from_goal(effort: Effort, free_space: FreeSpace, start: Array, goal: Array, sample_m: float) -> _End:
    behind, back, away = _Backwards(free_space), _turned(goal), _turned(start)
    to_start = effort.terrain.cost_to((start[0], start[1]))
    return _End("goal", lambda fineness: Search(effort, behind, back, away, to_start, sample_m, fineness))


def _bettered(end: _End, ends: list[_End], budget: int) -> Curves:
    """The way that one end found, after it was given what is left of the budget to find a cheaper one."""
    while not end.search.ended and sum(each.expanded for each in ends) < budget:
        end.search.advance()
    way = end.search.way
    assert way is not None
    return way if end.name == "start" else _driven_forward(way)


class _Backwards:
    """Free space for a robot that looks against its heading, so that it may be searched from the goal."""

    def __init__(self, free_space: FreeSpace) -> None:
        self._free_space = free_space

    def clear(self, poses: Array) -> NDArray[np.bool_]:
        """See :class:`FreeSpace`."""
        return self._free_space.clear(_turned(poses))

    def room_m(self, xy_m: Array) -> Array:
        """See :class:`FreeSpace`."""
        return self._free_space.room_m(xy_m)


def _turned(poses: Array) -> Array:
    """Poses [..., 3] that look the other way."""
    turned: Array = poses + np.array([0.0, 0.0, math.pi])
    return turned


def _driven_forward(way: Curves) -> Curves:
    """A way that was found from the goal, from the start: what turned left one way turns right the other."""
    begin = _turned(way.joints[-1, -1])
    return chained(begin, way.lengths_m[::-1, 0], -way.turns_rad[::-1, 0])
