"""Weather: drawing it, and the colour of the sky in a direction."""

from __future__ import annotations

import math

import numpy as np

from ris_ros.data.scenes.mesh import Floats
from ris_ros.data.scenes.noise import smooth
from ris_ros.data.scenes.world import Light

KINDS = ("sunny", "overcast", "rain", "dusk", "night")


def draw_light(rng: np.random.Generator, kind: str | None = None) -> Light:
    """A random light of a kind in :data:`KINDS`, or of any kind."""
    chosen = kind if kind is not None else str(rng.choice(KINDS, p=[0.48, 0.26, 0.09, 0.09, 0.08]))
    azimuth = rng.uniform(0, 2 * math.pi)
    elevation = math.radians(rng.uniform(14, 58))
    sun = (math.cos(azimuth) * math.cos(elevation), math.sin(azimuth) * math.cos(elevation), math.sin(elevation))
    if chosen == "sunny":
        warm = max(0.0, 1 - elevation / 0.8)
        power = rng.uniform(1.3, 2.6)
        blue = rng.uniform(0.35, 1.0)
        return Light(
            chosen,
            sun,
            (power, power * (0.96 - 0.10 * warm), power * (0.88 - 0.25 * warm)),
            (0.42, 0.50, 0.62),
            (0.55 - 0.42 * blue, 0.75 - 0.40 * blue, 1.05 - 0.20 * blue),
            (0.95, 1.02, 1.12),
            rng.uniform(0, 0.75),
            rng.uniform(600, 3000),
        )
    if chosen in ("overcast", "rain"):
        rain = chosen == "rain"
        grey = rng.uniform(0.45, 0.8) if rain else rng.uniform(0.7, 1.3)
        faint = 0.0 if rain else rng.uniform(0.0, 0.04)
        return Light(
            chosen,
            sun,
            (faint,) * 3,
            (0.95, 1.0, 1.08),
            (0.75 * grey, 0.82 * grey, 0.92 * grey),
            (1.15 * grey, 1.2 * grey, 1.25 * grey),
            rng.uniform(0.3, 1.0),
            rng.uniform(120, 500) if rain else rng.uniform(300, 2000),
            windows_lit=float(rng.uniform(0.0, 0.3)) if rain else 0.0,
            wet=float(rng.uniform(0.5, 1.0)) if rain else 0.0,
        )
    if chosen == "night":
        murk = float(rng.uniform(0.6, 1.6))
        return Light(
            chosen,
            sun,
            (0.0, 0.0, 0.0),
            (0.012 * murk, 0.013 * murk, 0.018 * murk),
            (0.004 * murk, 0.005 * murk, 0.010 * murk),
            (0.020 * murk, 0.016 * murk, 0.014 * murk),
            float(rng.uniform(0.0, 0.7)),
            float(rng.uniform(300, 1500)),
            windows_lit=float(rng.uniform(0.15, 0.5)),
            lamps=float(rng.uniform(0.10, 0.22)),
            headlights=float(rng.uniform(0.5, 1.0)),
            glow=0.30,
            wet=float(rng.uniform(0.4, 1.0)) if rng.random() < 0.4 else 0.0,
        )
    tint = rng.uniform(0.6, 1.2)
    return Light(
        chosen,
        sun,
        (0.02, 0.015, 0.01),
        (0.11, 0.12, 0.17),
        (0.06, 0.08, 0.16 * tint),
        (0.30 * tint, 0.22, 0.20),
        rng.uniform(0.2, 0.9),
        rng.uniform(250, 900),
        windows_lit=float(rng.uniform(0.2, 0.6)),
        lamps=0.08,
        headlights=0.8,
        wet=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.25 else 0.0,
    )


def sky_rgb(light: Light, toward: Floats, detailed: bool = True) -> Floats:
    """Linear radiance [n, 3] of the sky in unit directions [n, 3]; clouds and sun only when ``detailed``."""
    up = np.maximum(toward[:, 2], 0.0)
    blend = (1 - np.exp(-up * 4.0))[:, None]
    zenith, horizon = np.asarray(light.zenith_rgb, np.float32), np.asarray(light.horizon_rgb, np.float32)
    colour = np.asarray(horizon + blend * (zenith - horizon), np.float32)
    if not detailed:
        return colour
    reach = 26.0 / (up + 0.12)
    coarse = smooth(toward[:, 0] * reach + 31, toward[:, 1] * reach * 1.3 + 17)
    cover = 0.65 * coarse + 0.35 * smooth(toward[:, 1] * reach * 2.7 + 5, toward[:, 0] * reach * 2.7)
    edge = 0.80 - 0.55 * light.clouds
    dense = np.clip((cover - edge) / 0.22, 0, 1)
    bright = (max(light.horizon_rgb) * (1.15 - 0.45 * np.clip((cover - edge - 0.12) / 0.3, 0, 1)))[:, None]
    colour += (0.85 * dense)[:, None] * (bright * np.array([1.0, 1.01, 1.03], np.float32) - colour)
    if light.casts_shadows:
        near = np.maximum(toward @ np.asarray(light.sun, np.float32), 0)
        glow = 0.35 * near**24 + 6.0 * np.clip((near - 0.9993) / 0.0004, 0, 1)
        colour += glow[:, None] * np.asarray(light.sun_rgb, np.float32)
    return colour
