"""Colour of surface points: texture by surface family, sun with a shadow ray, sky, mirrored sky, haze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.scenes.facades import WallPoints, facade
from ris_ros.data.scenes.ground import lot_albedo, road_albedo
from ris_ros.data.scenes.light import sky_rgb
from ris_ros.data.scenes.material import Material, Surface
from ris_ros.data.scenes.mesh import Floats
from ris_ros.data.scenes.noise import band, smooth, white
from ris_ros.data.scenes.world import Light, Street

_LAMP_REACH_M = 22.0


def linear(srgb: NDArray[np.floating]) -> Floats:
    """Linear light of sRGB values, by the usual power of 2.2."""
    light: Floats = np.power(np.asarray(srgb, np.float32), np.float32(2.2))
    return light


@dataclass(frozen=True, slots=True, eq=False)
class MaterialTable:
    """Materials as columns; every array has one row a material."""

    surface: NDArray[np.int32]
    rgb: Floats
    rgb2: Floats
    gloss: Floats
    glow: Floats
    seed: Floats
    facade: Floats

    @classmethod
    def of(cls, materials: Sequence[Material]) -> MaterialTable:
        """Build the columns; colours become linear."""
        pattern = [
            (
                m.facade.storey_m,
                m.facade.pitch_m,
                m.facade.window_width,
                m.facade.window_height,
                m.facade.shop,
                m.facade.brick,
            )
            for m in materials
        ]
        return cls(
            np.array([m.surface for m in materials], np.int32),
            linear(np.array([m.rgb for m in materials])),
            linear(np.array([m.rgb2 for m in materials])),
            np.array([m.gloss for m in materials], np.float32),
            np.array([m.glow for m in materials], np.float32),
            np.array([m.seed for m in materials], np.float32),
            np.array(pattern, np.float32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Points where rays met a surface; every array has n rows.

    Attributes:
        point, toward, normal: World position, direction of the ray, smooth unit normal turned to the eye; [n, 3].
        local, local_normal: Position and face normal in the frame of the thing that was hit; [n, 3].
        distance: Along the ray, metres.
        material: Row of the material table.
        thing: Row of the things.
        footprint: Width of a pixel at the surface, metres.
    """

    point: Floats
    toward: Floats
    normal: Floats
    local: Floats
    local_normal: Floats
    distance: Floats
    material: NDArray[np.int32]
    thing: NDArray[np.int32]
    footprint: Floats


def shade(
    hits: Hits,
    table: MaterialTable,
    light: Light,
    street: Street,
    lit: Floats,
    open_sky: Floats,
    lamps_m: Floats,
) -> Floats:
    """Linear radiance [n, 3] towards the eye.

    Args:
        hits: Surface points.
        table: Materials.
        light: Weather.
        street: Carriageway, for the road's markings.
        lit: Share of the sun that reaches each point [n].
        open_sky: Share of the sky that each point sees [n].
        lamps_m: Places of burning street lamps [k, 3].
    """
    albedo, gloss, glow = _textures(hits, table, light, street)
    surface = table.surface[hits.material]
    normal = hits.normal
    sun = np.asarray(light.sun, np.float32)
    facing = normal @ sun
    leaves = surface == Surface.LEAVES
    facing = np.where(leaves, 0.30 + 0.45 * np.clip(facing, -0.4, 1), np.maximum(facing, 0))
    direct = (facing * lit)[:, None] * np.asarray(light.sun_rgb, np.float32)
    upward = normal[:, 2:3]
    ambient = np.asarray(light.ambient_rgb, np.float32)
    bounce = ambient * 0.30 + 0.10 * np.asarray(light.sun_rgb, np.float32) * max(light.sun[2], 0.0)
    around = ambient * (0.55 + 0.45 * upward) + bounce * (0.5 - 0.5 * upward)
    if light.wet > 0:
        albedo[(surface == Surface.ROAD) | (surface == Surface.PAVING)] *= 1 - 0.45 * light.wet
    colour = albedo * (direct + around * open_sky[:, None]) + light.glow * glow
    shiny = np.flatnonzero(gloss > 0.02)
    if len(shiny):
        colour[shiny] += _mirrored(hits, shiny, gloss[shiny], surface[shiny], lit[shiny], light)
    if light.headlights > 0:
        colour += albedo * light.headlights * _headlight(hits)
    if light.lamps > 0 and len(lamps_m):
        colour += albedo * light.lamps * _lamplight(hits, lamps_m)
    haze = (1 - np.exp(-hits.distance / light.haze_m))[:, None]
    hazy: Floats = colour + haze * (0.85 * np.asarray(light.horizon_rgb, np.float32) - colour)
    return hazy


def _mirrored(
    hits: Hits, rows: NDArray[np.intp], gloss: Floats, surface: NDArray[np.int32], lit: Floats, light: Light
) -> Floats:
    toward, normal = hits.toward[rows], hits.normal[rows]
    cosine = np.clip(-(toward * normal).sum(1), 0, 1)
    mirror = toward + 2 * cosine[:, None] * normal
    f0 = np.where(surface == Surface.PAINT, 0.05, 0.08)
    fresnel = (f0 + (1 - f0) * (1 - cosine) ** 5) * gloss
    point = hits.point[rows]
    skyline = 0.22 + 0.16 * smooth(mirror[:, 0] * 60 + point[:, 0] * 2, mirror[:, 1] * 60 + point[:, 1] * 2)
    sky_share = np.clip((mirror[:, 2] - skyline) / 0.10, 0, 1)[:, None]
    ambient = np.asarray(light.ambient_rgb, np.float32)
    walls = ambient * np.where(mirror[:, 2:3] < 0.0, 0.10, 0.18)
    seen = walls + sky_share * (sky_rgb(light, mirror, detailed=False) - walls)
    spark = np.maximum(mirror @ np.asarray(light.sun, np.float32), 0) ** 250 * 6.0 * lit
    result: Floats = fresnel[:, None] * seen + (spark * gloss)[:, None] * np.asarray(light.sun_rgb, np.float32) * 0.4
    return result


def _headlight(hits: Hits) -> Floats:
    """What the ego vehicle's own headlights add, for a strength of 1."""
    ahead = np.clip(hits.toward[:, 0] - 0.86, 0, 1) / 0.14
    low = np.clip(1.2 - hits.point[:, 2], 0, 1)
    strength = ahead * low * np.exp(-hits.distance / 14.0)
    result: Floats = strength[:, None] * np.array([1.0, 0.93, 0.78], np.float32)
    return result


def _lamplight(hits: Hits, lamps_m: Floats) -> Floats:
    """What street lamps add, for a strength of 1; without shadows."""
    total = np.zeros(len(hits.distance), np.float32)
    for lamp in lamps_m:
        near = np.flatnonzero((np.abs(hits.point[:, :2] - lamp[:2]) < _LAMP_REACH_M).all(axis=1))
        toward = lamp - hits.point[near]
        squared = np.maximum((toward * toward).sum(1), 0.5)
        length = np.sqrt(squared)
        facing = np.maximum((hits.normal[near] * toward).sum(1) / length, 0.15)
        downward = np.clip(toward[:, 2] / length * 1.4, 0.0, 1.0)
        total[near] += facing * downward * 25.0 / squared
    result: Floats = total[:, None] * np.array([1.0, 0.78, 0.5], np.float32)
    return result


def _textures(hits: Hits, table: MaterialTable, light: Light, street: Street) -> tuple[Floats, Floats, Floats]:
    """Albedo [n, 3], gloss [n], glow [n, 3]."""
    material = hits.material
    albedo = table.rgb[material].copy()
    gloss = table.gloss[material].copy()
    glow = table.glow[material][:, None] * albedo
    surface = table.surface[material]
    x, y, z = hits.point.T
    for family in np.unique(surface):
        rows = np.flatnonzero(surface == family)
        if family == Surface.ROAD:
            albedo[rows] = road_albedo(street, x[rows], y[rows], hits.footprint[rows])
        elif family == Surface.PAVING:
            albedo[rows] *= _paving(x[rows], y[rows], hits.footprint[rows], street)[:, None]
        elif family == Surface.LOT:
            at = hits.local[rows]
            albedo[rows] = lot_albedo(albedo[rows], at[:, 0], at[:, 1], hits.footprint[rows])
        elif family == Surface.GRASS:
            tufts = smooth(x[rows] * 6, y[rows] * 6) - 0.5
            broad = smooth(x[rows] * 1.3 + 9, y[rows] * 1.3) - 0.5
            albedo[rows] *= (1 + 0.9 * tufts + 0.5 * broad)[:, None]
        elif family == Surface.FACADE:
            albedo[rows], gloss[rows], glow[rows] = _walls(hits, rows, table, light)
        elif family == Surface.ROOF:
            course = hits.local[rows, 2] / 0.18
            tile = white(np.floor(hits.local[rows, 0] / 0.25), np.floor(course), 3.0)
            near = np.clip(0.12 / hits.footprint[rows], 0, 1)
            shade_of = 1 + near * (0.5 * (tile - 0.5) - 0.35 * (course % 1.0 < 0.15))
            albedo[rows] *= (shade_of * (0.8 + 0.4 * smooth(x[rows] * 2 + y[rows], z[rows] * 3)))[:, None]
        elif family == Surface.LEAVES:
            seed = table.seed[material[rows]]
            speck = smooth(x[rows] * 23 + seed * 9, (y[rows] + z[rows]) * 23)
            clump = smooth(x[rows] * 5 + z[rows] * 3 + seed, y[rows] * 5 + z[rows] * 4)
            albedo[rows] *= (0.25 + 0.85 * speck + 0.75 * (clump - 0.35))[:, None].clip(0.08, 2.0)
        elif family == Surface.BOARD:
            albedo[rows] = _board(hits, rows, table)
        elif family == Surface.GLASS:
            seat = smooth(
                hits.local[rows, 0] * 26 + hits.local[rows, 1] * 22, hits.local[rows, 2] * 16 + hits.thing[rows]
            )
            albedo[rows] *= (0.3 + 5.0 * np.clip(seat - 0.5, 0, 1))[:, None]
            gloss[rows] = 0.75 + 0.25 * np.clip(hits.local[rows, 2] - 0.6, 0, 1)
        elif family == Surface.PAINT:
            dirt = 0.88 + 0.2 * smooth(hits.local[rows, 0] * 9, hits.local[rows, 2] * 12)
            low = np.clip(hits.local[rows, 2] / 0.6, 0.55, 1)
            albedo[rows] *= (dirt * low)[:, None]
        elif family == Surface.PLAIN:
            fold = smooth(hits.local[rows, 0] * 30 + hits.local[rows, 1] * 20, hits.local[rows, 2] * 18)
            albedo[rows] *= (0.80 + 0.4 * fold)[:, None]
    return albedo, np.clip(gloss, 0, 1), glow


def _paving(x: Floats, y: Floats, footprint: Floats, street: Street) -> Floats:
    s, d = street.to_street(x, y)
    row = np.floor(s / 0.6)
    column = (d + 0.3 * (row % 2)) / 0.6
    joint = (s / 0.6 - row < 0.035) | (column - np.floor(column) < 0.035)
    near = np.clip(0.045 / footprint, 0, 1)
    tone = 1 + near * (np.where(joint, 0.62, 0.85 + 0.3 * white(row, np.floor(column), 1.0)) - 1)
    stains = 0.72 + 0.56 * smooth(x * 2.3, y * 2.3)
    result: Floats = (tone * stains).astype(np.float32)
    return result


def _walls(hits: Hits, rows: NDArray[np.intp], table: MaterialTable, light: Light) -> tuple[Floats, Floats, Floats]:
    local, normal, material = hits.local[rows], hits.local_normal[rows], hits.material[rows]
    front = np.abs(normal[:, 1]) >= np.abs(normal[:, 0])
    flat = np.abs(normal[:, 2]) > 0.7
    pattern = table.facade[material]
    points = WallPoints(
        np.where(front, local[:, 0], local[:, 1] + 3.3),
        local[:, 2],
        table.rgb[material],
        table.rgb2[material],
        pattern[:, 0],
        pattern[:, 1],
        np.where(flat, 0, pattern[:, 2]),
        pattern[:, 3],
        np.where(front & ~flat, pattern[:, 4], 0),
        pattern[:, 5],
        table.seed[material],
        hits.footprint[rows],
    )
    return facade(points, light.windows_lit)


def _board(hits: Hits, rows: NDArray[np.intp], table: MaterialTable) -> Floats:
    """A board with rows of lettering."""
    u, v = hits.local[rows, 1], hits.local[rows, 2]
    soft = hits.footprint[rows]
    material = hits.material[rows]
    stroke = white(np.floor(u / 0.035), np.floor(v / 0.09), 2.0) > 0.4
    line = band(v % 0.18, 0.04, 0.14, soft) * band(np.abs(u), -1, 0.45, soft)
    cover = (line * np.where(stroke, 0.9, 0.1))[:, None]
    rgb: Floats = table.rgb[material] + cover * (table.rgb2[material] - table.rgb[material])
    return rgb
