"""Which pixels of a vehicle are paint, and which of a person are the upper garment.

Windows, tyres, lamps and plates keep their colour when a car is painted; face, hands and trousers when a jacket is
changed. The surface is found by where such surfaces lie in the box and by what most of those pixels look like.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Rows and columns of the box, as shares, where a surface is surely seen.
_BODY_ROWS, _BODY_COLUMNS = (0.46, 0.80), (0.10, 0.90)
_CHEST_ROWS, _CHEST_COLUMNS = (0.20, 0.40), (0.25, 0.75)
_GLASS_ROWS = (0.12, 0.42)
_PANE_ROWS, _PANE_COLUMNS = (0.16, 0.38), (0.25, 0.75)
_MOSTLY_PAINT = 0.75
_MIN_BODY_PX = 80
_MIN_CHEST_PX = 24
_MIN_BODY_SHARE = 0.5
_MIN_CHEST_SHARE = 0.6
# Of the largest connected piece.
_MIN_ISLAND = 0.09


def paint(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], road_value: float) -> NDArray[np.float32] | None:
    """How certainly each pixel of a vehicle is painted metal.

    Args:
        crop_rgb: uint8 [h, w, 3], the vehicle's box.
        inside: bool [h, w], the vehicle's pixels.
        road_value: Brightness of the road in the same picture, 0 to 255.

    Returns:
        float32 [h, w] of 0 to 1, 0 outside; None where no paint of one colour was found.
    """
    sure = _core(inside, _BODY_ROWS, _BODY_COLUMNS)
    if np.count_nonzero(sure) < _MIN_BODY_PX:
        return None
    lab = _lab(crop_rgb)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    light = crop_rgb.max(axis=2).astype(np.float32)
    lit = sure & ((light >= 0.62 * road_value) | ((chroma >= 18.0) & (light > 0.4 * road_value)))
    # Black paint and black glass, rubber or plastic look the same, so dark vehicles are left alone.
    if np.count_nonzero(lit) < _MIN_BODY_SHARE * np.count_nonzero(sure):
        return None
    likely = _alike(lab, lit, tolerance=9.0)
    if likely is None:
        return None
    middle = float(np.median(lab[..., 0][lit]))
    likely *= _ramp(lab[..., 0], 0.46 * middle, 0.62 * middle)
    if float(np.median(chroma[lit])) < 14.0:
        # Glass mirrors the sky in greys like the paint's, but seldom as bright. A van may have none there.
        lightness = lab[..., 0] / max(middle, 1.0)
        pane = lightness[_core(inside, _PANE_ROWS, _PANE_COLUMNS)]
        glazed = len(pane) == 0 or float((pane > 0.9).mean()) < _MOSTLY_PAINT
        glass = _bump(_rows(inside.shape), *_GLASS_ROWS)
        likely *= 1.0 - glass * (1.0 - (_ramp(lightness, 1.0, 1.15) if glazed else _ramp(lightness, 0.84, 1.0)))
    return _checked(likely, inside, sure, _MIN_BODY_SHARE)


def upper_garment(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], riding: bool) -> NDArray[np.float32] | None:
    """How certainly each pixel of a person is the jacket, coat or shirt.

    Args:
        crop_rgb: uint8 [h, w, 3], the person's box.
        inside: bool [h, w], the person's pixels.
        riding: Whether a bicycle is part of the pixels.

    Returns:
        float32 [h, w] of 0 to 1, 0 outside; None where no garment of one colour was found.
    """
    sure = _core(inside, _CHEST_ROWS, _CHEST_COLUMNS)
    if np.count_nonzero(sure) < _MIN_CHEST_PX:
        return None
    lab = _lab(crop_rgb)
    likely = _alike(lab, sure, tolerance=11.0)
    if likely is None:
        return None
    dark, bright = (float(v) for v in np.percentile(lab[..., 0][sure], (15, 85)))
    likely *= _ramp(lab[..., 0], dark - 28.0, dark - 12.0) * (1.0 - _ramp(lab[..., 0], bright + 14.0, bright + 32.0))
    if bright - dark > 95.0:
        return None
    rows = _rows(inside.shape)
    hips = 0.44 if riding else 0.50
    likely *= _ramp(rows, 0.13, 0.17) * (1.0 - _ramp(rows, hips, hips + 0.05))
    return _checked(likely, inside, sure, _MIN_CHEST_SHARE)


def _alike(lab: NDArray[np.float32], sure: NDArray[np.bool_], tolerance: float) -> NDArray[np.float32] | None:
    """How near the hue and vividness of each pixel are to the usual ones of ``sure``; None where there are no such."""
    usual = np.median(lab[sure][:, 1:], axis=0)
    vivid = float(np.hypot(*usual))
    reach = tolerance + 0.3 * vivid
    offset = lab[..., 1:] - usual
    distance = np.hypot(offset[..., 0], offset[..., 1])
    if vivid > 1.0:
        # Highlights and shade are paler in the same hue, so distance along that line counts half.
        along = (offset @ (usual / vivid)).astype(np.float32)
        distance = np.hypot(np.sqrt(np.maximum(distance**2 - along**2, 0.0)) * 1.2, 0.55 * along)
    if float((distance[sure] < reach).mean()) < 0.6:
        return None
    return np.asarray(1.0 - _ramp(distance, reach, 1.7 * reach), np.float32)


def _checked(
    likely: NDArray[np.float32], inside: NDArray[np.bool_], sure: NDArray[np.bool_], least_share: float
) -> NDArray[np.float32] | None:
    """Specks removed and edges softened; None where too little of the sure part is left."""
    solid = cv2.morphologyEx((likely > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    # Rims, plates and what is seen through glass are islands; doors and bonnets hang together.
    _, islands, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    solid[(areas < _MIN_ISLAND * areas.max())[islands]] = 0
    smooth = cv2.GaussianBlur(np.where(solid > 0, np.maximum(likely, 0.85), 0.3 * likely), (0, 0), 0.7)
    soft = np.where(inside, np.clip(smooth, 0.0, 1.0), 0.0).astype(np.float32)
    if float((soft[sure] > 0.5).mean()) < least_share:
        return None
    return np.asarray(soft, np.float32)


def _core(inside: NDArray[np.bool_], rows: tuple[float, float], columns: tuple[float, float]) -> NDArray[np.bool_]:
    height, width = inside.shape
    core = np.zeros_like(inside)
    box = (
        slice(round(rows[0] * height), round(rows[1] * height)),
        slice(round(columns[0] * width), round(columns[1] * width)),
    )
    core[box] = inside[box]
    return core


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [h, w, 3]: lightness 0 to 255, the other two centred on 0."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32) - np.array([0, 128, 128], np.float32)


def _rows(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """float32 [h, 1]: share of the box's height above each row's middle."""
    return np.asarray((np.arange(shape[0]) + 0.5) / shape[0], np.float32)[:, None]


def _ramp(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def _bump(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """1 between ``low`` and ``high``, falling to 0 within 0.05 outside of it."""
    return _ramp(values, low - 0.05, low) * (1.0 - _ramp(values, high, high + 0.05))
