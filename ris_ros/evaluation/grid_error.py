"""How exactly masks become cells on the ground and boxes, against the depth and the boxes of rendered pictures.

The masks are the true ones, so that only the geometry is measured:

    ris data render --out rides --count 240 --sequence 24
    python -m ris_ros.evaluation.grid_error rides
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.data.scenes.geometry import Box3d, Geometry
from ris_ros.errors import DataError, GeometryError, RisError
from ris_ros.evaluation.true_ground import exact_viewpoint
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.lifting import Box, Lifted, depth_points, lift
from ris_ros.geometry.viewpoint import Viewpoint

RANGES_M: tuple[float, ...] = (10.0, 20.0, 30.0, 40.0)
"""Upper ends of the bins of range."""

SHRUNK: tuple[int, ...] = (1, 2, 4)
"""The road's mask is laid on the grid at the picture's size and at these fractions of it."""

VEHICLES = frozenset({"car", "van", "truck", "bus"})

_GRID = Grid(0.2, (200, 200), (0.0, -20.0))
_LEVEL_M = 0.03
_SMALLEST_PX = 150
_BACKGROUND = 0.3
_FLYING = 0.03
_BEHIND_M = 6.0


@dataclass(frozen=True, slots=True)
class LiftError:
    """Of one vehicle whose mask the picture's border does not cut.

    Attributes:
        range_m: To the middle of its true box.
        face_m: From the centroid to the nearest of the sides that the camera sees.
        centre_m: From the middle of the box to that of the true one, on the ground.
        yaw_rad: Between the boxes' sides, 0 to pi/4.
    """

    range_m: float
    face_m: float
    centre_m: float
    yaw_rad: float


def road_overlap(
    image: LabeledImage, geometry: Geometry, view: BirdsEye, shrunk: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How the road on the grid agrees with the cells in which depth has points of the road.

    Args:
        image: Picture and labels.
        geometry: Its depth.
        view: Its camera over the grid.
        shrunk: By how much the mask is shrunk first.

    Returns:
        Intersections and unions, int64 [bins of range], in cells.
    """
    road = image.class_map == BY_NAME["road"].id
    points = geometry.points_m().reshape(-1, 3)
    level = np.abs(points[:, 2]) < _LEVEL_M
    rows, columns, inside = view.grid.cells_of(points[level, :2])
    cell = (rows * view.grid.shape[1] + columns)[inside]
    count = np.bincount(cell, minlength=view.seen.size)
    of_road = np.bincount(cell, road.ravel()[level][inside], view.seen.size)
    # A cell in which no point was measured, or in front of which something stands, tells nothing.
    known = (count > 0) & view.seen.ravel()
    true = of_road > 0.5 * count
    size = (road.shape[1] // shrunk, road.shape[0] // shrunk)
    values = np.asarray(cv2.resize(road.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA), np.uint8)
    said = view.mean(values).ravel() > 127
    place = np.searchsorted(RANGES_M, view.range_m.ravel())
    both, either = (
        np.bincount(place[known & part], minlength=len(RANGES_M) + 1) for part in (true & said, true | said)
    )
    return both[: len(RANGES_M)], either[: len(RANGES_M)]


def lift_errors(
    image: LabeledImage, geometry: Geometry, viewpoint: Viewpoint, rng: np.random.Generator | None
) -> list[LiftError]:
    """Lift every vehicle of a picture that is whole and at least 150 pixels large.

    Args:
        image: Picture and labels.
        geometry: Its depth and boxes.
        viewpoint: Its camera.
        rng: Spoils the depth (three tenths of the pixels see something 6 m behind, 3 % fly between, a fifth has no
            value); None for exact depth.
    """
    height, width = image.instance_map.shape
    errors = []
    for key, box in geometry.boxes.items():
        inside = image.instance_map == key
        if image.instances[key].class_name not in VEHICLES or inside.sum() < _SMALLEST_PX:
            continue
        x, y, across, down = cv2.boundingRect(inside.astype(np.uint8))
        if x == 0 or y == 0 or x + across == width or y + down == height:
            continue
        part = slice(y, y + down), slice(x, x + across)
        depth_m = geometry.depth_m
        if rng is not None:
            depth_m = depth_m.copy()
            depth_m[part] = _spoilt(depth_m[part], rng)
        points = depth_points(depth_m, inside[part], (x, y, across, down), (width, height), viewpoint.camera)
        try:
            errors.append(_error(lift(viewpoint.base_from_camera.apply(points)), box))
        except GeometryError:
            errors.append(LiftError(math.hypot(*box.centre_m[:2]), math.inf, math.inf, math.inf))
    return errors


def _error(lifted: Lifted, true: Box3d) -> LiftError:
    centre = np.array(true.centre_m[:2])
    face_m = np.linalg.norm(_seen_sides(true) - lifted.centroid_m[:2], axis=1).min()
    centre_m = np.linalg.norm(lifted.box.centre_m[:2] - centre)
    return LiftError(float(np.linalg.norm(centre)), float(face_m), float(centre_m), _between(lifted.box, true))


def _between(box: Box, true: Box3d) -> float:
    return abs(math.remainder(box.yaw_rad - true.yaw_rad, math.pi / 2))


def _seen_sides(box: Box3d) -> NDArray[np.float64]:
    """Points [n, 2] along the sides of a box that face the origin."""
    corners = box.corners_m()[:4, :2]
    steps = np.linspace(0.0, 1.0, 101)[:, np.newaxis]
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        outwards = (start + end) / 2 - np.array(box.centre_m[:2])
        if outwards @ start < 0.0:
            sides.append(start + steps * (end - start))
    return np.concatenate(sides)


def _spoilt(depth_m: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    draw, share = rng.random(depth_m.shape), rng.random(depth_m.shape)
    flying = (draw >= _BACKGROUND) & (draw < _BACKGROUND + _FLYING)
    spoilt = depth_m + np.where(draw < _BACKGROUND, _BEHIND_M, np.where(flying, _BEHIND_M * share, 0.0))
    return np.where(draw > 0.8, np.nan, spoilt).astype(np.float32)


def measure(scenes: SceneSet, every: int) -> str:
    """Measure on every so many pictures; the figures as aligned text.

    Raises:
        DataError: A picture was written without its geometry.
    """
    both, either = (np.zeros((len(SHRUNK), len(RANGES_M)), np.int64) for _ in range(2))
    exact: list[LiftError] = []
    spoilt: list[LiftError] = []
    for index in range(0, len(scenes.frames), every):
        geometry = scenes.geometry(index)
        if geometry is None:
            raise DataError(f"Scene {scenes.frames[index]} has no geometry: render it again with `ris data render`.")
        image = scenes.read(index)
        viewpoint = exact_viewpoint(geometry.camera, RANGES_M[-1])
        view = BirdsEye(viewpoint, _GRID)
        for row, shrunk in enumerate(SHRUNK):
            found, any_of = road_overlap(image, geometry, view, shrunk)
            both[row] += found
            either[row] += any_of
        exact += lift_errors(image, geometry, viewpoint, None)
        spoilt += lift_errors(image, geometry, viewpoint, np.random.default_rng(index))
    lines = ["road on the grid, IoU" + " " * 19 + "".join(f"{f'to {end:.0f} m':>9}" for end in RANGES_M)]
    for shrunk, row_both, row_either in zip(SHRUNK, both, either, strict=True):
        shares = row_both / np.maximum(row_either, 1)
        lines.append(f"{f'  mask at 1/{shrunk} of the picture':40}" + "".join(f"{share:9.3f}" for share in shares))
    for name, errors in (("vehicles, exact depth", exact), ("vehicles, spoilt depth", spoilt)):
        lines += [f"{name}: {len(errors)}", *_rows(errors)]
    return "\n".join(lines)


def _rows(errors: Sequence[LiftError]) -> list[str]:
    ranges = np.searchsorted(RANGES_M, [error.range_m for error in errors])
    rows = []
    for name, values in (
        ("centroid to the nearest seen side, m", [error.face_m for error in errors]),
        ("middle of the box, m", [error.centre_m for error in errors]),
        ("direction of the box, deg", [math.degrees(error.yaw_rad) for error in errors]),
    ):
        for label, quantile in (("median", 0.5), ("90 %", 0.9)):
            bins = [np.sort(np.array(values)[ranges == place]) for place in range(len(RANGES_M))]
            figures = [part[int(quantile * (len(part) - 1))] if len(part) else math.nan for part in bins]
            rows.append(f"  {f'{name}, {label}':38}" + "".join(f"{figure:9.2f}" for figure in figures))
    return rows


def main() -> int:
    """Print the figures for a folder of scenes."""
    parser = argparse.ArgumentParser(prog="python -m ris_ros.evaluation.grid_error", description=__doc__)
    parser.add_argument("scenes", type=Path, metavar="DIR", help="what `ris data render` wrote")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="measure on every Nth picture")
    args = parser.parse_args()
    try:
        print(measure(SceneSet(args.scenes), max(1, args.every)))
    except RisError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
