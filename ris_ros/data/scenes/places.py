"""Places along a street where things belong together: bus stops, road works, car parks, shops with signs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ris_ros.data.scenes.ground import KERB_HEIGHT_M, KERB_M, LOT_DEPTH_M
from ris_ros.data.scenes.material import Material, Rgb, Surface, plain
from ris_ros.data.scenes.mesh import box, grid, join, repeated
from ris_ros.data.scenes.meshes_people import person, sitter
from ris_ros.data.scenes.meshes_street import bench, fence, post, shop_sign, sign_plate, traffic_cone, work_barrier
from ris_ros.data.scenes.meshes_vehicles import BODIES, vehicle_length_m
from ris_ros.data.scenes.palette import vary
from ris_ros.data.scenes.people import draw_outfit, worker_outfit
from ris_ros.data.scenes.roadside import beside
from ris_ros.data.scenes.traffic import parked_in_bays, vehicle_thing
from ris_ros.data.scenes.world import BAY_M, Street, Thing

_SHOP_SIGNS: dict[str, Rgb] = {
    "red": (0.70, 0.08, 0.08),
    "blue": (0.10, 0.22, 0.60),
    "green": (0.08, 0.40, 0.20),
    "yellow": (0.92, 0.76, 0.12),
    "white": (0.90, 0.90, 0.88),
    "black": (0.06, 0.06, 0.06),
}


def own_side(street: Street) -> int:
    """The side that one drives on: 1 left, -1 right."""
    return -1 if street.right_hand_traffic else 1


def bus_stop(street: Street, lit: bool, rng: np.random.Generator, wet: bool = False) -> list[Thing]:
    """A shelter with a sign, people who wait, and often the bus; none where the pavement is narrow."""
    s = float(rng.uniform(12, 42))
    if street.sidewalk_m < 2.4 or street.in_junction(s, 9.0):
        return []
    side = own_side(street) if rng.random() < 0.75 else -own_side(street)
    edge = street.left_m if side > 0 else street.right_m
    kerb = edge + side * KERB_M
    forward = side == own_side(street)
    things = []
    if rng.random() < 0.6:
        kind = str(rng.choice(["bus", "double-decker", "minibus"], p=[0.5, 0.35, 0.15]))
        d = edge - side * (BODIES[kind].width / 2 + 0.35)
        middle = s + (-1.0 if forward else 1.0) * (vehicle_length_m(kind) / 2 - 2.5) + 6.0
        things.append(
            vehicle_thing(
                street, kind, middle, d, 0.0 if forward else math.pi, rng, lit, attributes=("stopped at the bus stop",)
            )
        )
    frame, glass = plain((0.16, 0.18, 0.20), gloss=0.2), Material(Surface.GLASS, (0.25, 0.28, 0.30), gloss=0.8)
    shelter = join(
        [
            box((-1.7, 1.15, 0.15), (1.7, 1.19, 2.2), glass),
            box((-1.75, -0.1, 2.3), (1.75, 1.3, 2.4), frame),
            repeated(
                box((-0.04, -0.04, 0.0), (0.04, 0.04, 2.3), frame), [(x, y, 0) for x in (-1.7, 1.7) for y in (0.0, 1.2)]
            ),
        ]
    )
    turn = 0.0 if side > 0 else math.pi
    things += [
        beside(street, shelter, "void", s, kerb + side * 0.7, turn=turn),
        beside(street, bench(2.0), "void", s, kerb + side * 1.55, turn=turn),
        beside(street, post(2.9, (0.3, 0.32, 0.34), 0.04), "pole", s + 2.4, kerb + side * 0.4),
    ]
    plate = sign_plate("board", 2.55, (0.75, 0.08, 0.08), (0.95, 0.95, 0.95), 3.0).scaled(1.0, 0.45, 1.0)
    things.append(
        beside(street, plate, "sign", s + 2.4, kerb + side * 0.4, colour="red", attributes=("noun:bus stop sign",))
    )
    for place in rng.permutation([-1.3, -0.5, 0.5, 1.4, 2.9])[: int(rng.integers(1, 5))]:
        outfit = draw_outfit(rng, wet=wet)
        height = float(rng.uniform(1.55, 1.9))
        inward = -side * math.pi / 2
        if abs(place) < 1.0 and rng.random() < 0.7 and not outfit.clothes.carried:
            seated = sitter(replace(outfit.clothes, bag=None, coat=False), height)
            words = (*_without_bag(outfit.words), "sitting on the bench")
            things.append(
                beside(street, seated, "pedestrian", s + place, kerb + side * 1.5, turn=inward, attributes=words)
            )
            continue
        words = (*outfit.words, "standing", "waiting at the bus stop")
        standing = person(outfit.clothes, height, 0.0)
        d = kerb + side * rng.uniform(0.35, 1.0)
        things.append(
            beside(street, standing, "pedestrian", s + place, d, turn=inward + rng.normal(0, 0.5), attributes=words)
        )
    return things


def _without_bag(words: tuple[str, ...]) -> tuple[str, ...]:
    """A seated body shows neither rucksack nor coat tails."""
    kept = (word for word in words if "backpack" not in word)
    return tuple(word.replace(" coat", " jacket") for word in kept)


def road_works(street: Street, rng: np.random.Generator) -> list[Thing]:
    """A fenced-off stretch at a kerb with cones before it, a sign, workers and often their vehicle."""
    side = own_side(street) if rng.random() < 0.5 else -own_side(street)
    length, width = float(rng.uniform(5, 12)), float(rng.uniform(1.4, 2.2))
    start = float(rng.uniform(13, 34))
    if street.in_junction(start + length / 2, length + 4.0):
        return []
    edge = street.left_m if side > 0 else street.right_m
    middle, d = start + length / 2, edge - side * (width / 2 + 0.1)
    half = length / 2 - 0.5, width / 2 - 0.3
    pit = box((-half[0], -half[1], 0.0), (half[0], half[1], 0.03), plain((0.22, 0.17, 0.12)))
    heap = vary(rng, (0.36, 0.28, 0.20))
    things = [beside(street, pit, "void", middle, d, z=0.0)]
    for at, across, turn in (
        (start, d, math.pi / 2),
        (start + length, d, math.pi / 2),
        *((s, d - side * width / 2, 0.0) for s in np.arange(start + 1.0, start + length - 0.5, 2.1)),
    ):
        barrier = work_barrier(width if turn else 1.9)
        things.append(beside(street, barrier, "fence", float(at), across, turn=turn, z=0.0))
    if rng.random() < 0.5:
        rubble = grid(
            [[[x, y, 0.7 * max(0.0, 1 - math.hypot(x / 0.9, y / 0.6))] for y in (-0.6, -0.3, 0.0, 0.3, 0.6)]
             for x in (-0.9, -0.45, 0.0, 0.45, 0.9)], plain(heap)
        )  # fmt: skip
        things.append(beside(street, rubble, "void", middle + length / 4, d, z=0.02))
    cones = int(rng.integers(3, 7))
    for index in range(cones):
        share = (index + 0.5) / cones
        at = edge - side * (0.25 + share * width)
        things.append(
            beside(street, traffic_cone(0.75), "cone", start - 1.0 - 1.3 * (cones - index), at, z=0.0, colour="orange")
        )
    before = start - 2.5 - 1.3 * cones
    kerb = edge + side * 0.55
    plate = sign_plate("triangle", 0.95, (0.72, 0.05, 0.06), (0.93, 0.80, 0.12), 1.0)
    things += [
        beside(street, post(0.75, (0.3, 0.3, 0.3), 0.03), "pole", before, kerb),
        beside(street, plate.moved(x=-0.06), "sign", before, kerb, attributes=("triangle sign",)),
    ]
    for _ in range(int(rng.integers(0, 4))):
        outfit = worker_outfit(rng)
        body = person(outfit.clothes, float(rng.uniform(1.65, 1.9)), float(rng.choice([0.0, 0.9])))
        at, across = start + rng.uniform(0.6, length - 0.6), d + rng.uniform(-0.3, 0.3) * width
        words = (*outfit.words, "standing", "working on the road")
        things.append(
            beside(street, body, "pedestrian", at, across, turn=rng.uniform(0, 6.28), z=0.02, attributes=words)
        )
    if rng.random() < 0.5:
        kind = str(rng.choice(["van", "pickup", "small van"]))
        colour = str(rng.choice(["yellow", "orange", "white"]))
        at = start + length + 1.0 + vehicle_length_m(kind) / 2
        across = edge - side * (BODIES[kind].width / 2 + 0.15)
        turn = 0.0 if side == own_side(street) else math.pi
        things.append(vehicle_thing(street, kind, at, across, turn, rng, colour=colour, attributes=("parked",)))
    return things


def lot_span(street: Street, side: int, rng: np.random.Generator) -> tuple[float, float] | None:
    """(first, last) s of a car park beyond the pavement of one side; None where the crossing street is in the way."""
    length = 2 * BAY_M * float(rng.integers(4, 8))
    start = float(rng.uniform(4, 30))
    return None if street.in_junction(start + length / 2, length / 2 + 2.0, side) else (start, start + length)


def car_park(street: Street, side: int, span: tuple[float, float], rng: np.random.Generator) -> list[Thing]:
    """Two rows of bays with an aisle between, beyond the pavement, and a rail along it."""
    length = span[1] - span[0]
    middle = (span[0] + span[1]) / 2
    near = (street.left_m if side > 0 else street.right_m) + side * (KERB_M + street.sidewalk_m + 0.2)
    half = length / 2
    surface = Material(Surface.LOT, (vary(rng, (0.36, 0.36, 0.37))))
    corners = [[[-half, 0.0, 0.01], [half, 0.0, 0.01]], [[-half, LOT_DEPTH_M, 0.01], [half, LOT_DEPTH_M, 0.01]]]
    turn = 0.0 if side > 0 else math.pi
    things = [beside(street, grid(corners, surface, smooth=False), "road", middle, near, turn=turn)]
    if rng.random() < 0.6:
        rail = fence(length * 0.7, 0.7, "railing", (0.5, 0.5, 0.5))
        things.append(beside(street, rail, "fence", middle + length * 0.15, near, turn=turn))
    fill = float(rng.uniform(0.3, 0.9))
    for row_d, facing in ((near + side * 2.8, side), (near + side * (LOT_DEPTH_M - 2.8), -side)):
        for thing in parked_in_bays(street, span, row_d, facing, fill, rng):
            things.append(replace(thing, z=KERB_HEIGHT_M, attributes=(*thing.attributes, "in the car park")))
    return things


def shop_signs(buildings: list[Thing], rng: np.random.Generator) -> list[Thing]:
    """Boards that stick out of the fronts of shops, above their windows."""
    things = []
    for house in buildings:
        walls = [m for m in house.mesh.palette if m.surface is Surface.FACADE and m.facade.shop > 0.5]
        if not walls or rng.random() < 0.45 or house.x > 70:
            continue
        half = float(house.mesh.vertices[..., 0].max()) * 0.8
        along = float(rng.uniform(-half, half))
        colour = str(rng.choice(list(_SHOP_SIGNS)))
        cos, sin = math.cos(house.yaw), math.sin(house.yaw)
        things.append(
            Thing(
                shop_sign(_SHOP_SIGNS[colour], float(rng.uniform(0, 50))),
                "sign",
                house.x + along * cos,
                house.y + along * sin,
                house.z + float(rng.uniform(2.7, 3.3)),
                house.yaw,
                colour=colour,
                attributes=("noun:shop sign",),
            )
        )
    return things
