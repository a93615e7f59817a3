"""Road, kerbs, pavements and the land beside them: meshes and the road's markings."""

from __future__ import annotations

import numpy as np

from ris_ros.data.scenes.material import Material, Rgb, Surface, plain
from ris_ros.data.scenes.mesh import Floats, Mesh, grid, join
from ris_ros.data.scenes.noise import band, smooth, white
from ris_ros.data.scenes.world import ACROSS_FROM_M, BAY_M, Street, Thing

KERB_M = 0.15
KERB_HEIGHT_M = 0.12
NEAR_S_M, FAR_S_M = -25.0, 320.0
LOT_DEPTH_M = 16.5


def ground_things(street: Street, land: str, land_rgb: Rgb, paving_rgb: Rgb) -> list[Thing]:
    """The ground of a street.

    Args:
        street: Its layout.
        land: ``grass`` or ``paved``, beyond the pavements.
        land_rgb, paving_rgb: Their colours.
    """
    asphalt = Material(Surface.ROAD, (street.asphalt,) * 3)
    paving = Material(Surface.PAVING, paving_rgb, seed=street.seed)
    yard = Material(Surface.GRASS if land == "grass" else Surface.PAVING, land_rgb, seed=street.seed + 1)
    kerb = plain((0.55, 0.54, 0.52))
    road = [_strip(street, (NEAR_S_M, FAR_S_M), [(street.right_m, 0.0), (street.left_m, 0.0)], asphalt)]
    kerbs, walks, yards = [], [], []
    for side, edge in ((-1, street.right_m), (1, street.left_m)):
        spans = [(NEAR_S_M, FAR_S_M)]
        if street.junction_s_m is not None and street.crossed_on(side):
            low, high = street.junction_s_m - street.junction_m / 2, street.junction_s_m + street.junction_m / 2
            spans = [(NEAR_S_M, low), (high, FAR_S_M)]
            road.append(_strip(street, (low, high), [(edge - side * 0.5, 0.0), (side * 150.0, 0.0)], asphalt))
        inner, outer = edge + side * KERB_M, edge + side * (KERB_M + street.sidewalk_m)
        for span in spans:
            kerbs.append(_strip(street, span, [(edge, 0.0), (edge, KERB_HEIGHT_M), (inner, KERB_HEIGHT_M)], kerb))
            walks.append(_strip(street, span, [(inner, KERB_HEIGHT_M), (outer, KERB_HEIGHT_M)], paving))
            yards.append(
                _strip(street, span, [(outer, KERB_HEIGHT_M - 0.01), (outer + side * 150, KERB_HEIGHT_M - 0.01)], yard)
            )
    land_class = "tree" if land == "grass" else "sidewalk"
    base = grid([[[-60, -400, -0.05], [-60, 400, -0.05]], [[700, -400, -0.05], [700, 400, -0.05]]], yard, smooth=False)
    return [
        Thing(join(road), "road"),
        Thing(join(kerbs), "road"),
        Thing(join(walks), "sidewalk"),
        Thing(join(yards), land_class),
        Thing(base, land_class),
    ]


def _strip(street: Street, span: tuple[float, float], profile: list[tuple[float, float]], material: Material) -> Mesh:
    count = max(2, int((span[1] - span[0]) / 5.0))
    rows = []
    for s in np.linspace(span[0], span[1], count):
        rows.append([(*street.to_world(float(s), d), z) for d, z in profile])
    return grid(rows, material, smooth=False)


def road_albedo(street: Street, x: Floats, y: Floats, footprint: Floats) -> Floats:
    """Linear grey-to-coloured albedo [n, 3] of the road surface with its markings.

    Args:
        street: Layout.
        x, y: World positions [n].
        footprint: Width of a pixel on the ground [n], metres.
    """
    s, d = street.to_street(x, y)
    grain = smooth(x * 9 + street.seed, y * 9) - 0.5
    stains = smooth(s * 1.1 + street.seed * 3, d * 4.0) - 0.5
    broad = smooth(s * 0.35 + 50, d * 0.9 + street.seed) - 0.5
    level = (street.asphalt**2.2) * (1 + 0.5 * broad + 0.25 * stains + 0.5 * grain * np.clip(0.05 / footprint, 0, 1))
    lane = (d / street.lane_m) % 1.0
    level *= 1 - 0.10 * np.exp(-(((np.abs(lane - 0.5) - 0.25) / 0.1) ** 2))
    level *= 1 - 0.12 * np.exp(-(((lane - 0.5) / 0.12) ** 2)) * smooth(s * 0.6, d * 0.1 + 7)
    level *= _patches(street, s, d)
    albedo: Floats = np.repeat(level[:, None], 3, 1) * np.array([0.98, 1.0, 1.03], np.float32)
    _cycle_lane(street, albedo, s, d, footprint)
    for cover, rgb in _markings(street, s, d, footprint):
        worn = cover * np.clip(1.25 - street.wear * 2.2 * smooth(x * 14 + 3, y * 14 + street.seed), 0, 0.95)
        albedo += worn[:, None] * (np.asarray(rgb, np.float32) - albedo)
    return albedo


def lot_albedo(grey: Floats, x: Floats, y: Floats, footprint: Floats) -> Floats:
    """Linear albedo [n, 3] of a car park with a row of bays at either edge.

    Args:
        grey: Linear albedo of the asphalt [n, 3].
        x, y: Positions along and across the car park [n]; y runs from 0 to :data:`LOT_DEPTH_M`.
        footprint: Width of a pixel on the ground [n], metres.
    """
    stains = 0.8 + 0.4 * smooth(x * 3.0 + 40, y * 3.0)
    albedo: Floats = grey * (stains * (0.9 + 0.2 * smooth(x * 11, y * 11 + 5)))[:, None]
    in_row = np.maximum(band(y, 0.0, 5.2, footprint), band(y, LOT_DEPTH_M - 5.2, LOT_DEPTH_M, footprint))
    line = in_row * band((x + 500 * BAY_M + 0.05) % BAY_M, 0.0, 0.1, footprint)
    albedo += (0.75 * line)[:, None] * (np.float32(0.7) - albedo)
    return albedo


def _patches(street: Street, s: Floats, d: Floats) -> Floats:
    """Repaired rectangles, cracks and manhole covers, as a factor."""
    cell_s, cell_d = np.floor(s / 7), np.floor(d / 2.1)
    lucky = white(cell_s, cell_d, street.seed)
    fs, fd = s / 7 - cell_s, d / 2.1 - cell_d
    inside = (lucky < 0.16) & (fs > 0.1) & (fs < 0.1 + lucky * 5) & (fd > 0.1) & (fd < 0.9)
    factor = np.where(inside, 0.72 + 3.0 * lucky, 1.0)
    manhole = (lucky > 0.93) & (((fs - 0.5) * 7) ** 2 + ((fd - 0.5) * 2.1) ** 2 < 0.09)
    factor = np.where(manhole, 0.55, factor)
    crack = np.abs(smooth(s * 2 + street.seed, d * 2 + 11) - 0.5) < 0.0022
    result: Floats = np.where(crack & (smooth(s * 0.3 + street.seed, d * 0.3) > 0.56), factor * 0.7, factor).astype(
        np.float32
    )
    return result


def _cycle_lane(street: Street, albedo: Floats, s: Floats, d: Floats, footprint: Floats) -> None:
    if street.cycle_lane_rgb is None:
        return
    paint = np.asarray(street.cycle_lane_rgb, np.float32) ** 2.2
    cover = np.zeros_like(s)
    for edge in (street.right_m, street.left_m):
        low, high = sorted((edge, edge - np.sign(edge) * 1.3))
        cover += band(d, low, high, footprint)
    if street.junction_s_m is not None:
        cover *= np.abs(s - street.junction_s_m) > street.junction_m / 2
    albedo += (0.75 * cover)[:, None] * (paint - albedo)


def _markings(street: Street, s: Floats, d: Floats, footprint: Floats) -> list[tuple[Floats, Rgb]]:
    white_paint, yellow_paint = (0.72, 0.72, 0.70), (0.70, 0.50, 0.05)
    line = np.zeros_like(s)
    along = np.ones_like(s)
    if street.junction_s_m is not None:
        gap = street.junction_m / 2
        along = (np.abs(s - street.junction_s_m) > gap + 0.5).astype(np.float32)
    if street.zebra_s_m is not None:
        along *= (s < street.zebra_s_m - 0.8) | (s > street.zebra_s_m + 3.8)
    dash = band((s + street.seed) % 6.0, 0.0, 2.6, footprint)
    long_dash = band((s + street.seed) % 8.0, 0.0, 4.5, footprint)
    if street.lanes_left and street.lanes_right:
        if street.centre_line == "dashed":
            line += band(np.abs(d), -1, 0.06, footprint) * long_dash
        elif street.centre_line == "solid":
            line += band(np.abs(d), 0.06, 0.17, footprint)
    for lanes, side in ((street.lanes_right, -1), (street.lanes_left, 1)):
        for index in range(1, lanes):
            line += band(np.abs(d - side * index * street.lane_m), -1, 0.06, footprint) * dash
        parking = street.parking_right_m if side < 0 else street.parking_left_m
        if parking:
            edge = side * lanes * street.lane_m
            across = parking >= ACROSS_FROM_M
            if not across:
                line += band(np.abs(d - edge), -1, 0.05, footprint) * band((s + 1) % 2.0, 0.0, 1.0, footprint)
            along_bay = (s + 0.05) % BAY_M if across else (s + 2.0) % 12.0
            line += band(side * (d - edge), 0.0, parking, footprint) * band(along_bay, 0.0, 0.1, footprint)
        if street.cycle_lane_rgb is not None:
            edge = (street.right_m if side < 0 else street.left_m) - side * 1.35
            line += band(np.abs(d - edge), -1, 0.06, footprint) * dash
    paints = [(np.clip(line * along, 0, 1), white_paint)]
    paints.append(
        (_edge_lines(street, d, footprint) * along, white_paint if street.edge_line == "white" else yellow_paint)
    )
    cross = np.zeros_like(s)
    inside = band(d, street.right_m, street.left_m, footprint)
    if street.zebra_s_m is not None:
        stripes = band(d % 1.0, 0.0, 0.5, footprint)
        cross += stripes * inside * band(s, street.zebra_s_m, street.zebra_s_m + 3.0, footprint)
    if street.junction_s_m is not None:
        before, after = (
            street.junction_s_m - street.junction_m / 2 - 1.2,
            street.junction_s_m + street.junction_m / 2 + 0.9,
        )
        own = -1.0 if street.right_hand_traffic else 1.0
        mine = band(d * own, 0.0, max(-street.right_m, street.left_m), footprint) * inside
        cross += mine * band(s, before, before + 0.3, footprint)
        cross += (inside - mine) * band(s, after, after + 0.3, footprint)
        arrow = street.lane_centre_m(-1 if street.right_hand_traffic else 0)
        cross += _arrow(s - (before - 12.0), d - arrow, footprint)
        beyond = (np.abs(d) > max(-street.right_m, street.left_m) + 1.0).astype(np.float32)
        side_line = band(np.abs(s - street.junction_s_m), -1, 0.06, footprint) * band(d % 6.0, 0.0, 3.0, footprint)
        cross += beyond * side_line
        give_way = band(np.abs(s - street.junction_s_m), -1, street.junction_m / 2, footprint)
        for side, kerb in ((-1, street.right_m), (1, street.left_m)):
            edge = kerb + side * 0.4 if street.crossed_on(side) else 1e6
            cross += give_way * band(np.abs(d - edge), -1, 0.12, footprint) * band(s % 1.0, 0.0, 0.6, footprint)
    paints.append((np.clip(cross, 0, 1), white_paint))
    return paints


def _edge_lines(street: Street, d: Floats, footprint: Floats) -> Floats:
    cover = np.zeros_like(d)
    if street.edge_line == "none":
        return cover
    offsets = (0.28, 0.50) if street.edge_line == "double yellow" else (0.28,)
    for edge, parking in ((street.right_m, street.parking_right_m), (street.left_m, street.parking_left_m)):
        if parking:
            continue
        for offset in offsets:
            cover += band(np.abs(d - (edge - np.sign(edge) * offset)), -1, 0.05, footprint)
    return np.clip(cover, 0, 1)


def _arrow(s: Floats, d: Floats, footprint: Floats) -> Floats:
    """A straight-ahead arrow 4 m long that begins at s = 0."""
    stem = band(np.abs(d), -1, 0.08, footprint) * band(s, 0.0, 2.6, footprint)
    tip = band(np.abs(d), -1, np.clip((4.0 - s) * 0.3, 0, None), footprint) * band(s, 2.6, 4.0, footprint)
    return np.clip(stem + tip, 0, 1)
