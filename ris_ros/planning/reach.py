"""Which of many poses the robot can drive to without a search: along the shortest curve, if nothing is in its way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.curves import shortest
from ris_ros.planning.values import FreeSpace, Pose2d

_STEP_M = 0.4
"""Poses this far apart are enough to tell good goals from bad ones; the way itself is checked closer."""

_DETOUR = 1.5
"""A curve this many times as long as the straight line turns almost in a circle."""


def reachable(
    start: Pose2d, goals: NDArray[np.float64], free_space: FreeSpace, turning_radius_m: float
) -> NDArray[np.bool_]:
    """Whether the shortest curve (Dubins 1957) to each goal stays on free ground, and is no roundabout way.

    Args:
        start: Where the robot stands.
        goals: float64 [n, 3]: x, y, yaw.
        free_space: Where it may stand.
        turning_radius_m: Of its tightest turn; 0 if it turns on the spot.

    Returns:
        bool [n]; a search may well find a way to what is not reachable so.
    """
    begin = np.array([start.x_m, start.y_m, start.yaw_rad])
    curves = shortest(np.tile(begin, (len(goals), 1)), goals, turning_radius_m)
    length_m = curves.lengths_m.sum(axis=1)
    straight_m = np.linalg.norm(goals[:, :2] - begin[:2], axis=1)
    direct: NDArray[np.bool_] = np.isfinite(length_m) & (length_m <= _DETOUR * straight_m + turning_radius_m)
    candidates = np.flatnonzero(direct)
    if not len(candidates):
        return direct
    poses, piece = curves.taken(candidates).poses(_STEP_M)
    blocked = np.unique(piece[~free_space.clear(poses)] // curves.lengths_m.shape[1])
    direct[candidates[blocked]] = False
    return direct
