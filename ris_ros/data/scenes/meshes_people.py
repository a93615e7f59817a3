"""People: walkers, standers and riders, built of rounded limbs, with the clothes they can be told by.

Bodies are cached by pose with marked materials, which are swapped for the colours of the clothes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ris_ros.data.scenes.material import Material, Rgb, plain
from ris_ros.data.scenes.mesh import Mesh, box, cone, disc, ellipsoid, join, limb
from ris_ros.data.scenes.meshes_vehicles import bicycle

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Clothes:
    """Colours of a person.

    Attributes:
        top, trousers, skin, hair, shoes: sRGB colours.
        sleeves: Colour of the arms where it is not the top's, or None.
        skirt: Wears a skirt over bare legs instead of trousers.
        coat: The top reaches down to the knees.
        bag: Colour of a rucksack, or None.
        helmet: Colour of a helmet, or None.
        hat: Colour of a hat, or None.
        carried: ``bag``, ``umbrella``, ``pram`` or nothing.
        carried_rgb: Its colour.
    """

    top: Rgb
    trousers: Rgb
    skin: Rgb
    hair: Rgb
    shoes: Rgb = (0.08, 0.07, 0.07)
    sleeves: Rgb | None = None
    skirt: bool = False
    coat: bool = False
    bag: Rgb | None = None
    helmet: Rgb | None = None
    hat: Rgb | None = None
    carried: str = ""
    carried_rgb: Rgb | None = None


_STRIDES = 12
_PARTS = ("top", "trousers", "skin", "hair", "shoes", "bag", "helmet", "bike", "sleeves", "hat", "carried")
_MARKED: dict[str, Material] = {name: plain((index / 16, 0.5, 1.0)) for index, name in enumerate(_PARTS)}


def person(clothes: Clothes, height_m: float, stride: float) -> Mesh:
    """A person on foot, facing +x.

    Args:
        clothes: What they wear.
        height_m: Body height.
        stride: Phase of the step in radians; the legs swing with its sine (0 and pi stand).
    """
    step = round(stride / (2 * math.pi) * _STRIDES) % _STRIDES
    mesh = _walker(step, clothes.skirt, clothes.coat, clothes.bag is not None, _headgear(clothes), clothes.carried)
    factor = height_m / 1.75
    return _dressed(mesh, clothes, clothes.top).scaled(factor, factor, factor)


def sitter(clothes: Clothes, height_m: float) -> Mesh:
    """A person who sits on a bench 0.45 m high, facing +x."""
    factor = height_m / 1.75
    return _dressed(_seated(clothes.skirt, _headgear(clothes)), clothes, clothes.top).scaled(factor, factor, 1.0)


def rider(clothes: Clothes, bike_rgb: Rgb, height_m: float, stride: float) -> Mesh:
    """A person on a bicycle, heading +x; ``stride`` turns the cranks (radians)."""
    step = round(stride / (2 * math.pi) * _STRIDES) % _STRIDES
    mesh = _cyclist(step, clothes.bag is not None, _headgear(clothes))
    factor = height_m / 1.75
    return _dressed(mesh, clothes, bike_rgb).scaled(factor, factor, factor)


def _headgear(clothes: Clothes) -> str:
    return "helmet" if clothes.helmet is not None else "hat" if clothes.hat is not None else ""


def _dressed(mesh: Mesh, clothes: Clothes, bike_rgb: Rgb) -> Mesh:
    colours = {
        "top": clothes.top,
        "trousers": clothes.trousers,
        "skin": clothes.skin,
        "hair": clothes.hair,
        "shoes": clothes.shoes,
        "bag": clothes.bag,
        "helmet": clothes.helmet,
        "bike": bike_rgb,
        "sleeves": clothes.sleeves if clothes.sleeves is not None else clothes.top,
        "hat": clothes.hat,
        "carried": clothes.carried_rgb,
    }
    swap = {_MARKED[name]: plain(rgb) for name, rgb in colours.items() if rgb is not None}
    return mesh.with_palette([swap.get(material, material) for material in mesh.palette])


@cache
def _walker(step: int, skirt: bool, coat: bool, bag: bool, headgear: str, carried: str) -> Mesh:
    swing = 0.42 * math.sin(step / _STRIDES * 2 * math.pi)
    top, skin, lower = _MARKED["top"], _MARKED["skin"], _MARKED["trousers"]
    legs = skin if skirt else lower
    parts = []
    for side, phase in ((1, swing), (-1, -swing)):
        y = 0.09 * side
        hip, knee = (0, y, 0.88), (0.42 * math.sin(phase) + 0.02, y, 0.88 - 0.42 * math.cos(phase))
        bend = phase - 0.5 * max(0.0, -phase)
        ankle = (knee[0] + 0.4 * math.sin(bend), y, max(0.09, knee[2] - 0.4 * math.cos(bend)))
        parts += [limb(hip, knee, 0.085, legs, 0.065), limb(knee, ankle, 0.062, legs, 0.048)]
        parts.append(ellipsoid((ankle[0] + 0.06, y, ankle[2] - 0.04), (0.13, 0.05, 0.05), _MARKED["shoes"], 5, 8))
        elbow = (-0.26 * math.sin(phase), 0.235 * side, 1.12)
        hand = (elbow[0] - 0.2 * math.sin(phase) + 0.08, 0.23 * side, 0.88)
        if carried == "pram" or (carried == "umbrella" and side > 0):
            elbow = (0.08, 0.24 * side, 1.12)
            hand = (0.36, 0.2 * side, 1.02) if carried == "pram" else (0.22, 0.16, 1.22)
        parts += _arm((0.0, 0.2 * side, 1.40), elbow, hand)
        if carried == "bag" and side < 0:
            x, y, z = hand
            parts.append(box((x - 0.17, y - 0.07, z - 0.46), (x + 0.17, y + 0.05, z - 0.10), _MARKED["carried"]))
            parts.append(limb((x, y, z), (x, y, z - 0.12), 0.012, _MARKED["carried"], sides=4))
    parts.append(ellipsoid((0, 0, 0.93), (0.13, 0.17, 0.15), lower))
    parts += _torso(bag, 0.0, 0.92)
    if skirt:
        parts.append(limb((0, 0, 0.95), (0, 0, 0.6), 0.16, lower, 0.24, sides=10))
    if coat:
        parts.append(limb((0, 0, 1.05), (0, 0, 0.62), 0.17, top, 0.215, sides=10))
    if carried == "umbrella":
        parts.append(limb((0.22, 0.16, 1.15), (0.16, 0.1, 2.2), 0.012, _MARKED["shoes"], sides=4))
        parts.append(cone(0.56, 0.24, 0.05, _MARKED["carried"], 1.98, sides=10).moved(x=0.15, y=0.08))
    if carried == "pram":
        parts += _pram()
    return join([*parts, *_head(headgear, 0.02, 1.62)])


def _arm(shoulder: Point, elbow: Point, hand: Point) -> list[Mesh]:
    sleeve = _MARKED["sleeves"]
    return [
        limb(shoulder, elbow, 0.058, sleeve, 0.05),
        limb(elbow, hand, 0.047, sleeve, 0.038),
        ellipsoid(hand, (0.05, 0.038, 0.05), _MARKED["skin"], 5, 6),
    ]


def _pram() -> list[Mesh]:
    cloth, metal = _MARKED["carried"], _MARKED["shoes"]
    parts = [
        box((0.55, -0.24, 0.52), (1.25, 0.24, 0.82), cloth),
        ellipsoid((0.78, 0.0, 0.86), (0.27, 0.25, 0.24), cloth, 6, 8),
    ]
    for y in (-0.22, 0.22):
        parts += [limb((0.36, y, 1.02), (1.15, y, 0.25), 0.016, metal, sides=4)]
        parts += [limb((0.6, y, 0.2), (1.0, y, 0.6), 0.016, metal, sides=4)]
        parts += [disc((x, y, 0.16), 0.16, 0.04, metal, 10) for x in (0.58, 1.18)]
    return parts


@cache
def _seated(skirt: bool, headgear: str) -> Mesh:
    skin, lower = _MARKED["skin"], _MARKED["trousers"]
    legs = skin if skirt else lower
    parts = [ellipsoid((0.02, 0, 0.53), (0.15, 0.18, 0.13), lower)]
    for side in (1, -1):
        y = 0.1 * side
        parts += [limb((0, y, 0.53), (0.44, y, 0.52), 0.085, lower, 0.065)]
        parts += [limb((0.44, y, 0.52), (0.46, y, 0.1), 0.062, legs, 0.048)]
        parts.append(ellipsoid((0.52, y, 0.05), (0.13, 0.05, 0.05), _MARKED["shoes"], 5, 8))
        parts += _arm((-0.02, 0.2 * side, 1.0), (0.08, 0.25 * side, 0.74), (0.34, 0.12 * side, 0.64))
    parts += _torso(False, -0.02, 0.52)
    return join([*parts, *_head(headgear, 0.0, 1.22)])


@cache
def _cyclist(step: int, bag: bool, headgear: str) -> Mesh:
    turn = step / _STRIDES * 2 * math.pi
    legs = _MARKED["trousers"]
    parts = [bicycle(_MARKED["bike"])]
    for side, phase in ((1, turn), (-1, turn + math.pi)):
        y = 0.1 * side
        pedal = (-0.05 + 0.17 * math.cos(phase), y, 0.3 + 0.17 * math.sin(phase))
        hip = (-0.17, y, 0.98)
        knee = (0.5 * (hip[0] + pedal[0]) + 0.25, y, 0.5 * (hip[2] + pedal[2]) + 0.08)
        parts += [limb(hip, knee, 0.085, legs, 0.06), limb(knee, (pedal[0], y, pedal[2] + 0.08), 0.058, legs, 0.045)]
        parts.append(ellipsoid((pedal[0] + 0.04, y, pedal[2] + 0.03), (0.13, 0.05, 0.045), _MARKED["shoes"], 5, 8))
        shoulder, hand = (0.12, 0.19 * side, 1.46), (0.36, 0.22 * side, 1.04)
        elbow = (0.22, 0.25 * side, 1.2)
        parts += _arm(shoulder, elbow, hand)
    parts.append(ellipsoid((-0.17, 0, 1.0), (0.16, 0.17, 0.14), legs))
    parts += [part.moved(pitch=0.5).moved(x=-0.17, z=1.0) for part in _torso(bag, 0.0, 0.0)]
    return join([*parts, *_head(headgear, 0.2, 1.68)])


def _torso(bag: bool, x: float, z: float) -> list[Mesh]:
    top = _MARKED["top"]
    parts = [
        ellipsoid((x, 0, z + 0.16), (0.135, 0.175, 0.22), top),
        ellipsoid((x, 0, z + 0.36), (0.145, 0.215, 0.22), top),
        limb((x, -0.14, z + 0.50), (x, 0.14, z + 0.50), 0.07, top),
    ]
    if bag:
        parts.append(box((x - 0.28, -0.15, z + 0.12), (x - 0.1, 0.15, z + 0.52), _MARKED["bag"]))
    return parts


def _head(headgear: str, x: float, z: float) -> list[Mesh]:
    skin = _MARKED["skin"]
    parts = [
        limb((x - 0.02, 0, z - 0.16), (x, 0, z - 0.06), 0.055, skin),
        ellipsoid((x, 0, z), (0.095, 0.078, 0.118), skin),
        ellipsoid((x - 0.028, 0, z + 0.03), (0.093, 0.088, 0.108), _MARKED["hair"]),
    ]
    if headgear == "helmet":
        parts.append(ellipsoid((x, 0, z + 0.07), (0.14, 0.105, 0.085), _MARKED["helmet"]))
    elif headgear == "hat":
        parts.append(ellipsoid((x - 0.01, 0, z + 0.09), (0.11, 0.1, 0.09), _MARKED["hat"]))
        parts.append(ellipsoid((x, 0, z + 0.055), (0.17, 0.15, 0.02), _MARKED["hat"], 5, 10))
    return parts
