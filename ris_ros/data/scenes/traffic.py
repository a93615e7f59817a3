"""Vehicles on a street: parked, driving, waiting at the lights, crossing, standing at a stop."""

from __future__ import annotations

import math

import numpy as np

from ris_ros.data.scenes.meshes_vehicles import BODIES, vehicle, vehicle_length_m
from ris_ros.data.scenes.palette import car_paint
from ris_ros.data.scenes.roadside import beside
from ris_ros.data.scenes.world import ACROSS_FROM_M, BAY_M, Street, Thing

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
_PARKED_KINDS = {
    name: share for name, share in _KINDS.items() if BODIES[name].class_name in ("car", "van") or name == "pickup"
}
_LOT_KINDS = {name: share for name, share in _PARKED_KINDS.items() if BODIES[name].length < 4.7}
AT_THE_LIGHTS = "waiting at the lights"


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


def _kind(rng: np.random.Generator, table: dict[str, int]) -> str:
    share = np.array(list(table.values()), float)
    return str(rng.choice(list(table), p=share / share.sum()))


def parked_vehicles(street: Street, rng: np.random.Generator) -> list[Thing]:
    """In the strips and bays along the kerbs; here and there where there is neither."""
    things: list[Thing] = []
    for side, width, edge in ((-1, street.parking_right_m, street.right_m), (1, street.parking_left_m, street.left_m)):
        wild = width == 0.0 and rng.random() < 0.25
        if width >= ACROSS_FROM_M:
            things += _across(street, side, rng)
        elif width > 0.0 or wild:
            fill = 0.12 if wild else rng.uniform(0.3, 0.95)
            things += _along_the_kerb(street, side, edge, width, fill, rng)
    return things


def _along_the_kerb(
    street: Street, side: int, edge: float, width: float, fill: float, rng: np.random.Generator
) -> list[Thing]:
    things = []
    one_way = street.lanes_left * street.lanes_right == 0
    with_flow = 0.0 if (side < 0) == street.right_hand_traffic or one_way else math.pi
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


def _across(street: Street, side: int, rng: np.random.Generator) -> list[Thing]:
    """One vehicle a bay, nose or tail to the kerb."""
    edge = street.right_m if side < 0 else street.left_m
    fill = float(rng.uniform(0.35, 0.9))
    things = parked_in_bays(street, (-BAY_M, 110.0), edge - side * 2.45, side, fill, rng)
    return [thing for thing in things if not street.in_junction(thing.x, BAY_M + 2.0)]


def parked_in_bays(
    street: Street, span: tuple[float, float], d: float, facing: int, fill: float, rng: np.random.Generator
) -> list[Thing]:
    """A row of vehicles across the street, one in each bay that is taken.

    Args:
        street: Layout.
        span: (first, last) s; bays begin at multiples of :data:`BAY_M` from the first.
        d: Middle of the row.
        facing: Side that most noses point to, 1 left, -1 right.
        fill: Share of the bays that are taken.
        rng: Draws everything.
    """
    things = []
    for s in np.arange(span[0] + BAY_M / 2, span[1], BAY_M):
        if rng.random() > fill:
            continue
        kind = _kind(rng, _LOT_KINDS)
        turn = facing * math.pi / 2 * (1 if rng.random() < 0.7 else -1) + rng.normal(0, 0.03)
        at, across = float(s) + rng.normal(0, 0.06), d + rng.normal(0, 0.1)
        things.append(vehicle_thing(street, kind, at, across, turn, rng, attributes=("parked",)))
    return things


def driving_vehicles(
    street: Street, lit: bool, light: str | None, own_mps: float, rng: np.random.Generator
) -> list[Thing]:
    """Traffic in every lane.

    Args:
        street: Layout.
        lit: Lights are on.
        light: What the lights of the junction show to this street; None where there are none.
        own_mps: Speed of the ego vehicle's lane.
        rng: Draws everything.
    """
    things = []
    mean_gap = rng.choice([7.0, 16.0, 35.0, 80.0], p=[0.15, 0.35, 0.3, 0.2])
    for lane in range(-street.lanes_right, street.lanes_left):
        forward = (lane < 0) == street.right_hand_traffic or street.lanes_left * street.lanes_right == 0
        own = abs(lane + 0.5) < 1 and forward
        lane_mps = own_mps if forward else float(rng.uniform(5, 12))
        s = (7.0 if own else 1.0) + rng.exponential(mean_gap * (1.0 if own else 0.7))
        while s < 170:
            kind = _kind(rng, _KINDS)
            length = vehicle_length_m(kind)
            if BODIES[kind].class_name == "bus" and own and s < 14:
                s += 6.0
                continue
            middle = s + length / 2
            if not street.in_junction(middle, length / 2) or rng.random() < 0.3:
                d = street.lane_centre_m(lane) + rng.normal(0, 0.18)
                turn = (0.0 if forward else math.pi) + rng.normal(0, 0.015)
                held = light in ("red", "amber") and _before_the_junction(street, middle, forward)
                words: tuple[str, ...]
                if held:
                    words = (AT_THE_LIGHTS, "seen from behind" if forward else "facing us")
                else:
                    words = ("driving ahead",) if forward else ("oncoming",)
                speed = 0.0 if held else lane_mps
                things.append(vehicle_thing(street, kind, middle, d, turn, rng, lit, attributes=words, speed_mps=speed))
            s += length + 2.0 + rng.exponential(mean_gap)
    return things


def _before_the_junction(street: Street, s: float, forward: bool) -> bool:
    """Whether one waits there when the lights are red."""
    if street.junction_s_m is None or street.in_junction(s, 1.0):
        return False
    return s < street.junction_s_m if forward else s > street.junction_s_m


def crossing_vehicles(street: Street, lit: bool, light: str | None, rng: np.random.Generator) -> list[Thing]:
    """Vehicles of the crossing street: they drive while this street has red, and wait beside it otherwise."""
    if street.junction_s_m is None:
        return []
    things = []
    for _ in range(int(rng.integers(0, 4))):
        kind = _kind(rng, _KINDS)
        side = int(rng.choice([-1, 1]))
        if not street.crossed_on(side):
            continue
        beyond = vehicle_length_m(kind) / 2 + 2.0 + rng.exponential(9)
        edge = street.left_m if side > 0 else street.right_m
        toward_us = rng.random() < 0.6
        turn = -side * math.pi / 2 if toward_us else side * math.pi / 2
        offset = street.junction_m / 4 * (1 if (turn > 0) == street.right_hand_traffic else -1)
        drives = (light == "red" and street.crossed_on(-side)) or not toward_us
        words = ("crossing",) if drives else ("waiting at the junction", "seen from the side")
        things.append(
            vehicle_thing(
                street,
                kind,
                street.junction_s_m + offset,
                edge + side * beyond,
                turn,
                rng,
                lit,
                attributes=words,
                speed_mps=float(rng.uniform(4, 9)) if drives else 0.0,
            )
        )
    return things
