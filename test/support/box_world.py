"""Ground with boxes on it, exactly: whether a robot touches one is answered by geometry, not by cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.values import Footprint

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BoxWorld:
    """A :class:`ris_ros.planning.values.FreeSpace` of boxes in a field.

    Attributes:
        grid: The field: outside of it nothing is clear.
        footprint: The robot's.
        boxes: [n, 5]: x, y, length, width, yaw.
    """

    grid: Grid
    footprint: Footprint
    boxes: Array

    def _corners(self) -> tuple[Array, Array]:
        low = np.asarray(self.grid.origin_m, np.float64)
        return low, low + np.asarray(self.grid.size_cells) * self.grid.resolution_m

    def clear(self, poses: Array) -> NDArray[np.bool_]:
        """No corner outside the field, and an axis parts the robot from each box (separating axis theorem)."""
        low, high = self._corners()
        foot = self.footprint
        half = np.array([(foot.front_m + foot.rear_m) / 2, foot.half_width_m])
        cos, sin = np.cos(poses[:, 2]), np.sin(poses[:, 2])
        centre = poses[:, :2] + np.stack([cos, sin], axis=1) * (foot.front_m - foot.rear_m) / 2
        reach = np.stack([np.abs(cos) * half[0] + np.abs(sin) * half[1], np.abs(sin) * half[0] + np.abs(cos) * half[1]])
        clear = ((centre - reach.T >= low) & (centre + reach.T <= high)).all(axis=1)
        for x, y, length, width, yaw in self.boxes:
            offset = centre - (x, y)
            size = np.array([length, width]) / 2
            turn_cos, turn_sin = np.abs(np.cos(poses[:, 2] - yaw)), np.abs(np.sin(poses[:, 2] - yaw))
            on_robot = np.abs([cos * offset[:, 0] + sin * offset[:, 1], cos * offset[:, 1] - sin * offset[:, 0]])
            box_cos, box_sin = np.cos(yaw), np.sin(yaw)
            on_box = np.abs(
                [box_cos * offset[:, 0] + box_sin * offset[:, 1], box_cos * offset[:, 1] - box_sin * offset[:, 0]]
            )
            apart = on_robot[0] > half[0] + size[0] * turn_cos + size[1] * turn_sin
            apart |= on_robot[1] > half[1] + size[0] * turn_sin + size[1] * turn_cos
            apart |= on_box[0] > size[0] + half[0] * turn_cos + half[1] * turn_sin
            apart |= on_box[1] > size[1] + half[0] * turn_sin + half[1] * turn_cos
            clear &= apart
        return clear

    def room_m(self, xy_m: Array) -> Array:
        """Distance to the nearest box or edge of the field."""
        low, high = self._corners()
        room = np.minimum(xy_m - low, high - xy_m).min(axis=1)
        for x, y, length, width, yaw in self.boxes:
            offset = xy_m - (x, y)
            local = np.abs(offset @ np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]))
            beyond = np.maximum(local - (length / 2, width / 2), 0.0)
            room = np.minimum(room, np.hypot(beyond[:, 0], beyond[:, 1]))
        return np.maximum(room, 0.0)
