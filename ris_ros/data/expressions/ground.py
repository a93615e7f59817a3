"""A flat-ground reading of one picture, enough to lay regions in metres onto the road.

Labels carry no camera model, so horizon and scale are estimated from what is seen: road users of known height, and the
upper end of the road. Lengths are right to perhaps a third, which is what "behind the van" needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import VOID
from ris_ros.data.expressions.scene import Scene, Thing

_CAMERA_HEIGHT_M = 1.4
_FOCAL_OVER_WIDTH = 1.0
_TYPICAL_HEIGHT_M: dict[str, float] = {"car": 1.5, "pedestrian": 1.7, "bicyclist": 1.7}
_MIN_ROAD_COLUMNS = 4


@dataclass(frozen=True, slots=True, eq=False)
class GroundView:
    """Where the ground lies in the picture.

    Attributes:
        shape: (H, W) of the picture.
        horizon_y: Row of the horizon.
        vanishing_x: Column that straight ahead runs to.
        scale_px_m: Focal length times camera height: forward distance in metres is this over rows below the horizon.
        road: bool [H, W], the drivable pixels.
        labelled: bool [H, W], where the class is known; padding and the own bonnet are not.
        content: (x0, y0, x1, y1) of the picture without padding.
    """

    shape: tuple[int, int]
    horizon_y: float
    vanishing_x: float
    scale_px_m: float
    road: NDArray[np.bool_]
    labelled: NDArray[np.bool_]
    content: tuple[int, int, int, int]

    @classmethod
    def estimate(cls, scene: Scene) -> GroundView | None:
        """Read the ground off a scene; None where no road is seen."""
        road = scene.class_mask("road")
        wide_rows = np.flatnonzero(road.sum(axis=1) >= _MIN_ROAD_COLUMNS)
        if not len(wide_rows):
            return None
        horizon = float(wide_rows[0]) - 0.02 * scene.content_height
        seen = [
            thing.foot_y - thing.height * _CAMERA_HEIGHT_M / _TYPICAL_HEIGHT_M[thing.class_name]
            for thing in scene.of_class(*_TYPICAL_HEIGHT_M)
            if not (thing.merged or thing.cut_below or thing.cut_aside) and thing.height > 12
        ]
        if len(seen) >= 2:
            horizon = min(horizon, max(float(np.median(seen)), float(wide_rows[0]) - 0.15 * scene.content_height))
        scale = _FOCAL_OVER_WIDTH * scene.content_width * _CAMERA_HEIGHT_M
        known = [
            thing.info.distance_m * (thing.foot_y - horizon)
            for thing in scene.things
            if thing.info.distance_m is not None and stands_on_ground(thing)
        ]
        if len(known) >= 2:
            scale = float(np.median(known))
        centre = 0.5 * (scene.content[0] + scene.content[2])
        return cls(
            (scene.height, scene.width),
            horizon,
            centre,
            max(scale, 1.0),
            road,
            scene.image.class_map != VOID,
            scene.content,
        )

    def distance_m(self, row: float) -> float:
        """Forward distance of the ground seen in this row."""
        return self.scale_px_m / max(row - self.horizon_y, 0.5)

    def row(self, distance_m: float) -> float:
        """Row in which the ground at this forward distance is seen."""
        return self.horizon_y + self.scale_px_m / max(distance_m, 0.1)

    def lateral_m(self, column: float, row: float) -> float:
        """Sideways offset of a ground point from straight ahead, positive to the right."""
        return (column - self.vanishing_x) / float(self._px_per_m(row))

    def span_m(self, thing: Thing) -> tuple[float, float]:
        """Left and right edge of a thing's foot, as sideways offsets."""
        return self.lateral_m(thing.box[0], thing.foot_y), self.lateral_m(thing.box[2], thing.foot_y)

    def band(
        self, near_m: float, far_m: float, left_m: float, right_m: float, *, road_only: bool = True
    ) -> NDArray[np.bool_]:
        """bool [H, W]: the road (or all ground) between two forward distances and two sideways offsets."""
        height, width = self.shape
        mask = np.zeros(self.shape, np.bool_)
        first = int(np.clip(np.floor(self.row(far_m)), np.ceil(self.horizon_y) + 1, height))
        last = int(np.clip(np.ceil(self.row(near_m)), 0, height))
        if first >= last:
            return mask
        rows = np.arange(max(first, 0), last)
        metre = self._px_per_m(rows)
        columns = np.arange(width)
        inside = (columns >= (self.vanishing_x + left_m * metre)[:, None]) & (
            columns < (self.vanishing_x + right_m * metre)[:, None]
        )
        mask[rows[0] : last] = inside & self.road[rows[0] : last] if road_only else inside
        return mask

    def kerb(self, side: str, near_m: float, far_m: float, width_m: float) -> NDArray[np.bool_]:
        """bool [H, W]: a strip of road along its left or right edge, where that edge is in view."""
        height, width = self.shape
        mask = np.zeros(self.shape, np.bool_)
        first, last = (
            max(int(np.ceil(self.horizon_y)) + 1, int(self.row(far_m)), 0),
            min(height, int(np.ceil(self.row(near_m)))),
        )
        if first >= last:
            return mask
        road = self.road[first:last]
        rows = np.arange(first, last)
        depth = width_m * self._px_per_m(rows)
        columns = np.arange(width)
        if side == "left":
            edge = np.argmax(road, axis=1)
            in_view = edge > self.content[0] + 2
            beyond = edge - 3
            inside = columns < (edge + depth)[:, None]
        else:
            edge = width - 1 - np.argmax(road[:, ::-1], axis=1)
            in_view = edge < self.content[2] - 3
            beyond = edge + 3
            inside = columns > (edge - depth)[:, None]
        known = self.labelled[rows, np.clip(beyond, 0, width - 1)]
        usable = in_view & known & road.any(axis=1)
        mask[first:last] = inside & road & usable[:, None]
        return mask

    def _px_per_m(self, row: float | NDArray[np.int64]) -> NDArray[np.float64]:
        return np.maximum(np.asarray(row, np.float64) - self.horizon_y, 0.5) / _CAMERA_HEIGHT_M


def stands_on_ground(thing: Thing) -> bool:
    """Whether the lowest pixel of a thing is where it meets the ground, in view and of this thing alone."""
    return thing.class_name not in {"sign", "traffic light"} and not (thing.cut_below or thing.merged)
