"""A sample drive of coloured boxes for the tiny bundle: bag and truth as :mod:`ris_ros.data.drive` reads them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from tiny_bundle import BLUE, RED, picture

from ris_ros.data.drive import IMAGE_TOPIC, INFO_TOPIC

SIZE_PX = (320, 192)
FRAMES, RATE_HZ = 24, 12.0
FIRST_NS = 1_700_000_000_000_000_000
RED_BOX, UNICORN = "the red box", "the unicorn"


def red_box(index: int) -> tuple[int, int, int, int]:
    """Where the red box is in a frame: x, y, width, height."""
    return 20 + 4 * index, 32, 96, 80


def stamp_ns(index: int) -> int:
    """Stamp of a frame."""
    return FIRST_NS + round(index * 1e9 / RATE_HZ)


def write_drive(folder: Path) -> Path:
    """Write ``drive/`` and ``truth/`` into ``folder`` and return the bag."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    (folder / "truth" / "masks").mkdir(parents=True)
    with Writer(folder / "drive", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        image = writer.add_connection(IMAGE_TOPIC, "sensor_msgs/msg/CompressedImage", typestore=store)
        info = writer.add_connection(INFO_TOPIC, "sensor_msgs/msg/CameraInfo", typestore=store)
        for index in range(FRAMES):
            stamp = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns(index), 10**9))
            header = types["std_msgs/msg/Header"](stamp, "camera_optical")
            pixels = picture(SIZE_PX, (RED, red_box(index)), (BLUE, (232, 128, 64, 48)))
            jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].ravel()
            k = np.array([300.0, 0.0, 160.0, 0.0, 300.0, 96.0, 0.0, 0.0, 1.0])
            calibration = types["sensor_msgs/msg/CameraInfo"](
                header, SIZE_PX[1], SIZE_PX[0], "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), np.zeros(12), 0, 0, roi
            )
            compressed = types["sensor_msgs/msg/CompressedImage"](header, "jpeg", jpeg)
            for connection, message in ((info, calibration), (image, compressed)):
                writer.write(connection, stamp_ns(index), store.serialize_cdr(message, connection.msgtype))
            x, y, width, height = (value // 2 for value in red_box(index))
            bits = np.zeros((SIZE_PX[1] // 2, SIZE_PX[0] // 2), np.uint8)
            bits[y : y + height, x : x + width] = 1
            cv2.imwrite(str(folder / "truth" / "masks" / f"{index:03d}.png"), bits)
    rows = [
        {"id": "red", "text": RED_BOX, "target": "object", "bit": 0, "present": [[0, FRAMES - 1]]},
        {"id": "unicorn", "text": UNICORN, "target": "object", "bit": None, "present": []},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "truth" / "commands.jsonl").write_text(lines, encoding="utf-8")
    return folder / "drive"
