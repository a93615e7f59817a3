"""The road that a manoeuvre asks for, as a mask: always drivable, never on the thing that the command names."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.scene import Thing

Mask = NDArray[np.bool_]
_LANE_M = 3.3
_HALF_LANE_M = 1.65
_MIN_SHARE = 2e-3
_MIN_GAP_M = 5.0
_FURTHEST_M = 60.0


def behind(view: GroundView, thing: Thing) -> Mask | None:
    """A car's length of road on our side of the thing, within its width."""
    distance = _distance(view, thing)
    if distance is None or distance < _MIN_GAP_M:
        return None
    left, right = _at_least(view.span_m(thing), 1.8)
    return _usable(view, view.band(max(2.5, distance - 7.0), distance, left, right))


def beyond(view: GroundView, thing: Thing) -> Mask | None:
    """The road past a vehicle, where somebody parks who parks in front of it."""
    distance = _distance(view, thing)
    if distance is None:
        return None
    left, right = _at_least(view.span_m(thing), 1.8)
    return _usable(view, view.band(distance + 4.5, distance + 14.0, left - 0.6, right + 0.6))


def short_of(view: GroundView, thing: Thing) -> Mask | None:
    """Our lane just before the thing, where one waits for it."""
    distance = _distance(view, thing)
    if distance is None or distance < _MIN_GAP_M:
        return None
    return _usable(view, view.band(max(2.5, distance - 9.0), distance - 1.0, -_HALF_LANE_M, _HALF_LANE_M))


def beside(view: GroundView, thing: Thing) -> Mask | None:
    """The road alongside the thing, on the side that faces our lane; on both sides of a thing in our lane."""
    distance = _distance(view, thing)
    if distance is None:
        return None
    left, right = view.span_m(thing)
    near, far = max(2.5, distance - 4.0), distance + 4.0
    for reach in (_LANE_M, 6.0):
        mask = np.zeros(view.shape, np.bool_)
        if right > -1.0:
            mask |= view.band(near, far, left - reach, left - 0.1)
        if left < 1.0:
            mask |= view.band(near, far, right + 0.1, right + reach)
        found = _usable(view, mask)
        if found is not None:
            return found
    return None


def towards(view: GroundView, thing: Thing) -> Mask | None:
    """The road between us and a vehicle that we follow."""
    distance = _distance(view, thing)
    if distance is None or distance < _MIN_GAP_M:
        return None
    left, right = view.span_m(thing)
    centre = 0.5 * (left + right)
    return _usable(view, view.band(max(2.5, distance - 16.0), distance, centre - 1.4, centre + 1.4))


def passing(view: GroundView, thing: Thing) -> Mask | None:
    """The road beside a vehicle and past it, on the side that has more of it."""
    distance = _distance(view, thing)
    if distance is None:
        return None
    left, right = view.span_m(thing)
    near, far = max(2.5, distance - 5.0), distance + 16.0
    options = [view.band(near, far, left - _LANE_M, left - 0.2), view.band(near, far, right + 0.2, right + _LANE_M)]
    return _usable(view, max(options, key=lambda mask: int(mask.sum())))


def here(view: GroundView) -> Mask | None:
    """The next few metres of our lane."""
    return _usable(view, view.band(2.0, 9.0, -_HALF_LANE_M, _HALF_LANE_M))


def straight(view: GroundView) -> Mask | None:
    """Our lane ahead."""
    return _usable(view, view.band(2.0, 45.0, -_HALF_LANE_M, _HALF_LANE_M))


def kerb(view: GroundView, side: str) -> Mask | None:
    """The edge of the road on that side."""
    return _usable(view, view.kerb(side, 3.0, 25.0, 2.4))


def next_lane(view: GroundView, side: str) -> Mask | None:
    """The lane on that side, where most of such a lane is road."""
    left, right = (-_HALF_LANE_M - _LANE_M, -_HALF_LANE_M) if side == "left" else (_HALF_LANE_M, _HALF_LANE_M + _LANE_M)
    lane = view.band(5.0, 30.0, left, right)
    everything = view.band(5.0, 30.0, left, right, road_only=False)
    return _usable(view, lane) if lane.sum() > 0.7 * everything.sum() else None


def turn(view: GroundView, side: str) -> Mask | None:
    """The road that leads off to that side; None where the road does not widen there as a junction does."""
    reach = view.band(8.0, 40.0, -60.0, -6.0) if side == "left" else view.band(8.0, 40.0, 6.0, 60.0)
    if reach.sum() < 2 * _MIN_SHARE * _content_px(view):
        return None
    return _usable(view, view.band(6.0, 40.0, -60.0, -2.0) if side == "left" else view.band(6.0, 40.0, 2.0, 60.0))


ABOUT_A_THING: dict[str, Callable[[GroundView, Thing], Mask | None]] = {
    "behind": behind, "beyond": beyond, "short_of": short_of, "beside": beside, "towards": towards, "passing": passing,
}  # fmt: skip
ABOUT_A_SIDE: dict[str, Callable[[GroundView, str], Mask | None]] = {"kerb": kerb, "next_lane": next_lane, "turn": turn}
ABOUT_US: dict[str, Callable[[GroundView], Mask | None]] = {"here": here, "straight": straight}


def _distance(view: GroundView, thing: Thing) -> float | None:
    distance = view.distance_m(thing.foot_y)
    return distance if distance < _FURTHEST_M else None


def _at_least(span: tuple[float, float], width_m: float) -> tuple[float, float]:
    grow = max(0.0, width_m - (span[1] - span[0])) / 2
    return span[0] - grow, span[1] + grow


def _content_px(view: GroundView) -> int:
    x0, y0, x1, y1 = view.content
    return (x1 - x0) * (y1 - y0)


def _usable(view: GroundView, mask: Mask) -> Mask | None:
    """The mask without its specks; None when what is left is too small to drive to."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    part = mask[rows[0] : rows[-1] + 1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part.view(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.max() < _MIN_SHARE * _content_px(view):
        return None
    kept = np.flatnonzero(areas >= 0.25 * areas.max()) + 1
    if len(kept) < count - 1:
        mask[rows[0] : rows[-1] + 1] = np.isin(labels, kept)
    return mask
