"""From the pixels of a mask and a depth image or a cloud to a thing in three dimensions.

What a mask's pixels measure is not all of the thing. At its edge lie pixels of what is behind, pixels that fly between
the two because a sensor's pixel saw both, and ground at its foot. So the mask's edge is left out first, and of the
points that remain, those that do not belong together with most of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.aspect import same_aspect
from ris_ros.geometry.camera_model import CameraModel

_MILLIMETRES = ("16UC1", "mono16")
_METRES = ("32FC1",)

_EDGES_PX = (2, 1)
"""How much of a mask's edge is left out: the most of these that leaves the share below of its area."""
_LEFT_SHARE = 0.5

_MOST_POINTS = 40_000
_FEWEST_POINTS = 5

_CELL_SHARE = 0.02
_SMALLEST_CELL_M = 0.1
_THIN_SHARE = 0.05
"""Cells with less than this share of the usual surface hold stray points: flying pixels, ground at the foot."""

_TRIMMED_PERCENT = 0.5
_ANGLES = 90
_MOST_FITTED = 500
_NEAREST_FIT_M = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """An upright box around a thing.

    Attributes:
        centre_m: float64 [3].
        size_m: (length, width, height) along its own axes; length is the longer of the two on the ground.
        yaw_rad: Direction of its length, -pi/2 to pi/2: what is its front is not known.
    """

    centre_m: NDArray[np.float64]
    size_m: tuple[float, float, float]
    yaw_rad: float

    def __post_init__(self) -> None:
        if self.centre_m.dtype != np.float64 or self.centre_m.shape != (3,):
            raise ValueError("centre_m must be float64 [3]")
        if min(self.size_m) < 0.0:
            raise ValueError("size_m must not be negative")

    @property
    def corners_m(self) -> NDArray[np.float64]:
        """float64 [4, 2] of its foot, counter-clockwise."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        along, across = self.size_m[0] / 2, self.size_m[1] / 2
        local = np.array([[along, across], [-along, across], [-along, -across], [along, -across]])
        corners: NDArray[np.float64] = local @ np.array([[cos, sin], [-sin, cos]]) + self.centre_m[:2]
        return corners


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """A referred object in three dimensions.

    Attributes:
        points_m: float64 [n, 3] of its surface, outliers left out.
        centroid_m: float64 [3], median of these points.
        box: Around them; the far side, which no camera sees, is not in it.
    """

    points_m: NDArray[np.float64]
    centroid_m: NDArray[np.float64]
    box: Box

    def __post_init__(self) -> None:
        if self.points_m.dtype != np.float64 or self.points_m.ndim != 2 or self.points_m.shape[1] != 3:
            raise ValueError("points_m must be float64 [n, 3]")
        if self.centroid_m.dtype != np.float64 or self.centroid_m.shape != (3,):
            raise ValueError("centroid_m must be float64 [3]")


def depth_of(image: NDArray[np.generic], encoding: str) -> NDArray[np.float32]:
    """The depth that an image states (REP-118), in metres.

    Args:
        image: [h, w]: uint16 millimetres, 0 where nothing was measured; or float32 metres.
        encoding: As sensor_msgs/Image names it: 16UC1 (some drivers say mono16) or 32FC1.

    Returns:
        float32 [h, w] along the optical axis; NaN where nothing was measured.

    Raises:
        GeometryError: The encoding is none for depth.
    """
    if encoding not in (*_MILLIMETRES, *_METRES) or image.ndim != 2:
        raise GeometryError(
            f"A depth image comes as '{encoding}': depth is 16UC1 (millimetres) or 32FC1 (metres), see REP-118."
        )
    depth_m = image.astype(np.float32)
    if encoding in _MILLIMETRES:
        depth_m *= np.float32(0.001)
    with np.errstate(invalid="ignore"):
        depth_m[~((depth_m > 0.0) & (depth_m < np.inf))] = np.nan
    return depth_m


def depth_points(
    depth_m: NDArray[np.float32],
    inside: NDArray[np.bool_],
    roi_xywh: tuple[int, int, int, int],
    size_px: tuple[int, int],
    camera: CameraModel,
) -> NDArray[np.float64]:
    """The points that a depth image shows in a mask, the mask's edge left out.

    Args:
        depth_m: float32 [h, w] along the optical axis, taken as the camera's picture is (aligned to it), at any size of
            its aspect; not finite or not positive where nothing was measured.
        inside: bool [height, width] of the mask's box.
        roi_xywh: This box (x, y, width, height) in the mask's pixels.
        size_px: (width, height) of the whole mask: the camera's size, or that scaled.
        camera: The camera.

    Returns:
        float64 [n, 3] in the camera's optical frame; of very many, evenly spread ones.

    Raises:
        GeometryError: The depth has another aspect than the camera, or no value in the mask.
    """
    height, width = depth_m.shape
    camera_width, camera_height = camera.size_px
    if not same_aspect((width, height), camera.size_px):
        raise GeometryError(
            f"The depth image has {width}x{height} pixels, the camera {camera_width}x{camera_height}: use the depth"
            " image that is aligned to this camera."
        )
    core = _core(inside)
    rows, mask_rows = _under(roi_xywh[1], core.shape[0], size_px[1], height)
    columns, mask_columns = _under(roi_xywh[0], core.shape[1], size_px[0], width)
    some = max(1, math.ceil(math.sqrt(core.sum() / core.size * len(rows) * len(columns) / _MOST_POINTS)))
    rows, mask_rows, columns, mask_columns = (part[::some] for part in (rows, mask_rows, columns, mask_columns))
    depths = depth_m[np.ix_(rows, columns)]
    with np.errstate(invalid="ignore"):
        known = core[np.ix_(mask_rows, mask_columns)] & (depths > 0.0) & (depths < np.inf)
    if not known.any():
        raise GeometryError(
            "Depth has no value in the mask: check the depth camera's range, and that it is aligned to this camera."
        )
    row, column = np.nonzero(known)
    scale = np.array([camera_width / width, camera_height / height])
    rays = camera.rays((np.stack([columns[column], rows[row]], axis=1) + 0.5) * scale - 0.5)
    # Depth counts along the optical axis, not along the ray.
    points = rays * (depths[known].astype(np.float64) / rays[:, 2])[:, np.newaxis]
    return np.asarray(points[np.isfinite(points).all(axis=1)])


def cloud_points(
    points_camera_m: NDArray[np.floating],
    inside: NDArray[np.bool_],
    roi_xywh: tuple[int, int, int, int],
    size_px: tuple[int, int],
    camera: CameraModel,
) -> NDArray[np.float64]:
    """The points of a cloud that appear in a mask, the mask's edge left out.

    Args:
        points_camera_m: [n, 3] in the camera's optical frame at the image's stamp; not finite ones are passed over.
        inside: bool [height, width] of the mask's box.
        roi_xywh: This box (x, y, width, height) in the mask's pixels.
        size_px: (width, height) of the whole mask: the camera's size, or that scaled.
        camera: The camera.

    Returns:
        float64 [m, 3] in the camera's optical frame.

    Raises:
        GeometryError: None of them does.
    """
    points = np.asarray(points_camera_m, np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    xy_px, visible = camera.project(points)
    points, xy_px = points[visible], xy_px[visible]
    scale = np.asarray(size_px) / np.asarray(camera.size_px)
    place = np.floor((xy_px + 0.5) * scale).astype(np.int64) - np.asarray(roi_xywh[:2])
    core = _core(inside)
    within = ((place >= 0) & (place < core.shape[::-1])).all(axis=1)
    within[within] = core[place[within, 1], place[within, 0]]
    if not within.any():
        raise GeometryError(
            "The cloud has no point in the mask: check the sensor's range, and its transform to the camera."
        )
    return np.asarray(points[within])


def lift(points_base_m: NDArray[np.floating]) -> Lifted:
    """A thing from the points of its surface, those that are not its own left out.

    Seen from above, an upright surface gathers many points in few cells, and what flies, or is ground, few in many.
    Cells with next to no surface are left out, and of those that then hang together the group with most points is the
    thing; up to about a third of background does no harm. A cell is as large as two hundredths of the range, since the
    points of any sensor lie farther apart farther away, and points are counted by the area that they stand for.

    The box lies along the sides of the thing that were seen (closeness criterion of Zhang et al., "Efficient L-shape
    fitting for vehicle detection using laser scanners", IV 2017): the least rectangle around two sides is as small
    along their diagonal as along the sides themselves. Its extents leave out half a percent at each end.

    Args:
        points_base_m: [n, 3] in the base frame.

    Raises:
        GeometryError: Fewer than five of them belong together.
    """
    points = np.asarray(points_base_m, np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) >= _FEWEST_POINTS:
        points = points[_together(points)]
    if len(points) < _FEWEST_POINTS:
        raise GeometryError(
            f"Only {len(points)} points of depth lie on the thing, too few to tell where it is: come nearer."
        )
    return Lifted(points, np.median(points, axis=0), _box(points))


def _core(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask without its edge, as far as it is large enough for that."""
    mask = np.pad(inside, 1).astype(np.uint8)
    for edge_px in _EDGES_PX:
        core = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=edge_px)[1:-1, 1:-1] > 0
        if core.sum() > _LEFT_SHARE * inside.sum():
            return np.asarray(core)
    return inside


def _under(start: int, length: int, mask_size: int, depth_size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Along one axis, the depth image's pixels whose middles lie in a mask's box, and the mask's pixels they lie in."""
    pixels = np.arange(depth_size)
    under = np.floor((pixels + 0.5) * mask_size / depth_size).astype(np.int64) - start
    within = (under >= 0) & (under < length)
    return pixels[within], under[within]


def _together(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points [n, 3] belong to the thing that most of them belong to, bool [n]."""
    range_m = np.hypot(points[:, 0], points[:, 1])
    side_m = max(_SMALLEST_CELL_M, _CELL_SHARE * float(np.median(range_m)))
    # What lies far beyond the thing would ask for a large table.
    near = range_m < 3.0 * np.median(range_m) + 1.0
    places = np.floor((points[:, :2] - points[near, :2].min(axis=0)) / side_m).astype(np.int64)
    columns, rows = places[near].max(axis=0) + 1
    cell = np.where(near, places[:, 1] * columns + places[:, 0], 0)
    surface = np.bincount(cell[near], range_m[near] ** 2, minlength=rows * columns)
    usual = np.median(surface[cell[near]])
    solid = (surface >= _THIN_SHARE * usual) & (surface > 0.0)
    # Cells that touch at a side, at a corner, or with one empty cell between them hang together.
    joined = cv2.dilate(solid.reshape(rows, columns).astype(np.uint8), np.ones((2, 2), np.uint8))
    _, groups = cv2.connectedComponents(joined, connectivity=8)
    group = np.where(near & solid[cell], groups.ravel()[cell], 0)
    counts = np.bincount(group)
    counts[0] = 0
    belong: NDArray[np.bool_] = (group == counts.argmax()) & (group > 0)
    return belong


def _box(points: NDArray[np.float64]) -> Box:
    """The upright box around points [n, 3]."""
    few = points[:: -(-len(points) // _MOST_FITTED), :2]
    angles = np.arange(_ANGLES) * (math.pi / 2 / _ANGLES)
    to_sides = [_to_ends(few @ axis) for axis in _axes(angles)]
    closeness = 1.0 / np.maximum(np.minimum(*to_sides), _NEAREST_FIT_M)
    yaw = float(angles[closeness.sum(axis=0).argmax()])
    along, across = _axes(yaw)
    extents = [_ends(points[:, :2] @ along), _ends(points[:, :2] @ across), _ends(points[:, 2])]
    middle = [(low + high) / 2 for low, high in extents]
    length, width, height = (float(high - low) for low, high in extents)
    centre = np.array([*(middle[0] * along + middle[1] * across), middle[2]])
    if length < width:
        length, width, yaw = width, length, yaw - math.pi / 2
    return Box(centre, (length, width, height), yaw)


def _axes(yaw: float | NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions of a box's two sides on the ground, [2, ...] each."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.stack([cos, sin]), np.stack([-sin, cos])


def _ends(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest along the first axis, the trimmed share left out at each end."""
    low, high = np.percentile(values, [_TRIMMED_PERCENT, 100.0 - _TRIMMED_PERCENT], axis=0)
    return low, high


def _to_ends(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each value to the nearer end along the first axis."""
    low, high = _ends(values)
    return np.asarray(np.minimum(np.abs(values - low), np.abs(high - values)))
