"""Give pixels another named colour and keep how the light falls on them.

What a camera sees of paint or cloth is, roughly, its own colour times the light that falls on it, plus the mirror image
of the sky. So the logarithm of brightness keeps its ups and downs around a mean that the name decides, and highlights
stay near the colour of the light. A change of hue alone could make neither a white nor a black car.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

# Under light in which asphalt has ROAD_VALUE: what most people would call by that name without a thought (sRGB).
_TYPICAL_RGB: Mapping[str, tuple[int, int, int]] = MappingProxyType({
    "white": (226, 228, 228), "black": (27, 27, 30), "grey": (88, 91, 94), "silver": (156, 160, 165),
    "red": (150, 26, 32), "blue": (34, 62, 140), "green": (34, 104, 62), "yellow": (216, 178, 38),
    "orange": (206, 94, 26), "brown": (88, 58, 40), "beige": (192, 176, 144), "gold": (172, 142, 74),
    "purple": (88, 46, 116), "pink": (214, 122, 158),
})  # fmt: skip
_ROAD_VALUE = 104.0
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_GAMMA = 2.2
_LINEAR = (np.arange(256, dtype=np.float32) / 255.0) ** _GAMMA
# Contrast (standard deviation of the logarithm of brightness) of light and of dark surfaces.
_CONTRAST_LIGHT, _CONTRAST_DARK = 0.3, 0.75
_EPS = 2e-3


def repaint(
    pixels_rgb: NDArray[np.uint8],
    weight: NDArray[np.float32],
    colour: str,
    light_rgb: NDArray[np.float32],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The same surface in another colour.

    Args:
        pixels_rgb: uint8 [n, 3] of one surface.
        weight: float32 [n], how certainly each pixel belongs to it; some must be above one half.
        colour: A key of ``_TYPICAL_RGB``.
        light_rgb: float32 [3], how the road looks in the same picture, 0 to 255.
        rng: Source of chance for the shade.

    Returns:
        float32 [n, 3], 0 to 255.
    """
    target = _shade(colour, light_rgb, rng)
    luminance = float(target @ _LUMA)
    log_seen = np.log(_LINEAR[pixels_rgb] @ _LUMA + _EPS)
    sure = log_seen[weight > 0.5]
    middle, spread = float(np.median(sure)), float(sure.std()) + 1e-3
    lightness = np.clip((np.log(luminance + _EPS) + 4.5) / 4.5, 0.0, 1.0)
    wanted = _CONTRAST_DARK + (_CONTRAST_LIGHT - _CONTRAST_DARK) * float(lightness)
    relief = (log_seen - middle) * float(np.clip(wanted / spread, 0.55, 1.3))
    bright = np.exp(np.log(luminance + _EPS) + np.clip(relief, -2.5, 2.5))
    bright = np.where(bright > 0.75, 0.75 + 0.25 * np.tanh((bright - 0.75) / 0.25), bright)
    # Everything mirrors a little of the sky, highlights most, whatever the paint.
    mirror = 0.14 + 0.45 * np.clip((relief - 0.6) / 1.2, 0.0, 1.0)[:, None]
    chroma = target / max(luminance, 1e-4)
    tinted = bright[:, None] * (chroma * (1.0 - mirror) + mirror)
    # What a channel cannot show is given back as white, so that brightness stays as wanted.
    highest = tinted.max(axis=1, keepdims=True)
    excess = np.clip((highest - 1.0) / np.maximum(highest - bright[:, None], 1e-4), 0.0, 1.0)
    shown = tinted + (bright[:, None] - tinted) * np.where(highest > 1.0, excess, 0.0)
    return np.asarray(255.0 * np.clip(shown, 0.0, 1.0) ** (1.0 / _GAMMA), np.float32)


def _shade(colour: str, light_rgb: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A shade of the colour as this light shows it, linear [3]."""
    typical = np.asarray(_TYPICAL_RGB[colour], np.float32)
    varied = typical * np.float32(rng.uniform(0.9, 1.08)) * rng.normal(1.0, 0.03, 3).astype(np.float32)
    value = max(float(light_rgb.max()), 1.0)
    # A part of the road's tint is the light's; the rest may be the asphalt's own.
    tint = (light_rgb / value) ** np.float32(0.4)
    seen = np.clip(varied, 4.0, 250.0) * np.float32(np.clip(value / _ROAD_VALUE, 0.3, 1.15)) * tint
    return np.asarray((np.clip(seen, 3.0, 246.0) / 255.0) ** _GAMMA, np.float32)
