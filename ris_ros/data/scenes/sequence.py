"""Consecutive frames of one street: traffic moves, people walk, the camera rides along and its pose is exact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.collisions import apart
from ris_ros.data.scenes.film import Film
from ris_ros.data.scenes.layout import draw_camera, draw_street, draw_world, film_for
from ris_ros.data.scenes.render import Quality, Shot, metered, shoot
from ris_ros.data.scenes.ride import Ride
from ris_ros.data.scenes.traffic import AT_THE_LIGHTS
from ris_ros.data.scenes.world import Street, World

_STOP_BEHIND_M, _STOP_LINE_M = 6.0, 4.0
"""Where the camera stops: this far behind a vehicle's rear, or before the crossing street."""


def film_views(
    views: Iterable[tuple[World, PinholeCamera]], film: Film, seed: int, name: str, quality: Quality | None = None
) -> Iterator[Shot]:
    """Render views of one world with one exposure, that of the first view.

    Args:
        views: World and camera of each frame; the same thing keeps its place in ``World.things``, and so its id.
        film: Electronics.
        seed: Draws jitter and grain.
        name: Frame k is called "name-kkk".
        quality: Effort.
    """
    gain: float | None = None
    for index, (world, camera) in enumerate(views):
        if gain is None:
            gain = metered(world, camera, film, np.random.default_rng([seed, 1]))
        rng = np.random.default_rng([seed, 2, index])
        yield shoot(world, camera, film, rng, f"{name}-{index:03d}", quality, gain)


def render_sequence(
    seed: int, frames: int, step_s: float, size_px: tuple[int, int], quality: Quality | None = None
) -> Iterator[Shot]:
    """A ride along a random street; the same arguments give the same frames.

    An instance keeps its id, and the camera's pose in ``Shot.geometry`` is in one world for all frames. The ego vehicle
    stops before red lights and behind those who wait there.

    Args:
        seed: Chooses everything.
        frames: How many.
        step_s: Time between two of them.
        size_px: (width, height).
        quality: Effort.

    Raises:
        ValueError: ``frames`` or ``step_s`` is not positive.
        MissingExtraError: Embree (extra ``sim``) is not installed.
    """
    if frames < 1 or step_s <= 0.0:
        raise ValueError("frames and step_s must be positive")
    world, ride, film = _draw(seed, frames * step_s, size_px)
    moments = (index * step_s for index in range(frames))
    views = ((world.after(seconds), ride.camera_at(seconds)) for seconds in moments)
    yield from film_views(views, film, seed, f"sequence-{seed}", quality)


def _draw(seed: int, seconds: float, size_px: tuple[int, int]) -> tuple[World, Ride, Film]:
    rng = np.random.default_rng([seed, 30])
    street = draw_street(rng)
    camera = draw_camera(street, size_px, rng)
    cruise_mps = float(rng.uniform(4.0, 11.0))
    world = draw_world(street, camera, rng, cruise_mps, cruise_mps * seconds)
    ride = Ride(street, camera, cruise_mps, _stop_m(world, street, camera))
    return apart(world, ride, seconds), ride, film_for(world, rng)


def _stop_m(world: World, street: Street, camera: PinholeCamera) -> float | None:
    """Metres to where red or amber light, or the vehicles before it, make one stop; None if nothing does."""
    if street.junction_s_m is None or not any(
        thing.class_name == "traffic light" and thing.colour in ("red", "amber") for thing in world.things
    ):
        return None
    x, y, _ = camera.position_m
    here_s, here_d = (float(value[0]) for value in street.to_street(np.array([x]), np.array([y])))
    stops = [street.junction_s_m - street.junction_m / 2 - _STOP_LINE_M - here_s]
    for thing in world.things:
        if AT_THE_LIGHTS in thing.attributes:
            s, d = (float(value[0]) for value in street.to_street(np.array([thing.x]), np.array([thing.y])))
            if abs(d - here_d) < street.lane_m / 2 and s > here_s:
                stops.append(s - thing.reach_m(0.0)[0] - _STOP_BEHIND_M - here_s)
    return max(0.0, min(stops))
