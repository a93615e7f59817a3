"""Triangle meshes with smooth normals and a few primitives.

Axes of every mesh: x forward, y left, z up (REP-103), metres, z = 0 on the ground.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ris_ros.data.scenes.material import Material, plain

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles.

    Attributes:
        vertices: float32 [n, 3, 3], triangle, corner, axis.
        normals: float32 [n, 3, 3], unit normal at each corner; their sign is free, the shader turns them to the eye.
        slot: int32 [n], row of ``palette``.
        palette: Materials.
    """

    vertices: Floats
    normals: Floats
    slot: NDArray[np.int32]
    palette: tuple[Material, ...]

    def __post_init__(self) -> None:
        if self.vertices.shape[1:] != (3, 3) or self.normals.shape != self.vertices.shape:
            raise ValueError("vertices and normals must be [n, 3, 3]")
        if self.slot.shape != self.vertices.shape[:1]:
            raise ValueError("slot must have one entry a triangle")

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, yaw: float = 0.0, pitch: float = 0.0) -> Mesh:
        """Turned by ``pitch`` about y and by ``yaw`` about z (radians), then shifted."""
        cos, sin, cos_p, sin_p = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        about_z = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        about_y = np.array([[cos_p, 0, sin_p], [0, 1, 0], [-sin_p, 0, cos_p]])
        turn = np.asarray(about_z @ about_y, np.float32)
        shift = np.array([x, y, z], np.float32)
        return Mesh(self.vertices @ turn.T + shift, self.normals @ turn.T, self.slot, self.palette)

    def bounds_m(self) -> tuple[Floats, Floats]:
        """Lowest and highest (x, y, z) of its corners."""
        # Reducing along contiguous rows takes a twentieth of the time.
        axes = np.ascontiguousarray(self.vertices.reshape(-1, 3).T)
        return axes.min(axis=1), axes.max(axis=1)

    def scaled(self, x: float, y: float, z: float) -> Mesh:
        """Stretched along the axes."""
        factor = np.array([x, y, z], np.float32)
        normals = self.normals / factor
        normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
        return Mesh(self.vertices * factor, normals, self.slot, self.palette)

    def with_palette(self, palette: Sequence[Material]) -> Mesh:
        """The same triangles in other materials."""
        if len(palette) != len(self.palette):
            raise ValueError("a palette of the same length is needed")
        return Mesh(self.vertices, self.normals, self.slot, tuple(palette))


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of many; equal materials share a slot."""
    palette: dict[Material, int] = {}
    slots = []
    for mesh in meshes:
        rows = [palette.setdefault(material, len(palette)) for material in mesh.palette]
        slots.append(np.asarray(rows, np.int32)[mesh.slot])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate(slots),
        tuple(palette),
    )


def grid(points: ArrayLike, material: Material, smooth: bool = True, wrap: bool = False) -> Mesh:
    """The surface over a grid of points [a, b, 3]; ``wrap`` when the last column meets the first."""
    return patchwork(points, np.zeros((np.shape(points)[0] - 1, np.shape(points)[1] - 1)), (material,), smooth, wrap)


def patchwork(
    points: ArrayLike, slots: ArrayLike, palette: tuple[Material, ...], smooth: bool = True, wrap: bool = False
) -> Mesh:
    """The surface over a grid of points [a, b, 3] whose cells [a-1, b-1] have materials of their own."""
    corner = np.asarray(points, np.float32)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    cell = np.cross(c - a, d - b)
    if smooth:
        total = np.zeros_like(corner)
        total[:-1, :-1] += cell
        total[1:, :-1] += cell
        total[1:, 1:] += cell
        total[:-1, 1:] += cell
        if wrap:
            seam = total[:, 0] + total[:, -1]
            total[:, 0] = total[:, -1] = seam
        total /= np.maximum(np.linalg.norm(total, axis=2, keepdims=True), 1e-12)
        na, nb, nc, nd = total[:-1, :-1], total[1:, :-1], total[1:, 1:], total[:-1, 1:]
    else:
        unit = cell / np.maximum(np.linalg.norm(cell, axis=2, keepdims=True), 1e-12)
        na = nb = nc = nd = unit
    vertices = np.stack([np.stack([a, b, c], 2), np.stack([a, c, d], 2)], 2).reshape(-1, 3, 3)
    normals = np.stack([np.stack([na, nb, nc], 2), np.stack([na, nc, nd], 2)], 2).reshape(-1, 3, 3)
    slot = np.repeat(np.asarray(slots, np.int32).reshape(-1), 2)
    first, second, third = vertices[:, 0], vertices[:, 1], vertices[:, 2]
    collapsed = (first == second).all(1) | (second == third).all(1) | (first == third).all(1)
    return Mesh(vertices[~collapsed], normals[~collapsed], slot[~collapsed], palette)


def box(low: Sequence[float], high: Sequence[float], material: Material) -> Mesh:
    """An upright box between two corners."""
    unit = _unit_box()
    start = np.asarray(low, np.float32)
    size = np.asarray(high, np.float32) - start
    return Mesh(unit.vertices * size + start, unit.normals, unit.slot, (material,))


@cache
def _unit_box() -> Mesh:
    """The cube from 0 to 1; its material is a placeholder."""
    anything = plain((0.5, 0.5, 0.5))
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    walls = grid(np.stack([np.c_[ring, np.zeros(5)], np.c_[ring, np.ones(5)]]), anything, smooth=False)
    flat = np.array([[[0, 0, 0], [1, 0, 0]], [[0, 1, 0], [1, 1, 0]]])
    return join([walls, grid(flat, anything, smooth=False), grid(flat + np.array([0, 0, 1]), anything, smooth=False)])


def repeated(mesh: Mesh, offsets: ArrayLike) -> Mesh:
    """Copies of a mesh at offsets [k, 3]."""
    shift = np.asarray(offsets, np.float32)
    vertices = (mesh.vertices[None] + shift[:, None, None]).reshape(-1, 3, 3)
    return Mesh(vertices, np.tile(mesh.normals, (len(shift), 1, 1)), np.tile(mesh.slot, len(shift)), mesh.palette)


def ellipsoid(
    centre: Sequence[float], radii: Sequence[float], material: Material, rings: int = 7, sides: int = 10
) -> Mesh:
    """An ellipsoid with axes along x, y, z."""
    polar = np.linspace(0, np.pi, rings)[:, None]
    around = np.linspace(0, 2 * np.pi, sides + 1)[None, :]
    unit = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar) + 0 * around], 2)
    return grid(np.asarray(centre) + unit * np.asarray(radii), material, wrap=True)


def limb(
    start: Sequence[float],
    end: Sequence[float],
    radius: float,
    material: Material,
    radius_end: float | None = None,
    sides: int = 7,
    round_ends: bool = True,
) -> Mesh:
    """A rod from one point to another, with round ends or open."""
    p, q = np.asarray(start, float), np.asarray(end, float)
    axis = q - p
    axis /= max(math.sqrt(float(axis @ axis)), 1e-9)
    other = (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (1.0, 0.0, 0.0)
    side = np.array(
        [
            axis[1] * other[2] - axis[2] * other[1],
            axis[2] * other[0] - axis[0] * other[2],
            axis[0] * other[1] - axis[1] * other[0],
        ]
    )
    side /= math.sqrt(float(side @ side))
    third = np.array(
        [
            axis[1] * side[2] - axis[2] * side[1],
            axis[2] * side[0] - axis[0] * side[2],
            axis[0] * side[1] - axis[1] * side[0],
        ]
    )
    around = np.linspace(0, 2 * np.pi, sides + 1)
    spoke = np.cos(around)[:, None] * side + np.sin(around)[:, None] * third
    last = radius if radius_end is None else radius_end
    if not round_ends:
        return grid(np.stack([p + radius * spoke, q + last * spoke]), material, wrap=True)
    along = np.array([-0.7 * radius, -0.35 * radius, 0.0, 0.0, 0.35 * last, 0.7 * last])
    reach = np.array([0.0, 0.8 * radius, radius, last, 0.8 * last, 0.0])
    foot = np.array([p, p, p, q, q, q]) + along[:, None] * axis
    return grid(foot[:, None] + reach[:, None, None] * spoke, material, wrap=True)


def disc(centre: Sequence[float], radius: float, thickness: float, material: Material, sides: int = 16) -> Mesh:
    """A wheel-like cylinder whose axis is y."""
    around = np.linspace(0, 2 * np.pi, sides + 1)
    ring = np.stack([np.cos(around), 0 * around, np.sin(around)], 1) * radius
    half = np.array([0, thickness / 2, 0])
    rim = grid(np.stack([ring - half, ring + half]), material, wrap=True)
    caps = [grid(np.stack([0 * ring + at, ring + at]), material, smooth=False) for at in (-half, half)]
    return join([rim, *caps]).moved(*centre)


def torus(centre: Sequence[float], radius: float, tube: float, material: Material, sides: int = 18) -> Mesh:
    """A tyre without a wheel; its axis is y."""
    around = np.linspace(0, 2 * np.pi, sides + 1)[:, None]
    across = np.linspace(0, 2 * np.pi, 6)[None, :]
    reach = radius + tube * np.cos(across)
    points = np.stack([reach * np.cos(around), tube * np.sin(across) + 0 * around, reach * np.sin(around)], 2)
    return grid(points, material).moved(*centre)


def cone(
    radius: float, height_m: float, top_radius: float, material: Material, base_z: float = 0.0, sides: int = 12
) -> Mesh:
    """An upright cone or tube, closed at the top."""
    around = np.linspace(0, 2 * np.pi, sides + 1)
    unit = np.stack([np.cos(around), np.sin(around), 0 * around], 1)
    low, high = np.array([0, 0, base_z]), np.array([0, 0, base_z + height_m])
    return grid(np.stack([unit * radius + low, unit * top_radius + high, 0 * unit + high]), material, wrap=True)
