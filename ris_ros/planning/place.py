"""From a mask to its place: where the referred thing stands, and how certain that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.lifting import lift
from ris_ros.geometry.polygon import ground_outline
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.planning.values import Placement
from ris_ros.types import Grounding, Mask

PointsIn = Callable[[Mask], "NDArray[np.float64]"]
"""Gives the measured points under a mask, float64 [n, 3] in the camera's optical frame; raises GeometryError."""

OUTLINE_TOLERANCE_M = 0.05

_TINY = 1e-6
_MIDDLE_SHARE = 0.8  # of a mask's columns: its outermost are often mirrors, wheels turned out, or the thing behind
_NEAREST_QUANTILE = 0.15  # of the ranges under a thing's lower edge: where it touches the ground
_MASK_ERROR_PX = 2.0  # of a mask's lower edge, one standard deviation
_PASSING_ERROR_M = 0.5  # along the line of sight: what of a thing's foot is in sight changes as the robot passes it
_ASIDE_ERROR_M = 0.3  # of the middle of a thing's foot, across the line of sight
_ASIDE_SHARE = 0.02
_DEPTH_ERROR_M = 0.2
_DEPTH_SHARE = 0.02


def place(grounding: Grounding, viewpoint: Viewpoint, points_in: PointsIn | None) -> Placement:
    """Where an answer lies on the ground.

    Args:
        grounding: The answer.
        viewpoint: The camera that it was given for, at the instant of its image.
        points_in: What depth says, None where there is none.

    Returns:
        What can be told, with a reason where something that the command asks for cannot.
    """
    polygon_m, foot_m, lifted = np.zeros((0, 2)), None, None
    reasons = []
    if not grounding.region.empty:
        try:
            polygon_m = outline_of(grounding.region, viewpoint)
        except GeometryError as error:
            reasons.append(str(error))
    if not grounding.object.empty:
        try:
            foot_m = foot_of(grounding.object, viewpoint)
        except GeometryError as error:
            reasons.append(str(error))
        if points_in is not None:
            try:
                lifted = lift(viewpoint.base_from_camera.apply(points_in(grounding.object)))
            except GeometryError as error:
                reasons.append(str(error))
    return Placement(polygon_m, foot_m, lifted, " ".join(reasons))


def outline_of(region: Mask, viewpoint: Viewpoint) -> NDArray[np.float64]:
    """The outline of a mask on the ground, float64 [n, 2]; see :func:`~ris_ros.geometry.polygon.ground_outline`.

    Raises:
        GeometryError: None of it lies on ground that is believed.
    """
    return ground_outline(region.inside, region.roi_xywh, region.size_px, viewpoint, OUTLINE_TOLERANCE_M)


def foot_of(thing: Mask, viewpoint: Viewpoint) -> NDArray[np.float64]:
    """Where a thing stands: in the direction of its middle, as far as the nearest ground under its mask.

    Its lower edge is that towards the ground below the camera, whichever way up the camera was built in.

    Args:
        thing: Its mask, not empty.
        viewpoint: The camera.

    Returns:
        float64 [2] in the base frame.

    Raises:
        GeometryError: Its foot is out of the picture, or not on ground that is believed.
    """
    xy_px, cut = _lower_edge(thing, viewpoint)
    if cut:
        raise GeometryError(
            "The edge of the picture cuts the thing, so that its foot is out of sight: move away, or, if it is the road"
            " itself, say 'go straight ahead'."
        )
    points_m = viewpoint.ground_points(xy_px)
    points_m = points_m[np.isfinite(points_m).all(axis=1)]
    if not len(points_m):
        raise GeometryError(
            f"The thing does not stand on ground within {viewpoint.believed_range_m:.0f} m that the camera sees: come"
            " nearer, or give depth."
        )
    nearest_m = np.quantile(viewpoint.range_m(points_m), _NEAREST_QUANTILE)
    camera_xy_m = np.array(viewpoint.camera_xy_m)
    offset_m = points_m[:, :2] - camera_xy_m
    # Unless the thing is right below the camera, none of the directions is opposite to another.
    toward = (offset_m / np.maximum(np.linalg.norm(offset_m, axis=1, keepdims=True), _TINY)).mean(axis=0)
    foot_m: NDArray[np.float64] = camera_xy_m + toward / max(float(np.linalg.norm(toward)), _TINY) * nearest_m
    return foot_m


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place with its uncertainty.

    Attributes:
        xy_m: float64 [2] in the base frame.
        covariance_m2: float64 [2, 2].
    """

    xy_m: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]


def place_of_thing(placement: Placement, viewpoint: Viewpoint) -> Place | None:
    """Where a thing is believed to be: by depth where there is some, else by its foot; None where neither is known."""
    if placement.lifted is not None:
        xy_m = placement.lifted.centroid_m[:2].copy()
        away_m = float(np.linalg.norm(xy_m - viewpoint.camera_xy_m))
        return Place(xy_m, np.eye(2) * (_DEPTH_ERROR_M + _DEPTH_SHARE * away_m) ** 2)
    if placement.foot_m is None:
        return None
    return Place(placement.foot_m, _foot_covariance(placement.foot_m, viewpoint))


def place_of_region(cells_m: NDArray[np.float64], viewpoint: Viewpoint) -> Place:
    """The middle of a region, as uncertain as the region is large: its parts come and go at the border of the view.

    Args:
        cells_m: float64 [n, 2], the middles of its cells in the base frame, at least one.
        viewpoint: The camera.
    """
    xy_m = cells_m.mean(axis=0)
    spread = np.cov(cells_m.T) if len(cells_m) > 1 else np.zeros((2, 2))
    return Place(xy_m, np.asarray(spread, np.float64) + _foot_covariance(xy_m, viewpoint))


def _lower_edge(thing: Mask, viewpoint: Viewpoint) -> tuple[NDArray[np.float64], bool]:
    """Camera pixels [n, 2] where the mask's columns end, and whether the picture's border cuts most of them off.

    Of a camera that lies on its side its rows stand for columns, and of one that hangs upside down their other end.
    """
    toward_x, toward_y = _toward_ground_px(thing, viewpoint)
    sideways = abs(toward_x) > abs(toward_y)
    x, y, _, _ = thing.roi_xywh
    inside, start, along = (thing.inside.T, (y, x), 0) if sideways else (thing.inside, (x, y), 1)
    columns = np.flatnonzero(inside.any(axis=0))
    aside = int(len(columns) * (1.0 - _MIDDLE_SHARE) / 2)
    columns = columns[aside : len(columns) - aside]
    if (toward_x if sideways else toward_y) < 0.0:
        ends, border = start[1] + np.argmax(inside[:, columns], axis=0), 0
    else:
        ends = start[1] + len(inside) - np.argmax(inside[::-1, columns], axis=0)  # first row under the thing
        border = thing.size_px[along]
    edge = np.stack([start[0] + columns + 0.5, ends], axis=1)[:, :: -1 if sideways else 1]
    cut = ends == border
    camera_px = edge[~cut] * (np.array(viewpoint.camera.size_px) / thing.size_px) - 0.5
    return camera_px, bool(cut.mean() > 0.5)


def _toward_ground_px(thing: Mask, viewpoint: Viewpoint) -> tuple[float, float]:
    """Which way in the picture the direction straight down lies, from the middle of a mask; NaN where no lens says."""
    x, y, width, height = thing.roi_xywh
    scale = np.array(viewpoint.camera.size_px) / thing.size_px
    ray = viewpoint.camera.rays(np.array([[x + width / 2, y + height / 2]]) * scale - 0.5)[0]
    down = -viewpoint.base_from_camera.rotation[2]
    (from_x, from_y), (to_x, to_y) = viewpoint.camera.project(np.stack([ray, ray + 0.01 * down]))[0]
    return float(to_x - from_x), float(to_y - from_y)


def _foot_covariance(foot_m: NDArray[np.float64], viewpoint: Viewpoint) -> NDArray[np.float64]:
    """Along the line of sight by tilt, the mask's edge and what of it is in sight, across it by the thing's width."""
    point_m, height_m = foot_m[np.newaxis], viewpoint.height_m
    range_m = float(viewpoint.range_m(point_m)[0])
    # An angle's error makes one of the range as in Viewpoint.
    edge_m = _MASK_ERROR_PX / viewpoint.camera.focal_px[1] * (height_m**2 + range_m**2) / height_m
    along_m = math.hypot(float(viewpoint.range_error_m(point_m)[0]), edge_m, _PASSING_ERROR_M)
    aside_m = _ASIDE_ERROR_M + _ASIDE_SHARE * range_m
    toward = (foot_m - viewpoint.camera_xy_m) / range_m if range_m > _TINY else np.array([1.0, 0.0])
    across = np.array([-toward[1], toward[0]])
    covariance: NDArray[np.float64] = np.outer(toward, toward) * along_m**2 + np.outer(across, across) * aside_m**2
    return covariance
