"""Two nodes in this process, one that listens and one that publishes, and what is published beside images."""

from __future__ import annotations

import array
import os
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import rclpy
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

from ris_ros.ros.stamps import set_ns

PATIENCE_S = 15.0
FRAME_ID = "camera_optical"


class StreamBench:
    """See the module; what waits spins both nodes."""

    def __init__(self) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        namespace = f"bench_{os.getpid()}"  # other tests may run beside this one
        self.node = Node("listener", namespace=namespace, context=self._context)
        self._peer = Node("publisher", namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._executor.add_node(self._peer)
        self._publishers: dict[tuple[str, type], Any] = {}

    def __enter__(self) -> StreamBench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        self._peer.destroy_node()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def publish(
        self,
        topic: str,
        message: Any,
        reliability: ReliabilityPolicy = ReliabilityPolicy.BEST_EFFORT,
        durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
    ) -> None:
        """Publish once, heard or not."""
        key = topic, type(message)
        if key not in self._publishers:
            qos = QoSProfile(depth=5, reliability=reliability, durability=durability)
            self._publishers[key] = self._peer.create_publisher(type(message), topic, qos)
        self._publishers[key].publish(message)

    def full(self, topic: str) -> str:
        """The full name of a topic."""
        return str(self.node.resolve_topic_name(topic))

    def retire(self, topic: str, type_: type) -> None:
        """Destroy a publisher."""
        self._peer.destroy_publisher(self._publishers.pop((topic, type_)))

    def until(self, what: Callable[[], Any], meanwhile: Callable[[], None] = lambda: None) -> Any:
        """Spin until ``what`` gives something true, and return it; do something all the while."""
        end_s = time.monotonic() + PATIENCE_S
        while not (result := what()):
            assert time.monotonic() < end_s, "nothing came of it in time"
            meanwhile()
            self._executor.spin_once(timeout_sec=0.02)
        return result


def camera_info(size_px: tuple[int, int] = (640, 480), focal_px: float = 500.0, stamp_ns: int = 1) -> CameraInfo:
    """Of a pinhole whose axis meets the picture's middle."""
    width, height = size_px
    message = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.header.frame_id = FRAME_ID
    set_ns(message.header.stamp, stamp_ns)
    message.k = [focal_px, 0.0, (width - 1) / 2, 0.0, focal_px, (height - 1) / 2, 0.0, 0.0, 1.0]
    return message


def depth_image(
    samples: NDArray[Any], encoding: str, stamp_ns: int = 1, padding: int = 0, big_endian: bool = False
) -> Image:
    """A depth image of samples [h, w], with bytes to spare at the end of each row."""
    height, width = samples.shape
    swapped = samples.astype(samples.dtype.newbyteorder(">" if big_endian else "<"))
    rows = np.pad(swapped.view(np.uint8).reshape(height, -1), ((0, 0), (0, padding)), constant_values=255)
    message = Image(height=height, width=width, encoding=encoding, step=rows.shape[1], is_bigendian=int(big_endian))
    message.header.frame_id = FRAME_ID
    set_ns(message.header.stamp, stamp_ns)
    message.data = array.array("B", rows.tobytes())
    return message


def cloud(
    points_m: NDArray[np.floating],
    stamp_ns: int = 1,
    offsets: Sequence[int] = (0, 4, 8),
    point_step: int = 12,
    big_endian: bool = False,
    frame_id: str = FRAME_ID,
) -> PointCloud2:
    """A cloud of float32 points [n, 3] or [h, w, 3], their coordinates where ``offsets`` say."""
    height, width = points_m.shape[:-1] if points_m.ndim == 3 else (1, len(points_m))
    raw = np.full((height, width, point_step), 255, np.uint8)
    values = points_m.reshape(height, width, 3).astype(">f4" if big_endian else "<f4")
    for axis, offset in enumerate(offsets):
        raw[..., offset : offset + 4] = np.ascontiguousarray(values[..., axis : axis + 1]).view(np.uint8)
    message = PointCloud2(
        height=height,
        width=width,
        fields=[
            PointField(name=name, offset=offset, datatype=PointField.FLOAT32, count=1)
            for name, offset in zip("xyz", offsets, strict=True)
        ],
        is_bigendian=big_endian,
        point_step=point_step,
        row_step=point_step * width,
    )
    message.header.frame_id = frame_id
    set_ns(message.header.stamp, stamp_ns)
    message.data = array.array("B", raw.tobytes())
    return message


def odometry(x_m: float, stamp_ns: int, frame_id: str = "odom", child_frame_id: str = "base_link") -> Odometry:
    """A robot at a place ahead of where it began."""
    message = Odometry(child_frame_id=child_frame_id)
    message.header.frame_id = frame_id
    set_ns(message.header.stamp, stamp_ns)
    message.pose.pose.position.x = x_m
    message.pose.pose.orientation.w = 1.0
    return message
