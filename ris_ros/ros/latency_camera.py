"""The camera of a latency measurement: a process of its own that publishes pictures at an even rate."""

from __future__ import annotations

import array
import multiprocessing
import signal
import time
from typing import Any

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Image

from ris_ros.ros.stamps import set_ns

_PICTURES = 4
_SHAKE_PX = 4


def run(
    size_px: tuple[int, int], rate_hz: int, compressed: bool, best_effort: bool, started: Any, stopped: Any
) -> None:
    """Publish until told to stop, or until who started this has died; each stamp is taken just before its publishing.

    Args:
        size_px: (width, height) of the images.
        rate_hz: Images per second.
        compressed: JPEG instead of raw bgr8.
        best_effort: Reliability of the publisher; reliable otherwise.
        started: Event that is set when the first image has been published.
        stopped: Event that ends it.
    """
    # Ctrl-C reaches every process of a terminal; the one that started this says when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node: Any = Node("latency_camera")
    reliability = ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
    kind, topic = (CompressedImage, "/compressed") if compressed else (Image, "")
    qos = QoSProfile(depth=1, reliability=reliability)
    publisher = node.create_publisher(kind, f"camera/image_raw{topic}", qos)
    messages = [_message(kind, size_px, number) for number in range(_PICTURES)]
    due, number = time.monotonic(), 0
    parent = multiprocessing.parent_process()
    while (parent is None or parent.is_alive()) and not stopped.wait(max(0.0, due - time.monotonic())):
        message = messages[number % _PICTURES]
        set_ns(message.header.stamp, time.time_ns())
        publisher.publish(message)
        started.set()
        number += 1
        due += 1.0 / rate_hz
    node.destroy_node()
    rclpy.shutdown()


def _message(kind: type, size_px: tuple[int, int], number: int) -> Any:
    width, height = size_px
    coarse = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    # One scene that shakes: masks can be carried forward from image to image, as from any camera's.
    picture = np.roll(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), _SHAKE_PX * number, axis=1)
    if kind is CompressedImage:
        return CompressedImage(format="jpeg", data=array.array("B", cv2.imencode(".jpg", picture)[1].tobytes()))
    message = Image(width=width, height=height, encoding="bgr8", step=3 * width)
    message.data = array.array("B", picture.tobytes())
    return message
