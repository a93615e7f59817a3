"""Random streets: layout, traffic, people and the camera, from one seed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.collisions import apart
from ris_ros.data.scenes.film import Film, draw_film
from ris_ros.data.scenes.ground import ground_things
from ris_ros.data.scenes.light import draw_light
from ris_ros.data.scenes.palette import one_of
from ris_ros.data.scenes.people import cyclists, walkers
from ris_ros.data.scenes.places import bus_stop, car_park, lot_span, road_works, shop_signs
from ris_ros.data.scenes.render import Quality, Shot, shoot
from ris_ros.data.scenes.roadside import DISTRICTS, Site, land, roadside, street_end, traffic_lights
from ris_ros.data.scenes.traffic import crossing_vehicles, driving_vehicles, parked_vehicles
from ris_ros.data.scenes.world import Light, Street, Thing, World


def render(seed: int, size_px: tuple[int, int], quality: Quality | None = None) -> LabeledImage:
    """A random street picture; the same seed and size give the same picture.

    Args:
        seed: Chooses everything.
        size_px: (width, height).
        quality: Effort, see :class:`Quality`.

    Raises:
        MissingExtraError: Embree (extra ``sim``) is not installed.
    """
    return render_shot(seed, size_px, quality).image


def render_shot(seed: int, size_px: tuple[int, int], quality: Quality | None = None) -> Shot:
    """The picture of :func:`render` with its geometry."""
    rng = np.random.default_rng([seed, 20])
    street = draw_street(rng)
    camera = draw_camera(street, size_px, rng)
    world = draw_world(street, camera, rng)
    return shoot(world, camera, film_for(world, rng), rng, f"scene-{seed}", quality)


def film_for(world: World, rng: np.random.Generator) -> Film:
    """Random electronics; at night they leave the picture dark, grainy, and with halos round the lamps."""
    film = draw_film(rng)
    if world.light.name != "night":
        return film
    return replace(film, key=max(0.035, 0.5 * film.key), noise=film.noise + 2.0, bloom=film.bloom + 0.05)


def draw_world(
    street: Street, camera: PinholeCamera, rng: np.random.Generator, own_mps: float = 8.0, travel_m: float = 0.0
) -> World:
    """A street with everything on it, but for the ego vehicle's own place at the camera.

    Args:
        street: Layout.
        camera: The ego vehicle's camera at the start.
        rng: Draws everything.
        own_mps: Speed of the traffic that goes the ego vehicle's way.
        travel_m: How far along the street the camera will come.
    """
    light = draw_light(rng)
    lit = light.headlights > 0 or light.wet > 0
    state = None
    if street.junction_s_m is not None and rng.random() < 0.8:
        state = str(rng.choice(["red", "amber", "green"], p=[0.45, 0.1, 0.45]))
    things = _scenery(street, light, state, travel_m, rng)
    wet = light.wet > 0
    movable: list[Thing] = []
    if rng.random() < 0.22:
        movable += bus_stop(street, lit, rng, wet)
    if rng.random() < 0.16:
        movable += road_works(street, rng)
    movable += parked_vehicles(street, rng) + driving_vehicles(street, lit, state, own_mps, rng)
    movable += crossing_vehicles(street, lit, state, rng) + cyclists(street, rng) + walkers(street, rng, wet)
    movable = [thing for thing in movable if not _in_the_way(thing, camera)]
    return apart(World(street, (*things, *movable), light))


def _scenery(street: Street, light: Light, state: str | None, travel_m: float, rng: np.random.Generator) -> list[Thing]:
    """What stands still: ground, buildings, furniture, trees, signals, car parks with what is parked there."""
    lamps_burn = light.lamps > 0
    first = str(rng.choice(DISTRICTS, p=[0.32, 0.22, 0.14, 0.16, 0.16]))
    second = first if rng.random() < 0.5 else str(rng.choice(DISTRICTS))
    kind, rgb = land(first, rng)
    things = ground_things(street, kind, rgb, one_of(rng, ((0.50, 0.49, 0.47), (0.42, 0.41, 0.40), (0.56, 0.52, 0.46))))
    for side, district in ((1, first), (-1, second)):
        span = lot_span(street, side, rng) if rng.random() < 0.14 else None
        things += roadside(Site(street, side, rng, travel_m, span), district, lamps_burn)
        if span is not None:
            things += car_park(street, side, span, rng)
    things += street_end(street, rng) + traffic_lights(street, state, rng)
    return things + shop_signs([thing for thing in things if thing.class_name == "building"], rng)


def _in_the_way(thing: Thing, camera: PinholeCamera) -> bool:
    """Whether it overlaps the ego vehicle or stands less than about 4 m before its bonnet."""
    along, across = thing.reach_m(thing.yaw)
    beside_m, ahead_m = thing.y - camera.position_m[1], thing.x - camera.position_m[0]
    return bool(abs(beside_m) < across + 1.15 and -4.0 < ahead_m < along + 5.0)


def draw_street(rng: np.random.Generator) -> Street:
    """A random layout."""
    right_hand = bool(rng.random() < 0.5)
    mine, theirs = int(rng.choice([1, 2], p=[0.7, 0.3])), int(rng.choice([0, 1, 2], p=[0.10, 0.65, 0.25]))
    junction = float(rng.uniform(14, 70)) if rng.random() < 0.45 else None
    zebra = None
    if rng.random() < 0.2:
        zebra = float(rng.uniform(8, 30)) if junction is None else junction - 9.5
    width = float(rng.uniform(6.5, 13))
    cycle = rng.random() < 0.12
    widths = [0.0 if cycle else float(rng.choice([0.0, 2.1, 5.0], p=[0.42, 0.46, 0.12])) for _ in range(2)]
    return Street(
        lanes_right=mine if right_hand else theirs,
        lanes_left=theirs if right_hand else mine,
        lane_m=float(rng.uniform(2.8, 3.6)) + (0.8 if cycle else 0.0),
        parking_right_m=widths[0],
        parking_left_m=widths[1],
        sidewalk_m=float(rng.uniform(1.6, 4.5)),
        bend_per_m=float(rng.normal(0, 0.0012)) if rng.random() < 0.6 else 0.0,
        right_hand_traffic=right_hand,
        junction_s_m=junction,
        junction_m=width,
        crossing_sides=str(rng.choice(["both", "left", "right"], p=[0.6, 0.2, 0.2])),
        zebra_s_m=zebra,
        centre_line=str(rng.choice(["dashed", "solid", "none"], p=[0.65, 0.15, 0.2])),
        edge_line=str(rng.choice(["white", "yellow", "double yellow", "none"], p=[0.2, 0.1, 0.3, 0.4])),
        cycle_lane_rgb=(0.50, 0.22, 0.18) if cycle and rng.random() < 0.6 else ((0.20, 0.42, 0.24) if cycle else None),
        asphalt=float(rng.uniform(0.28, 0.50)),
        wear=float(rng.uniform(0.05, 0.7)),
        seed=float(rng.uniform(0, 100)),
    )


def draw_camera(street: Street, size_px: tuple[int, int], rng: np.random.Generator) -> PinholeCamera:
    """A dash camera in the ego lane at s = 0."""
    width, height = size_px
    focal = width / 2 / math.tan(math.radians(rng.uniform(48, 74)) / 2)
    lane = -1 if street.right_hand_traffic else 0
    if (street.lanes_right if street.right_hand_traffic else street.lanes_left) > 1 and rng.random() < 0.4:
        lane += -1 if street.right_hand_traffic else 1
    x, y = street.to_world(0.0, street.lane_centre_m(lane) + rng.normal(0, 0.25))
    yaw = float(rng.normal(0, 0.03) if rng.random() < 0.85 else rng.normal(0, 0.16))
    horizon = rng.uniform(-0.08, 0.12)
    return PinholeCamera(
        size_px,
        focal,
        ((width - 1) / 2, (height - 1) / 2),
        (x, y, float(rng.uniform(1.2, 1.65))),
        yaw,
        math.atan(horizon * height / focal),
        float(rng.normal(0, 0.01)),
    )
