"""Things along a street: buildings, trees, hedges, poles, lamps, traffic lights, signs, cones, fences."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ris_ros.data.scenes.material import Facade, Material, Rgb, Surface, dimmed, plain
from ris_ros.data.scenes.mesh import Mesh, box, cone, disc, ellipsoid, grid, join, limb, repeated

GALVANISED = plain((0.42, 0.44, 0.45), gloss=0.2)
BLACK = plain((0.03, 0.03, 0.035), gloss=0.1)
_LEAF_DETAIL = ((18.0, 3200, 0.042), (45.0, 900, 0.085), (100.0, 260, 0.15), (math.inf, 80, 0.22))
"""Leaf cards of a crown and their size, by distance in metres."""
SIGNAL_RGB: dict[str, tuple[Rgb, float]] = {
    "red": ((1.0, 0.08, 0.05), 0.25),
    "amber": ((1.0, 0.6, 0.05), 0.0),
    "green": ((0.1, 1.0, 0.45), -0.25),
}


def building(
    width_m: float, depth_m: float, height_m: float, walls: Material, roof: Material | None, rng: np.random.Generator
) -> Mesh:
    """A house whose front is the plane y = 0, looking to -y, centred on x; its body lies at y > 0.

    Args:
        width_m, depth_m, height_m: Size up to the eaves.
        walls: A FACADE material.
        roof: Material of a pitched roof, or None for a flat one with a parapet.
        rng: Draws chimneys, awnings and bays.
    """
    half = width_m / 2
    parts = [box((-half, 0, -0.2), (half, depth_m, height_m), walls)]
    if roof is not None:
        rise = min(depth_m, 9.0) * rng.uniform(0.25, 0.42)
        eave, ridge = -0.35, depth_m / 2
        slopes = [
            [[-half, eave, height_m - 0.15], [half, eave, height_m - 0.15]],
            [[-half, ridge, height_m + rise], [half, ridge, height_m + rise]],
            [[-half, depth_m + 0.3, height_m - 0.15], [half, depth_m + 0.3, height_m - 0.15]],
        ]
        parts.append(grid(slopes, roof, smooth=False))
        for x in (-half, half):
            gable = [
                [[x, 0, height_m], [x, ridge, height_m + rise]],
                [[x, depth_m, height_m], [x, ridge, height_m + rise]],
            ]
            parts.append(
                grid(
                    gable,
                    Material(Surface.FACADE, walls.rgb, walls.rgb2, facade=Facade(window_width=0.0)),
                    smooth=False,
                )
            )
        if rng.random() < 0.6:
            x = half * rng.uniform(-0.9, 0.9)
            parts.append(
                box(
                    (x - 0.5, ridge - 0.4, height_m + rise * 0.5),
                    (x + 0.5, ridge + 0.4, height_m + rise + 1.1),
                    plain(walls.rgb),
                )
            )
    else:
        trim = plain(dimmed(walls.rgb, 0.8))
        parts.append(box((-half, -0.12, height_m - 0.4), (half, 0.1, height_m + 0.35), trim))
    if walls.facade.shop and rng.random() < 0.45:
        low, out = rng.uniform(2.4, 2.7), rng.uniform(0.8, 1.5)
        x0, x1 = -half * rng.uniform(0.4, 0.9), half * rng.uniform(0.4, 0.9)
        shade = plain(walls.rgb2)
        parts.append(
            grid([[[x0, -0.02, low + 0.5], [x1, -0.02, low + 0.5]], [[x0, -out, low], [x1, -out, low]]], shade)
        )
    if not walls.facade.shop and rng.random() < 0.35:
        x, reach = half * rng.uniform(-0.5, 0.5), rng.uniform(0.5, 0.9)
        bay = Material(
            Surface.FACADE,
            walls.rgb,
            walls.rgb2,
            seed=walls.seed + 3,
            facade=Facade(walls.facade.storey_m, 1.2, 0.75, walls.facade.window_height, 0.0, walls.facade.brick),
        )
        parts.append(box((x - 1.2, -reach, 0), (x + 1.2, 0, min(height_m, 2 * walls.facade.storey_m) - 0.2), bay))
    return join(parts)


@lru_cache(maxsize=64)
def _leaf_cloud(seed: int, cards: int, size: float) -> Mesh:
    """Leaf cards on a handful of blobs inside a unit sphere, around a dark core."""
    rng = np.random.default_rng(seed)
    leaves = Material(Surface.LEAVES, (0.0, 0.5, 0.0))
    blobs = rng.normal(size=(9, 3)) * [0.42, 0.42, 0.34]
    blob = rng.integers(0, len(blobs), cards)
    out = rng.normal(size=(cards, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    at = blobs[blob] + out * rng.uniform(0.30, 0.52, (cards, 1))
    one = rng.normal(size=(cards, 3))
    one = one / np.linalg.norm(one, axis=1, keepdims=True) * size * rng.uniform(0.6, 1.3, (cards, 1))
    two = np.cross(one, rng.normal(size=(cards, 3)))
    two = two / np.linalg.norm(two, axis=1, keepdims=True) * size * rng.uniform(0.5, 1.0, (cards, 1))
    corners = np.stack([at - one, at + two, at + one, at - two], 1)
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]]).astype(np.float32)
    normals = np.repeat(np.concatenate([out, out])[:, None], 3, 1).astype(np.float32)
    cloud = Mesh(triangles, normals, np.zeros(len(triangles), np.int32), (leaves,))
    cores = [ellipsoid(centre, (0.36, 0.36, 0.34), leaves, 6, 8) for centre in blobs]
    return join([cloud, *cores])


def tree(kind: str, height_m: float, rgb: Rgb, seed: int, distance_m: float) -> Mesh:
    """A tree: ``leafy``, ``slim``, ``bare`` or ``bush``, as detailed as ``distance_m`` deserves.

    Trees behind the eye (negative distance) only cast shadows and are coarse.
    """
    distance_m = distance_m if distance_m > -3 else 60.0
    bark = plain((0.20, 0.16, 0.13))
    if kind == "bare":
        return _bare_tree(seed % 12, distance_m > 45).scaled(height_m / 8, height_m / 8, height_m / 8)
    leaves = Material(Surface.LEAVES, rgb, seed=float(seed % 97))
    cards, size = next((cards, size) for reach, cards, size in _LEAF_DETAIL if distance_m < reach)
    cloud = _leaf_cloud(seed % 10, cards, size).with_palette([leaves])
    if kind == "bush":
        return cloud.scaled(height_m * 0.6, height_m * 0.6, height_m * 0.5).moved(z=height_m * 0.4)
    spread = height_m * (0.42 if kind == "leafy" else 0.22)
    trunk = limb((0, 0, -0.2), (0, 0, height_m * 0.62), 0.022 * height_m, bark, 0.012 * height_m)
    return join([trunk, cloud.scaled(spread, spread, height_m * 0.40).moved(z=height_m * 0.64)])


@lru_cache(maxsize=32)
def _bare_tree(seed: int, coarse: bool) -> Mesh:
    """Branches of a leafless tree 8 m high."""
    rng = np.random.default_rng(seed)
    bark = plain((0.23, 0.19, 0.16))
    parts = [limb((0, 0, -0.2), (0, 0, 2.6), 0.17, bark, 0.13)]
    tips = [(np.array([0, 0, 2.6]), np.array([0, 0, 1.0]), 0.12, 2.0)]
    for depth in range(3 if coarse else 4):
        grown = []
        for at, heading, radius, length in tips:
            for _ in range(4 if depth < 2 else 3):
                turn = heading + rng.normal(size=3) * 0.55
                turn[2] = max(turn[2], 0.15)
                turn /= np.linalg.norm(turn)
                end = at + turn * length * rng.uniform(0.7, 1.15)
                parts.append(
                    limb(tuple(at), tuple(end), radius, bark, radius * 0.6, sides=4 if depth else 5, round_ends=False)
                )
                grown.append((end, turn, radius * 0.58, length * 0.72))
        tips = grown
    return join(parts)


def hedge(length_m: float, height_m: float, rgb: Rgb, seed: int) -> Mesh:
    """A clipped hedge along x."""
    leaves = Material(Surface.LEAVES, rgb, seed=float(seed % 97))
    return box((-length_m / 2, -0.35, 0), (length_m / 2, 0.35, height_m), leaves)


def fence(length_m: float, height_m: float, kind: str, rgb: Rgb) -> Mesh:
    """A fence or garden wall along x: ``railing``, ``boards`` or ``wall``."""
    half, paint = length_m / 2, plain(rgb)
    if kind == "wall":
        brick = Material(Surface.FACADE, rgb, rgb, facade=Facade(window_width=0.0, brick=1.0))
        return join(
            [
                box((-half, -0.12, 0), (half, 0.12, height_m), brick),
                box((-half, -0.16, height_m), (half, 0.16, height_m + 0.08), paint),
            ]
        )
    if kind == "boards":
        board = box((0, -0.02, 0.05), (0.145, 0.02, height_m), paint)
        return repeated(board, [(x, 0, 0) for x in np.arange(-half, half, 0.16)])
    bar = box((-0.014, -0.014, 0), (0.014, 0.014, height_m), paint)
    rails = [box((-half, -0.02, z), (half, 0.02, z + 0.045), paint) for z in (0.12, height_m - 0.06)]
    return join([repeated(bar, [(x, 0, 0) for x in np.arange(-half, half, 0.22)]), *rails])


def street_lamp(height_m: float, reach_m: float, lit: bool) -> Mesh:
    """A lamp post whose arm reaches to -y."""
    light = plain((1.0, 0.85, 0.6), glow=3.0 if lit else 0.0)
    return join(
        [
            cone(0.075, height_m, 0.05, GALVANISED, sides=8),
            limb((0, 0, height_m - 0.1), (0, -reach_m, height_m + 0.1), 0.04, GALVANISED, sides=6),
            box((-0.12, -reach_m - 0.5, height_m + 0.02), (0.12, -reach_m, height_m + 0.14), GALVANISED),
            box((-0.09, -reach_m - 0.45, height_m), (0.09, -reach_m - 0.05, height_m + 0.03), light),
        ]
    )


def post(height_m: float, rgb: Rgb, radius_m: float = 0.05) -> Mesh:
    """A plain post or bollard."""
    return cone(radius_m, height_m, radius_m * 0.9, plain(rgb, gloss=0.2), sides=8)


def signal_head(height_m: float, state: str) -> Mesh:
    """The box of a traffic light at a height, facing -x."""
    parts = [box((-0.12, -0.2, height_m - 0.55), (0.12, 0.2, height_m + 0.5), BLACK)]
    for name, (rgb, dz) in SIGNAL_RGB.items():
        on = name == state
        lens = plain(rgb if on else dimmed(rgb, 0.18), glow=4.0 if on else 0.0)
        parts.append(disc((0, 0, 0), 0.115, 0.05, lens, 12).moved(yaw=np.pi / 2).moved(x=-0.135, z=height_m + dz * 1.2))
        parts.append(box((-0.3, -0.13, height_m + dz * 1.2 + 0.11), (-0.12, 0.13, height_m + dz * 1.2 + 0.13), BLACK))
    return join(parts)


def sign_plate(kind: str, height_m: float, rgb: Rgb, rgb2: Rgb, seed: float) -> Mesh:
    """A sign's plate facing -x: ``round``, ``triangle`` or ``board``."""
    if kind == "board":
        face = Material(Surface.BOARD, rgb, rgb2, seed=seed)
        return box((-0.03, -0.55, height_m - 0.4), (0.0, 0.55, height_m + 0.4), face)
    sides, radius = (24, 0.32) if kind == "round" else (3, 0.44)
    turn = np.pi / 2
    outer = disc((0, 0, 0), radius, 0.03, plain(rgb, gloss=0.2), sides).moved(pitch=0.0 if kind == "round" else -turn)
    inner = disc((0, 0, 0), radius * 0.72, 0.05, plain(rgb2, gloss=0.2), sides).moved(
        pitch=0.0 if kind == "round" else -turn
    )
    return join([outer, inner]).moved(yaw=turn).moved(z=height_m)


def traffic_cone(height_m: float) -> Mesh:
    """An orange cone with a white band."""
    orange, white = plain((0.95, 0.33, 0.06)), plain((0.92, 0.92, 0.92))
    radius = height_m * 0.24
    return join(
        [
            box((-radius * 1.35, -radius * 1.35, 0), (radius * 1.35, radius * 1.35, 0.04), orange),
            cone(radius, height_m * 0.45, radius * 0.62, orange, 0.04),
            cone(radius * 0.64, height_m * 0.25, radius * 0.36, white, 0.04 + height_m * 0.43),
            cone(radius * 0.38, height_m * 0.30, radius * 0.12, orange, 0.04 + height_m * 0.66),
        ]
    )


def litter_bin(rgb: Rgb) -> Mesh:
    """A litter bin or cabinet."""
    return box((-0.28, -0.25, 0), (0.28, 0.25, 1.05), plain(rgb, gloss=0.1))


def bench(length_m: float) -> Mesh:
    """A bench along x whose back is at y > 0."""
    wood, half = plain((0.36, 0.24, 0.14)), length_m / 2
    legs = [box((x - 0.04, -0.2, 0), (x + 0.04, 0.2, 0.42), GALVANISED) for x in (-half * 0.8, half * 0.8)]
    return join([box((-half, -0.2, 0.42), (half, 0.2, 0.46), wood), *legs])


def work_barrier(length_m: float) -> Mesh:
    """A red and white plank on feet, along x."""
    half = length_m / 2
    stripes = max(2, round(length_m / 0.4))
    stripe = length_m / stripes
    paints = (plain((0.80, 0.08, 0.08)), plain((0.93, 0.93, 0.92)))
    parts = [
        box((index * stripe - half, -0.02, z), ((index + 1) * stripe - half, 0.02, z + 0.2), paints[index % 2])
        for z in (0.35, 0.8)
        for index in range(stripes)
    ]
    for x in (-half * 0.85, half * 0.85):
        parts.append(box((x - 0.03, -0.03, 0.0), (x + 0.03, 0.03, 1.0), BLACK))
        parts.append(box((x - 0.08, -0.3, 0.0), (x + 0.08, 0.3, 0.06), BLACK))
    return join(parts)


def shop_sign(rgb: Rgb, seed: float) -> Mesh:
    """A lettered board that sticks out of a wall (the plane y = 0) to -y, with its middle at z = 0."""
    light = sum(rgb) / 3 > 0.45
    face = Material(Surface.BOARD, rgb, (0.05, 0.05, 0.06) if light else (0.94, 0.93, 0.90), seed=seed)
    return join(
        [
            box((-0.05, -0.92, -0.36), (0.05, -0.14, 0.36), face),
            box((-0.02, -0.2, 0.3), (0.02, 0.0, 0.34), BLACK),
            box((-0.02, -0.2, -0.34), (0.02, 0.0, -0.3), BLACK),
        ]
    )
