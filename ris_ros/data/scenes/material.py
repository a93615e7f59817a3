"""What a triangle is made of; the shader turns it into colour."""

from __future__ import annotations

import enum
from dataclasses import dataclass

Rgb = tuple[float, float, float]
"""sRGB, 0 to 1."""


class Surface(enum.IntEnum):
    """Families of procedural texture."""

    PLAIN = 0
    ROAD = 1
    PAVING = 2
    GRASS = 3
    FACADE = 4
    ROOF = 5
    LEAVES = 6
    PAINT = 7
    GLASS = 8
    BOARD = 9
    LOT = 10


@dataclass(frozen=True, slots=True)
class Facade:
    """Pattern of a building's walls.

    Attributes:
        storey_m: Height of a storey.
        pitch_m: Distance between window axes.
        window_width: Width of a window as a share of the pitch.
        window_height: Height of a window as a share of the storey.
        shop: 1 for shop windows and a fascia on the ground floor, 0 for plain windows.
        brick: 1 for bricks with mortar, 0 for render or concrete.
    """

    storey_m: float = 3.0
    pitch_m: float = 2.4
    window_width: float = 0.45
    window_height: float = 0.55
    shop: float = 0.0
    brick: float = 0.0


@dataclass(frozen=True, slots=True)
class Material:
    """One material.

    Attributes:
        surface: Family of texture.
        rgb: Main colour.
        rgb2: Second colour (window frames, fascia, lettering), where the family has one.
        gloss: Strength of mirrored sky and sun, 0 to 1.
        glow: Light of its own, relative to a white wall in daylight.
        seed: Shifts the pattern, so that equal materials differ.
        facade: Pattern of a FACADE.
    """

    surface: Surface
    rgb: Rgb
    rgb2: Rgb = (0.0, 0.0, 0.0)
    gloss: float = 0.0
    glow: float = 0.0
    seed: float = 0.0
    facade: Facade = Facade()


def dimmed(rgb: Rgb, factor: float) -> Rgb:
    """The colour with its sRGB values scaled."""
    return rgb[0] * factor, rgb[1] * factor, rgb[2] * factor


def plain(rgb: Rgb, gloss: float = 0.0, glow: float = 0.0) -> Material:
    """Cloth, rubber, metal, skin: one colour."""
    return Material(Surface.PLAIN, rgb, gloss=gloss, glow=glow)
