"""Ray casting with Embree: from rays to surface points, shadows and colours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.light import sky_rgb
from ris_ros.data.scenes.material import Material
from ris_ros.data.scenes.mesh import Floats
from ris_ros.data.scenes.noise import smooth
from ris_ros.data.scenes.shading import Hits, MaterialTable, shade
from ris_ros.data.scenes.world import World
from ris_ros.errors import MissingExtraError

_SKY = BY_NAME["sky"].id


def _embree() -> tuple[Any, Any]:
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError:
        raise MissingExtraError("embreex", "sim") from None
    return EmbreeScene, TriangleMesh


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What rays saw; every array has n rows.

    Attributes:
        radiance: Linear colour [n, 3].
        thing: Index into the world's things, -1 for the sky.
        class_id: Street class.
        depth_m: Along the camera's optical axis, inf for the sky.
    """

    radiance: Floats
    thing: NDArray[np.int32]
    class_id: NDArray[np.uint8]
    depth_m: Floats


class Tracer:
    """A world prepared for ray casting.

    Args:
        world: The scene.

    Raises:
        MissingExtraError: Embree is not installed.
    """

    def __init__(self, world: World) -> None:
        scene_type, mesh_type = _embree()
        self.world = world
        palette: dict[Material, int] = {}
        vertices, normals, material, thing_of = [], [], [], []
        for index, thing in enumerate(world.things):
            placed = thing.mesh.moved(thing.x, thing.y, thing.z, thing.yaw)
            rows = np.array([palette.setdefault(m, len(palette)) for m in placed.palette], np.int32)
            vertices.append(placed.vertices)
            normals.append(placed.normals)
            material.append(rows[placed.slot])
            thing_of.append(np.full(len(placed.slot), index, np.int32))
        self._normals = np.concatenate(normals)
        self._material = np.concatenate(material)
        self._thing = np.concatenate(thing_of)
        self._table = MaterialTable.of(list(palette))
        self._pose = np.array([[t.x, t.y, t.z, math.cos(t.yaw), math.sin(t.yaw)] for t in world.things], np.float32)
        self._class = np.array([BY_NAME[t.class_name].id for t in world.things], np.uint8)
        self._scene = scene_type()
        self._mesh = mesh_type(self._scene, np.ascontiguousarray(np.concatenate(vertices)))
        self._lamps = _burning_lamps(world)
        self._ground = np.isin(self._class, [BY_NAME["road"].id, BY_NAME["sidewalk"].id])

    def sky_view(self, camera: PinholeCamera, rng: np.random.Generator) -> Floats:
        """Share of the sky that the ground sees, at half the resolution of the picture; 1 elsewhere.

        Two random rays a point, averaged over neighbours on the ground: the soft dark under cars and along walls.
        """
        width, height = (camera.size_px[0] + 1) // 2, (camera.size_px[1] + 1) // 2
        xs, ys = np.meshgrid(np.arange(width, dtype=np.float32) * 2, np.arange(height, dtype=np.float32) * 2)
        toward = camera.rays(np.stack([xs.ravel(), ys.ravel()], 1))
        answer = self._cast(camera, toward)
        hit = np.flatnonzero(answer["primID"] >= 0)
        hit = hit[self._ground[self._thing[answer["primID"][hit]]] & (answer["tfar"][hit] < 80)]
        ground, free = np.zeros(width * height, np.float32), np.zeros(width * height, np.float32)
        if len(hit):
            hits = self._hits(camera, answer, hit, toward[hit])
            for _ in range(2):
                away = rng.normal(size=(len(hit), 3)).astype(np.float32)
                away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
                away[:, 2] += 1.05
                free[hit] += 0.5 * self._free(hits, np.arange(len(hit)), away, reach_m=6.0)
            ground[hit] = 1.0
        window = (11, 5)
        share = cv2.blur(free.reshape(height, width), window)
        weight = cv2.blur(ground.reshape(height, width), window)
        seen = np.where(weight > 0.01, share / np.maximum(weight, 0.01), 1.0)
        result: Floats = np.where(ground.reshape(height, width) > 0, 0.2 + 0.8 * seen, 1.0).astype(np.float32)
        return result

    def _cast(self, camera: PinholeCamera, toward: Floats) -> Mapping[str, Any]:
        start = np.broadcast_to(np.asarray(camera.position_m, np.float32), toward.shape)
        answer: Mapping[str, Any] = self._scene.run(np.ascontiguousarray(start), toward, output=True)
        return answer

    def look(self, camera: PinholeCamera, xy_px: Floats, sky_view: Floats, rng: np.random.Generator) -> Seen:
        """Shade the rays through pixels [n, 2]; ``sky_view`` as :meth:`sky_view` gives it."""
        toward = camera.rays(xy_px)
        answer = self._cast(camera, toward)
        hit = np.flatnonzero(answer["primID"] >= 0)
        count = len(toward)
        seen = Seen(
            np.zeros((count, 3), np.float32),
            np.full(count, -1, np.int32),
            np.full(count, _SKY, np.uint8),
            np.full(count, np.inf, np.float32),
        )
        sky = np.flatnonzero(answer["primID"] < 0)
        seen.radiance[sky] = sky_rgb(self.world.light, toward[sky])
        if len(hit) == 0:
            return seen
        hits = self._hits(camera, answer, hit, toward[hit])
        column, row = (np.rint(xy_px[hit] / 2).astype(np.int64)).T
        open_sky = sky_view[row.clip(0, sky_view.shape[0] - 1), column.clip(0, sky_view.shape[1] - 1)]
        seen.radiance[hit] = self._radiance(hits, open_sky, rng)
        if self.world.light.wet > 0:
            self._mirror_on_wet_ground(camera, hits, hit, seen.radiance, rng)
        seen.thing[hit] = hits.thing
        seen.class_id[hit] = self._class[hits.thing]
        axis = camera.world_from_optical[:, 2].astype(np.float32)
        seen.depth_m[hit] = hits.distance * (toward[hit] @ axis)
        return seen

    def _radiance(self, hits: Hits, open_sky: Floats, rng: np.random.Generator) -> Floats:
        lit = self._sunlit(hits, rng)
        return shade(hits, self._table, self.world.light, self.world.street, lit, open_sky, self._lamps)

    def _mirror_on_wet_ground(
        self, camera: PinholeCamera, hits: Hits, rows: NDArray[np.intp], radiance: Floats, rng: np.random.Generator
    ) -> None:
        """Add what the wet road and pavement mirror; water lies unevenly, and ripples spread the mirror image."""
        wet = np.flatnonzero(self._ground[hits.thing] & (hits.normal[:, 2] > 0.9) & (hits.distance < 90))
        if len(wet) == 0:
            return
        x, y, _ = hits.point[wet].T
        puddle = np.clip(1.6 * smooth(x * 2.6 + 7, y * 2.6) - 0.15, 0.15, 1.0)
        ripple = rng.normal(0, 0.012, (len(wet), 3)).astype(np.float32) * (1.6 - puddle)[:, None]
        ripple[:, 2] = 1.0
        normal = ripple / np.linalg.norm(ripple, axis=1, keepdims=True)
        toward = hits.toward[wet]
        cosine = np.clip(-(toward * normal).sum(1), 0, 1)
        mirrored = toward + 2 * cosine[:, None] * normal
        mirrored[:, 2] = np.maximum(mirrored[:, 2], 0.005)
        mirrored = np.ascontiguousarray(mirrored / np.linalg.norm(mirrored, axis=1, keepdims=True))
        start = np.ascontiguousarray(hits.point[wet] + np.array([0, 0, 0.02], np.float32))
        answer: Mapping[str, Any] = self._scene.run(start, mirrored, output=True)
        image = sky_rgb(self.world.light, mirrored, detailed=False)
        met = np.flatnonzero(answer["primID"] >= 0)
        if len(met):
            second = self._hits(camera, answer, met, mirrored[met], start[met])
            image[met] = self._radiance(second, np.ones(len(met), np.float32), rng)
        share = self.world.light.wet * puddle * (0.03 + 0.85 * (1 - cosine) ** 4)
        radiance[rows[wet]] = radiance[rows[wet]] * (1 - 0.6 * share[:, None]) + share[:, None] * image

    def _hits(
        self,
        camera: PinholeCamera,
        answer: Mapping[str, Any],
        rows: NDArray[np.intp],
        toward: Floats,
        start: Floats | None = None,
    ) -> Hits:
        """The surface points of some rays; they start at the camera unless ``start`` [n, 3] is given."""
        triangle = answer["primID"][rows]
        u, v = answer["u"][rows, None], answer["v"][rows, None]
        distance = answer["tfar"][rows]
        corner = self._normals[triangle]
        normal = corner[:, 0] * (1 - u - v) + corner[:, 1] * u + corner[:, 2] * v
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        face = answer["Ng"][rows]
        face = face / np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-9)
        face = np.where((face * toward).sum(1, keepdims=True) > 0, -face, face)
        normal = np.where((normal * face).sum(1, keepdims=True) < 0, -normal, normal)
        origin = np.asarray(camera.position_m, np.float32) if start is None else start
        point = origin + toward * distance[:, None]
        thing = self._thing[triangle]
        pose = self._pose[thing]
        shifted = point - pose[:, :3]
        cosine = np.clip(-(face * toward).sum(1), 0.08, 1)
        return Hits(
            point,
            toward,
            normal.astype(np.float32),
            _unturned(shifted, pose),
            _unturned(face, pose),
            distance,
            self._material[triangle],
            thing,
            distance / camera.focal_px / np.sqrt(cosine),
        )

    def _sunlit(self, hits: Hits, rng: np.random.Generator) -> Floats:
        """1 where the sun reaches a hit, else 0."""
        lit = np.zeros(len(hits.distance), np.float32)
        light = self.world.light
        if light.casts_shadows:
            sun = np.asarray(light.sun, np.float32)
            rows = np.flatnonzero(hits.normal @ sun > -0.5)
            toward = sun + rng.normal(0, 0.0025, (len(rows), 3)).astype(np.float32)
            lit[rows] = self._free(hits, rows, toward)
        return lit

    def _free(self, hits: Hits, rows: NDArray[np.intp], toward: Floats, reach_m: float = 400.0) -> Floats:
        toward = toward / np.linalg.norm(toward, axis=1, keepdims=True)
        start = hits.point[rows] + hits.normal[rows] * 0.012 + toward * 0.01
        reach = np.full(len(rows), reach_m, np.float32)
        blocked = self._scene.run(
            np.ascontiguousarray(start, np.float32), np.ascontiguousarray(toward, np.float32), reach, query="OCCLUDED"
        )
        free: Floats = (blocked < 0).astype(np.float32)
        return free


def _burning_lamps(world: World) -> Floats:
    """Middles [k, 3] of what glows on poles."""
    places = []
    for thing in world.things if world.light.lamps > 0 else ():
        if thing.class_name == "pole":
            rows = [row for row, material in enumerate(thing.mesh.palette) if material.glow > 0]
            burning = np.isin(thing.mesh.slot, rows)
            if burning.any():
                placed = thing.mesh.moved(thing.x, thing.y, thing.z, thing.yaw)
                places.append(placed.vertices[burning].mean(axis=(0, 1)))
    return np.array(places, np.float32).reshape(-1, 3)


def _unturned(vectors: Floats, pose: Floats) -> Floats:
    cos, sin = pose[:, 3], pose[:, 4]
    local = np.empty_like(vectors)
    local[:, 0] = vectors[:, 0] * cos + vectors[:, 1] * sin
    local[:, 1] = vectors[:, 1] * cos - vectors[:, 0] * sin
    local[:, 2] = vectors[:, 2]
    return local
