"""Straighten what a search found, without leaving what the robot can drive.

A search moves in steps of a few curvatures, so its ways wriggle. Poses along such a way are joined anew by the shortest
curves of several turning radii, none tighter than the robot's, and of all chains of such curves from the start to the
goal the cheapest is taken. So the result keeps every rule that curves keep by themselves, which pulling at points
(Dolgov et al. 2010, section 3) does not. Whether a curve is clear is asked only of those that the cheapest chain would
use, and the chain is sought again until all of its curves are (Dellin and Srinivasa, A unifying formalism for shortest
path problems with expensive edge evaluations via lazy best-first search, 2016).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.curves import Curves, chained, shortest
from ris_ros.planning.effort import Effort
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_KNOTS = 16
"""So many poses of a way are joined anew."""

_WIDER = (1.0, 2.0, 4.0)
"""Turning radii that are tried, as multiples of the robot's."""

_ROUNDED_M = (0.0, 0.5, 1.0, 2.0)
"""Turning radii that are tried where the robot turns on the spot: with the others it need not stop."""

_AT_ONCE = 32
"""So many curves are looked at between one search for the cheapest chain and the next."""

_ROUNDS = 16
"""After so many only curves that were looked at are used."""

_UNDRIVABLE_M = 1e6
"""Cost of a piece that is found not to be clear after all: between two cells rounding decides which of them counts."""

_PASSES = 2
"""The second joins poses of the first one's result, which lie better than those of the search."""


def smoothed(way: Curves, effort: Effort, free_space: FreeSpace, sample_m: float) -> Curves:
    """A way of no more effort between the same poses.

    Args:
        way: Curves of one piece each, one after the other.
        effort: What driving costs.
        free_space: Where the robot may stand.
        sample_m: Poses along the way are tried at most so far apart.

    Returns:
        Curves of one piece each, one after the other.
    """
    for _ in range(_PASSES):
        way = _joined_anew(way.divided(sample_m), effort, free_space, sample_m)
    return way


def _joined_anew(way: Curves, effort: Effort, free_space: FreeSpace, sample_m: float) -> Curves:
    joints = np.concatenate([way.starts, way.joints[-1:, -1]])
    knots = np.unique(np.linspace(0, len(way), _KNOTS).round().astype(np.int64))
    kept = np.minimum(effort.of_curves(way, free_space, sample_m), _UNDRIVABLE_M)
    spent = np.append(0.0, np.cumsum(kept))[knots]
    begin, end, curves = _candidates(joints[knots], effort.turning_radius_m)
    # What costs more with room on all sides than the way it is meant to replace need not be looked at.
    useful = effort.of_pieces(curves.lengths_m, curves.turns_rad).sum(axis=1) < spent[end] - spent[begin]
    begin, end, curves = begin[useful], end[useful], curves.taken(useful)
    cost = effort.guessed(curves, free_space)
    looked_at = np.zeros(len(curves), np.bool_)
    for _ in range(_ROUNDS):
        chain, through = _cheapest(len(knots), begin, end, cost, np.diff(spent))
        used = np.array([edge for edge in chain if edge >= 0], np.int64)
        if looked_at[used].all():
            break
        # Beside the chain's own curves those that are all but as good, for they come next where one of these fails.
        doubtful = np.flatnonzero(~looked_at & np.isfinite(through))
        doubtful = doubtful[np.argsort(through[doubtful], kind="stable")[:_AT_ONCE]]
        cost[doubtful] = effort.of_curves(curves.taken(doubtful), free_space, sample_m)
        looked_at[doubtful] = True
    else:
        chain, _ = _cheapest(len(knots), begin, end, np.where(looked_at, cost, np.inf), np.diff(spent))
    return _assembled(way, knots, chain, end, curves)


def _assembled(way: Curves, knots: Indices, chain: list[int], end: Indices, curves: Curves) -> Curves:
    """The chain's curves, and between those the way as it was."""
    lengths, turns = [], []
    knot = 0
    for edge in chain:
        if edge < 0:
            part = slice(knots[knot], knots[knot + 1])
            lengths.append(way.lengths_m[part, 0])
            turns.append(way.turns_rad[part, 0])
            knot += 1
        else:
            lengths.append(curves.lengths_m[edge])
            turns.append(curves.turns_rad[edge])
            knot = int(end[edge])
    return chained(way.starts[0], np.concatenate(lengths), np.concatenate(turns))


def _candidates(poses: Array, turning_radius_m: float) -> tuple[Indices, Indices, Curves]:
    """From which pose to which, and the curves between them, where there are any."""
    begin, end = np.triu_indices(len(poses), k=1)
    radii = _ROUNDED_M if turning_radius_m == 0.0 else tuple(turning_radius_m * wider for wider in _WIDER)
    sets = [shortest(poses[begin], poses[end], radius) for radius in radii]
    curves = Curves(
        *(np.concatenate([getattr(c, part) for c in sets]) for part in ("starts", "lengths_m", "turns_rad"))
    )
    return np.tile(begin, len(radii)), np.tile(end, len(radii)), curves


def _cheapest(knots: int, begin: Indices, end: Indices, cost: Array, kept_cost: Array) -> tuple[list[int], Array]:
    """The cheapest chain of edges from the first knot to the last.

    Args:
        knots: How many there are.
        begin: int64 [n], the knot that each edge begins at.
        end: int64 [n], the knot that it ends at, a later one.
        cost: float64 [n].
        kept_cost: float64 [knots - 1], of the way as it was, from each knot to the next.

    Returns:
        Edges, -1 for the way as it was to the next knot; and float64 [n], what a chain through each edge costs.
    """
    to, chosen = _relaxed(knots, begin, end, cost, kept_cost)
    onward, _ = _relaxed(knots, knots - 1 - end, knots - 1 - begin, cost, kept_cost[::-1])
    chain: list[int] = []
    knot = knots - 1
    while knot > 0:
        chain.append(chosen[knot])
        knot = int(begin[chosen[knot]]) if chosen[knot] >= 0 else knot - 1
    through: Array = to[begin] + cost + onward[knots - 1 - end]
    return chain[::-1], through


def _relaxed(knots: int, begin: Indices, end: Indices, cost: Array, kept_cost: Array) -> tuple[Array, list[int]]:
    """float64 [knots], the least cost from the first knot to each; and the edge by which each is reached so."""
    least = np.zeros(knots)
    chosen = [-1] * knots
    for knot in range(1, knots):
        least[knot] = least[knot - 1] + kept_cost[knot - 1]
        into = np.flatnonzero(end == knot)
        if not len(into):
            continue
        costs = least[begin[into]] + cost[into]
        best = int(np.argmin(costs))
        if costs[best] < least[knot]:
            least[knot], chosen[knot] = costs[best], int(into[best])
    return least, chosen
