"""From linear light to the picture a cheap camera would give."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.mesh import Floats


@dataclass(frozen=True, slots=True)
class Film:
    """Camera electronics.

    Attributes:
        key: Linear brightness that the mean of the scene is exposed to.
        contrast: Exponent about middle grey; above 1 for deeper shadows.
        saturation: 1 keeps colours, 0 is grey.
        tint: Factors of red, green, blue.
        vignette: Darkening of the corners, 0 to 1.
        blur_px: Standard deviation of the lens blur.
        noise: Standard deviation of the grain, in grey levels.
        bloom: Share of the brightest light that spreads.
    """

    key: float = 0.20
    contrast: float = 1.0
    saturation: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.1
    blur_px: float = 0.0
    noise: float = 2.0
    bloom: float = 0.02

    def exposure(self, radiance: Floats, sky: NDArray[np.bool_]) -> float:
        """Gain that brings the geometric mean of what is not sky to the key."""
        grey = radiance.mean(axis=-1)[~sky]
        if grey.size == 0:
            return 1.0
        return float(self.key / np.exp(np.log(np.maximum(grey, 1e-3)).mean()))


def draw_film(rng: np.random.Generator) -> Film:
    """Random electronics, from clean to poor."""
    warmth = rng.normal(0, 0.035)
    return Film(
        key=float(np.exp(rng.uniform(np.log(0.03), np.log(0.20)))),
        contrast=float(rng.uniform(0.95, 1.25)),
        saturation=float(rng.uniform(0.75, 1.2)),
        tint=(1 + warmth, 1.0 + float(rng.normal(0, 0.01)), 1 - warmth),
        vignette=float(rng.uniform(0, 0.25)),
        blur_px=float(rng.choice([0.0, 0.35, 0.5, 0.8], p=[0.3, 0.3, 0.25, 0.15])),
        noise=float(rng.uniform(0.5, 5.0)),
        bloom=float(rng.uniform(0.0, 0.06)),
    )


def tone(radiance: Floats, exposure: float) -> Floats:
    """Exposed light with a soft shoulder, in sRGB-like values 0..1, so that samples may be averaged."""
    light = np.maximum(radiance * exposure, 0)
    light = np.where(light < 0.6, light, 0.6 + 0.4 * (1 - np.exp(-(light - 0.6) / 0.4)))
    encoded: Floats = np.power(light, np.float32(1 / 2.2))
    return encoded


def develop(picture: Floats, film: Film, rng: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] of a toned picture [H, W, 3]."""
    height, width = picture.shape[:2]
    if film.bloom > 0:
        bright = np.maximum(picture - 0.85, 0) / 0.15
        picture = picture + film.bloom * cv2.GaussianBlur(bright, (0, 0), width / 60)
    if film.blur_px > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), film.blur_px)
    grey = picture.mean(axis=2, keepdims=True)
    tinted = (grey + film.saturation * (picture - grey)) * np.asarray(film.tint, np.float32)
    picture = np.maximum(tinted, 0).astype(np.float32)
    if film.contrast != 1.0:
        picture = (0.5 * np.power(picture / 0.5, film.contrast)).astype(np.float32)
    ys, xs = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    shaded = picture * (1 - film.vignette * 0.5 * (xs * xs + ys * ys))[..., None]
    fine = rng.standard_normal((height, width, 3), np.float32)
    grain = 0.7 * fine + 0.6 * cv2.GaussianBlur(fine, (0, 0), 0.9)
    levels = shaded * 255 + grain * film.noise
    result: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return result
