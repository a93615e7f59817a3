"""Simple polygons on the ground: outlines of masks and of cells, what they enclose, and whether they cross themselves.

A polygon is float64 [n, 2] (x, y) in metres, open (the first vertex is not repeated), counter-clockwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.viewpoint import Viewpoint

_HALVINGS = 6

_SMOOTHING_PX = 1.0
"""How far an outline in the picture may move: by the height of the steps that pixels make of a slanted line."""

_EDGE_PX = 8.0
"""Longest edge of an outline in the picture: of a distorting lens, longer ones are not straight on the ground."""

_CELL_TOLERANCE = 0.375

_COLUMN_STEP_PX = 16
_ROW_PROBES = 17
_BISECTIONS = 8
_MOST_ASKED = 1024


def area_m2(polygon: NDArray[np.float64]) -> float:
    """Signed area of a polygon [n, 2]: positive where it runs counter-clockwise."""
    x, y = (polygon - polygon[:1]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def contains(polygon: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether points lie in a simple polygon; of its edges, each belongs to one side only.

    Args:
        polygon: [n, 2].
        points: [m, 2].

    Returns:
        bool [m]; False for points that are not finite.
    """
    at = np.asarray(points, np.float64)[:, np.newaxis]
    start, end = polygon[np.newaxis], np.roll(polygon, -1, axis=0)[np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        crosses = (start[..., 1] > at[..., 1]) != (end[..., 1] > at[..., 1])
        slope = (end[..., 0] - start[..., 0]) / (end[..., 1] - start[..., 1])
        left = at[..., 0] < start[..., 0] + slope * (at[..., 1] - start[..., 1])
    inside: NDArray[np.bool_] = (crosses & left).sum(axis=1) % 2 == 1
    return inside


def is_simple(polygon: NDArray[np.float64]) -> bool:
    """Whether a polygon [n, 2] has three vertices at least and its edges meet at their common vertices only."""
    count = len(polygon)
    if count < 3 or not np.isfinite(polygon).all():
        return False
    start, end = polygon, np.roll(polygon, -1, axis=0)
    edge, following = end - start, np.roll(end - start, -1, axis=0)
    back = (_cross(edge, following) == 0.0) & ((edge * following).sum(axis=1) <= 0.0)
    if back.any():  # An edge of no length, or one that runs back over the one before.
        return False
    first, second = _meeting_boxes(np.minimum(start, end), np.maximum(start, end))
    apart = (np.abs(first - second) > 1) & (np.abs(first - second) < count - 1)
    a, b, c, d = start[first[apart]], end[first[apart]], start[second[apart]], end[second[apart]]
    sides = [np.sign(_cross(q - p, r - p)) for p, q, r in ((a, b, c), (a, b, d), (c, d, a), (c, d, b))]
    return not ((sides[0] * sides[1] <= 0) & (sides[2] * sides[3] <= 0)).any()


def ground_outline(
    inside: NDArray[np.bool_],
    roi_xywh: tuple[int, int, int, int],
    size_px: tuple[int, int],
    viewpoint: Viewpoint,
    tolerance_m: float,
) -> NDArray[np.float64]:
    """The outline on the ground of a mask, of its part with the largest area there; holes are filled.

    The mask is taken to lie on the ground: of what stands on it, only the foot comes to lie where it is.

    Args:
        inside: bool [height, width] of the mask's box.
        roi_xywh: This box (x, y, width, height) in the mask's pixels.
        size_px: (width, height) of the whole mask: the camera's size, or that scaled.
        viewpoint: The camera.
        tolerance_m: How far simplification may move the outline.

    Returns:
        float64 [n, 2] in the base frame: simple, counter-clockwise, on believed ground only.

    Raises:
        GeometryError: The mask is empty, shows no believed ground, or too little of it.
    """
    if not inside.any():
        raise GeometryError("The mask is empty: there is nothing to outline on the ground.")
    picture = _Picture(viewpoint, roi_xywh[:2], size_px)
    believed = inside & _believed(picture, inside.shape)
    outlines = [
        picture.ground(divided(simplified(outline, _SMOOTHING_PX), _EDGE_PX)) for outline in mask_outlines(believed)
    ]
    if not outlines:
        raise GeometryError(_no_ground(picture, inside))
    outline = max(outlines, key=lambda each: abs(area_m2(each)))
    if abs(area_m2(outline)) <= tolerance_m**2:
        raise GeometryError(
            f"The mask covers {abs(area_m2(outline)):.2g} m2 of believed ground, too little to outline: come nearer."
        )
    return simplified(outline, tolerance_m)


def grid_outline(mask: NDArray[np.bool_], grid: Grid, tolerance_m: float | None = None) -> NDArray[np.float64]:
    """The outline of the largest connected part of a mask over a grid, along the edges of its cells; holes are filled.

    Args:
        mask: bool [rows, columns].
        grid: Where the cells lie.
        tolerance_m: How far simplification may move it; None for three eighths of a cell's side, which keeps corners.

    Returns:
        float64 [n, 2] in the grid's frame: simple, counter-clockwise; no rows where the mask is empty.
    """
    outlines = mask_outlines(mask)
    if not outlines:
        return np.empty((0, 2))
    outline = max(outlines, key=lambda each: abs(area_m2(each)))
    tolerance_m = _CELL_TOLERANCE * grid.resolution_m if tolerance_m is None else tolerance_m
    return simplified(np.asarray(grid.origin_m) + (outline + 0.5) * grid.resolution_m, tolerance_m)


def mask_outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Outer outlines of the parts of a mask, where it passes one half between the middles of neighbouring pixels.

    These are the outlines of marching squares (Lorensen and Cline, "Marching Cubes", 1987, in two dimensions): along a
    row or column of pixels they are the pixels' edges, along a slanted border they run through the middle of its steps.
    Unlike outlines through the middles of pixels they lose nothing, and they never touch themselves.

    Args:
        mask: bool [h, w].

    Returns:
        float64 [n, 2] each, (x, y) with middles of pixels at whole numbers, a vertex at every half pixel or so. Parts
        that touch at corners are one.
    """
    height, width = mask.shape
    # Middles of pixels at odd places, points between two or four of them at even ones.
    fine = np.zeros((2 * height + 1, 2 * width + 1), np.uint8)
    pixels = np.zeros((height + 2, width + 2), np.uint8)
    pixels[1:-1, 1:-1] = mask
    fine[1::2, 1::2] = pixels[1:-1, 1:-1]
    fine[1::2, ::2] = pixels[1:-1, :-1] | pixels[1:-1, 1:]
    fine[::2, 1::2] = pixels[:-1, 1:-1] | pixels[1:, 1:-1]
    pairs = pixels[:, :-1] + pixels[:, 1:]
    fine[::2, ::2] = pairs[:-1] + pairs[1:] >= 2
    contours, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [(contour[:, 0].astype(np.float64) - 1.0) / 2.0 for contour in contours]


def simplified(outline: NDArray[np.float64], tolerance_m: float) -> NDArray[np.float64]:
    """A polygon of fewer vertices (Douglas and Peucker, 1973) that stays simple, counter-clockwise.

    Where it would cross itself, less is left out; should the outline itself do so, its convex hull is returned.

    Args:
        outline: [n, 2].
        tolerance_m: How far it may move; OpenCV goes up to a third beyond that, in one outline of a thousand.
    """
    if area_m2(outline) < 0.0:
        outline = outline[::-1]
    # Single precision, which OpenCV works in, is finer near 0.
    middle = outline.mean(axis=0)
    points = (outline - middle).astype(np.float32)[:, np.newaxis]
    for halving in range(_HALVINGS):
        polygon = cv2.approxPolyDP(points, tolerance_m / 2**halving, True)[:, 0].astype(np.float64) + middle
        if is_simple(polygon):
            return np.asarray(polygon)
    if is_simple(outline):
        return outline
    hull = cv2.convexHull(points)[:, 0].astype(np.float64) + middle
    return np.asarray(hull if area_m2(hull) >= 0.0 else hull[::-1])


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """The pixels of a mask's box over the ground.

    Attributes:
        viewpoint: The camera.
        corner_xy: Place of the box's first pixel in the mask.
        size_px: (width, height) of the whole mask.
    """

    viewpoint: Viewpoint
    corner_xy: tuple[int, int]
    size_px: tuple[int, int]

    def camera_px(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of the camera [n, 2] under points [n, 2] of the box; middles of pixels at whole numbers in both."""
        scale = np.asarray(self.viewpoint.camera.size_px) / np.asarray(self.size_px)
        pixels: NDArray[np.float64] = (xy + self.corner_xy + 0.5) * scale - 0.5
        return pixels

    def ground(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Believed ground [m, 2] under points [n, 2] of the box, without those that have none."""
        points = self.viewpoint.ground_points(self.camera_px(xy))[:, :2]
        return np.asarray(points[np.isfinite(points[:, 0])])

    def has_ground(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether points of the box show believed ground, in the shape of ``x`` and ``y``."""
        points = self.viewpoint.ground_points(self.camera_px(np.stack([x.ravel(), y.ravel()], axis=1)))
        return np.asarray(np.isfinite(points[:, 0]).reshape(x.shape))


def _believed(picture: _Picture, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels of a box that lie on believed ground as a whole, bool [h, w].

    Believed ground is a disc, and a disc's picture is convex: one run of rows in each column, and straight lines
    between its ends in some of the columns lie within. So few pixels need be asked for.
    """
    height, width = shape
    columns = np.linspace(-0.5, width - 0.5, -(-width // _COLUMN_STEP_PX) + 1)
    rows = np.linspace(-0.5, height - 0.5, _ROW_PROBES)
    ground = picture.has_ground(*np.meshgrid(columns, rows))
    edges = np.arange(width + 1) - 0.5
    first = np.stack([ground.argmax(axis=0), ground[::-1].argmax(axis=0)])
    from_end = np.stack([rows, rows[::-1]])
    within, without = (np.take_along_axis(from_end, at, axis=1) for at in (first, np.maximum(first - 1, 0)))
    for _ in range(_BISECTIONS):
        between = (within + without) / 2
        has = picture.has_ground(np.broadcast_to(columns, between.shape), between)
        within, without = np.where(has, between, within), np.where(has, without, between)
    within = np.where(ground.any(axis=0), within, [[np.inf], [-np.inf]])
    top, bottom = (np.interp(edges, columns, ends) for ends in within)
    # Infinite beside finite ones interpolate to NaN: no row compares with that.
    row = np.arange(height)[:, np.newaxis]
    above, below = np.maximum(top[:-1], top[1:]), np.minimum(bottom[:-1], bottom[1:])
    return np.asarray((row - 0.5 >= above) & (row + 0.5 <= below))


def _no_ground(picture: _Picture, inside: NDArray[np.bool_]) -> str:
    """Why a mask shows no believed ground."""
    rows, columns = np.nonzero(inside)
    some = slice(None, None, -(-len(rows) // _MOST_ASKED))
    pixels = picture.camera_px(np.stack([columns[some], rows[some]], axis=1).astype(np.float64))
    viewpoint = picture.viewpoint
    down = viewpoint.camera.rays(pixels) @ viewpoint.base_from_camera.rotation[2] < 0.0
    if not down.any():
        return "The mask lies above the horizon: it shows no ground; check the camera's pose against the base frame."
    return (
        f"The mask lies farther than {viewpoint.believed_range_m:.1f} m, as far as ground is believed: come nearer, or"
        " raise max_range_m or max_range_error."
    )


def divided(polygon: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    """The same polygon with further vertices on its edges, so that none is longer than ``longest``."""
    edge = np.roll(polygon, -1, axis=0) - polygon
    parts = np.maximum(np.ceil(np.hypot(edge[:, 0], edge[:, 1]) / longest), 1.0).astype(np.int64)
    index = np.repeat(np.arange(len(polygon)), parts)
    step = np.arange(len(index)) - np.repeat(np.cumsum(parts) - parts, parts)
    vertices: NDArray[np.float64] = polygon[index] + edge[index] * (step / parts[index])[:, np.newaxis]
    return vertices


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def _meeting_boxes(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of boxes, [n, 2] corners each, that overlap or touch: indices of the one and of the other, once a pair."""
    order = np.argsort(low[:, 0], kind="stable")
    # In order of their left sides, each meets in x those after it that begin before it ends.
    ends = np.searchsorted(low[order, 0], high[order, 0], side="right")
    after = np.maximum(ends - np.arange(len(order)) - 1, 0)
    first = np.repeat(np.arange(len(order)), after)
    steps = np.arange(len(first)) - np.repeat(np.cumsum(after) - after, after)
    one, other = order[first], order[first + 1 + steps]
    meet = (low[one, 1] <= high[other, 1]) & (low[other, 1] <= high[one, 1])
    return one[meet], other[meet]
