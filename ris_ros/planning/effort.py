"""What driving costs: metres, more of them where there is little room, and where the robot turns tightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.curves import Curves, moved
from ris_ros.planning.terrain import Terrain
from ris_ros.planning.values import FreeSpace

Array = NDArray[np.float64]

_BEND = 0.1
"""The tightest turn costs this share more than driving straight; half as tight a turn a quarter of that."""

_SPOT_M_PER_RAD = 0.5
_STOP_M = 0.3
"""A turn on the spot costs as much as this and so much driving: the robot has to stop for it."""

_LEAST_RADIUS_M = 0.5
"""What a turn of a robot that turns on the spot is compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Effort:
    """The cost of ways, in metres of straight driving with room on all sides.

    Attributes:
        terrain: The ground.
        turning_radius_m: Of the robot's tightest turn; 0 if it turns on the spot.
    """

    terrain: Terrain
    turning_radius_m: float

    def of_pieces(self, lengths_m: Array, turns_rad: Array) -> Array:
        """float64 [...]: the cost of pieces where there is room on all sides."""
        radius = self.turning_radius_m or _LEAST_RADIUS_M
        turned = np.abs(turns_rad)
        driven = lengths_m > 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            bend = np.where(driven, _BEND * (turned * radius) ** 2 / lengths_m, 0.0)
        spot = np.where(turned > 0.0, _STOP_M + _SPOT_M_PER_RAD * turned, 0.0)
        cost: Array = lengths_m + np.where(driven, bend, spot)
        return cost

    def guessed(self, curves: Curves, free_space: FreeSpace) -> Array:
        """float64 [n]: the cost of whole curves as far as a few poses on each tell, infinite where one is not clear."""
        shares = np.array([0.125, 0.375, 0.625, 0.875])
        lengths, turns = curves.lengths_m[..., np.newaxis] * shares, curves.turns_rad[..., np.newaxis] * shares
        begins = np.broadcast_to(curves.joints[:, :-1, np.newaxis], (*lengths.shape, 3))
        poses = moved(begins.reshape(-1, 3), lengths.ravel(), turns.ravel())
        crowded = self.terrain.cost_at(poses[:, :2]).reshape(lengths.shape).mean(axis=2) - 1.0
        cost: Array = (self.of_pieces(curves.lengths_m, curves.turns_rad) + curves.lengths_m * crowded).sum(axis=1)
        cost[~free_space.clear(poses).reshape(lengths.shape).all(axis=(1, 2))] = np.inf
        return cost

    def of_curves(self, curves: Curves, free_space: FreeSpace, sample_m: float) -> Array:
        """float64 [n]: the cost of whole curves, infinite where the robot cannot drive them.

        Args:
            curves: The curves.
            free_space: Where the robot may stand; the starts are known to be clear.
            sample_m: Poses along them are tried at most so far apart.
        """
        count, pieces = curves.lengths_m.shape
        poses, piece = curves.poses(sample_m)
        cost = self.of_pieces(curves.lengths_m, curves.turns_rad)
        if len(poses):
            extra = self.terrain.cost_at(poses[:, :2]) - 1.0
            samples = np.bincount(piece, minlength=count * pieces)
            crowded = np.bincount(piece, extra, minlength=count * pieces) / np.maximum(samples, 1)
            cost += curves.lengths_m * crowded.reshape(count, pieces)
        total: Array = cost.sum(axis=1)
        total[piece[~free_space.clear(poses)] // pieces] = np.inf
        return total
