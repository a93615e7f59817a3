"""Where the cameras are, and where the robot is: one table of sources behind one protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from ris_ros.config.ground import POSE_NUMBERS, ExtrinsicsSource
from ris_ros.config.node import NodeConfig
from ris_ros.errors import TransportError, UnknownFrameError
from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform
from ris_ros.ros.odometry import OdometryMotion
from ris_ros.ros.tf_transforms import TfTransforms


class Transforms(Protocol):
    """A source of transforms. What looks one up may wait, and is called from any thread but the executor's."""

    def base_from_camera(self, camera: str, frame_id: str, stamp_ns: int) -> RigidTransform:
        """Where a camera's optical frame is in the base frame.

        Args:
            camera: The camera.
            frame_id: Frame of its images.
            stamp_ns: Stamp of the image.

        Raises:
            UnknownFrameError: This source does not know the camera.
            GeometryError: It does, but not at this stamp.
        """
        ...

    def base_from(self, frame_id: str, stamp_ns: int) -> RigidTransform:
        """Where another sensor's frame is in the base frame; raises as :meth:`base_from_camera` does."""
        ...

    def fixed_from_base(self, stamp_ns: int) -> RigidTransform | None:
        """Where the robot is in the fixed frame; None where nobody tells of its motion.

        Raises:
            GeometryError: Its motion is known, but not at this stamp.
        """
        ...

    def problem(self, camera: str, frame_id: str) -> str:
        """Why this source does not know a camera at all, empty where it does; never waits.

        Args:
            camera: The camera.
            frame_id: Frame of its images.
        """
        ...

    def describe(self, camera: str, now_ns: int) -> dict[str, str]:
        """What diagnostics tell: where a camera's pose comes from, and how old it is; the same of the motion."""
        ...

    def follow(self) -> None:
        """Look at what is published; called by the executor now and then."""
        ...

    def forget(self) -> None:
        """The clock jumped: forget what is of another time."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class StaticTransforms:
    """What parameters say of the cameras, and odometry of the motion.

    Args:
        poses: Camera -> ``base_from_camera``, of those that are known.
        base_frame: The robot's frame.
        motion: The robot's.
    """

    def __init__(self, poses: Mapping[str, RigidTransform], base_frame: str, motion: OdometryMotion) -> None:
        self._poses = poses
        self._base_frame = base_frame
        self._motion = motion

    def base_from_camera(self, camera: str, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`Transforms`; the frame's name and the stamp make no difference."""
        pose = self._poses.get(camera)
        if pose is None:
            raise UnknownFrameError(self.problem(camera, frame_id))
        return pose

    def base_from(self, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`Transforms`."""
        if frame_id.lstrip("/") == self._base_frame:
            return RigidTransform.identity()
        raise UnknownFrameError(
            f"Where the frame '{frame_id}' is on the robot is not known without tf2_ros: publish in"
            f" '{self._base_frame}' or in the camera's frame."
        )

    def fixed_from_base(self, stamp_ns: int) -> RigidTransform | None:
        """See :class:`Transforms`."""
        return self._motion.fixed_from_base(stamp_ns)

    def problem(self, camera: str, frame_id: str) -> str:
        """See :class:`Transforms`."""
        if camera in self._poses:
            return ""
        return f"Where camera '{camera}' is on the robot is not known: give its pose in the parameter camera_poses."

    def describe(self, camera: str, now_ns: int) -> dict[str, str]:
        """See :class:`Transforms`."""
        source = "camera_poses" if camera in self._poses else "not known"
        return {"camera_pose": source, **self._motion.describe(now_ns)}

    def follow(self) -> None:
        """See :class:`Transforms`."""
        self._motion.follow()

    def forget(self) -> None:
        """See :class:`Transforms`."""
        self._motion.forget()

    def close(self) -> None:
        """See :class:`Transforms`."""
        self._motion.close()


class FirstThenOther:
    """One source, and another for what that does not know; what the first knows but cannot tell stays untold.

    Args:
        first: The one.
        other: The other.
    """

    def __init__(self, first: Transforms, other: Transforms) -> None:
        self._first = first
        self._other = other
        self._by_other: set[str] = set()

    def base_from_camera(self, camera: str, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`Transforms`."""
        try:
            pose = self._first.base_from_camera(camera, frame_id, stamp_ns)
        except UnknownFrameError as error:
            self._by_other.add(camera)
            return _or_both(error, lambda: self._other.base_from_camera(camera, frame_id, stamp_ns))
        self._by_other.discard(camera)
        return pose

    def base_from(self, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`Transforms`."""
        try:
            return self._first.base_from(frame_id, stamp_ns)
        except UnknownFrameError as error:
            return _or_both(error, lambda: self._other.base_from(frame_id, stamp_ns))

    def fixed_from_base(self, stamp_ns: int) -> RigidTransform | None:
        """See :class:`Transforms`."""
        pose = self._first.fixed_from_base(stamp_ns)
        return self._other.fixed_from_base(stamp_ns) if pose is None else pose

    def problem(self, camera: str, frame_id: str) -> str:
        """See :class:`Transforms`."""
        problems = [source.problem(camera, frame_id) for source in (self._first, self._other)]
        return " ".join(problems) if all(problems) else ""

    def describe(self, camera: str, now_ns: int) -> dict[str, str]:
        """See :class:`Transforms`."""
        return (self._other if camera in self._by_other else self._first).describe(camera, now_ns)

    def follow(self) -> None:
        """See :class:`Transforms`."""
        self._first.follow()
        self._other.follow()

    def forget(self) -> None:
        """See :class:`Transforms`."""
        self._first.forget()
        self._other.forget()

    def close(self) -> None:
        """See :class:`Transforms`."""
        self._first.close()
        self._other.close()


def camera_poses(cameras: Sequence[str], numbers: Sequence[float]) -> dict[str, RigidTransform]:
    """``base_from_camera`` of the cameras whose poses the parameter ``camera_poses`` gives.

    Args:
        cameras: Their names.
        numbers: Of each in turn x, y, z, roll, pitch, yaw of its body; all zero where that is not known. There may be
            fewer of them than cameras.
    """
    optical = RigidTransform(OPTICAL_AXES.copy(), np.zeros(3))
    poses = {}
    for index, camera in enumerate(cameras):
        pose = numbers[index * POSE_NUMBERS : (index + 1) * POSE_NUMBERS]
        if any(pose):
            poses[camera] = RigidTransform.from_xyz_rpy(pose[:3], *pose[3:]) @ optical
    return poses


def open_transforms(node: Any, config: Callable[[], NodeConfig]) -> Transforms:
    """The source that the parameter ``extrinsics`` names.

    Args:
        node: The node to listen with.
        config: Reads the settings as they are.

    Raises:
        TransportError: It says ``tf``, and tf2_ros is not installed.
    """
    return SOURCES[config().extrinsics](node, config)


def _open_tf(node: Any, config: Callable[[], NodeConfig]) -> Transforms:
    settings = config()
    return TfTransforms(node, settings.base_frame, settings.fixed_frame, lambda: config().tf_timeout_s)


def _open_static(node: Any, config: Callable[[], NodeConfig]) -> Transforms:
    settings = config()
    motion = OdometryMotion(node, settings.fixed_frame, settings.base_frame, lambda: config().tf_timeout_s)
    return StaticTransforms(camera_poses(settings.cameras, settings.camera_poses), settings.base_frame, motion)


def _open_auto(node: Any, config: Callable[[], NodeConfig]) -> Transforms:
    try:
        first = _open_tf(node, config)
    except TransportError:
        return _open_static(node, config)
    return FirstThenOther(first, _open_static(node, config))


SOURCES: Mapping[ExtrinsicsSource, Callable[[Any, Callable[[], NodeConfig]], Transforms]] = MappingProxyType(
    {"auto": _open_auto, "tf": _open_tf, "static": _open_static}
)


def _or_both(first: UnknownFrameError, other: Callable[[], RigidTransform]) -> RigidTransform:
    """What the other source says; where it does not know either, both sentences."""
    try:
        return other()
    except UnknownFrameError as error:
        raise UnknownFrameError(f"{first} {error}") from None
