"""A plan as a picture for people: the camera view with masks and way beside the ground from above.

From above, forward is up. Lengths are those of the base frame; what is drawn into the camera view is drawn on the
ground first and then seen through the camera, so that it bends with any lens and ends at the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.overlay import OBJECT_COLOUR, REGION_COLOUR, Colour
from ris_ros.planning.describe import describe
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Footprint, Occupancy, Plan, Pose2d

_PATH_COLOUR: Colour = (255, 209, 84)
_ROBOT_COLOUR: Colour = (245, 247, 250)
_UNKNOWN_COLOUR: Colour = (27, 30, 36)
_BLIND_COLOUR: Colour = (49, 54, 63)
_FREE_COLOUR: Colour = (116, 128, 142)
_DOUBTFUL_COLOUR: Colour = (66, 62, 76)
_OCCUPIED_COLOUR: Colour = (214, 64, 84)
_RING_COLOUR: Colour = (168, 176, 188)
_TEXT_COLOUR: Colour = (236, 239, 244)
_REFUSED_COLOUR: Colour = (255, 196, 84)
_PANEL_COLOUR: Colour = (18, 20, 24)

_FONT = cv2.FONT_HERSHEY_DUPLEX
_OVERSAMPLING = 2
_BEHIND_M = 3.5
_LEAST_AHEAD_M = 14.0
_ROOM_AHEAD_M = 5.0
_PANEL_ASPECT = 0.9
_GROUND_RESOLUTION_M = 0.04
_GHOST_STEP_M = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one camera showed and what was made of it.

    Attributes:
        answered_rgb: uint8 [H, W, 3], the camera's image with the answers drawn in (:mod:`ris_ros.pipeline.overlay`).
        viewpoint: The camera, at its full size.
        occupancy: The ground as it is believed to be, in the base frame.
        plan: What is to be done.
        footprint: The robot's outline.
    """

    answered_rgb: NDArray[np.uint8]
    viewpoint: Viewpoint
    occupancy: Occupancy
    plan: Plan
    footprint: Footprint


def plan_picture(sight: Sight) -> NDArray[np.uint8]:
    """The camera view beside the ground from above, with a line of words below.

    Returns:
        uint8 [H, W, 3] RGB, as high as the camera's image and a line of words.
    """
    camera = camera_view(sight)
    height = camera.shape[0]
    ground = ground_view(sight, (round(height * _PANEL_ASPECT), height))
    gap = np.full((height, max(2, height // 120), 3), _PANEL_COLOUR, np.uint8)
    picture = np.concatenate([camera, gap, ground], axis=1)
    return np.concatenate([picture, _words(sight.plan, picture.shape[1], height)], axis=0)


def camera_view(sight: Sight) -> NDArray[np.uint8]:
    """The camera image with the answers, the way that the robot's outline sweeps, and the goal.

    Returns:
        uint8 [H, W, 3] RGB, of the camera's size.
    """
    picture = sight.answered_rgb
    if sight.plan.goal is None:
        return picture
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    ground_m = sight.viewpoint.ground_points(np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64))
    ink, cover, grid = _painted_ground(sight)
    # From the metres of each pixel's ground to the cells of the painted one; what is no ground lies outside it.
    cells = (ground_m[:, :2] - grid.origin_m) / grid.resolution_m - 0.5
    places = np.nan_to_num(cells, nan=-9.0).astype(np.float32).reshape(height, width, 2)
    colour = cv2.remap(ink, places[..., 0], places[..., 1], cv2.INTER_LINEAR)
    share = cv2.remap(cover, places[..., 0], places[..., 1], cv2.INTER_LINEAR)[..., np.newaxis]
    return np.asarray(np.rint(picture * (1.0 - share) + colour * share), np.uint8)


def ground_view(sight: Sight, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The ground from above: costmap, region, object, path, goal, the robot and rings of equal distance.

    Args:
        sight: What to draw.
        size_px: (width, height).

    Returns:
        uint8 [height, width, 3] RGB.
    """
    width, height = (side * _OVERSAMPLING for side in size_px)
    window = _Window.around(sight, (width, height))
    canvas = _costmap(sight.occupancy, window)
    plan, footprint = sight.plan, sight.footprint
    if len(plan.region_m):
        outline = window.px(plan.region_m)
        _blend(canvas, lambda layer: cv2.fillPoly(layer, [outline], REGION_COLOUR, cv2.LINE_AA), 0.38)
        cv2.polylines(canvas, [outline], True, REGION_COLOUR, window.line, cv2.LINE_AA)
    _rings(canvas, window)
    if plan.path is not None:
        way = plan.path.poses
        swept = [window.px(footprint.corners_m(Pose2d(*map(float, pose)))) for pose in way]

        def sweep(layer: NDArray[np.uint8]) -> None:
            for part in swept:
                cv2.fillConvexPoly(layer, part, _PATH_COLOUR, cv2.LINE_AA)

        _blend(canvas, sweep, 0.22)
        cv2.polylines(canvas, [window.px(way[:, :2])], False, _PATH_COLOUR, window.line + 1, cv2.LINE_AA)
        for pose in _spaced(way)[1:]:
            corners = window.px(footprint.corners_m(Pose2d(*map(float, pose))))
            cv2.polylines(canvas, [corners], True, _PATH_COLOUR, max(1, window.line // 2), cv2.LINE_AA)
    if plan.thing_m is not None:
        _diamond(canvas, window, plan.thing_m, OBJECT_COLOUR)
    if plan.goal is not None:
        _robot(canvas, window, footprint, plan.goal, _PATH_COLOUR, filled=False)
    _robot(canvas, window, footprint, Pose2d(0.0, 0.0, 0.0), _ROBOT_COLOUR, filled=True)
    _legend(canvas, sight, window)
    return np.asarray(cv2.resize(canvas, size_px, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the ground that is drawn, and how large.

    Attributes:
        px_per_m: Scale.
        ahead_m: x of the upper edge.
        left_m: y of the left edge.
        size_px: (width, height).
    """

    px_per_m: float
    ahead_m: float
    left_m: float
    size_px: tuple[int, int]

    @classmethod
    def around(cls, sight: Sight, size_px: tuple[int, int]) -> _Window:
        """As much of the ground ahead as holds the plan."""
        plan, grid = sight.plan, sight.occupancy.grid
        held = [np.zeros((1, 2)), plan.region_m]
        if plan.goal is not None:
            held.append(np.array([[plan.goal.x_m, plan.goal.y_m]]))
        if plan.thing_m is not None:
            held.append(plan.thing_m[np.newaxis])
        points = np.concatenate(held)
        width, height = size_px
        end_m = grid.origin_m[0] + grid.size_cells[0] * grid.resolution_m
        ahead_m = max(_LEAST_AHEAD_M, float(points[:, 0].max()) + _ROOM_AHEAD_M)
        aside_m = (float(np.abs(points[:, 1]).max()) + 1.5) * 2 * height / width - _BEHIND_M
        ahead_m = min(max(ahead_m, aside_m), max(end_m, _LEAST_AHEAD_M))
        px_per_m = height / (ahead_m + _BEHIND_M)
        return cls(px_per_m, ahead_m, width / px_per_m / 2, size_px)

    @property
    def line(self) -> int:
        """Pixels of a line that is well seen."""
        return max(2, round(self.size_px[1] / 360))

    @property
    def text(self) -> float:
        """Scale of small words."""
        return self.size_px[1] / 1150

    def px(self, xy_m: NDArray[np.float64]) -> NDArray[np.int32]:
        """int32 [n, 2] pixels of points [n, 2]."""
        columns = (self.left_m - xy_m[:, 1]) * self.px_per_m
        rows = (self.ahead_m - xy_m[:, 0]) * self.px_per_m
        return np.rint(np.stack([columns, rows], axis=1)).astype(np.int32)


def _painted_ground(sight: Sight) -> tuple[NDArray[np.float32], NDArray[np.float32], Grid]:
    """Way and goal as they would be painted on the road: colours [rows, columns, 3], cover 0 to 1, and the cells."""
    plan, goal = sight.plan, sight.plan.goal
    points = [np.zeros((1, 2))] if goal is None else [sight.footprint.corners_m(goal)]
    if plan.path is not None:
        points.append(plan.path.poses[:, :2])
    every = np.concatenate(points)
    margin = max(sight.footprint.front_m, sight.footprint.rear_m) + sight.footprint.half_width_m + 0.5
    low, high = every.min(axis=0) - margin, every.max(axis=0) + margin
    size = np.ceil((high - low) / _GROUND_RESOLUTION_M).astype(int)
    grid = Grid(_GROUND_RESOLUTION_M, (int(size[0]), int(size[1])), (float(low[0]), float(low[1])))
    ink = np.zeros((*grid.shape, 3), np.float32)
    ink[:] = _PATH_COLOUR
    cover = np.zeros(grid.shape, np.float32)

    def cells(xy_m: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.asarray(np.rint((xy_m - low) / _GROUND_RESOLUTION_M - 0.5), np.int32)

    if plan.path is not None:
        for pose in plan.path.poses:
            swept = cells(sight.footprint.corners_m(Pose2d(*map(float, pose))))
            cv2.fillConvexPoly(cover, swept, 0.42)
        cv2.polylines(cover, [cells(plan.path.poses[:, :2])], False, 0.95, max(1, round(0.12 / _GROUND_RESOLUTION_M)))
    if goal is not None:
        cv2.fillConvexPoly(cover, cells(sight.footprint.corners_m(goal)), 0.62)
        outline = cells(sight.footprint.corners_m(goal))
        cv2.polylines(cover, [outline], True, 1.0, max(1, round(0.12 / _GROUND_RESOLUTION_M)))
    return ink, cv2.GaussianBlur(cover, (0, 0), 0.8), grid


def _costmap(occupancy: Occupancy, window: _Window) -> NDArray[np.uint8]:
    """The map's colours over the window, cells as they are."""
    values = occupancy.values.astype(np.float32)
    share = (np.clip(values, 0, 100) / 100.0)[..., np.newaxis]
    colours = np.asarray(_FREE_COLOUR) * (1.0 - share) + np.asarray(_DOUBTFUL_COLOUR) * share
    colours[values >= OCCUPIED] = _OCCUPIED_COLOUR
    colours[values == UNKNOWN] = _UNKNOWN_COLOUR
    colours[occupancy.blind & (values == UNKNOWN)] = _BLIND_COLOUR
    grid, scale = occupancy.grid, window.px_per_m * occupancy.grid.resolution_m
    # Pixel (u, v) shows the cell (row, column) = (y, x): x falls downwards, y to the right.
    x0 = (window.ahead_m - grid.origin_m[0]) / grid.resolution_m - 0.5
    y0 = (window.left_m - grid.origin_m[1]) / grid.resolution_m - 0.5
    matrix = np.array([[0.0, -1.0 / scale, x0], [-1.0 / scale, 0.0, y0]])
    return np.asarray(
        cv2.warpAffine(
            np.rint(colours).astype(np.uint8),
            matrix,
            window.size_px,
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_UNKNOWN_COLOUR,
        ),
        np.uint8,
    )


def _rings(canvas: NDArray[np.uint8], window: _Window) -> None:
    step_m = 5 if window.ahead_m <= 25.0 else 10
    (centre,) = window.px(np.zeros((1, 2))).tolist()

    def paint(layer: NDArray[np.uint8]) -> None:
        for radius_m in range(step_m, math.ceil(2 * window.ahead_m), step_m):
            cv2.circle(layer, centre, round(radius_m * window.px_per_m), _RING_COLOUR, 1, cv2.LINE_AA)
        cv2.line(layer, centre, (centre[0], 0), _RING_COLOUR, 1, cv2.LINE_AA)

    _blend(canvas, paint, 0.55)
    for radius_m in range(step_m, math.ceil(window.ahead_m), step_m):
        top = centre[1] - round(radius_m * window.px_per_m)
        if top > window.size_px[1] // 40:
            _text(canvas, f"{radius_m} m", (centre[0] + window.line * 3, top - window.line), window.text, _RING_COLOUR)


def _robot(
    canvas: NDArray[np.uint8], window: _Window, footprint: Footprint, pose: Pose2d, colour: Colour, *, filled: bool
) -> None:
    outline = window.px(footprint.corners_m(pose))
    _blend(canvas, lambda layer: cv2.fillConvexPoly(layer, outline, colour, cv2.LINE_AA), 0.9 if filled else 0.55)
    cv2.polylines(canvas, [outline], True, colour, window.line, cv2.LINE_AA)
    ahead = np.array([math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)])
    reach = footprint.front_m + max(0.8, 0.25 * (footprint.front_m + footprint.rear_m))
    here = np.array([pose.x_m, pose.y_m])
    tail, tip = window.px(np.stack([here, here + reach * ahead])).tolist()
    cv2.arrowedLine(canvas, tail, tip, _PANEL_COLOUR, window.line * 3, cv2.LINE_AA, tipLength=0.4)
    cv2.arrowedLine(canvas, tail, tip, colour, window.line + 1, cv2.LINE_AA, tipLength=0.4)


def _diamond(canvas: NDArray[np.uint8], window: _Window, place_m: NDArray[np.float64], colour: Colour) -> None:
    (centre,) = window.px(place_m[np.newaxis])
    reach = window.line * 6
    corners = centre + np.array([[0, -reach], [reach, 0], [0, reach], [-reach, 0]], np.int32)
    cv2.fillConvexPoly(canvas, corners, colour, cv2.LINE_AA)
    cv2.polylines(canvas, [corners], True, _PANEL_COLOUR, window.line, cv2.LINE_AA)


def _legend(canvas: NDArray[np.uint8], sight: Sight, window: _Window) -> None:
    entries: list[tuple[str, Colour]] = [
        ("free", _FREE_COLOUR), ("obstacle", _OCCUPIED_COLOUR), ("unknown", _UNKNOWN_COLOUR),
    ]  # fmt: skip
    if len(sight.plan.region_m):
        entries.append(("region", REGION_COLOUR))
    if sight.plan.thing_m is not None:
        entries.append(("object", OBJECT_COLOUR))
    if sight.plan.goal is not None:
        entries.append(("path" if sight.plan.path is not None else "goal", _PATH_COLOUR))
    height = window.size_px[1]
    side = round(height / 46)
    band = round(1.9 * side)
    strip = canvas[height - band :]
    strip[:] = cv2.addWeighted(strip, 0.25, np.full_like(strip, _PANEL_COLOUR), 0.75, 0.0)
    left, top = side // 2, height - band + (band - side) // 2
    for name, colour in entries:
        cv2.rectangle(canvas, (left, top), (left + side, top + side), colour, -1)
        cv2.rectangle(canvas, (left, top), (left + side, top + side), _RING_COLOUR, 1)
        left += round(1.4 * side)
        left += _text(canvas, name, (left, top + round(0.85 * side)), window.text, _TEXT_COLOUR) + round(0.8 * side)


def _words(plan: Plan, width: int, height: int) -> NDArray[np.uint8]:
    """A line that says where the robot is sent, or why it is not."""
    band = max(18, height // 16)
    strip = np.full((band, width, 3), _PANEL_COLOUR, np.uint8)
    words = describe(plan)
    scale = band / 42
    while cv2.getTextSize(words, _FONT, scale, 1)[0][0] > width - band:
        scale *= 0.95
    _text(strip, words, (band // 3, round(0.68 * band)), scale, _REFUSED_COLOUR if plan.reason else _TEXT_COLOUR, 1)
    return strip


def _text(
    picture: NDArray[np.uint8], words: str, origin: tuple[int, int], scale: float, colour: Colour, weight: int = 0
) -> int:
    """Write, with a dark edge unless a weight is given; returns the width in pixels."""
    words = words.encode("ascii", "replace").decode("ascii")
    thick = weight or max(1, round(scale * 2))
    if not weight:
        cv2.putText(picture, words, origin, _FONT, scale, _PANEL_COLOUR, thick * 3, cv2.LINE_AA)
    cv2.putText(picture, words, origin, _FONT, scale, colour, thick, cv2.LINE_AA)
    return int(cv2.getTextSize(words, _FONT, scale, thick)[0][0])


def _blend(canvas: NDArray[np.uint8], paint: Callable[[NDArray[np.uint8]], object], opacity: float) -> None:
    layer = canvas.copy()
    paint(layer)
    cv2.addWeighted(layer, opacity, canvas, 1.0 - opacity, 0.0, dst=canvas)


def _spaced(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses about every :data:`_GHOST_STEP_M` of the way."""
    way_m = np.concatenate([[0.0], np.linalg.norm(np.diff(poses[:, :2], axis=0), axis=1).cumsum()])
    wanted = np.arange(0.0, way_m[-1], _GHOST_STEP_M)
    return poses[np.searchsorted(way_m, wanted)]
