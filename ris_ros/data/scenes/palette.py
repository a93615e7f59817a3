"""Colours with the plain words people use for them."""

from __future__ import annotations

import colorsys

import numpy as np

from ris_ros.data.scenes.material import Rgb

PAINTS: dict[str, tuple[Rgb, ...]] = {
    "red": ((0.66, 0.04, 0.05), (0.50, 0.03, 0.06), (0.78, 0.08, 0.06)),
    "blue": ((0.06, 0.14, 0.52), (0.10, 0.28, 0.66), (0.05, 0.10, 0.36), (0.22, 0.42, 0.72)),
    "white": ((0.88, 0.88, 0.87), (0.92, 0.92, 0.93)),
    "black": ((0.035, 0.035, 0.04), (0.06, 0.06, 0.065)),
    "grey": ((0.30, 0.31, 0.33), (0.38, 0.39, 0.40), (0.24, 0.25, 0.27)),
    "silver": ((0.66, 0.67, 0.69), (0.60, 0.62, 0.64)),
    "yellow": ((0.90, 0.72, 0.05), (0.93, 0.80, 0.18)),
    "green": ((0.06, 0.36, 0.14), (0.10, 0.45, 0.30), (0.30, 0.55, 0.16)),
    "orange": ((0.92, 0.40, 0.05),),
    "brown": ((0.32, 0.19, 0.11),),
}
_CAR_WEIGHTS = {
    "red": 17,
    "blue": 15,
    "white": 15,
    "black": 13,
    "grey": 10,
    "silver": 13,
    "yellow": 6,
    "green": 6,
    "orange": 3,
    "brown": 2,
}
CLOTHES: dict[str, tuple[Rgb, ...]] = {
    "red": ((0.70, 0.08, 0.09), (0.55, 0.06, 0.10)),
    "blue": ((0.12, 0.22, 0.55), (0.22, 0.40, 0.72)),
    "white": ((0.88, 0.87, 0.85),),
    "black": ((0.05, 0.05, 0.055),),
    "grey": ((0.36, 0.36, 0.37),),
    "yellow": ((0.90, 0.78, 0.12), (0.80, 0.90, 0.10)),
    "green": ((0.12, 0.40, 0.20),),
    "orange": ((0.92, 0.42, 0.08),),
    "brown": ((0.36, 0.23, 0.14),),
    "pink": ((0.88, 0.42, 0.58),),
    "purple": ((0.36, 0.14, 0.46),),
}
_CLOTHES_WEIGHTS = {
    "red": 13,
    "blue": 15,
    "white": 12,
    "black": 22,
    "grey": 13,
    "yellow": 6,
    "green": 6,
    "orange": 4,
    "brown": 5,
    "pink": 4,
    "purple": 3,
}
TROUSERS: dict[str, Rgb] = {
    "dark trousers": (0.10, 0.13, 0.24),
    "blue jeans": (0.16, 0.24, 0.44),
    "black trousers": (0.06, 0.06, 0.07),
    "grey trousers": (0.32, 0.32, 0.33),
    "brown trousers": (0.40, 0.30, 0.20),
    "black jeans": (0.08, 0.08, 0.09),
}
SKINS: tuple[Rgb, ...] = ((0.86, 0.66, 0.55), (0.78, 0.56, 0.44), (0.55, 0.37, 0.26), (0.36, 0.23, 0.17))
HAIRS: tuple[Rgb, ...] = (
    (0.08, 0.06, 0.05),
    (0.22, 0.14, 0.08),
    (0.45, 0.32, 0.16),
    (0.55, 0.55, 0.55),
    (0.32, 0.15, 0.08),
)
WALLS: tuple[Rgb, ...] = (
    (0.48, 0.27, 0.19),
    (0.56, 0.35, 0.25),
    (0.62, 0.52, 0.38),
    (0.70, 0.62, 0.48),
    (0.82, 0.80, 0.75),
    (0.74, 0.70, 0.62),
    (0.55, 0.54, 0.52),
    (0.42, 0.30, 0.24),
    (0.66, 0.66, 0.68),
    (0.76, 0.66, 0.52),
    (0.36, 0.35, 0.35),
    (0.60, 0.45, 0.33),
)
ROOFS: tuple[Rgb, ...] = ((0.24, 0.24, 0.27), (0.33, 0.20, 0.15), (0.40, 0.24, 0.17), (0.28, 0.27, 0.26))
LEAVES: tuple[Rgb, ...] = (
    (0.22, 0.33, 0.12),
    (0.28, 0.38, 0.14),
    (0.18, 0.28, 0.12),
    (0.35, 0.36, 0.15),
    (0.42, 0.32, 0.14),
)
GRASS: tuple[Rgb, ...] = ((0.30, 0.36, 0.18), (0.38, 0.40, 0.24), (0.27, 0.33, 0.17))
FASCIAS: tuple[Rgb, ...] = (
    (0.10, 0.22, 0.14),
    (0.55, 0.08, 0.08),
    (0.08, 0.12, 0.32),
    (0.75, 0.73, 0.68),
    (0.06, 0.06, 0.07),
    (0.55, 0.42, 0.10),
    (0.12, 0.35, 0.40),
    (0.62, 0.28, 0.08),
    (0.30, 0.12, 0.28),
)


def car_paint(rng: np.random.Generator, word: str | None = None) -> tuple[str, Rgb]:
    """A colour word and a paint of that colour."""
    return _draw(rng, PAINTS, _CAR_WEIGHTS, word)


def garment(rng: np.random.Generator, word: str | None = None) -> tuple[str, Rgb]:
    """A colour word and a cloth of that colour."""
    return _draw(rng, CLOTHES, _CLOTHES_WEIGHTS, word)


def vary(rng: np.random.Generator, rgb: Rgb, amount: float = 0.06) -> Rgb:
    """The colour, a little lighter or darker and a trace off its hue."""
    hue, light, saturation = colorsys.rgb_to_hls(*rgb)
    hue += rng.normal(0, 0.006)
    light = min(0.96, max(0.02, light * (1 + rng.normal(0, amount))))
    return colorsys.hls_to_rgb(hue % 1.0, light, saturation)


def one_of(rng: np.random.Generator, choices: tuple[Rgb, ...], amount: float = 0.08) -> Rgb:
    """One of several colours, varied."""
    return vary(rng, choices[int(rng.integers(len(choices)))], amount)


def _draw(
    rng: np.random.Generator, table: dict[str, tuple[Rgb, ...]], weights: dict[str, int], word: str | None
) -> tuple[str, Rgb]:
    if word is None:
        share = np.array([weights[name] for name in table], float)
        word = str(rng.choice(list(table), p=share / share.sum()))
    return word, one_of(rng, table[word], 0.05)
