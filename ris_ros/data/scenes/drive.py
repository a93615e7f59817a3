"""Write the sample drive: ``python -m ris_ros.data.scenes.drive --out sample``.

The result is a ROS 2 bag (mcap) that ``ros2 bag play`` of Humble and later reads, and its ground truth; see
``sample/README.md`` for the format. Everything is drawn from the seed, stamps included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.drive import IMAGE_TOPIC, INFO_TOPIC
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.drive_story import COMMANDS, SECONDS, Moment, camera_at, world_at
from ris_ros.data.scenes.film import Film
from ris_ros.data.scenes.render import Quality
from ris_ros.data.scenes.sequence import film_views
from ris_ros.errors import MissingExtraError, OutputError, RisError

FRAME_ID = "camera_optical"
START_NS = 1_700_000_000_000_000_000
MIN_MASK_PX = 8
"""Smallest mask, in pixels of the truth pictures, that counts as present."""
_FILM = Film(key=0.13, contrast=1.1, noise=0.5, vignette=0.1, blur_px=0.35, bloom=0.02)
_QUALITY = Quality(edge_samples=4, edge_contrast=0.07, edge_share=0.3)


@dataclass(frozen=True, slots=True)
class DriveSettings:
    """How the drive is recorded.

    Attributes:
        size_px: (width, height) of the pictures, both even.
        rate_hz: Frames a second.
        jpeg_quality: 1 to 100.
        seed: Draws the houses and the grain.
    """

    size_px: tuple[int, int] = (960, 540)
    rate_hz: float = 12.0
    jpeg_quality: int = 60
    seed: int = 3

    @property
    def frame_count(self) -> int:
        """Frames of the whole drive."""
        return int(SECONDS * self.rate_hz)


def moments(settings: DriveSettings) -> Iterator[tuple[int, Moment]]:
    """Stamp in nanoseconds and picture of each frame."""
    _, actors = world_at(0.0, settings.seed)
    times = [index / settings.rate_hz for index in range(settings.frame_count)]
    views = ((world_at(seconds, settings.seed)[0], camera_at(seconds, settings.size_px)) for seconds in times)
    shots = film_views(views, _FILM, settings.seed, "drive", _QUALITY)
    for seconds, shot in zip(times, shots, strict=True):
        yield START_NS + round(seconds * 1e9), Moment(shot.image, shot.geometry.camera, actors)


def write(folder: Path, settings: DriveSettings) -> None:
    """Write ``drive/`` and ``truth/`` into a folder, replacing those that are there.

    Raises:
        OutputError: The folder cannot be written.
        MissingExtraError: ``rosbags`` or Embree is not installed.
    """
    try:
        from rosbags.rosbag2 import StoragePlugin, Writer
        from rosbags.typesys import Stores, get_typestore
    except ImportError:
        raise MissingExtraError("rosbags", "ros") from None
    types = get_typestore(Stores.ROS2_HUMBLE)
    present: dict[str, list[int]] = {command.id: [] for command in COMMANDS}
    try:
        for part in ("drive", "truth"):
            shutil.rmtree(folder / part, ignore_errors=True)
        (folder / "truth" / "masks").mkdir(parents=True)
        # Version 8 of the bag's metadata is the newest that Humble and Jazzy both read.
        with Writer(folder / "drive", version=8, storage_plugin=StoragePlugin.MCAP) as writer:
            topics = {
                topic: writer.add_connection(topic, message, typestore=types)
                for topic, message in (
                    (IMAGE_TOPIC, "sensor_msgs/msg/CompressedImage"),
                    (INFO_TOPIC, "sensor_msgs/msg/CameraInfo"),
                )
            }
            for index, (stamp_ns, moment) in enumerate(moments(settings)):
                for topic, message in _messages(types, stamp_ns, moment, settings.jpeg_quality).items():
                    connection = topics[topic]
                    writer.write(connection, stamp_ns, types.serialize_cdr(message, connection.msgtype))
                bits = _truth(moment, index, present)
                (folder / "truth" / "masks" / f"{index:03d}.png").write_bytes(
                    _encoded(".png", bits, cv2.IMWRITE_PNG_COMPRESSION, 9)
                )
                print(f"\r{index + 1}/{settings.frame_count} frames", end="", flush=True)
        print()
        (folder / "truth" / "commands.jsonl").write_text(_command_lines(present), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}): check space and rights.") from None


def _messages(types: Any, stamp_ns: int, moment: Moment, jpeg_quality: int) -> dict[str, Any]:
    """The two messages of one instant, by topic."""
    message = types.types
    stamp = message["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    header = message["std_msgs/msg/Header"](stamp=stamp, frame_id=FRAME_ID)
    bgr = cv2.cvtColor(moment.image.image_rgb, cv2.COLOR_RGB2BGR)
    jpeg = np.frombuffer(_encoded(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, jpeg_quality), np.uint8)
    return {
        IMAGE_TOPIC: message["sensor_msgs/msg/CompressedImage"](header=header, format="jpeg", data=jpeg),
        INFO_TOPIC: _camera_info(message, header, moment.camera),
    }


def _camera_info(message: Any, header: Any, camera: PinholeCamera) -> Any:
    (width, height), focal, (cx, cy) = camera.size_px, camera.focal_px, camera.centre_px
    whole = message["sensor_msgs/msg/RegionOfInterest"](x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    return message["sensor_msgs/msg/CameraInfo"](
        header=header,
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array([focal, 0, cx, 0, focal, cy, 0, 0, 1], float),
        r=np.eye(3).ravel(),
        p=np.array([focal, 0, cx, 0, 0, focal, cy, 0, 0, 0, 1, 0], float),
        binning_x=0,
        binning_y=0,
        roi=whole,
    )


def _truth(moment: Moment, index: int, present: dict[str, list[int]]) -> NDArray[np.uint8]:
    """The masks of all commands as bits at half size; notes in ``present`` who is there."""
    height, width = moment.image.class_map.shape
    bits = np.zeros((height // 2, width // 2), np.uint8)
    answers = [(command.id, command.answer) for command in COMMANDS if command.answer is not None]
    for bit, (command_id, answer) in enumerate(answers):
        mask = answer(moment)[::2, ::2][: height // 2, : width // 2]
        if np.count_nonzero(mask) >= MIN_MASK_PX:
            bits |= mask.astype(np.uint8) << bit
            present[command_id].append(index)
    return bits


def _command_lines(present: dict[str, list[int]]) -> str:
    bit = 0
    lines = []
    for command in COMMANDS:
        row = {
            "id": command.id,
            "text": command.text,
            "target": command.target.name.lower(),
            "bit": None if command.answer is None else bit,
            "present": _stretches(present[command.id]),
        }
        bit += command.answer is not None
        lines.append(json.dumps(row))
    return "\n".join(lines) + "\n"


def _stretches(frames: list[int]) -> list[tuple[int, int]]:
    """(first, last) of each run of consecutive numbers."""
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def _encoded(suffix: str, image: NDArray[np.uint8], option: int, value: int) -> bytes:
    done, data = cv2.imencode(suffix, image, [option, value])
    if not done:
        raise OutputError(f"OpenCV cannot encode {suffix}: reinstall opencv-python-headless.")
    return bytes(data)


def main(arguments: list[str] | None = None) -> int:
    """Write the drive that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m ris_ros.data.scenes.drive", description="Render the sample drive.")
    parser.add_argument("--out", type=Path, required=True, help="folder for drive/ and truth/, which are replaced")
    parser.add_argument("--seed", type=int, default=DriveSettings().seed, help="draws the houses and the grain")
    options = parser.parse_args(arguments)
    write(options.out, DriveSettings(seed=options.seed))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RisError as problem:
        sys.exit(f"error: {problem}")
