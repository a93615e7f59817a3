"""What measures depth beside the cameras: images of it (REP-118) or clouds, kept for a moment and read when needed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image, PointCloud2, PointField

from ris_ros.errors import GeometryError, ImageError
from ris_ros.geometry.lifting import depth_of
from ris_ros.ros.followed_topic import FollowedTopic
from ris_ros.ros.serialized import read_cloud, read_image
from ris_ros.ros.stamps import NS_PER_S, to_ns

_KEPT_NS = NS_PER_S
_KEPT_BYTES = 64 * 2**20
"""What is kept of a camera, at most: long enough for the answer of a slow model, and never more memory than this."""

_SAMPLES: Mapping[str, str] = MappingProxyType({"16UC1": "u2", "mono16": "u2", "32FC1": "f4"})
_COORDINATES: Mapping[int, str] = MappingProxyType({PointField.FLOAT32: "f4", PointField.FLOAT64: "f8"})


class _Measurement:
    """A message of depth, of either kind.

    Args:
        message: The message.
    """

    def __init__(self, message: Any) -> None:
        self._message = message

    @property
    def stamp_ns(self) -> int:
        """Its stamp."""
        return to_ns(self._message.header.stamp)

    @property
    def size_bytes(self) -> int:
        """Of its data."""
        return len(self._message.data)

    @property
    def frame_id(self) -> str:
        """The frame that it is in; of an image the optical one that it was taken in, or aligned to."""
        return str(self._message.header.frame_id)


class DepthImage(_Measurement):
    """A depth image; decoded when it is first asked for.

    Args:
        message: A ``sensor_msgs/Image`` or what is like it.
    """

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self._depth_m: NDArray[np.float32] | None = None

    def depth_m(self) -> NDArray[np.float32]:
        """Depth along the optical axis, metres, float32 [h, w]; NaN where nothing was measured.

        Raises:
            GeometryError: It is malformed, or of an encoding that is none of depth.
        """
        if self._depth_m is None:
            self._depth_m = depth_of(_samples(self._message), self._message.encoding)
        return self._depth_m


class DepthCloud(_Measurement):
    """A cloud of points; decoded when it is first asked for.

    Args:
        message: A ``sensor_msgs/PointCloud2`` or what is like it.
    """

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self._points_m: NDArray[np.float32] | None = None

    def points_m(self) -> NDArray[np.float32]:
        """Its points, metres, float32 [n, 3]; those that are not finite are left out.

        Raises:
            GeometryError: It is malformed, or has no x, y and z.
        """
        if self._points_m is None:
            self._points_m = _points(self._message)
        return self._points_m


Depth = DepthImage | DepthCloud


class Depths:
    """Subscriptions to ``<camera>/depth`` while they are wanted; :meth:`at` may be called from any thread.

    Args:
        node: The node to subscribe with.
        names: The cameras.
        wanted: Whether anybody wants the depth of a camera; asked by the executor.
    """

    def __init__(self, node: Any, names: Sequence[str], wanted: Callable[[str], bool]) -> None:
        self._wanted = wanted
        self._lock = threading.Lock()
        self._kept: dict[str, deque[Depth]] = {name: deque() for name in names}
        self._damaged: dict[str, str] = {}
        self._far: dict[str, str] = {}
        self._skews_ns: dict[str, int] = {}
        self._topics = {name: self._topic(node, name) for name in names}
        self.follow()

    def follow(self) -> None:
        """Look at what is published and wanted, and begin or end subscriptions; called by the executor."""
        for camera, topic in self._topics.items():
            wanted = self._wanted(camera)
            topic.follow(wanted)
            if not wanted:
                self._forget(camera)

    def forget(self) -> None:
        """The clock jumped: what was measured is of another time."""
        for camera in self._topics:
            self._forget(camera)

    def close(self) -> None:
        """End all subscriptions."""
        for topic in self._topics.values():
            topic.close()
        self.forget()

    def at(self, camera: str, stamp_ns: int, skew_ns: int) -> Depth | None:
        """The depth measured nearest to an image.

        Args:
            camera: The camera.
            stamp_ns: Stamp of the image.
            skew_ns: How far from it the depth may be.

        Returns:
            None where there is none so near.
        """
        with self._lock:
            kept = list(self._kept[camera])
        nearest = min(kept, key=lambda depth: abs(depth.stamp_ns - stamp_ns), default=None)
        if nearest is None:
            return None
        off_ns = abs(nearest.stamp_ns - stamp_ns)
        self._skews_ns[camera] = off_ns
        if off_ns > skew_ns:
            self._far[camera] = (
                f"The depth of camera '{camera}' nearest to its image is {off_ns / NS_PER_S:.3f} s away from it: let"
                " both be stamped by one clock and at one time, or raise max_depth_skew_s."
            )
            return None
        self._far.pop(camera, None)
        return nearest

    def problem(self, camera: str) -> str:
        """A sentence on depth that is published and cannot be used; empty where there is none such."""
        return self._topics[camera].problem or self._damaged.get(camera) or self._far.get(camera, "")

    def describe(self, camera: str) -> dict[str, str]:
        """What diagnostics tell of a camera's depth: its type, and while it is read its rate and skew."""
        topic = self._topics[camera]
        if not topic.publishers:
            return {"depth": "none"}
        if not topic.type_name:
            return {"depth": "not wanted"}
        told = {"depth": topic.type_name}
        with self._lock:
            stamps = [depth.stamp_ns for depth in self._kept[camera]]
        if len(stamps) > 1 and stamps[-1] > stamps[0]:
            told["depth_rate_hz"] = f"{(len(stamps) - 1) * NS_PER_S / (stamps[-1] - stamps[0]):.1f}"
        skew_ns = self._skews_ns.get(camera)
        if skew_ns is not None:
            told["depth_skew_s"] = f"{skew_ns / NS_PER_S:.3f}"
        return told

    def _topic(self, node: Any, camera: str) -> FollowedTopic:
        def reader(read: Callable[[bytes], Any], keep: Callable[[Any], Depth]) -> Callable[[bytes], None]:
            def received(serialized: bytes) -> None:
                try:
                    depth = keep(read(serialized))
                except ImageError as error:
                    self._damaged[camera] = f"The depth of camera '{camera}' cannot be read. {error}"
                    return
                self._damaged.pop(camera, None)
                self._keep(camera, depth)

            return received

        readers = {Image: reader(read_image, DepthImage), PointCloud2: reader(read_cloud, DepthCloud)}
        return FollowedTopic(node, f"{camera}/depth", readers, depth=2, serialized=True)

    def _keep(self, camera: str, depth: Depth) -> None:
        """Keep what came, and let go of what is too old or too much."""
        with self._lock:
            kept = self._kept[camera]
            kept.append(depth)
            total_bytes = sum(one.size_bytes for one in kept)
            # Stamps may also jump back: a recording began again.
            while len(kept) > 1 and (total_bytes > _KEPT_BYTES or abs(depth.stamp_ns - kept[0].stamp_ns) > _KEPT_NS):
                total_bytes -= kept.popleft().size_bytes

    def _forget(self, camera: str) -> None:
        with self._lock:
            self._kept[camera].clear()
        for told in (self._skews_ns, self._damaged, self._far):
            told.pop(camera, None)


def _samples(message: Any) -> NDArray[Any]:
    """The samples [h, w] of an image of one channel, where they lie."""
    kind = _SAMPLES.get(message.encoding)
    if kind is None:  # what else it may be, is said there
        depth_of(np.zeros((1, 1), np.uint8), message.encoding)
        raise AssertionError
    dtype = np.dtype(f"{'>' if message.is_bigendian else '<'}{kind}")
    height, width, step = message.height, message.width, message.step
    row_bytes = width * dtype.itemsize
    needed = (height - 1) * step + row_bytes
    if min(height, width) < 1 or step < row_bytes or len(message.data) < needed:
        raise GeometryError(
            f"A depth image of {width}x{height} {message.encoding} has a step of {step} and {len(message.data)} bytes,"
            " which do not fit: check the depth driver."
        )
    samples: NDArray[Any] = np.ndarray((height, width), dtype, message.data, strides=(step, dtype.itemsize))
    return samples


def _points(message: Any) -> NDArray[np.float32]:
    """The finite points of a cloud, float32 [n, 3]."""
    fields = {field.name: field for field in message.fields}
    height, width = message.height, message.width
    # Drivers of clouds of one row often leave row_step at what it was for another number of points.
    strides = (message.row_step if height > 1 else width * message.point_step, message.point_step)
    points = np.empty((height, width, 3), np.float32)
    for axis, name in enumerate("xyz"):
        field = fields.get(name)
        kind = None if field is None else _COORDINATES.get(field.datatype)
        if field is None or kind is None:
            raise GeometryError(
                f"A cloud of points has no field '{name}' of float32 or float64: check what publishes it."
            )
        dtype = np.dtype(f"{'>' if message.is_bigendian else '<'}{kind}")
        last = (height - 1) * strides[0] + (width - 1) * strides[1] + field.offset + dtype.itemsize
        if field.offset + dtype.itemsize > message.point_step or (points.size and last > len(message.data)):
            raise GeometryError(
                f"A cloud of {width}x{height} points of {message.point_step} bytes has only {len(message.data)} bytes,"
                " or points that overlap: check what publishes it."
            )
        if points.size:
            points[..., axis] = np.ndarray((height, width), dtype, message.data, field.offset, strides)
    flat = points.reshape(-1, 3)
    finite: NDArray[np.float32] = flat[np.isfinite(flat).all(axis=1)]
    return finite
