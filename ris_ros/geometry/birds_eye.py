"""What a camera sees, cell by cell of a grid on the ground: inverse perspective mapping without holes, near or far.

Every cell asks the picture for its own area (inverse mapping), so no cell within the view is left out. Near the camera
a cell covers many pixels, of which the mean or the maximum is taken; far away it is smaller than one, and the mean goes
over one pixel's area around its middle, which is linear interpolation. Nothing in between is a special case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.aspect import same_aspect
from ris_ros.geometry.box_maximum import BoxMaximum
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.viewpoint import Viewpoint

_AZIMUTHS = 360
_RANGE_STEP = 1.04
_NEAREST_M = 0.02

_FARTHEST_BLIND = 2.0
"""Of the distance of the nearest ground in the picture: under the lower edge of a picture 120 degrees wide, a corner is
as far away as this. What is farther is not taken for blind."""

_SIZES_KEPT = 4

_STEPS_PER_PX = 32
"""cv2.remap interpolates between so many places in a pixel; boxes end at these, so that their area is exact."""

_BLOCK = 256
"""cv2.remap takes no rows of 2^15 pixels: cells are handed to it in rows of this length."""


class BirdsEye:
    """The way from the pixels of one camera in one pose to the cells of a grid; computed once, used for every map.

    A cell's area in the picture is a parallelogram, and boxes along the picture's axes stand for it: for the mean the
    one of the same second moments, so that a cell's own size is not enlarged; for the maximum the one that holds all of
    it, so that nothing is lost between two cells. For a cell whose sides run along the picture's axes they are one.

    Maps are uint8 [h, w] over the whole camera image, at any size of its aspect. Two threads must not use it at a time.

    Attributes:
        viewpoint: The camera.
        grid: The cells, in the viewpoint's base frame.
        seen: bool [rows, columns]: the cell's middle lies in the picture, on ground that is believed.
        blind: bool [rows, columns]: too near to be seen. In directions in which the picture shows ground, cells before
            the first of it, as far as twice the range of the nearest; in any direction, cells nearer to the robot than
            any ground in the picture is to the camera, the robot being the line from below the camera to the origin of
            the base frame.
        range_m: float64 [rows, columns]: from the point of the ground below the camera to the cell's middle.

    Args:
        viewpoint: The camera.
        grid: The cells.

    Raises:
        GeometryError: The camera sees no ground.
    """

    def __init__(self, viewpoint: Viewpoint, grid: Grid) -> None:
        viewpoint.require_ground()
        self.viewpoint = viewpoint
        self.grid = grid
        centres_m = grid.centres_m().reshape(-1, 2)
        centre_px, seen = _look(viewpoint, centres_m)
        self.seen: NDArray[np.bool_] = seen.reshape(grid.shape)
        self._cells = np.flatnonzero(seen)
        self._centre_px = centre_px[seen]
        self._sides_px = _sides_px(viewpoint, centres_m[seen], grid.resolution_m, self._centre_px)
        range_m = viewpoint.range_m(centres_m)
        self.range_m: NDArray[np.float64] = range_m.reshape(grid.shape)
        self.blind: NDArray[np.bool_] = (_too_near(viewpoint, centres_m, range_m) & ~seen).reshape(grid.shape)
        self._tables: dict[tuple[int, int], _Table] = {}

    def mean(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The mean of a map over each cell's area; where that is less than a pixel's, interpolated linearly.

        Args:
            values: uint8 [h, w].

        Returns:
            uint8 [rows, columns], 0 where nothing is seen.

        Raises:
            GeometryError: The map has not the aspect of the camera.
        """
        return self._spread(self._table(values).mean(values))

    def highest(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The highest value among all pixels that a cell touches, those that :meth:`mean` depends on among them."""
        return self._spread(self._table(values).maximum.of(values))

    def _spread(self, of_cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
        spread = np.zeros(self.grid.shape, np.uint8)
        spread.reshape(-1)[self._cells] = of_cells
        return spread

    def _table(self, values: NDArray[np.uint8]) -> _Table:
        if values.dtype != np.uint8 or values.ndim != 2:
            raise ValueError("a map must be uint8 [h, w]")
        height, width = values.shape
        table = self._tables.get((width, height))
        if table is None:
            camera_width, camera_height = self.viewpoint.camera.size_px
            if not same_aspect((width, height), self.viewpoint.camera.size_px):
                raise GeometryError(
                    f"The image has the shape {width}x{height}, its CameraInfo says {camera_width}x{camera_height}:"
                    " publish the CameraInfo of this image."
                )
            if len(self._tables) >= _SIZES_KEPT:
                self._tables.clear()
            scale = np.array([width / camera_width, height / camera_height])
            # Edges between pixels lie at whole numbers here, middles at halves.
            middle, sides = (self._centre_px + 0.5) * scale, np.abs(self._sides_px) * scale
            table = self._tables[width, height] = _Table.over(middle, sides, (width, height))
        return table


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """What is prepared for maps of one size.

    Attributes:
        rows: The rows of the map that any cell depends on.
        corners: Fixed-point maps of cv2.remap that lead to the four corners of each cell's box in the integral image of
            these rows: [4 * blocks, _BLOCK, 2] and [4 * blocks, _BLOCK].
        area: float64 [n], of the boxes.
        maximum: Over all pixels that a box touches.
    """

    rows: slice
    corners: tuple[NDArray[np.int16], NDArray[np.uint16]]
    area: NDArray[np.float64]
    maximum: BoxMaximum

    @classmethod
    def over(cls, middle: NDArray[np.float64], sides: NDArray[np.float64], size_px: tuple[int, int]) -> _Table:
        """For cells given by their middles [n, 2] and by how far each of their two sides reaches [2, n, 2].

        Edges between pixels lie at whole numbers. Boxes are a pixel large at least, and cut to the map.
        """
        low, high = _ends(middle, np.hypot(*sides), size_px)
        first, last = _ends(middle, sides.sum(axis=0), size_px)
        first, last = np.floor(first).astype(np.int64), np.ceil(last).astype(np.int64)
        maximum = BoxMaximum(size_px, np.stack([first[:, 0], last[:, 0]], 1), np.stack([first[:, 1], last[:, 1]], 1))
        start, stop = (int(first[:, 1].min()), int(last[:, 1].max())) if len(first) else (0, 1)
        blocks = max(1, math.ceil(len(low) / _BLOCK))
        places = np.zeros((2, 4, blocks * _BLOCK), np.float32)
        for corner, (x, y) in enumerate(((low, low), (high, low), (low, high), (high, high))):
            places[0, corner, : len(low)] = x[:, 0]
            places[1, corner, : len(low)] = y[:, 1] - start
        across, down = places.reshape(2, 4 * blocks, _BLOCK)
        corners = cv2.convertMaps(across, down, cv2.CV_16SC2)
        return cls(slice(start, stop), corners, (high - low).prod(axis=1), maximum)

    def mean(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of each box, uint8 [n].

        Linear interpolation between the whole places of an integral image is the integral itself, of a picture whose
        pixels are squares of one value (Crow, "Summed-area tables for texture mapping", 1984).
        """
        # Doubles hold these sums, and their 1024ths, exactly.
        integral = cv2.integral(values[self.rows], sdepth=cv2.CV_64F)
        at = cv2.remap(integral, *self.corners, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        at = at.reshape(4, -1)[:, : len(self.area)]
        total = at[0] - at[1] - at[2] + at[3]
        return np.asarray(np.rint(total / self.area), np.uint8)


def _look(viewpoint: Viewpoint, xy_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Pixels [n, 2] of ground points [n, 2], and whether they are in the picture and believed [n]."""
    xy_px, visible = viewpoint.pixels(_on_ground(viewpoint, xy_m))
    return xy_px, visible & (viewpoint.range_m(xy_m) <= viewpoint.believed_range_m)


def _on_ground(viewpoint: Viewpoint, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([xy_m, np.full(len(xy_m), viewpoint.ground_z_m)])


def _sides_px(
    viewpoint: Viewpoint, xy_m: NDArray[np.float64], side_m: float, middle_px: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sides, along x and along y, of the parallelograms that cells become in the picture, [2, n, 2] in pixels."""
    sides = []
    for step_m in (np.array([side_m / 2, 0.0]), np.array([0.0, side_m / 2])):
        ahead, behind = (_reach_px(viewpoint, xy_m + sign * step_m, middle_px) for sign in (1.0, -1.0))
        # At the border of the picture one half stands for both; a lens may say nothing of what lies beyond it.
        half = np.where(np.isnan(ahead), -behind, ahead), np.where(np.isnan(behind), -ahead, behind)
        sides.append(np.nan_to_num(half[0] - half[1]))
    return np.stack(sides)


def _reach_px(viewpoint: Viewpoint, xy_m: NDArray[np.float64], from_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """From pixels to where ground points appear, [n, 2]; NaN for points out of the picture."""
    xy_px, visible = viewpoint.pixels(_on_ground(viewpoint, xy_m))
    return np.where(visible[:, np.newaxis], xy_px - from_px, np.nan)


def _ends(
    middle: NDArray[np.float64], extent: NDArray[np.float64], size_px: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high ends of boxes [n, 2], a pixel large at least and cut to the map."""
    half = np.maximum(extent, 1.0) / 2
    low, high = (
        np.clip(np.rint(end * _STEPS_PER_PX) / _STEPS_PER_PX, 0, size_px) for end in (middle - half, middle + half)
    )
    # Of a box about a middle at the very border of the map, cutting may leave nothing.
    low = np.minimum(low, np.asarray(size_px) - 1 / _STEPS_PER_PX)
    return low, np.maximum(high, low + 1 / _STEPS_PER_PX)


def _too_near(viewpoint: Viewpoint, xy_m: NDArray[np.float64], range_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points [n, 2] lie before the first ground that is seen, or about the robot itself, bool [n]."""
    foot_m = np.asarray(viewpoint.camera_xy_m)
    farthest_m = max(float(range_m.max()), 2 * _NEAREST_M)
    ranges_m = np.geomspace(_NEAREST_M, farthest_m, math.ceil(math.log(farthest_m / _NEAREST_M, _RANGE_STEP)) + 1)
    azimuths = (np.arange(_AZIMUTHS) + 0.5) * (2 * math.pi / _AZIMUTHS) - math.pi
    directions = np.stack([np.cos(azimuths), np.sin(azimuths)], axis=1)
    probes_m = foot_m + directions[:, np.newaxis] * ranges_m[:, np.newaxis]
    seen = _look(viewpoint, probes_m.reshape(-1, 2))[1].reshape(_AZIMUTHS, -1)
    if not seen.any():
        return np.zeros(len(xy_m), np.bool_)
    first_m = np.where(seen.any(axis=1), ranges_m[seen.argmax(axis=1)], 0.0)
    nearest_m = first_m[first_m > 0.0].min()
    # Where ground comes into the picture over its side, much farther away, what lies before it is beside the view.
    first_m = np.minimum(first_m, _FARTHEST_BLIND * nearest_m)
    offset_m = xy_m - foot_m
    turn = (np.arctan2(offset_m[:, 1], offset_m[:, 0]) + math.pi) / (2 * math.pi)
    before = range_m < first_m[(turn * _AZIMUTHS).astype(np.int64) % _AZIMUTHS]
    along = np.clip(-offset_m @ foot_m / max(float(foot_m @ foot_m), 1e-12), 0.0, 1.0)
    about = np.linalg.norm(xy_m - foot_m * (1.0 - along[:, np.newaxis]), axis=1) < nearest_m
    return np.asarray(before | about)
