"""Random streets: layout, traffic, people and the camera, from one seed."""

from __future__ import annotations

import math

import numpy as np

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.film import draw_film
from ris_ros.data.scenes.ground import KERB_HEIGHT_M, KERB_M, ground_things
from ris_ros.data.scenes.light import draw_light
from ris_ros.data.scenes.material import Rgb, plain
from ris_ros.data.scenes.meshes_people import Clothes, person, rider
from ris_ros.data.scenes.meshes_vehicles import BODIES, bicycle, vehicle, vehicle_length_m
from ris_ros.data.scenes.palette import HAIRS, SKINS, TROUSERS, car_paint, garment, one_of
from ris_ros.data.scenes.render import Quality, Shot, shoot
from ris_ros.data.scenes.roadside import DISTRICTS, Site, beside, land, roadside, street_end, traffic_lights
from ris_ros.data.scenes.world import Street, Thing, World

_KINDS = {
    "hatchback": 22,
    "sedan": 20,
    "estate": 10,
    "suv": 14,
    "coupe": 5,
    "mpv": 8,
    "van": 9,
    "small van": 5,
    "minibus": 2,
    "pickup": 3,
    "lorry": 4,
    "bus": 3,
    "double-decker": 2,
}
_BIKES: tuple[Rgb, ...] = ((0.1, 0.1, 0.12), (0.6, 0.1, 0.1), (0.1, 0.25, 0.5), (0.7, 0.7, 0.7))
_PARKED_KINDS = {
    name: share for name, share in _KINDS.items() if BODIES[name].class_name in ("car", "van") or name == "pickup"
}


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
    return shoot(world, camera, draw_film(rng), rng, f"scene-{seed}", quality)


def draw_world(street: Street, camera: PinholeCamera, rng: np.random.Generator) -> World:
    """A street with everything on it, but for the ego vehicle's own place at the camera."""
    light = draw_light(rng)
    lit = light.name == "dusk"
    first = str(rng.choice(DISTRICTS, p=[0.32, 0.22, 0.14, 0.16, 0.16]))
    second = first if rng.random() < 0.5 else str(rng.choice(DISTRICTS))
    kind, rgb = land(first, rng)
    things = ground_things(street, kind, rgb, one_of(rng, ((0.50, 0.49, 0.47), (0.42, 0.41, 0.40), (0.56, 0.52, 0.46))))
    things += roadside(Site(street, 1, rng), first, lit) + roadside(Site(street, -1, rng), second, lit)
    things += street_end(street, rng)
    things += traffic_lights(street, rng)
    moving = _parked(street, rng) + _traffic(street, lit, rng) + _crossing_traffic(street, lit, rng)
    moving += _cyclists(street, rng) + _walkers(street, rng)
    return World(street, (*things, *(thing for thing in moving if not _in_the_way(thing, camera))), light)


def _in_the_way(thing: Thing, camera: PinholeCamera) -> bool:
    """Whether it overlaps the ego vehicle or stands less than about 4 m before its bonnet."""
    reach = np.abs(thing.mesh.vertices).max(axis=(0, 1))
    beside_m, ahead_m = thing.y - camera.position_m[1], thing.x - camera.position_m[0]
    return bool(abs(beside_m) < reach[1] + 1.15 and -4.0 < ahead_m < reach[0] + 5.0)


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
    parking = [0.0 if cycle or rng.random() < 0.45 else 2.1 for _ in range(2)]
    return Street(
        lanes_right=mine if right_hand else theirs,
        lanes_left=theirs if right_hand else mine,
        lane_m=float(rng.uniform(2.8, 3.6)) + (0.8 if cycle else 0.0),
        parking_right_m=parking[0],
        parking_left_m=parking[1],
        sidewalk_m=float(rng.uniform(1.6, 4.5)),
        bend_per_m=float(rng.normal(0, 0.0012)) if rng.random() < 0.6 else 0.0,
        right_hand_traffic=right_hand,
        junction_s_m=junction,
        junction_m=width,
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


def vehicle_thing(
    street: Street,
    kind: str,
    s: float,
    d: float,
    turn: float,
    rng: np.random.Generator,
    lit: bool = False,
    colour: str | None = None,
    attributes: tuple[str, ...] = (),
    speed_mps: float = 0.0,
    simple: bool | None = None,
) -> Thing:
    """A vehicle on the road, its colour drawn unless given; vans and lorries are mostly white.

    It is ``simple`` beyond 35 m unless that is given too.
    """
    word = colour
    if word is None and kind in ("van", "small van", "minibus", "lorry") and rng.random() < 0.5:
        word = "white"
    word, rgb = car_paint(rng, word)
    body = BODIES[kind]
    words = (body.word, *attributes) if body.word != body.class_name else attributes
    return beside(
        street,
        vehicle(kind, rgb, lit, abs(s) > 35 if simple is None else simple),
        body.class_name,
        s,
        d,
        turn=turn,
        z=0.0,
        colour=word,
        attributes=words,
        speed_mps=speed_mps,
    )


def draw_clothes(rng: np.random.Generator, riding: bool = False) -> tuple[Clothes, tuple[str, ...]]:
    """Clothes and the words for them."""
    word, top = garment(rng)
    coat = bool(not riding and rng.random() < 0.2)
    bag_word, bag = garment(rng) if rng.random() < 0.25 else ("", None)
    helmet = garment(rng)[1] if riding and rng.random() < 0.6 else None
    clothes = Clothes(
        top,
        one_of(rng, TROUSERS),
        one_of(rng, SKINS),
        one_of(rng, HAIRS),
        skirt=bool(not riding and rng.random() < 0.12),
        coat=coat,
        bag=bag,
        helmet=helmet,
    )
    garb = "coat" if coat else str(rng.choice(["jacket", "top", "shirt"]))
    article = "an" if word == "orange" else "a"
    words = [f"wearing {article} {word} {garb}"]
    if bag is not None:
        words.append(f"with {'an' if bag_word == 'orange' else 'a'} {bag_word} backpack")
    if helmet is not None:
        words.append("wearing a helmet")
    return clothes, tuple(words)


def _kind(rng: np.random.Generator, table: dict[str, int]) -> str:
    share = np.array(list(table.values()), float)
    return str(rng.choice(list(table), p=share / share.sum()))


def _parked(street: Street, rng: np.random.Generator) -> list[Thing]:
    things = []
    for side, width, edge in ((-1, street.parking_right_m, street.right_m), (1, street.parking_left_m, street.left_m)):
        wild = width == 0.0 and rng.random() < 0.25
        if width == 0.0 and not wild:
            continue
        fill = 0.12 if wild else rng.uniform(0.3, 0.95)
        with_flow = (
            0.0 if (side < 0) == street.right_hand_traffic or street.lanes_left * street.lanes_right == 0 else math.pi
        )
        s = rng.uniform(-3, 4)
        while s < 130:
            kind = _kind(rng, _PARKED_KINDS)
            length = vehicle_length_m(kind)
            middle = s + length / 2
            if rng.random() < fill and not street.in_junction(middle, length / 2 + 3) and (s > 6 or width > 0):
                d = edge - side * (BODIES[kind].width / 2 + rng.uniform(0.1, 0.35))
                turn = with_flow if rng.random() < 0.85 else math.pi - with_flow
                things.append(
                    vehicle_thing(street, kind, middle, d, turn + rng.normal(0, 0.02), rng, attributes=("parked",))
                )
            s += length + rng.uniform(0.6, 1.8)
    return things


def _traffic(street: Street, lit: bool, rng: np.random.Generator) -> list[Thing]:
    things = []
    mean_gap = rng.choice([7.0, 16.0, 35.0, 80.0], p=[0.15, 0.35, 0.3, 0.2])
    for lane in range(-street.lanes_right, street.lanes_left):
        forward = (lane < 0) == street.right_hand_traffic or street.lanes_left * street.lanes_right == 0
        own = abs(lane + 0.5) < 1 and forward
        s = (7.0 if own else 1.0) + rng.exponential(mean_gap * (1.0 if own else 0.7))
        while s < 170:
            kind = _kind(rng, _KINDS)
            length = vehicle_length_m(kind)
            if BODIES[kind].class_name == "bus" and own and s < 14:
                s += 6.0
                continue
            if not street.in_junction(s + length / 2, length / 2) or rng.random() < 0.3:
                d = street.lane_centre_m(lane) + rng.normal(0, 0.18)
                turn = 0.0 if forward else math.pi
                words = ("driving ahead",) if forward else ("oncoming",)
                things.append(
                    vehicle_thing(
                        street, kind, s + length / 2, d, turn + rng.normal(0, 0.015), rng, lit, attributes=words
                    )
                )
            s += length + 2.0 + rng.exponential(mean_gap)
    return things


def _crossing_traffic(street: Street, lit: bool, rng: np.random.Generator) -> list[Thing]:
    things = []
    if street.junction_s_m is not None:
        for _ in range(int(rng.integers(0, 4))):
            kind = _kind(rng, _KINDS)
            turn = float(rng.choice([-1, 1])) * math.pi / 2
            offset = street.junction_m / 4 * (1 if (turn > 0) == street.right_hand_traffic else -1)
            beyond = vehicle_length_m(kind) / 2 + 1.0
            d = (
                street.left_m + beyond + rng.exponential(9)
                if rng.random() < 0.5
                else street.right_m - beyond - rng.exponential(9)
            )
            things.append(
                vehicle_thing(street, kind, street.junction_s_m + offset, d, turn, rng, lit, attributes=("crossing",))
            )
    return things


def _cyclists(street: Street, rng: np.random.Generator) -> list[Thing]:
    things = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.45, 0.3, 0.15, 0.1]))):
        forward = bool(rng.random() < 0.7)
        left = forward != street.right_hand_traffic
        edge, parking = (street.left_m, street.parking_left_m) if left else (street.right_m, street.parking_right_m)
        inward = -1.0 if left else 1.0
        clothes, words = draw_clothes(rng, riding=True)
        mesh = rider(clothes, one_of(rng, _BIKES), rng.uniform(1.6, 1.9), rng.uniform(0, 6.3))
        d = edge + inward * (parking + rng.uniform(0.5, 1.1))
        s = 4.0 + rng.gamma(2.0, 8.0)
        words = (*words, "riding ahead" if forward else "oncoming")
        things.append(
            beside(street, mesh, "bicyclist", s, d, turn=0.0 if forward else math.pi, z=0.0, attributes=words)
        )
    return things


def _walkers(street: Street, rng: np.random.Generator) -> list[Thing]:
    things = []
    for _ in range(int(rng.choice([0, 2, 5, 9, 14], p=[0.12, 0.28, 0.3, 0.2, 0.1]))):
        side = int(rng.choice([-1, 1]))
        edge = street.left_m if side > 0 else street.right_m
        s = 4.0 + rng.gamma(1.7, 11.0)
        clothes, words = draw_clothes(rng)
        standing = rng.random() < 0.25
        stride = 0.15 if standing else rng.uniform(0.6, 2.5) * float(rng.choice([-1, 1]))
        height = rng.uniform(1.5, 1.92) if rng.random() < 0.9 else rng.uniform(1.0, 1.35)
        mesh = person(clothes, float(height), float(stride))
        if rng.random() < 0.10 and s > 9:
            d, turn, z, words = (
                rng.uniform(street.right_m, street.left_m),
                rng.choice([-1, 1]) * math.pi / 2,
                0.0,
                (*words, "crossing the road"),
            )
        else:
            d = edge + side * (KERB_M + rng.uniform(0.3, max(0.5, street.sidewalk_m - 0.3)))
            turn = rng.uniform(0, 6.28) if standing else rng.choice([0.0, math.pi]) + rng.normal(0, 0.15)
            z = 0.0 if street.in_junction(s) else KERB_HEIGHT_M
            words = (*words, "standing" if standing else "walking")
        things.append(beside(street, mesh, "pedestrian", s, float(d), turn=turn, z=z, attributes=words))
        if height < 1.36:
            continue
        if rng.random() < 0.06:
            bike = bicycle(plain(_BIKES[int(rng.integers(len(_BIKES)))], gloss=0.4))
            things.append(
                beside(street, bike, "bicyclist", s + 1.2, float(d), turn=turn, z=z, attributes=("parked bicycle",))
            )
    return things
