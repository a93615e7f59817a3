"""Discs that stand for a rectangular outline: the distances to the nearest obstacle at a few points answer for it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.values import Footprint


def outline_discs(footprint: Footprint, slack_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Discs that together cover the outline and reach over it by at most ``slack_m``.

    Their middles lie on the rectangle's medial axis (Blum 1967), each disc as large as its distance to the nearest side
    plus the slack. Neighbouring discs meet on the sides or beyond; what lies between the sides and the axis is then
    covered too, because a disc is convex.

    Args:
        footprint: The robot's outline.
        slack_m: Positive; the smaller, the more discs.

    Returns:
        float64 [n, 2] middles in the robot's frame, and float64 [n] radii.
    """
    half_length, half_width = (footprint.front_m + footprint.rear_m) / 2.0, footprint.half_width_m
    depths = _depths(min(half_length, half_width), slack_m)
    middles = [
        (side_x * (half_length - depth), side_y * (half_width - depth), depth)
        for depth in depths
        for side_x in (-1.0, 1.0)
        for side_y in (-1.0, 1.0)
    ]
    # Between the corners' branches the axis is a line; all along it discs are as large as the rectangle is narrow.
    inscribed = min(half_length, half_width)
    reach = max(half_length, half_width) - inscribed
    for along in np.linspace(-reach, reach, 1 + math.ceil(reach / _chord(inscribed, slack_m))):
        middles.append((along, 0.0, inscribed) if half_length >= half_width else (0.0, along, inscribed))
    discs = np.array(middles)
    centre_x = (footprint.front_m - footprint.rear_m) / 2.0
    return discs[:, :2] + (centre_x, 0.0), discs[:, 2] + slack_m


def _chord(depth_m: float, slack_m: float) -> float:
    """Half the length of side that a disc at this depth covers."""
    return math.sqrt(2.0 * depth_m * slack_m + slack_m * slack_m)


def _depths(inscribed_m: float, slack_m: float) -> list[float]:
    """Depths of the discs along a corner's bisector, from the one that holds the corner inwards."""
    depths: list[float] = []
    covered = 0.0
    # At depth t a disc covers the side between t - chord(t) and t + chord(t) from the corner; the first one holds the
    # corner itself, sqrt(2) t = t + slack. The middle's own disc covers from inscribed - chord(inscribed) on.
    depth = slack_m / (math.sqrt(2.0) - 1.0)
    while covered < inscribed_m - _chord(inscribed_m, slack_m) and depth < inscribed_m:
        depths.append(depth)
        covered = depth + _chord(depth, slack_m)
        # The root of t - chord(t) = covered.
        depth = covered + slack_m + math.sqrt(2.0 * slack_m * (covered + slack_m))
    return depths
