"""Road vehicles: bodies lofted along x from a table of stations, with glass, wheels and lights.

Bodies are cached by type with the paint in a slot of its own, so that a street of cars costs a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from ris_ros.data.scenes.material import Material, Rgb, Surface, plain
from ris_ros.data.scenes.mesh import Mesh, box, disc, join, limb, patchwork, torus


@dataclass(frozen=True, slots=True)
class Body:
    """Proportions of a vehicle, in metres; lengths run from the nose backwards.

    Attributes:
        class_name: Class in :mod:`ris_ros.data.classes`.
        word: What people call it.
        length, width, height: Outer size.
        hood, windscreen, rear, boot: Lengths of bonnet, windscreen slope, rear slope and boot.
        hood_z, belt_z, boot_z: Heights of bonnet, window line and boot lid.
        sill_z: Height of the underside.
        roof_share: Roof width over body width.
        panes: Side windows from the front, of ``bays`` equal bays.
        bays: Bays of the cabin side.
        wheel: Wheel radius.
        cargo: Length of a box body behind the cab, 0 for none.
    """

    class_name: str
    word: str
    length: float
    width: float
    height: float
    hood: float
    windscreen: float
    rear: float
    boot: float
    hood_z: float
    belt_z: float
    boot_z: float
    sill_z: float = 0.24
    roof_share: float = 0.76
    panes: int = 2
    bays: int = 2
    wheel: float = 0.32
    cargo: float = 0.0


BODIES: dict[str, Body] = {
    "hatchback": Body("car", "hatchback", 3.9, 1.68, 1.46, 0.85, 0.75, 0.42, 0.12, 0.90, 0.93, 0.92),
    "sedan": Body("car", "sedan", 4.6, 1.78, 1.43, 1.15, 0.80, 0.75, 0.55, 0.88, 0.92, 0.98),
    "estate": Body("car", "estate car", 4.6, 1.78, 1.47, 1.10, 0.80, 0.35, 0.10, 0.88, 0.92, 0.95, panes=3, bays=3),
    "suv": Body("car", "SUV", 4.5, 1.88, 1.74, 1.05, 0.65, 0.30, 0.12, 1.05, 1.10, 1.10, 0.32, 0.80, 3, 3, 0.37),
    "coupe": Body(
        "car", "sports car", 4.3, 1.80, 1.28, 1.30, 0.85, 0.95, 0.30, 0.80, 0.85, 0.88, 0.18, 0.72, 1, 2, 0.33
    ),
    "mpv": Body("car", "people carrier", 4.5, 1.82, 1.68, 0.75, 0.85, 0.25, 0.08, 0.98, 1.00, 1.00, panes=3, bays=3),
    "van": Body("van", "van", 5.2, 1.98, 2.25, 0.75, 0.75, 0.10, 0.05, 1.10, 1.18, 1.15, 0.30, 0.86, 1, 4, 0.34),
    "small van": Body("van", "van", 4.3, 1.80, 1.85, 0.85, 0.70, 0.10, 0.05, 1.02, 1.06, 1.05, 0.28, 0.86, 1, 3, 0.32),
    "minibus": Body("van", "minibus", 5.6, 2.0, 2.4, 0.6, 0.7, 0.12, 0.05, 1.12, 1.18, 1.15, 0.32, 0.86, 4, 4, 0.34),
    "pickup": Body(
        "truck", "pickup truck", 5.2, 1.86, 1.78, 1.15, 0.65, 0.15, 1.55, 1.08, 1.12, 1.06, 0.40, 0.80, 2, 2, 0.38
    ),
    "lorry": Body("truck", "lorry", 2.0, 2.3, 2.6, 0.10, 0.35, 0.05, 0.05, 1.15, 1.35, 1.3, 0.45, 0.9, 1, 1, 0.45, 5.2),
    "bus": Body("bus", "bus", 10.8, 2.5, 3.05, 0.06, 0.22, 0.06, 0.04, 1.05, 1.15, 1.2, 0.32, 0.96, 9, 9, 0.48),
    "double-decker": Body(
        "bus", "double-decker bus", 10.2, 2.5, 4.3, 0.06, 0.2, 0.06, 0.04, 1.05, 1.15, 1.2, 0.32, 0.97, 9, 9, 0.48
    ),
}

GLASS = Material(Surface.GLASS, (0.06, 0.07, 0.08), gloss=1.0)
TRIM = plain((0.05, 0.05, 0.055), gloss=0.1)
TYRE = plain((0.06, 0.06, 0.06))
RIM = plain((0.55, 0.56, 0.58), gloss=0.5)
UNDERSIDE = plain((0.02, 0.02, 0.02))
HEADLIGHT = plain((0.85, 0.87, 0.9), gloss=0.8, glow=0.0)
HEADLIGHT_LIT = plain((1.0, 0.97, 0.88), glow=3.0)
TAIL_LIGHT = plain((0.55, 0.03, 0.04), gloss=0.5, glow=0.0)
TAIL_LIGHT_LIT = plain((1.0, 0.06, 0.05), glow=1.6)
PLATE_FRONT = plain((0.85, 0.85, 0.85))
PLATE_REAR = plain((0.85, 0.72, 0.15))
_PAINT_SLOT = Material(Surface.PAINT, (0.5, 0.0, 0.5))


def vehicle(kind: str, rgb: Rgb, lit: bool = False, simple: bool = False) -> Mesh:
    """A vehicle of a type in :data:`BODIES`, painted ``rgb``; centred, nose to +x.

    Args:
        kind: Type.
        rgb: Paint.
        lit: Lights are on.
        simple: Coarse wheels, for vehicles far away.
    """
    mesh = _template(kind, simple)
    swap: dict[Material, Material] = {_PAINT_SLOT: Material(Surface.PAINT, rgb, gloss=0.5)}
    if lit:
        swap |= {HEADLIGHT: HEADLIGHT_LIT, TAIL_LIGHT: TAIL_LIGHT_LIT}
    return mesh.with_palette([swap.get(material, material) for material in mesh.palette])


def vehicle_length_m(kind: str) -> float:
    """Length of a vehicle type with its cargo box."""
    return BODIES[kind].length + BODIES[kind].cargo


@cache
def _template(kind: str, simple: bool) -> Mesh:
    body = BODIES[kind]
    cab = [_shell(body, kind), *_face(body), *_tail(body)]
    parts = [part.moved(x=body.cargo / 2) for part in cab]
    if body.cargo:
        back, front = -(body.length + body.cargo) / 2, body.cargo / 2 - body.length / 2 - 0.1
        half = body.width / 2
        parts.append(box((back, -half, 0.95), (front, half, 3.3), _PAINT_SLOT))
        parts.append(box((back, -0.5, 0.5), (front + 0.5, 0.5, 0.95), UNDERSIDE))
        parts.append(box((back - 0.02, -half * 0.95, 0.75), (back, half * 0.95, 0.93), TRIM))
        for side in (-1, 1):
            y = side * half * 0.8
            parts.append(box((back - 0.04, y - 0.12, 0.78), (back - 0.01, y + 0.12, 0.9), TAIL_LIGHT))
    parts += _wheels(body, simple)
    return join(parts)


def _stations(body: Body) -> list[tuple[float, float, float, float, float, int]]:
    """(x, underside, window line, top, width share, glass) from nose to tail; glass: 1 slope, 2 pane, 0 none."""
    nose, tail = body.length / 2, -body.length / 2
    screen, roof_front = nose - body.hood, nose - body.hood - body.windscreen
    roof_rear = tail + body.boot + body.rear
    blunt = body.hood < 0.2
    low = body.sill_z
    rows: list[tuple[float, float, float, float, float, int]] = []
    if blunt:
        rows.append((nose, low + 0.05, body.belt_z - 0.02, body.belt_z, 0.97, 0))
        rows.append((screen, low, body.belt_z, body.belt_z + 0.03, 1.0, 1))
    else:
        face = body.hood_z * 0.80
        rows.append((nose, low + 0.12, face - 0.12, face - 0.08, 0.80, 0))
        rows.append((nose - 0.07, low + 0.02, face - 0.02, face + 0.02, 0.90, 0))
        rows.append((nose - 0.30, low, body.hood_z * 0.90, body.hood_z * 0.93, 0.97, 0))
        rows.append((nose - body.hood * 0.6, low, body.hood_z * 0.96, body.hood_z, 0.99, 0))
        rows.append((screen, low, body.belt_z, body.hood_z + 0.04, 1.0, 1))
    rows.append((roof_front, low, body.belt_z + 0.01, body.height - 0.03, 1.0, 0))
    bay = (roof_front - roof_rear) / body.bays
    for index in range(body.bays):
        start = roof_front - index * bay
        pane = 2 if index < body.panes else 0
        crown = body.height if body.bays > 1 else body.height - 0.02
        rows.append((start - 0.05, low, body.belt_z + 0.01, crown, 1.0, pane))
        rows.append((start - bay + 0.05, low, body.belt_z + 0.02, crown, 1.0, 0))
    rows.append((roof_rear, low, body.belt_z + 0.03, body.height - 0.05, 1.0, 1 if body.rear > 0.2 else 0))
    rows.append((tail + body.boot, low, body.boot_z - 0.03, body.boot_z, 0.97, 0))
    if body.boot > 0.2:
        rows.append((tail + 0.12, low + 0.02, body.boot_z - 0.07, body.boot_z - 0.03, 0.95, 0))
    rows.append((tail, low + 0.1, body.boot_z - 0.16, body.boot_z - 0.12, 0.88, 0))
    return rows


def _shell(body: Body, kind: str) -> Mesh:
    rows = _stations(body)
    half = body.width / 2
    points, slots = [], []
    for x, low, belt, top, share, _ in rows:
        width = half * share
        cabin = top - belt > 0.2
        roof = half * (body.roof_share if cabin else 0.88 * share)
        edge = top - (0.08 if cabin else 0.02)
        middle = low + (belt - low) * 0.55
        points.append(
            [
                (x, 0.0, low),
                (x, width * 0.86, low),
                (x, width * 0.985, low + 0.12),
                (x, width, middle),
                (x, width * 0.97, belt),
                (x, max(roof, width * 0.6), edge),
                (x, roof * 0.82, top),
                (x, 0.0, top + 0.015),
            ]
        )
    for *_, glass in rows[:-1]:
        slots.append([1, 1, 0, 0, 2 if glass == 2 else 0, 2 if glass == 1 else 0, 2 if glass == 1 else 0])
    palette = (_PAINT_SLOT, UNDERSIDE, GLASS)
    half_shell = np.asarray(points, np.float32)
    sides = []
    for sign in (1.0, -1.0):
        shell = half_shell * np.array([1, sign, 1], np.float32)
        sides.append(patchwork(shell, slots, palette))
        for end in (shell[0], shell[-1]):
            middle_line = end * np.array([1, 0, 1], np.float32)
            sides.append(patchwork(np.stack([end, middle_line]), np.zeros((1, 7)), palette, smooth=False))
    if kind == "double-decker":
        sides += _upper_deck(body)
    return join(sides)


def _upper_deck(body: Body) -> list[Mesh]:
    """A band of paint between the decks: the shell's panes reach from the window line to the roof."""
    out = body.width / 2 * 0.985
    nose, tail = body.length / 2 - 0.02, -body.length / 2 + 0.05
    return [box((tail, -out - 0.02, 2.15), (nose, out + 0.02, 2.75), _PAINT_SLOT)]


def _face(body: Body) -> list[Mesh]:
    nose, half = body.length / 2, body.width / 2
    face = body.hood_z * 0.80
    lamp_z = face - 0.12 if body.hood >= 0.2 else body.sill_z + 0.45
    reach = 0.80 if body.hood >= 0.2 else 0.95
    parts = [
        box((nose - 0.05, -half * 0.45, lamp_z - 0.10), (nose + 0.012, half * 0.45, lamp_z + 0.04), TRIM),
        box((nose - 0.05, -half * 0.70, body.sill_z + 0.02), (nose + 0.01, half * 0.70, body.sill_z + 0.14), TRIM),
        box((nose - 0.02, -0.26, lamp_z - 0.24), (nose + 0.02, 0.26, lamp_z - 0.13), PLATE_FRONT),
    ]
    for side in (-1, 1):
        y = side * half * (reach - 0.16)
        parts.append(box((nose - 0.2, y - 0.16, lamp_z - 0.06), (nose + 0.015, y + 0.16, lamp_z + 0.06), HEADLIGHT))
        mirror = nose - body.hood - body.windscreen * 0.45
        y = side * (half + 0.08)
        parts.append(box((mirror - 0.06, y - 0.09, body.belt_z), (mirror + 0.06, y + 0.09, body.belt_z + 0.14), TRIM))
    return parts


def _tail(body: Body) -> list[Mesh]:
    tail, half = -body.length / 2, body.width / 2
    high = body.boot_z - 0.25
    parts = [
        box((tail - 0.015, -0.26, high - 0.22), (tail + 0.02, 0.26, high - 0.11), PLATE_REAR),
        box((tail - 0.03, -half * 0.84, body.sill_z + 0.08), (tail + 0.05, half * 0.84, body.sill_z + 0.2), TRIM),
    ]
    if body.rear <= 0.2 and not body.cargo:
        low, top = body.belt_z + 0.12, min(body.height - 0.22, body.belt_z + 0.75)
        glass_x = tail + body.boot
        split = 0.06 if body.class_name == "van" else 0.0
        for side in (-1, 1):
            y0, y1 = sorted((side * split, side * half * 0.74))
            parts.append(box((glass_x - 0.03, y0, low), (glass_x + 0.05, y1, top), GLASS))
        if split:
            parts.append(box((glass_x - 0.06, -0.012, body.sill_z + 0.2), (glass_x, 0.012, body.height - 0.15), TRIM))
    for side in (-1, 1):
        y = side * half * 0.72
        tall = 0.12 if body.height < 1.6 else 0.24
        parts.append(box((tail - 0.02, y - 0.15, high - 0.06), (tail + 0.12, y + 0.15, high - 0.06 + tall), TAIL_LIGHT))
    return parts


def _wheels(body: Body, simple: bool) -> list[Mesh]:
    half, radius = body.width / 2, body.wheel
    total = body.length + body.cargo
    front, rear = total / 2 - min(0.8, total * 0.18), -total / 2 + min(0.85, total * 0.19)
    if body.class_name == "bus":
        front, rear = total / 2 - 2.4, -total / 2 + 2.9
    parts = []
    for x in (front, rear):
        for side in (-1, 1):
            y = side * (half - 0.09)
            if simple:
                parts.append(disc((x, y, radius), radius, 0.215, TYRE, 8))
                continue
            parts.append(disc((x, y - side * 0.01, radius + 0.03), radius + 0.06, 0.20, UNDERSIDE, 16))
            parts.append(disc((x, y, radius), radius, 0.215, TYRE, 18))
            parts.append(disc((x, y, radius), radius * 0.64, 0.235, RIM, 14))
            parts.append(disc((x, y, radius), radius * 0.2, 0.25, TRIM, 8))
    return parts


@lru_cache(maxsize=16)
def bicycle(frame: Material) -> Mesh:
    """A bicycle without its rider, wheels in line with x."""
    hub_f, hub_r, crank, saddle, head = (
        (0.52, 0, 0.34),
        (-0.52, 0, 0.34),
        (-0.05, 0, 0.3),
        (-0.2, 0, 0.88),
        (0.36, 0, 0.85),
    )
    tubes = [(hub_r, crank), (crank, saddle), (crank, head), (saddle, head), (hub_r, saddle), (hub_f, head)]
    return join(
        [
            torus(hub_f, 0.32, 0.025, TYRE),
            torus(hub_r, 0.32, 0.025, TYRE),
            *(limb(a, b, 0.018, frame, sides=5) for a, b in tubes),
            limb(head, (0.33, 0, 1.0), 0.015, TRIM, sides=5),
            limb((0.36, -0.25, 1.0), (0.36, 0.25, 1.0), 0.016, TRIM, sides=5),
            box((-0.32, -0.07, 0.9), (-0.08, 0.07, 0.95), TRIM),
        ]
    )
