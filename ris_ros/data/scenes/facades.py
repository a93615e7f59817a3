"""Walls of buildings: bricks, windows, doors and shop fronts, from position alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ris_ros.data.scenes.mesh import Floats
from ris_ros.data.scenes.noise import band, smooth, white


@dataclass(frozen=True, slots=True, eq=False)
class WallPoints:
    """Points on walls and the pattern of the wall that each lies on; every array has n rows.

    Attributes:
        u, v: Metres along the wall and above its foot.
        rgb, rgb2: Linear colours [n, 3] of wall and of frames or fascia.
        storey, pitch, window_width, window_height, shop, brick: See :class:`Facade`.
        seed: Shift of the pattern.
        footprint: Width of a pixel on the wall, metres.
    """

    u: Floats
    v: Floats
    rgb: Floats
    rgb2: Floats
    storey: Floats
    pitch: Floats
    window_width: Floats
    window_height: Floats
    shop: Floats
    brick: Floats
    seed: Floats
    footprint: Floats


def facade(points: WallPoints, lit_share: float) -> tuple[Floats, Floats, Floats]:
    """Albedo [n, 3] (linear), gloss [n] and glow [n, 3] of wall points; ``lit_share`` of the windows glow."""
    p = points
    u = p.u + p.seed * 1.7
    albedo = _masonry(p, u)
    gloss = np.zeros_like(u)
    glow = np.zeros_like(albedo)
    cell, level = np.floor(u / p.pitch), np.floor(p.v / p.storey)
    fu, fv = u / p.pitch - cell, p.v / p.storey - level
    chance = white(cell + 5, level + np.floor(p.seed * 3), 1.0)
    soft_u, soft_v = p.footprint / p.pitch, p.footprint / p.storey
    upper = (p.shop < 0.5) | (level >= 1)
    half = p.window_width / 2
    low, high = 0.30, 0.30 + p.window_height
    has = (p.window_width > 0.02) & upper & (p.v > 0.3)
    opening = band(np.abs(fu - 0.5), -1, half, soft_u) * band(fv, low, high, soft_v) * has
    border_u, border_v = 0.07 / p.pitch, 0.07 / p.storey
    pane = band(np.abs(fu - 0.5), -1, half - border_u, soft_u) * band(fv, low + border_v, high - border_v, soft_v) * has
    bar = band(np.abs(fu - 0.5), -1, 0.03 / p.pitch, soft_u) + band(
        np.abs(fv - (low + high) / 2), -1, 0.03 / p.storey, soft_v
    )
    pane *= 1 - np.clip(bar, 0, 1) * (chance > 0.25)
    sill = band(np.abs(fu - 0.5), -1, half + border_u, soft_u) * band(fv, low - 0.14 / p.storey, low, soft_v) * has
    _mix(albedo, sill * 0.7, np.minimum(p.rgb * 1.25 + 0.06, 0.8))
    _mix(albedo, opening, p.rgb2)
    reveal = opening * band(fv, high - 0.12 / p.storey, high, soft_v)
    _mix(albedo, reveal * 0.7, p.rgb * 0.25)
    curtain = (fv > low + (high - low) * (0.35 + chance)) | (np.abs(fu - 0.5) > half * (1.5 - chance))
    inner = 0.015 + 0.10 * chance[:, None] * curtain[:, None] + np.zeros_like(albedo)
    _mix(albedo, pane, inner)
    gloss += pane * (0.35 + 0.65 * white(cell, level, 9.0))
    lit = pane * (white(cell + 3, level, 4.0) < lit_share)
    glow += lit[:, None] * np.array([0.9, 0.62, 0.3], np.float32)
    _doors(p, albedo, u)
    _shops(p, albedo, gloss, glow, u, lit_share)
    return albedo, gloss, glow


def _mix(albedo: Floats, cover: Floats, rgb: Floats) -> None:
    albedo += cover[:, None] * (rgb - albedo)


def _masonry(p: WallPoints, u: Floats) -> Floats:
    row = np.floor(p.v / 0.078)
    shifted = u / 0.235 + 0.5 * (row % 2)
    column = np.floor(shifted)
    tint = 0.75 + 0.5 * white(column, row, 2.0)
    mortar = (shifted - column < 0.06) | (p.v / 0.078 - row < 0.14)
    near = np.clip(0.035 / p.footprint - 0.3, 0, 1) * p.brick
    shade = 1 + near * (np.where(mortar, 1.35, tint) - 1)
    dirt = 0.82 + 0.36 * smooth(u * 2.2 + p.seed * 11, p.v * 1.3)
    dirt = dirt * (0.86 + 0.28 * smooth(u * 17, p.v * 5 + p.seed))
    foot = 1 - 0.25 * np.exp(-np.maximum(p.v, 0) / 0.5)
    courses = 1 - 0.18 * band(p.v % p.storey, 0.0, 0.10, p.footprint) * (1 - p.brick)
    result: Floats = p.rgb * (shade * dirt * foot * courses)[:, None].astype(np.float32)
    return result


def _doors(p: WallPoints, albedo: Floats, u: Floats) -> None:
    span = p.pitch * 3
    cell = np.floor(u / span)
    offset = np.abs(u - (cell + 0.5) * span)
    ground = (p.shop < 0.5) & (p.window_width > 0.02)
    frame = band(offset, -1, 0.58, p.footprint) * band(p.v, -1.0, 2.25, p.footprint) * ground
    leaf = band(offset, -1, 0.46, p.footprint) * band(p.v, -1.0, 2.12, p.footprint) * ground
    pick = white(cell, np.floor(p.seed * 7), 6.0)
    hue = np.stack(
        [0.05 + 0.3 * (pick > 0.7), 0.05 + 0.12 * (pick < 0.3), 0.06 + 0.22 * (np.abs(pick - 0.45) < 0.15)], 1
    )
    _mix(albedo, frame, np.full_like(albedo, 0.6))
    _mix(albedo, leaf, hue.astype(np.float32))


def _shops(p: WallPoints, albedo: Floats, gloss: Floats, glow: Floats, u: Floats, lit_share: float) -> None:
    shop = p.shop * (p.v < 3.25)
    if not np.any(shop > 0):
        return
    unit = 6.0
    cell = np.floor(u / unit)
    fu = u - cell * unit
    fascia = shop * band(p.v, 2.55, 3.15, p.footprint)
    _mix(albedo, shop * band(p.v, -1, 3.2, p.footprint), p.rgb2 * 0.55)
    _mix(albedo, fascia, p.rgb2)
    glyph = np.floor(u / 0.2)
    stroke = (white(np.floor(u / 0.05), np.floor(p.v / 0.08), 3.0) > 0.42) & (u / 0.2 - glyph > 0.18)
    lettering = (
        fascia * band(p.v, 2.7, 3.0, p.footprint) * band(fu, 1.0, 2.2 + 2.6 * white(cell, cell, 8.0), p.footprint)
    )
    sharp = np.clip(0.12 / p.footprint, 0, 1)
    contrast = np.where(p.rgb2.mean(1, keepdims=True) > 0.25, 0.04, 0.75)
    _mix(albedo, lettering * (stroke * sharp + 0.5 * (1 - sharp)), np.broadcast_to(contrast, albedo.shape))
    mullion = band(fu % 1.5, 0.0, 0.08, p.footprint)
    glass = shop * band(p.v, 0.5, 2.5, p.footprint) * (1 - mullion)
    door = band(fu, 4.6, 5.6, p.footprint) * shop
    glass = np.clip(glass + door * band(p.v, 0.15, 2.4, p.footprint), 0, 1) * band(fu, 0.2, 5.8, p.footprint)
    goods = smooth(u * 21 + p.seed, p.v * 19)
    tint = np.stack([smooth(u * 7, p.v * 5), smooth(u * 6 + 40, p.v * 6), smooth(u * 8 + 90, p.v * 5)], 1)
    _mix(albedo, glass, (0.03 + 0.30 * np.clip(goods - 0.45, 0, 1)[:, None] * tint * 2).astype(np.float32))
    gloss += glass * 0.45
    warm = 0.12 + 0.8 * min(1.0, lit_share * 2)
    display = glass * np.clip(goods - 0.35, 0, 1) * warm * (white(cell, cell + 2, 5.0) < 0.3 + lit_share)
    glow += display[:, None] * np.array([0.9, 0.75, 0.5], np.float32)
