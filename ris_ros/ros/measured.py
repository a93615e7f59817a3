"""What depth says about an image: points in masks and depth in its pixels, at the image's stamp."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.lifting import cloud_points, depth_points
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.place import PointsIn
from ris_ros.ros.depth import DepthCloud, DepthImage, Depths
from ris_ros.ros.stamps import NS_PER_S
from ris_ros.ros.transforms import Transforms
from ris_ros.ros.viewpoints import Viewpoints
from ris_ros.types import Frame, Mask


class Measured:
    """Depth joined with cameras; may be used from any thread but the executor's, because transforms may be late.

    Args:
        depths: What was measured.
        viewpoints: Where the cameras are.
        transforms: Where other sensors are.
        max_skew_s: How far from an image depth may be.
    """

    def __init__(
        self, depths: Depths, viewpoints: Viewpoints, transforms: Transforms, max_skew_s: Callable[[], float]
    ) -> None:
        self._depths = depths
        self._viewpoints = viewpoints
        self._transforms = transforms
        self._max_skew_s = max_skew_s

    def points_in(self, frame: Frame) -> PointsIn | None:
        """What gives the measured points under a mask of an image; None where nothing was measured near its stamp."""
        depth = self._depths.at(frame.camera, frame.stamp_ns, round(self._max_skew_s() * NS_PER_S))
        if depth is None:
            return None

        def of_image(image: DepthImage, mask: Mask) -> NDArray[np.float64]:
            _require_aligned(image, frame)
            camera = self._viewpoints.at(frame).camera
            return depth_points(image.depth_m(), mask.inside, mask.roi_xywh, mask.size_px, camera)

        def of_cloud(cloud: DepthCloud, mask: Mask) -> NDArray[np.float64]:
            viewpoint = self._viewpoints.at(frame)
            points_m = self._in_camera(cloud, frame, viewpoint.base_from_camera)
            return cloud_points(points_m, mask.inside, mask.roi_xywh, mask.size_px, viewpoint.camera)

        if isinstance(depth, DepthImage):
            return lambda mask: of_image(depth, mask)
        return lambda mask: of_cloud(depth, mask)

    def depth_m(self, frame: Frame) -> NDArray[np.float32] | None:
        """The depth image of an image, float32 [h, w] in metres, NaN where unknown; None where none was taken near it.

        Raises:
            GeometryError: There is one, but it cannot be read or is not aligned to the camera.
        """
        depth = self._depths.at(frame.camera, frame.stamp_ns, round(self._max_skew_s() * NS_PER_S))
        if not isinstance(depth, DepthImage):
            return None
        _require_aligned(depth, frame)
        return depth.depth_m()

    def _in_camera(self, cloud: DepthCloud, frame: Frame, base_from_camera: RigidTransform) -> NDArray[np.floating]:
        """The points of a cloud [n, 3] in the camera's optical frame, as the camera saw them at its image's stamp."""
        if _same_frame(cloud.frame_id, frame.frame_id) and cloud.stamp_ns == frame.stamp_ns:
            return cloud.points_m()
        if _same_frame(cloud.frame_id, frame.frame_id):
            base_from_cloud = base_from_camera
        else:
            base_from_cloud = self._transforms.base_from(cloud.frame_id, cloud.stamp_ns)
        return (base_from_camera.inverse @ self._moved(cloud, frame) @ base_from_cloud).apply(cloud.points_m())

    def _moved(self, cloud: DepthCloud, frame: Frame) -> RigidTransform:
        """From the base at the cloud's stamp to the base at the image's."""
        if cloud.stamp_ns == frame.stamp_ns:
            return RigidTransform.identity()
        fixed_from_image = self._transforms.fixed_from_base(frame.stamp_ns)
        fixed_from_cloud = self._transforms.fixed_from_base(cloud.stamp_ns)
        if fixed_from_image is None or fixed_from_cloud is None:  # the skew is allowed to matter so much
            return RigidTransform.identity()
        return fixed_from_image.inverse @ fixed_from_cloud


def _require_aligned(image: DepthImage, frame: Frame) -> None:
    if image.frame_id and frame.frame_id and not _same_frame(image.frame_id, frame.frame_id):
        raise GeometryError(
            f"Camera '{frame.camera}': its depth is in the frame '{image.frame_id}', its images are in"
            f" '{frame.frame_id}': use the depth that is aligned to this camera."
        )


def _same_frame(one: str, other: str) -> bool:
    return one.lstrip("/") == other.lstrip("/")
