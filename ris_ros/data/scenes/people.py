"""People on a street: what they wear and carry, with the words for it, and where they go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ris_ros.data.scenes.ground import KERB_HEIGHT_M, KERB_M
from ris_ros.data.scenes.material import Rgb, plain
from ris_ros.data.scenes.mesh import Mesh
from ris_ros.data.scenes.meshes_people import Clothes, person, rider
from ris_ros.data.scenes.meshes_vehicles import bicycle
from ris_ros.data.scenes.palette import HAIRS, SKINS, TROUSERS, garment, one_of, vary
from ris_ros.data.scenes.roadside import beside
from ris_ros.data.scenes.world import Street, Thing

CHILD_M = 1.36
_STEP_M = 0.72
_PEDAL_M = 2.6
_BIKES: tuple[Rgb, ...] = ((0.1, 0.1, 0.12), (0.6, 0.1, 0.1), (0.1, 0.25, 0.5), (0.7, 0.7, 0.7))


@dataclass(frozen=True, slots=True)
class Outfit:
    """Clothes and the words that are true of them."""

    clothes: Clothes
    words: tuple[str, ...]


def article(word: str) -> str:
    """``a`` or ``an``."""
    return "an" if word[0] in "aeiou" else "a"


def draw_outfit(rng: np.random.Generator, riding: bool = False, wet: bool = False, child: bool = False) -> Outfit:
    """What somebody wears and carries.

    Args:
        rng: Draws everything.
        riding: Sits on a bicycle.
        wet: It rains: umbrellas are up.
        child: Too small for prams and umbrellas.
    """
    colour, top = garment(rng)
    coat = bool(not riding and rng.random() < (0.4 if wet else 0.2))
    garb = "coat" if coat else str(rng.choice(["jacket", "top", "shirt", "t-shirt"], p=[0.35, 0.25, 0.2, 0.2]))
    words = [f"wearing {article(colour)} {colour} {garb}"]
    skirt = bool(not riding and rng.random() < 0.12)
    if skirt:
        skirt_word, lower = garment(rng)
        words.append(f"wearing {article(skirt_word)} {skirt_word} skirt")
    else:
        trousers = list(TROUSERS)[int(rng.integers(len(TROUSERS)))]
        lower = vary(rng, TROUSERS[trousers])
        words.append(f"wearing {trousers}")
    bag = helmet = hat = carried_rgb = None
    carried = ""
    if rng.random() < 0.25:
        bag_word, bag = garment(rng)
        words.append(f"with {article(bag_word)} {bag_word} backpack")
    if riding and rng.random() < 0.6:
        helmet_word, helmet = garment(rng)
        words.append(f"with {article(helmet_word)} {helmet_word} helmet on")
    elif rng.random() < 0.15:
        hat_word, hat = garment(rng)
        words.append(f"with {article(hat_word)} {hat_word} hat on")
    if not riding and not child:
        draw = rng.random()
        if draw < (0.5 if wet else 0.02):
            carried, (word, carried_rgb) = "umbrella", garment(rng)
            words.append(f"with {article(word)} {word} umbrella")
        elif draw > 0.84:
            carried, (word, carried_rgb) = "bag", garment(rng)
            words.append(f"carrying {article(word)} {word} bag")
        elif draw > 0.80:
            carried, (word, carried_rgb) = "pram", garment(rng)
            words.append("pushing a pram")
    skin = one_of(rng, SKINS)
    clothes = Clothes(
        top,
        lower,
        skin,
        one_of(rng, HAIRS),
        sleeves=skin if garb == "t-shirt" else None,
        skirt=skirt,
        coat=coat,
        bag=bag,
        helmet=helmet,
        hat=hat,
        carried=carried,
        carried_rgb=carried_rgb,
    )
    return Outfit(clothes, tuple(words))


def worker_outfit(rng: np.random.Generator) -> Outfit:
    """A bright vest over dark clothes, and a helmet."""
    word, vest = garment(rng, str(rng.choice(["yellow", "orange"])))
    dark = (0.12, 0.13, 0.17)
    clothes = Clothes(vest, dark, one_of(rng, SKINS), one_of(rng, HAIRS), sleeves=dark, helmet=(0.9, 0.9, 0.88))
    return Outfit(clothes, (f"wearing {article(word)} {word} vest", "wearing dark trousers", "with a white helmet on"))


def walker_gait(clothes: Clothes, height_m: float, phase: float) -> Callable[[float], Mesh]:
    """The shape of somebody on foot after some metres, from a phase of the step on."""
    return partial(_walking, clothes, height_m, phase)


def _walking(clothes: Clothes, height_m: float, phase: float, way_m: float) -> Mesh:
    return person(clothes, height_m, phase + math.pi * way_m / _STEP_M)


def _riding(clothes: Clothes, bike_rgb: Rgb, height_m: float, phase: float, way_m: float) -> Mesh:
    return rider(clothes, bike_rgb, height_m, phase + 2 * math.pi * way_m / _PEDAL_M)


def cyclists(street: Street, rng: np.random.Generator) -> list[Thing]:
    """Up to three, along the kerbs."""
    things = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.45, 0.3, 0.15, 0.1]))):
        forward = bool(rng.random() < 0.7)
        left = forward != street.right_hand_traffic
        edge, parking = (street.left_m, street.parking_left_m) if left else (street.right_m, street.parking_right_m)
        inward = -1.0 if left else 1.0
        outfit = draw_outfit(rng, riding=True)
        gait = partial(_riding, outfit.clothes, one_of(rng, _BIKES), rng.uniform(1.6, 1.9), rng.uniform(0, 6.3))
        d = edge + inward * (parking + rng.uniform(0.5, 1.1))
        words = (*outfit.words, "riding ahead" if forward else "oncoming")
        things.append(
            beside(
                street,
                gait(0.0),
                "bicyclist",
                4.0 + rng.gamma(2.0, 8.0),
                d,
                turn=0.0 if forward else math.pi,
                z=0.0,
                speed_mps=float(rng.uniform(3, 6)),
                attributes=words,
                gait=gait,
            )
        )
    return things


def walkers(street: Street, rng: np.random.Generator, wet: bool = False) -> list[Thing]:
    """People on the pavements, some of whom cross the road, on the zebra where there is one."""
    things = []
    for _ in range(int(rng.choice([0, 2, 5, 9, 14], p=[0.12, 0.28, 0.3, 0.2, 0.1]))):
        side = int(rng.choice([-1, 1]))
        edge = street.left_m if side > 0 else street.right_m
        s = 4.0 + rng.gamma(1.7, 11.0)
        height = float(rng.uniform(1.5, 1.92) if rng.random() < 0.9 else rng.uniform(1.0, 1.35))
        child = height < CHILD_M
        outfit = draw_outfit(rng, wet=wet, child=child)
        words = (*outfit.words, "noun:child") if child else outfit.words
        standing = rng.random() < 0.25
        crosses = not standing and rng.random() < (0.35 if street.zebra_s_m is not None else 0.12)
        phase = 0.0 if standing else float(rng.uniform(0.0, 2 * math.pi))
        gait = walker_gait(outfit.clothes, height, phase)
        if crosses and (street.zebra_s_m is not None or s > 9):
            if street.zebra_s_m is not None:
                s = street.zebra_s_m + rng.uniform(0.6, 2.4)
            d, z = float(rng.uniform(street.right_m, street.left_m)), 0.0
            turn = float(rng.choice([-1, 1])) * math.pi / 2
            words = (*words, "crossing the road")
        else:
            d = edge + side * (KERB_M + rng.uniform(0.3, max(0.5, street.sidewalk_m - 0.3)))
            turn = float(rng.uniform(0, 6.28) if standing else rng.choice([0.0, math.pi]) + rng.normal(0, 0.05))
            z = 0.0 if street.in_junction(s, side=side) else KERB_HEIGHT_M
            words = (*words, "standing" if standing else "walking")
        things.append(
            beside(
                street,
                gait(0.0),
                "pedestrian",
                s,
                float(d),
                turn=turn,
                z=z,
                speed_mps=0.0 if standing else float(rng.uniform(0.9, 1.6)),
                attributes=words,
                gait=gait,
            )
        )
        if not child and standing and rng.random() < 0.2:
            bike = bicycle(plain(_BIKES[int(rng.integers(len(_BIKES)))], gloss=0.4))
            at = float(d) + side * 0.2
            things.append(
                beside(street, bike, "bicyclist", s + 1.2, at, turn=turn, z=z, attributes=("parked bicycle",))
            )
    return things
