"""Weather, light and the camera's own faults on a picture; what its labels say stays true.

Each takes the picture uint8 [H, W, 3], its class map uint8 [H, W] and a source of chance, and gives another picture of
the same size. All are cheap (below 3 ms at 480 x 288), so they imitate what a camera sees, not what light does: depth,
where it matters, is read off the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME

Change = Callable[[NDArray[np.uint8], NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]

_ROAD, _SKY, _TREE = (BY_NAME[name].id for name in ("road", "sky", "tree"))
_GRAIN_SIDE = 640
# Light spreads smoothly, so it is drawn this many times smaller and enlarged.
_COARSE = 8


def night(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Night in a town: little and bluish light, a black sky, warm pools under lamps, our headlights, and noise."""
    height, width = class_map.shape
    across, down = _coarse_grid(height, width)
    ambient = float(rng.uniform(0.16, 0.4))
    light = np.empty((*across.shape, 3), np.float32)
    light[:] = ambient * np.array([0.82, 0.92, 1.12], np.float32)
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0.0, 1.0), rng.uniform(0.2, 0.8)
        pool = np.exp(-(((across - x) / rng.uniform(0.08, 0.2)) ** 2) - ((down - y) / rng.uniform(0.15, 0.4)) ** 2)
        light += (float(rng.uniform(0.15, 0.5)) * pool)[..., None] * np.array([1.15, 0.9, 0.55], np.float32)
    beam = np.exp(-(((across - 0.5) / 0.32) ** 2) - ((down - 0.78) / 0.25) ** 2)
    light += (float(rng.uniform(0.1, 0.45)) * beam)[..., None] * np.array([1.05, 1.0, 0.9], np.float32)
    lit = _times(_with_dark_sky(image_rgb, class_map, float(rng.uniform(0.1, 0.35))), light)
    for _ in range(int(rng.integers(0, 4))):
        _add_lamp(lit, rng)
    return _grainy(lit, float(rng.uniform(3.0, 9.0)), rng)


def rain(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rain: streaks one way, paler and greyer things, the more so the farther."""
    height, width = class_map.shape
    hazy = _veiled(image_rgb, class_map, float(rng.uniform(0.5, 2.0)), float(rng.uniform(110, 175)))
    streaks = np.zeros((height, width), np.uint8)
    lean, length = float(rng.uniform(-0.35, 0.35)), float(rng.uniform(0.03, 0.08)) * height
    count = int(rng.integers(80, 320))
    for x, y, stretch in zip(
        rng.integers(0, width, count), rng.integers(-10, height, count), rng.uniform(0.5, 1.4, count), strict=True
    ):
        reach = float(stretch) * length
        end = (round(float(x) + lean * reach), round(float(y) + reach))
        cv2.line(streaks, (int(x), int(y)), end, 255, 1, cv2.LINE_AA)
    soft = cv2.blur(streaks, (1, 3))
    return np.asarray(cv2.addWeighted(hazy, 1.0, cv2.merge((soft, soft, soft)), float(rng.uniform(0.12, 0.32)), 0.0))


def fog(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Fog: everything fades into a bright grey with its distance."""
    return _veiled(image_rgb, class_map, float(rng.uniform(0.8, 3.2)), float(rng.uniform(150, 215)))


def glare(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A low sun ahead: a veil of light around a point near the top, paling what lies under it."""
    height, width = class_map.shape
    across, down = _coarse_grid(height, width)
    x, y = float(rng.uniform(0.0, 1.0)), float(rng.uniform(-0.1, 0.35))
    distance = np.hypot((across - x) * width / height, down - y)
    veil = float(rng.uniform(50, 140)) * np.exp(-distance / float(rng.uniform(0.25, 0.6)))
    veil += 200.0 * np.exp(-((distance / float(rng.uniform(0.03, 0.1))) ** 2))
    warm = veil[..., None] * np.array([1.0, 0.97, 0.86], np.float32)
    added = cv2.resize(np.clip(warm, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(image_rgb, added), np.uint8)


def motion_blur(
    image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The camera moved while the shutter was open, mostly sideways."""
    size = 2 * int(rng.integers(1, 5)) + 1
    tilt = float(rng.normal(0.0, 0.35))
    kernel = np.zeros((size, size), np.float32)
    reach = size // 2
    ends = [(reach + round(s * reach * np.cos(tilt)), reach + round(s * reach * np.sin(tilt))) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return np.asarray(cv2.filter2D(image_rgb, -1, kernel / kernel.sum()), np.uint8)


def jpeg(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What a hard JPEG compression leaves."""
    quality = int(rng.integers(18, 65))
    _, coded = cv2.imencode(".jpg", image_rgb, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


CHANGES: Mapping[str, Change] = MappingProxyType(
    {"fog": fog, "rain": rain, "glare": glare, "night": night, "motion_blur": motion_blur, "jpeg": jpeg}
)
"""By name, in the order in which they come about: first the air and the light, then the camera."""


def _veiled(
    image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], thickness: float, air: float
) -> NDArray[np.uint8]:
    """Fade every row into the grey ``air`` by how far away the ground is that is seen in it."""
    height = class_map.shape[0]
    roads = np.flatnonzero((class_map == _ROAD).any(axis=1))
    horizon = float(roads[0]) if len(roads) else 0.42 * height
    below = (np.arange(height, dtype=np.float32) - horizon) / height
    # Above the horizon stand houses and trees of any distance: taken for middling ones, the higher the nearer.
    depth = np.where(below > 0.0, 0.06 / np.maximum(below, 0.03), 2.0 * np.exp(1.2 * np.minimum(below, 0.0)))
    seen = np.exp(-0.35 * thickness * depth).astype(np.float32)[:, None]
    clear = np.repeat(np.repeat(seen, image_rgb.shape[1], axis=1)[..., None], 3, axis=2)
    return np.asarray(np.rint(air + (image_rgb - np.float32(air)) * clear), np.uint8)


def _with_dark_sky(image_rgb: NDArray[np.uint8], class_map: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    # Between the branches of a tree the sky is seen as well.
    sky = (class_map == _SKY) | ((class_map == _TREE) & (image_rgb[..., 2] > 150))
    return np.asarray(np.where(sky[..., None], cv2.convertScaleAbs(image_rgb, alpha=share), image_rgb), np.uint8)


def _times(image_rgb: NDArray[np.uint8], light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture in a light given coarsely, float32 [h, w, 3]."""
    size = (image_rgb.shape[1], image_rgb.shape[0])
    full = cv2.resize(np.clip(255.0 * light, 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image_rgb, full, scale=1.0 / 255.0), np.uint8)


def _add_lamp(image_rgb: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """A street lamp with its halo, somewhere in the upper half."""
    height, width = image_rgb.shape[:2]
    reach = int(rng.integers(6, 22))
    x, y = int(rng.integers(reach, width - reach)), int(rng.integers(reach, max(reach + 1, height // 2)))
    span = np.arange(-reach, reach, dtype=np.float32) / reach
    halo = np.clip(1.0 - np.hypot(span[:, None], span[None]), 0.0, 1.0) ** 2
    core = np.clip(1.3 - 7.0 * np.hypot(span[:, None], span[None]), 0.0, 1.0)
    glow = (110.0 * halo + 200.0 * core)[..., None] * np.array([1.0, 0.85, 0.55], np.float32)
    part = image_rgb[y - reach : y + reach, x - reach : x + reach]
    part[:] = cv2.add(part, np.clip(glow, 0, 255).astype(np.uint8)[: part.shape[0]])


@lru_cache(maxsize=1)
def _grain() -> NDArray[np.int16]:
    """A tile of noise of standard deviation 64, drawn once: drawing it anew takes longer than all the rest."""
    tile = np.random.default_rng(0).standard_normal((_GRAIN_SIDE, _GRAIN_SIDE, 3)) * 64.0
    return tile.astype(np.int16)


def _grainy(image_rgb: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = image_rgb.shape[:2]
    tile = _grain()
    if height > _GRAIN_SIDE or width > _GRAIN_SIDE:
        tile = np.tile(tile, (-(-height // _GRAIN_SIDE), -(-width // _GRAIN_SIDE), 1))
    y = int(rng.integers(tile.shape[0] - height + 1))
    x = int(rng.integers(tile.shape[1] - width + 1))
    noise = tile[y : y + height, x : x + width]
    return np.asarray(cv2.addWeighted(image_rgb, 1.0, noise, strength / 64.0, 0.0, dtype=cv2.CV_8U), np.uint8)


def _coarse_grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two maps [h, w]: how far across and how far down each coarse cell lies, 0 to 1."""
    rows, columns = -(-height // _COARSE), -(-width // _COARSE)
    across = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    down = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    return np.broadcast_to(across, (rows, columns)), np.broadcast_to(down[:, None], (rows, columns))
