"""Where the robot may stand: its outline laid over the ground that is believed free."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.outline_discs import outline_discs
from ris_ros.planning.values import UNKNOWN, Footprint, Occupancy, Pose2d

_FINE = 2
"""Parts along a cell's side in which the distance to what is not free is kept."""

_SLACK_CELLS = 0.5
"""How far the discs that stand for the outline may reach over it, in cells."""


class Clearance:
    """Answers whether the robot's outline, grown by the room to be left around it, lies on free ground alone.

    A cell is free when it is known and free with a probability of at least ``free_probability``. Of the unknown cells
    those count as free to stand in and to drive through that the cameras cannot see though the robot stands among
    them: those under its own outline grown by the clearance and two cells, and the blind ones connected with these.
    Every other unknown cell, and all outside the map, is not free. Nor are blind cells in which a thing may stand that
    the picture shows in part, but for those that the robot itself takes up.

    The check never errs towards danger: a pose that is clear leaves at least ``clearance_m`` between the outline and
    every point of every cell that is not free. For that it may refuse poses that leave up to 1.4 cells more: the
    outline is covered by discs that reach at most half a cell over it, and the distance from a disc's middle to what is
    not free is read off half-cells, of which the two concerned are held to be as near to each other as they can be.

    Args:
        occupancy: What is known of the ground; the robot is at the origin of its frame, along x.
        footprint: The robot's outline.
        clearance_m: Room to be left around it.
        free_probability: Probability from which ground counts as free, 0 to 1.
        keep_out: bool [rows, columns], cells that are not free whatever the map says of them, such as an object's.
    """

    def __init__(
        self,
        occupancy: Occupancy,
        footprint: Footprint,
        clearance_m: float,
        free_probability: float,
        keep_out: NDArray[np.bool_] | None = None,
    ) -> None:
        self.occupancy = occupancy
        self.footprint = footprint
        self.clearance_m = clearance_m
        self.free_probability = free_probability
        values = occupancy.values
        self.seen_free: NDArray[np.bool_] = (values != UNKNOWN) & (values <= 100.0 * (1.0 - free_probability) + 1e-9)
        """bool [rows, columns]: cells known to be free."""
        self.drivable: NDArray[np.bool_] = self.seen_free | self._standing_room()
        """bool [rows, columns]: these, and the unknown ones that the robot stands among."""
        if keep_out is not None:
            self.seen_free = self.seen_free & ~keep_out
            self.drivable = self.drivable & ~keep_out
        slack_m = _SLACK_CELLS * occupancy.grid.resolution_m
        self._discs_m, radius_m = outline_discs(footprint, slack_m)
        self._needed_m = (radius_m + clearance_m).astype(np.float32)
        self._drivable_room_m = self._room(self.drivable)
        self._seen_room_m = self._room(self.seen_free)

    def clear(self, poses: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the robot may stand so or drive through; see :class:`ris_ros.planning.values.FreeSpace`."""
        return self._fits(poses, self._drivable_room_m)

    def clear_seen(self, poses: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether it may stand so on ground that was seen to be free: what is asked of a goal.

        Args:
            poses: float64 [n, 3]: x, y, yaw.

        Returns:
            bool [n].
        """
        return self._fits(poses, self._seen_room_m)

    def may_hold(self) -> NDArray[np.bool_]:
        """Cells, bool [rows, columns], in which the origin of a pose may lie that is :meth:`clear_seen`.

        In every other there is too little room for it at any heading, by the distance from the robot's origin to its
        nearest side alone.
        """
        grid = self.occupancy.grid
        nearest_m = min(self.footprint.front_m, self.footprint.rear_m, self.footprint.half_width_m)
        # What is looked up may be 0.81 cells less than what is there, and the cell's corner have 0.71 more.
        enough_m = nearest_m + self.clearance_m - (0.81 + 0.71) * grid.resolution_m
        centres_m = grid.centres_m()
        room_m = self._look_up(self._seen_room_m, centres_m[..., 0], centres_m[..., 1])
        return np.asarray(self.seen_free & (room_m >= enough_m))

    def room_m(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres from points [n, 2] to the nearest ground that is not free, at least; 0 in it and outside the map."""
        return np.maximum(self._look_up(self._drivable_room_m, xy_m[:, 0], xy_m[:, 1]), 0.0).astype(np.float64)

    def _fits(self, poses: NDArray[np.float64], room_m: NDArray[np.float32]) -> NDArray[np.bool_]:
        cos, sin = np.cos(poses[:, 2, np.newaxis]), np.sin(poses[:, 2, np.newaxis])
        ahead, left = self._discs_m.T
        x = poses[:, 0, np.newaxis] + cos * ahead - sin * left
        y = poses[:, 1, np.newaxis] + sin * ahead + cos * left
        fits: NDArray[np.bool_] = np.all(self._look_up(room_m, x, y) >= self._needed_m, axis=1)
        return fits

    def _look_up(
        self, room_m: NDArray[np.float32], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Metres of room at points, from a padded map of half-cells; not finite points lie in the padding."""
        grid = self.occupancy.grid
        side = grid.resolution_m / _FINE
        rows, columns = room_m.shape
        # The first part of the padding is at -1; everything beyond is as little free as the padding.
        column = np.clip(np.nan_to_num((x_m - grid.origin_m[0]) / side + 1.0, nan=0.0), 0.0, columns - 1.0)
        row = np.clip(np.nan_to_num((y_m - grid.origin_m[1]) / side + 1.0, nan=0.0), 0.0, rows - 1.0)
        found: NDArray[np.float32] = room_m.ravel()[row.astype(np.intp) * columns + column.astype(np.intp)]
        return found

    def _room(self, free: NDArray[np.bool_]) -> NDArray[np.float32]:
        """float32 over half-cells, padded by one: metres from anywhere in one to what is not free, at least."""
        parts = np.repeat(np.repeat(free.astype(np.uint8), _FINE, axis=0), _FINE, axis=1)
        parts = np.pad(parts, 1)
        distance = cv2.distanceTransform(parts, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        side = self.occupancy.grid.resolution_m / _FINE
        room: NDArray[np.float32] = ((distance - math.sqrt(2.0)) * side).astype(np.float32)
        return room

    def _standing_room(self) -> NDArray[np.bool_]:
        """The cells that nobody sees and that count as free because the robot stands among them."""
        grid, unknown = self.occupancy.grid, self.occupancy.values == UNKNOWN
        own = np.zeros(grid.shape, np.uint8)
        # The check may want up to 1.4 cells more than the clearance, and cells are set by their middles.
        margin = self.clearance_m + 2.0 * grid.resolution_m
        grown = Footprint(
            self.footprint.front_m + margin, self.footprint.rear_m + margin, self.footprint.half_width_m + margin
        )
        _fill(own, grown.corners_m(Pose2d(0.0, 0.0, 0.0)), grid)
        among = (unknown & (self.occupancy.blind | (own > 0))).astype(np.uint8)
        labels = np.zeros(grid.shape, np.int32)  # OpenCV 4.5.5 crashes where it is to make them itself
        cv2.connectedComponents(among, labels, connectivity=4)
        connected = np.unique(labels[(own > 0) & (among > 0)])
        standing: NDArray[np.bool_] = np.isin(labels, connected)
        # A thing that the lower edge of the picture cuts may stand anywhere before it, but not where the robot does.
        return standing | (self.occupancy.blind & (own > 0))


def _fill(cells: NDArray[np.uint8], corners_m: NDArray[np.float64], grid: Grid) -> None:
    """Set the cells that a convex outline touches."""
    corners = np.rint((corners_m - grid.origin_m) / grid.resolution_m - 0.5).astype(np.int32)
    cv2.fillConvexPoly(cells, corners, (1,))
