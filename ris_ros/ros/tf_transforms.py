"""Transforms by tf2, at the stamp that is asked for and never at another.

Written against the public interface of tf2_ros in Humble, Jazzy and Kilted. No wheel of it exists, so the tests run it
against a stand-in of that interface.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.duration import Duration
from rclpy.time import Time

from ris_ros.errors import GeometryError, LateTransformError, TransportError, UnknownFrameError, first_line
from ris_ros.geometry.rigid import RigidTransform

_MEMORY_S = 10.0
_POLL_S = 0.002


class TfTransforms:
    """What tf2 says; each lookup may be made from any thread but the executor's, which receives the transforms.

    Args:
        node: The node to listen with.
        base_frame: The robot's frame.
        fixed_frame: The frame in which it moves; empty for none.
        timeout_s: Longest wait for a transform that is merely late.

    Raises:
        TransportError: tf2_ros is not installed.
    """

    def __init__(self, node: Any, base_frame: str, fixed_frame: str, timeout_s: Callable[[], float]) -> None:
        try:
            import tf2_ros
        except ImportError:
            raise TransportError(
                "tf2_ros is not installed: install your ROS distribution's package of it (tf2-ros-py), or set"
                " extrinsics to static and say in camera_poses where the cameras are."
            ) from None
        self._tf2 = tf2_ros
        self._buffer = tf2_ros.Buffer(cache_time=Duration(seconds=_MEMORY_S))
        # The node's own executor receives: a listener that spins our node in a thread of its own would take the
        # executor's callbacks away from it.
        self._listener = tf2_ros.TransformListener(self._buffer, node)
        self._base_frame = base_frame
        self._fixed_frame = fixed_frame
        self._timeout_s = timeout_s
        self._camera_frames: dict[str, str] = {}

    def follow(self) -> None:
        """Nothing: tf's topics are as tf2 has them."""

    def forget(self) -> None:
        """The clock jumped: what moved is of another time."""
        self._buffer.clear()

    def close(self) -> None:
        """Stop listening."""
        self._listener.unregister()

    def base_from_camera(self, camera: str, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`ris_ros.ros.transforms.Transforms`."""
        self._camera_frames[camera] = frame_id
        if not frame_id:
            raise UnknownFrameError(_unnamed(camera))
        return self.base_from(frame_id, stamp_ns)

    def base_from(self, frame_id: str, stamp_ns: int) -> RigidTransform:
        """See :class:`ris_ros.ros.transforms.Transforms`."""
        return self._lookup(self._base_frame, frame_id, stamp_ns)

    def fixed_from_base(self, stamp_ns: int) -> RigidTransform | None:
        """See :class:`ris_ros.ros.transforms.Transforms`."""
        if not self._fixed_frame:
            return None
        try:
            return self._lookup(self._fixed_frame, self._base_frame, stamp_ns)
        except UnknownFrameError:
            return None

    def problem(self, camera: str, frame_id: str) -> str:
        """See :class:`ris_ros.ros.transforms.Transforms`."""
        if not frame_id:
            return _unnamed(camera)
        base, source = self._base_frame, frame_id.lstrip("/")
        return _no_way(source, base) if self._newest_ns(base, source) is None else ""

    def describe(self, camera: str, now_ns: int) -> dict[str, str]:
        """See :class:`ris_ros.ros.transforms.Transforms`."""
        told = {"camera_pose": "tf"}
        if frame_id := self._camera_frames.get(camera):
            told["transform_age_s"] = self._age(self._base_frame, frame_id, now_ns)
        if self._fixed_frame:
            told["motion"] = f"tf, {self._fixed_frame}"
            told["motion_age_s"] = self._age(self._fixed_frame, self._base_frame, now_ns)
        else:
            told["motion"] = "not known"
        return told

    def _lookup(self, target_frame: str, source_frame: str, stamp_ns: int) -> RigidTransform:
        if stamp_ns == 0:  # to tf2 this would mean the latest
            raise GeometryError("Without a stamp there is no transform: correct the camera driver.")
        target, source = target_frame.lstrip("/"), source_frame.lstrip("/")
        when = Time(nanoseconds=stamp_ns)
        end_s = time.monotonic() + self._timeout_s()
        while True:
            try:
                return _transform(self._buffer.lookup_transform(target, source, when).transform)
            except (self._tf2.LookupException, self._tf2.ConnectivityException) as error:
                raise UnknownFrameError(_no_way(source, target, f" ({first_line(error)})")) from None
            except self._tf2.ExtrapolationException:
                newest_ns = self._newest_ns(target, source)
                if self._buffer.can_transform(target, source, when):  # it has come in between
                    continue
                if newest_ns is None or newest_ns >= stamp_ns:
                    raise GeometryError(
                        f"tf no longer knows the transform from '{source}' to '{target}' at the image's stamp: the"
                        " image is too old, or its stamp is of another clock."
                    ) from None
                late = (
                    f"The transform from '{source}' to '{target}' is known up to {(stamp_ns - newest_ns) / 1e9:.3f} s"
                    " before the image: raise tf_timeout_s, or check that its publisher runs by the same clock."
                )
            except self._tf2.TransformException as error:
                raise GeometryError(
                    f"tf refused the transform from '{source}' to '{target}' ({first_line(error)}): check the frames'"
                    " names."
                ) from None
            left_s = end_s - time.monotonic()
            if left_s <= 0.0:
                raise LateTransformError(late)
            time.sleep(min(_POLL_S, left_s))

    def _newest_ns(self, target: str, source: str) -> int | None:
        """The latest time at which the transform is known: 0 for one that is static, None where there is none."""
        try:
            return int(self._buffer.get_latest_common_time(target, source).nanoseconds)
        except self._tf2.TransformException:
            return None

    def _age(self, target_frame: str, source_frame: str, now_ns: int) -> str:
        newest_ns = self._newest_ns(target_frame.lstrip("/"), source_frame.lstrip("/"))
        if newest_ns is None:
            return "never"
        return f"{(now_ns - newest_ns) / 1e9:.3f}" if newest_ns else "static"


def _unnamed(camera: str) -> str:
    return (
        f"The images of camera '{camera}' have no frame_id, so that tf cannot tell where it is: set it in the camera"
        " driver."
    )


def _no_way(source: str, target: str, reason: str = "") -> str:
    return (
        f"tf has no way from '{source}' to '{target}'{reason}: publish the missing transform, for a camera mostly a"
        " static one."
    )


def _transform(message: Any) -> RigidTransform:
    t, q = message.translation, message.rotation
    return RigidTransform.from_quaternion((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
