"""Tiled noise for textures: look-ups in tables made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.mesh import Floats

_SIDE = 256


@cache
def _tables() -> tuple[Floats, Floats]:
    """White noise in 0..1 and smooth noise of four octaves in 0..1, both [256, 256] and periodic."""
    rng = np.random.default_rng(20240607)
    white = rng.random((_SIDE, _SIDE), np.float32)
    frequency = np.hypot(np.fft.fftfreq(_SIDE)[:, None], np.fft.fftfreq(_SIDE)[None, :]) * _SIDE
    spectrum = np.fft.fft2(rng.normal(size=(_SIDE, _SIDE))) / np.maximum(frequency, 1) ** 1.5
    spectrum[frequency < 3] = 0
    smooth = np.fft.ifft2(spectrum).real
    ranks = np.clip(0.5 + smooth / (4.0 * smooth.std()), 0, 1).astype(np.float32)
    return white, ranks


def white(x: NDArray[Any], y: NDArray[Any], seed: float = 0.0) -> Floats:
    """One random number in 0..1 for each whole-numbered cell (x, y)."""
    shift = int(seed * 37.0)
    column = (x.astype(np.int64) * 7 + y.astype(np.int64) * 31 + shift) & (_SIDE - 1)
    row = (x.astype(np.int64) * 13 - y.astype(np.int64) * 3 + shift * 5) & (_SIDE - 1)
    picked: Floats = _tables()[0][row, column]
    return picked


def smooth(x: NDArray[Any], y: NDArray[Any]) -> Floats:
    """Cloudy noise in 0..1 with a mean of 0.5; its largest blobs span about 80 units, its finest one unit."""
    table = _tables()[1]
    fx, fy = np.floor(x), np.floor(y)
    ix, iy = fx.astype(np.int64) & (_SIDE - 1), fy.astype(np.int64) & (_SIDE - 1)
    jx, jy = (ix + 1) & (_SIDE - 1), (iy + 1) & (_SIDE - 1)
    u, v = x - fx, y - fy
    top = table[iy, ix] * (1 - u) + table[iy, jx] * u
    low = table[jy, ix] * (1 - u) + table[jy, jx] * u
    mixed: Floats = (top * (1 - v) + low * v).astype(np.float32)
    return mixed


def band(value: Floats, low: NDArray[Any] | float, high: NDArray[Any] | float, soft: Floats) -> Floats:
    """1 inside low..high, 0 outside, with edges as wide as a pixel's footprint ``soft``."""
    width = np.maximum(soft, 1e-4)
    inside = np.clip((value - low) / width + 0.5, 0, 1) * np.clip((high - value) / width + 0.5, 0, 1)
    return np.asarray(inside, np.float32)
