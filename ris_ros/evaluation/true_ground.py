"""The exact ground of a rendered picture: where one may drive, what stands there, and whether a robot would touch it.

All is in the camera's ground frame (origin on the road below the camera, x forward, y left), which serves as the
robot's base frame: what is planned there can be compared as it is. Nothing in :class:`TrueGround` goes through the
geometry that is measured: rays are those of the camera that the picture was rendered with.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.geometry import Box3d, Geometry
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.planning.values import Footprint, Pose2d

OBSTACLE_CLASSES: frozenset[str] = frozenset({"car", "van", "truck", "bus", "pedestrian", "bicyclist", "cone"})
"""What a robot could touch on a road. Poles, signs and lamps stand on the pavement, which is not to be driven on."""

_RESOLUTION_M = 0.1
_AHEAD_M, _BEHIND_M, _ASIDE_M = 42.0, 8.0, 24.0
_HEADINGS = 24
_SAMPLE_M = 0.1


def level(camera: PinholeCamera) -> PinholeCamera:
    """A camera of a world as it stands in its own ground frame."""
    return replace(camera, position_m=(0.0, 0.0, camera.height_m), yaw=0.0)


def base_from_camera(camera: PinholeCamera) -> RigidTransform:
    """From a camera's optical frame into its ground frame, exactly."""
    return RigidTransform(level(camera).world_from_optical, np.array([0.0, 0.0, camera.height_m]))


def camera_model(camera: PinholeCamera) -> CameraModel:
    """The lens that a picture was rendered with, as the geometry under test has it."""
    focal, (x, y) = camera.focal_px, camera.centre_px
    return CameraModel.from_calibration(camera.size_px, [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0], "", [])


def exact_viewpoint(camera: PinholeCamera, max_range_m: float) -> Viewpoint:
    """A rendered picture's camera over its ground frame, believed everywhere within a range."""
    return Viewpoint(camera_model(camera), base_from_camera(camera), 0.0, max_range_m, 0.0, 1.0)


class TrueGround:
    """The ground of one rendered picture.

    Args:
        image: Picture and labels.
        geometry: Its camera and boxes.
    """

    def __init__(self, image: LabeledImage, geometry: Geometry) -> None:
        origin = (-_BEHIND_M, -_ASIDE_M)
        size = (round((_AHEAD_M + _BEHIND_M) / _RESOLUTION_M), round(2 * _ASIDE_M / _RESOLUTION_M))
        self.grid = Grid(_RESOLUTION_M, size, origin)
        self.camera: PinholeCamera = level(geometry.camera)
        centres = self.grid.centres_m()
        self._rows, self._columns, self._seen = self._pixels_of(centres)
        self.road: NDArray[np.bool_] = self.spread(np.asarray(image.class_map == BY_NAME["road"].id))
        """bool [rows, columns]: the picture shows road there."""
        self.boxes: list[NDArray[np.float64]] = [
            _outline(box) for key, box in geometry.boxes.items() if image.instances[key].class_name in OBSTACLE_CLASSES
        ]
        """float64 [4, 2] each: the outline on the ground of what stands there."""
        range_m = np.hypot(centres[..., 0], centres[..., 1])
        # What lies under the lower edge of the picture nobody can tell; the robot stands there.
        self._blind = ~self._seen & (range_m < self._blind_m())
        self.occupied: NDArray[np.bool_] = self._under(self.boxes)

    def spread(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask of the picture on the ground.

        Args:
            mask: bool [H, W].

        Returns:
            bool [rows, columns] of the grid: whether the pixel in which a cell's middle is seen lies in the mask.
        """
        return np.asarray(mask[self._rows, self._columns] & self._seen)

    def touched(self, poses: NDArray[np.float64], footprint: Footprint) -> NDArray[np.bool_]:
        """Whether a robot would touch something that stands on the ground, bool [n].

        Args:
            poses: float64 [n, 3]: x, y, yaw.
            footprint: The robot's outline.
        """
        hit = np.zeros(len(poses), np.bool_)
        corners = _corners(poses, footprint)
        for box in self.boxes:
            hit |= _overlap(corners, box)
        return hit

    def off_road(self, poses: NDArray[np.float64], footprint: Footprint) -> NDArray[np.bool_]:
        """Whether a robot would stand, with any part, on ground that is not seen to be road, bool [n].

        Ground too near to be seen is taken for road. A thing hides the ground that it stands on from the camera, and
        more; nobody may drive there unseen, so that counts as off the road too.
        """
        inside = _samples(footprint)
        cos, sin = np.cos(poses[:, 2]), np.sin(poses[:, 2])
        x = poses[:, :1] + cos[:, None] * inside[:, 0] - sin[:, None] * inside[:, 1]
        y = poses[:, 1:2] + sin[:, None] * inside[:, 0] + cos[:, None] * inside[:, 1]
        rows, columns, within = self.grid.cells_of(np.stack([x, y], axis=2))
        allowed = (self.road | self._blind)[rows, columns] & within
        return ~np.asarray(allowed.all(axis=1), np.bool_)

    def holds(self, region: NDArray[np.bool_], footprint: Footprint, clearance_m: float) -> bool:
        """Whether a region has room for the robot: its outline inside the region, and free ground around it.

        Args:
            region: bool [rows, columns] of the grid.
            footprint: The robot's outline.
            clearance_m: Room that is to be left between the outline and what is not free.
        """
        rows, columns = np.nonzero(region)
        if not len(rows):
            return False
        pad = math.ceil((footprint.front_m + footprint.rear_m + footprint.half_width_m + clearance_m) / _RESOLUTION_M)
        window = (
            slice(max(0, rows.min() - pad), rows.max() + pad + 1),
            slice(max(0, columns.min() - pad), columns.max() + pad + 1),
        )
        free = ((self.road | self._blind) & ~self.occupied)[window].astype(np.uint8)
        wide = Footprint(
            footprint.front_m + clearance_m, footprint.rear_m + clearance_m, footprint.half_width_m + clearance_m
        )
        inside = region[window].astype(np.uint8)
        for yaw in np.arange(_HEADINGS) * (2 * math.pi / _HEADINGS):
            fits = _eroded(inside, _kernel(footprint, float(yaw)))
            if fits.any() and (fits & _eroded(free, _kernel(wide, float(yaw)))).any():
                return True
        return False

    def share_inside(self, region: NDArray[np.bool_], pose: Pose2d, footprint: Footprint) -> float:
        """Share of the robot's outline that lies in a region [rows, columns] when it stands at a pose."""
        inside = _samples(footprint)
        cos, sin = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
        points = inside @ np.array([[cos, sin], [-sin, cos]]) + (pose.x_m, pose.y_m)
        rows, columns, within = self.grid.cells_of(points)
        return float((region[rows, columns] & within).mean())

    def contains(self, region: NDArray[np.bool_], pose: Pose2d) -> bool:
        """Whether the origin of a pose lies in a region [rows, columns]."""
        rows, columns, within = self.grid.cells_of(np.array([pose.x_m, pose.y_m]))
        return bool(region[rows, columns] & within)

    def _pixels_of(
        self, centres_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Row and column of the pixel that shows each cell's middle, and whether one does."""
        points = np.concatenate([centres_m, np.zeros((*centres_m.shape[:2], 1))], axis=2).reshape(-1, 3)
        xy_px, depth_m = self.camera.project(points)
        width, height = self.camera.size_px
        nearest = np.rint(np.clip(np.nan_to_num(xy_px), -1e6, 1e6)).astype(np.int64)
        seen = (depth_m > 0.1) & (nearest >= 0).all(axis=1) & (nearest < (width, height)).all(axis=1)
        nearest[~seen] = 0
        shape = centres_m.shape[:2]
        return nearest[:, 1].reshape(shape), nearest[:, 0].reshape(shape), seen.reshape(shape)

    def _blind_m(self) -> float:
        """Range within which the lower edge of the picture begins, at its corners."""
        width, height = self.camera.size_px
        toward = self.camera.rays(np.array([[x, height - 1.0] for x in (0.0, (width - 1) / 2, width - 1.0)]))
        falling = np.maximum(-toward[:, 2], 1e-6)
        reach = self.camera.height_m / falling * np.hypot(toward[:, 0], toward[:, 1])
        return float(reach.max()) + _RESOLUTION_M

    def _under(self, boxes: list[NDArray[np.float64]]) -> NDArray[np.bool_]:
        drawn = np.zeros(self.grid.shape, np.uint8)
        for box in boxes:
            cells = (box - self.grid.origin_m) / _RESOLUTION_M - 0.5
            cv2.fillConvexPoly(drawn, np.rint(cells).astype(np.int32), 1)
        return drawn.astype(np.bool_)


def _outline(box: Box3d) -> NDArray[np.float64]:
    return np.asarray(box.corners_m()[:4, :2])


def _corners(poses: NDArray[np.float64], footprint: Footprint) -> NDArray[np.float64]:
    """float64 [n, 4, 2] of the footprint at each pose, in order around it."""
    front, rear, side = footprint.front_m, -footprint.rear_m, footprint.half_width_m
    local = np.array([[front, side], [rear, side], [rear, -side], [front, -side]])
    cos, sin = np.cos(poses[:, 2]), np.sin(poses[:, 2])
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    corners: NDArray[np.float64] = np.einsum("nij,kj->nki", turn, local) + poses[:, None, :2]
    return corners


def _overlap(corners: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether rectangles [n, 4, 2] overlap one [4, 2]: no side of either separates them (separating axes)."""
    apart = np.zeros(len(corners), np.bool_)
    for step in (0, 1):
        of_box = box[step + 1] - box[step]
        along = corners @ of_box
        own = box @ of_box
        apart |= (along.min(axis=1) > own.max()) | (along.max(axis=1) < own.min())
        of_robot = corners[:, step + 1] - corners[:, step]
        along = np.einsum("nki,ni->nk", corners, of_robot)
        own_of = np.einsum("ki,ni->nk", box, of_robot)
        apart |= (along.min(axis=1) > own_of.max(axis=1)) | (along.max(axis=1) < own_of.min(axis=1))
    return ~apart


def _samples(footprint: Footprint) -> NDArray[np.float64]:
    """float64 [n, 2]: points of the footprint, its border included, at most :data:`_SAMPLE_M` apart."""
    length, width = footprint.front_m + footprint.rear_m, 2 * footprint.half_width_m
    x = np.linspace(-footprint.rear_m, footprint.front_m, math.ceil(length / _SAMPLE_M) + 1)
    y = np.linspace(-footprint.half_width_m, footprint.half_width_m, math.ceil(width / _SAMPLE_M) + 1)
    return np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)


def _kernel(footprint: Footprint, yaw_rad: float) -> NDArray[np.float32]:
    """The footprint in cells about its origin, which is the middle of the (odd) array."""
    half = math.ceil(math.hypot(max(footprint.front_m, footprint.rear_m), footprint.half_width_m) / _RESOLUTION_M)
    offsets = np.arange(-half, half + 1) * _RESOLUTION_M
    x, y = np.meshgrid(offsets, offsets)
    along = x * math.cos(yaw_rad) + y * math.sin(yaw_rad)
    across = -x * math.sin(yaw_rad) + y * math.cos(yaw_rad)
    inside = (along <= footprint.front_m) & (along >= -footprint.rear_m) & (np.abs(across) <= footprint.half_width_m)
    return np.asarray(inside, np.float32)


def _eroded(mask: NDArray[np.uint8], kernel: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the whole kernel lies in the mask; by correlation, which is by Fourier transform for kernels this large."""
    missing = cv2.filter2D((1 - mask).astype(np.float32), -1, kernel, borderType=cv2.BORDER_CONSTANT)
    # What lies outside the array is not in the mask: count the kernel's cells there as missing, too.
    outside = kernel.sum() - cv2.filter2D(np.ones_like(mask, np.float32), -1, kernel, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(missing + outside < 0.5)
