"""Keep what moves from driving through what stands: whatever would meet an earlier thing is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.ride import Ride
from ris_ros.data.scenes.world import Thing, World

_SOLID = frozenset({"car", "van", "truck", "bus", "pedestrian", "bicyclist", "cone", "fence"})
_STEP_S = 0.25
_SLACK_M = 0.1
_EGO_CENTRE_M, _EGO_HALF_M = -0.7, (2.6, 1.05)
"""Middle of the ego vehicle before its camera, and half its length and width with a margin."""


def apart(world: World, ride: Ride | None = None, seconds: float = 0.0) -> World:
    """The world without the things that meet another one, or the ego vehicle, within some seconds.

    Things that come earlier in ``world.things`` stay. Vehicles, people, cones and fences count; what grows or hangs
    beside the street does not.
    """
    times = np.arange(0.0, seconds + 1e-6, _STEP_S)
    places = np.full((len(world.things) + 1, len(times), 4), np.nan)
    if ride is not None:
        places[0] = _ego(ride, times)
    taken = [] if ride is None else [0]
    kept = []
    for row, thing in enumerate(world.things, start=1):
        if thing.class_name in _SOLID:
            places[row] = _places(thing, world, times)
            others = places[taken]
            gap = np.abs(others[..., :2] - places[row, :, :2]) - others[..., 2:] - places[row, :, 2:]
            if np.any((gap < -_SLACK_M).all(axis=2)):
                continue
            taken.append(row)
        kept.append(thing)
    return replace(world, things=tuple(kept))


def _places(thing: Thing, world: World, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(s, d, half length along s, half width along d) at each time, [t, 4]."""
    shape, street = replace(thing, gait=None), world.street
    reach = thing.reach_m(thing.yaw - street.heading(_in_street(thing, world)[0]))
    moments = times if thing.speed_mps else times[:1]
    rows = [(*_in_street(shape.after(float(seconds), street), world), *reach) for seconds in moments]
    return np.broadcast_to(np.array(rows), (len(times), 4))


def _in_street(thing: Thing, world: World) -> tuple[float, float]:
    s, d = world.street.to_street(np.array([thing.x]), np.array([thing.y]))
    return float(s[0]), float(d[0])


def _ego(ride: Ride, times: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = []
    for seconds in times:
        x, y, _ = ride.camera_at(float(seconds)).position_m
        s, d = ride.street.to_street(np.array([x]), np.array([y]))
        rows.append((float(s[0]) + _EGO_CENTRE_M, float(d[0]), *_EGO_HALF_M))
    return np.array(rows)
