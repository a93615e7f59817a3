"""What stands beside a carriageway: buildings, gardens, trees, lamps, signs and other furniture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ris_ros.data.scenes.ground import KERB_HEIGHT_M, KERB_M
from ris_ros.data.scenes.material import Facade, Material, Rgb, Surface
from ris_ros.data.scenes.mesh import Mesh
from ris_ros.data.scenes.meshes_street import (
    building,
    fence,
    hedge,
    litter_bin,
    post,
    sign_plate,
    signal_head,
    street_lamp,
    traffic_cone,
    tree,
)
from ris_ros.data.scenes.palette import FASCIAS, GRASS, LEAVES, ROOFS, WALLS, one_of, vary
from ris_ros.data.scenes.world import Street, Thing

DISTRICTS = ("shops", "houses", "offices", "park", "suburb")
FAR_M = 230.0
_FENCE_PAINTS: tuple[Rgb, ...] = ((0.36, 0.27, 0.18), (0.85, 0.85, 0.83), (0.1, 0.1, 0.1))
_BOARDS: dict[str, tuple[Rgb, Rgb]] = {
    "blue": ((0.05, 0.15, 0.5), (0.9, 0.9, 0.9)),
    "green": ((0.03, 0.3, 0.15), (0.9, 0.9, 0.9)),
    "white": ((0.9, 0.9, 0.9), (0.05, 0.05, 0.05)),
    "yellow": ((0.9, 0.75, 0.1), (0.05, 0.05, 0.05)),
}


def beside(
    street: Street,
    mesh: Mesh,
    class_name: str,
    s: float,
    d: float,
    turn: float = 0.0,
    z: float = KERB_HEIGHT_M,
    speed_mps: float = 0.0,
    colour: str | None = None,
    attributes: tuple[str, ...] = (),
    gait: Callable[[float], Mesh] | None = None,
) -> Thing:
    """A thing at street coordinates, turned with the street and by ``turn``; on the pavement unless ``z`` is given."""
    x, y = street.to_world(s, d)
    return Thing(mesh, class_name, x, y, z, street.heading(s) + turn, speed_mps, colour, attributes, gait)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One side of a street, to be filled.

    Attributes:
        street: Layout.
        side: 1 for the left, -1 for the right.
        rng: Draws everything.
        travel_m: The eye comes as far as this along s, and trees up to there are detailed.
        open_m: (first, last) s where no building stands, as for a car park; None where all may be built on.
    """

    street: Street
    side: int
    rng: np.random.Generator
    travel_m: float = 0.0
    open_m: tuple[float, float] | None = None

    def blocked(self, s: float, margin_m: float) -> bool:
        """Whether the crossing street leaves on this side within ``margin_m`` of s."""
        return self.street.in_junction(s, margin_m, self.side)

    def is_open(self, s: float, margin_m: float) -> bool:
        """Whether nothing may be built within ``margin_m`` of s."""
        kept = self.open_m is not None and self.open_m[0] - margin_m < s < self.open_m[1] + margin_m
        return kept or self.blocked(s, margin_m + 1.0)

    @property
    def kerb_m(self) -> float:
        """d of the kerb's inner edge."""
        return (self.street.left_m if self.side > 0 else self.street.right_m) + self.side * KERB_M

    @property
    def wall_m(self) -> float:
        """d of the pavement's far edge."""
        return self.kerb_m + self.side * self.street.sidewalk_m

    def plant(self, kind: str, height_m: float, s: float, d: float, rgb: Rgb | None = None) -> Thing:
        """A tree or bush."""
        colour = one_of(self.rng, LEAVES) if rgb is None else rgb
        distance = s - self.travel_m if s > self.travel_m else min(s, 0.0)
        mesh = tree(kind, height_m, colour, int(self.rng.integers(1000)), distance)
        return beside(self.street, mesh, "tree", s, d)


def roadside(site: Site, district: str, lit: bool) -> list[Thing]:
    """Everything that stands on one side, in the manner of one of :data:`DISTRICTS`; lamps burn if ``lit``."""
    things = _frontage(site, district)
    things += _furniture(site, lit)
    chance = {"shops": 0.25, "houses": 0.45, "offices": 0.4, "park": 0.8, "suburb": 0.55}[district]
    if site.rng.random() < chance and site.street.sidewalk_m > 1.8:
        things += _avenue(site, str(site.rng.choice(["leafy", "slim", "bare"], p=[0.5, 0.2, 0.3])))
    return things


def street_end(street: Street, rng: np.random.Generator) -> list[Thing]:
    """Trees and houses that close the view."""
    site = Site(street, 1, rng)
    things = []
    for d in np.arange(-90.0, 90.0, 11.0):
        s = FAR_M + rng.uniform(0, 60)
        if rng.random() < 0.6:
            things.append(site.plant("leafy", rng.uniform(8, 15), s, float(d + rng.normal(0, 3))))
        else:
            things.append(_house(site, s, float(d), 11.0, -math.pi / 2, "houses"))
    return things


def _frontage(site: Site, district: str) -> list[Thing]:
    things: list[Thing] = []
    rng, side = site.rng, site.side
    turn = 0.0 if side > 0 else math.pi
    s = rng.uniform(-14.0, -6.0)
    while s < FAR_M:
        local = district if rng.random() < 0.9 else str(rng.choice(DISTRICTS))
        width = {"shops": rng.uniform(6, 13), "houses": rng.uniform(5, 9), "offices": rng.uniform(14, 32)}.get(
            local, rng.uniform(8, 16)
        )
        middle = s + width / 2
        if site.is_open(middle, width / 2):
            s += 2.0
            continue
        setbacks = {"houses": rng.choice([0.0, 2.5]), "suburb": rng.uniform(4, 9), "offices": rng.uniform(0, 3)}
        setback = float(setbacks.get(local, 0.0))
        if local == "park":
            things += _park(site, s, width)
        else:
            things.append(_house(site, middle, site.wall_m + side * setback, width, turn, local))
            if setback > 2:
                things += _garden(site, s, width, setback)
        s += width + (rng.uniform(3, 8) if local == "suburb" else rng.choice([0.0, 0.0, 0.0, 2.5]))
    return things


def _house(site: Site, s: float, d: float, width: float, turn: float, district: str) -> Thing:
    rng = site.rng
    storeys = {"shops": rng.integers(2, 5), "houses": rng.integers(2, 4), "offices": rng.integers(3, 8)}.get(
        district, 2
    )
    storey = float(rng.uniform(2.7, 3.4))
    brick = float(rng.random() < 0.55)
    shop = float(district == "shops" or (district == "offices" and rng.random() < 0.4))
    glassy = district == "offices" and rng.random() < 0.5
    pattern = Facade(
        storey,
        float(rng.uniform(1.5, 3.2)),
        float(rng.uniform(0.65, 0.92) if glassy else rng.uniform(0.32, 0.58)),
        float(rng.uniform(0.45, 0.62)),
        shop,
        brick,
    )
    frame = one_of(rng, FASCIAS) if shop else ((0.82, 0.82, 0.80) if rng.random() < 0.7 else (0.16, 0.15, 0.15))
    walls = Material(Surface.FACADE, one_of(rng, WALLS), frame, seed=float(rng.uniform(0, 60)), facade=pattern)
    pitched = district in ("houses", "suburb") or (district == "shops" and rng.random() < 0.6)
    roof = Material(Surface.ROOF, one_of(rng, ROOFS)) if pitched else None
    mesh = building(width, float(rng.uniform(7, 12)), storey * float(storeys) + 0.4, walls, roof, rng)
    return beside(site.street, mesh, "building", s, d, turn=turn)


def _garden(site: Site, s: float, width: float, depth: float) -> list[Thing]:
    things = []
    rng, side = site.rng, site.side
    pick = rng.random()
    middle, d = s + width / 2, site.wall_m + side * 0.3
    if pick < 0.35:
        mesh = hedge(width, rng.uniform(0.9, 1.9), one_of(rng, LEAVES), int(rng.integers(1000)))
        things.append(beside(site.street, mesh, "tree", middle, d))
    elif pick < 0.8:
        kind = str(rng.choice(["wall", "boards", "railing"]))
        rgb = one_of(rng, WALLS if kind == "wall" else _FENCE_PAINTS)
        things.append(beside(site.street, fence(width, rng.uniform(0.8, 1.7), kind, rgb), "fence", middle, d))
    for _ in range(int(rng.integers(0, 3))):
        kind = str(rng.choice(["bush", "leafy", "bare"], p=[0.6, 0.3, 0.1]))
        height = rng.uniform(1, 2.5) if kind == "bush" else rng.uniform(4, 8)
        things.append(site.plant(kind, height, s + rng.uniform(0, width), site.wall_m + side * rng.uniform(1, depth)))
    return things


def _park(site: Site, s: float, width: float) -> list[Thing]:
    things = []
    rng, side = site.rng, site.side
    if rng.random() < 0.65:
        iron = rng.random() < 0.6
        rgb: Rgb = (0.06, 0.08, 0.07) if iron else one_of(rng, WALLS)
        barrier = fence(width, 1.3, "railing" if iron else "wall", rgb)
        things.append(beside(site.street, barrier, "fence", s + width / 2, site.wall_m))
    for _ in range(int(rng.integers(1, 4))):
        kind = str(rng.choice(["leafy", "bare", "bush", "slim"], p=[0.5, 0.2, 0.2, 0.1]))
        height = rng.uniform(1.5, 3) if kind == "bush" else rng.uniform(6, 14)
        things.append(site.plant(kind, height, s + rng.uniform(0, width), site.wall_m + side * rng.uniform(1.5, 16)))
    return things


def _avenue(site: Site, kind: str) -> list[Thing]:
    things = []
    rng, d = site.rng, site.kerb_m + site.side * 0.7
    spacing, rgb = rng.uniform(7, 18), one_of(rng, LEAVES)
    for s in np.arange(rng.uniform(3, 12), 170.0, spacing):
        if not site.blocked(float(s), 3.0) and rng.random() > 0.15:
            at = float(d + site.side * rng.normal(0, 0.1))
            things.append(site.plant(kind, rng.uniform(5, 10), float(s), at, vary(rng, rgb)))
    return things


def _furniture(site: Site, lit: bool) -> list[Thing]:
    things = []
    street, side, rng, edge = site.street, site.side, site.rng, site.kerb_m
    d = edge + side * 0.4
    if rng.random() < 0.75:
        height, reach, spacing = rng.uniform(5, 9), rng.uniform(0.6, 1.8), rng.uniform(20, 35)
        for s in np.arange(rng.uniform(4, 22), 180.0, spacing):
            if not site.blocked(float(s), 2.0):
                turn = 0.0 if side > 0 else math.pi
                lamp = street_lamp(float(height), float(reach), lit)
                things.append(beside(street, lamp, "pole", float(s), d, turn=turn, attributes=("street lamp",)))
    for _ in range(int(rng.integers(0, 4))):
        s = float(rng.uniform(6, 70))
        if not site.blocked(s, 1.0):
            things += _sign(street, s, d, rng)
    if rng.random() < 0.3:
        start, spacing = rng.uniform(4, 30), rng.uniform(1.2, 2.5)
        rgb: Rgb = (0.08, 0.08, 0.09) if rng.random() < 0.7 else (0.6, 0.6, 0.6)
        for s in start + spacing * np.arange(int(rng.integers(4, 12))):
            if not site.blocked(float(s), 0.5):
                things.append(beside(street, post(0.95, rgb, 0.07), "pole", float(s), d, attributes=("bollard",)))
    if rng.random() < 0.25:
        length, middle = float(rng.uniform(6, 18)), float(rng.uniform(12, 50))
        if not site.blocked(middle, length / 2):
            rail = fence(length, 1.05, "railing", (0.42, 0.44, 0.45))
            things.append(beside(street, rail, "fence", middle, edge + side * 0.25))
    if rng.random() < 0.4:
        mesh = litter_bin(one_of(rng, ((0.08, 0.2, 0.12), (0.1, 0.1, 0.12), (0.6, 0.1, 0.1))))
        things.append(beside(street, mesh, "void", rng.uniform(5, 40), edge + side * 1.0))
    if rng.random() < 0.15:
        start = rng.uniform(8, 40)
        for index in range(int(rng.integers(2, 7))):
            s, at = start + 1.8 * index, edge - side * rng.uniform(0.4, 0.8)
            things.append(beside(street, traffic_cone(0.75), "cone", s, at, z=0.0, colour="orange"))
    return things


def _sign(street: Street, s: float, d: float, rng: np.random.Generator) -> list[Thing]:
    kind = str(rng.choice(["round", "triangle", "board"], p=[0.45, 0.3, 0.25]))
    height = float(rng.uniform(2.1, 2.7))
    seed = float(rng.uniform(0, 50))
    word = ""
    if kind == "board":
        word = str(rng.choice(list(_BOARDS)))
        plate = sign_plate(kind, height + 0.3, *_BOARDS[word], seed)
    elif rng.random() < 0.3 and kind == "round":
        word = "blue"
        plate = sign_plate(kind, height, (0.05, 0.2, 0.6), (0.9, 0.9, 0.9), seed)
    else:
        plate = sign_plate(kind, height, (0.72, 0.05, 0.06), (0.92, 0.92, 0.9), seed)
        word = "red" if kind == "round" else ""
    return [
        beside(street, post(height + 0.5, (0.45, 0.46, 0.47), 0.035), "pole", s, d),
        beside(
            street,
            plate.moved(x=-0.06),
            "sign",
            s,
            d,
            turn=rng.normal(0, 0.12),
            colour=word or None,
            attributes=(f"{kind} sign",),
        ),
    ]


def traffic_lights(street: Street, state: str | None, rng: np.random.Generator) -> list[Thing]:
    """Signals at the near and far corners of the junction, or of the zebra crossing; none for state None."""
    if state is None or street.junction_s_m is None:
        return []
    near, far = street.junction_s_m - street.junction_m / 2 - 1.0, street.junction_s_m + street.junction_m / 2 + 1.0
    things = []
    for s, chance in ((near, 0.95), (far, 0.6)):
        for edge in (street.right_m - 0.5, street.left_m + 0.5):
            if rng.random() < chance:
                things += signal(street, s, edge, float(rng.uniform(2.5, 3.0)), state)
    return things


def signal(street: Street, s: float, d: float, height_m: float, state: str) -> list[Thing]:
    """A traffic light on its post, facing oncoming s."""
    return [
        beside(street, post(height_m + 0.5, (0.12, 0.12, 0.13), 0.055), "pole", s, d),
        beside(
            street,
            signal_head(height_m, state).moved(x=-0.18),
            "traffic light",
            s,
            d,
            colour=state,
            attributes=(f"showing {state}",),
        ),
    ]


def land(district: str, rng: np.random.Generator) -> tuple[str, Rgb]:
    """Kind and colour of the land beyond the pavements."""
    if district in ("park", "suburb") or rng.random() < 0.2:
        return "grass", one_of(rng, GRASS)
    return "paved", one_of(rng, ((0.45, 0.43, 0.41), (0.38, 0.37, 0.36)))
