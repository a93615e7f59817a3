"""A best-effort camera of raw 1920x1080 images at 30 Hz, without the transport settings that such images need."""

from __future__ import annotations

import array
import time

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

WIDTH, HEIGHT, RATE_HZ = 1920, 1080, 30.0


def main() -> None:
    rclpy.init()
    node = Node("plain_camera")
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = node.create_publisher(Image, "camera/image_raw", qos)
    message = Image(width=WIDTH, height=HEIGHT, encoding="rgb8", step=3 * WIDTH)
    message.data = array.array("B", bytes(3 * WIDTH * HEIGHT))

    def publish() -> None:
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(time.time_ns(), 10**9)
        publisher.publish(message)

    node.create_timer(1.0 / RATE_HZ, publish)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
