"""The sample drive: a short bag with ground truth beside it, for the demo and for tests.

A sample is a folder with ``drive/`` (a ROS 2 bag: JPEG images and camera info) and ``truth/`` (``commands.jsonl`` and
one 8-bit PNG a frame, whose bit k is the mask of the command with ``"bit": k``). ``sample/README.md`` has the details.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.bag import open_bag
from ris_ros.errors import CommandError, DataError
from ris_ros.types import Target

IMAGE_TOPIC = "/camera/image_raw/compressed"
INFO_TOPIC = "/camera/camera_info"


@dataclass(frozen=True, slots=True, eq=False)
class DriveFrame:
    """One message of the image topic.

    Attributes:
        index: Number of the frame, from 0.
        stamp_ns: Header stamp.
        frame_id: Optical frame of the camera.
        jpeg: The compressed picture, as it goes over the wire.
    """

    index: int
    stamp_ns: int
    frame_id: str
    jpeg: bytes

    def rgb(self) -> NDArray[np.uint8]:
        """The picture, uint8 [H, W, 3].

        Raises:
            DataError: The JPEG is damaged.
        """
        bgr = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            raise DataError(f"Frame {self.index} of the sample drive is no JPEG: write the sample again.")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


@dataclass(frozen=True, slots=True)
class DriveCamera:
    """What the camera-info topic says.

    Attributes:
        size_px: (width, height).
        k: Row-major 3 x 3 intrinsic matrix.
        distortion_model: Name of the lens model.
        d: Its coefficients.
        frame_id: Optical frame.
    """

    size_px: tuple[int, int]
    k: tuple[float, ...]
    distortion_model: str
    d: tuple[float, ...]
    frame_id: str

    def __post_init__(self) -> None:
        if len(self.k) != 9:
            raise ValueError("k must have nine entries")


@dataclass(frozen=True, slots=True)
class DriveCommand:
    """One command with its truth.

    Attributes:
        id: Short name.
        text: What a passenger says.
        target: OBJECT or REGION.
        bit: Bit of the truth pictures that holds its mask, or None for a thing that is never there.
        present: (first, last) frame of each stretch in which its mask is not empty.
    """

    id: str
    text: str
    target: Target
    bit: int | None
    present: tuple[tuple[int, int], ...]

    def is_present(self, index: int) -> bool:
        """Whether the thing can be seen in a frame."""
        return any(first <= index <= last for first, last in self.present)


class SampleDrive:
    """Reads a sample folder.

    Args:
        folder: The folder that holds ``drive/`` and ``truth/``.

    Raises:
        DataError: Part of the sample is missing or damaged.
        MissingExtraError: ``rosbags`` is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (self.bag / "metadata.yaml").is_file():
            raise DataError(f"{folder}: holds no sample drive: give the folder that has drive/metadata.yaml in it.")
        self.commands = _read_commands(folder / "truth" / "commands.jsonl")
        self.camera = self._read_camera()

    @property
    def bag(self) -> Path:
        """Folder of the bag, as ``ros2 bag play`` takes it."""
        return self.folder / "drive"

    def frames(self) -> Iterator[DriveFrame]:
        """The frames in the order of their stamps."""
        for index, message in enumerate(self._messages(IMAGE_TOPIC)):
            yield DriveFrame(index, _stamp_ns(message), str(message.header.frame_id), message.data.tobytes())

    def command(self, command_id: str) -> DriveCommand:
        """The command of an id.

        Raises:
            CommandError: There is none.
        """
        for command in self.commands:
            if command.id == command_id:
                return command
        known = ", ".join(command.id for command in self.commands)
        raise CommandError(f"The sample drive has no command '{command_id}': use one of {known}.")

    def truth(self, command_id: str, index: int) -> NDArray[np.bool_]:
        """Mask of a command in a frame, bool [h, w] at half the camera's width and height.

        It is empty where the thing is absent.

        Raises:
            CommandError: There is no such command.
            DataError: The frame's truth picture is missing or damaged.
        """
        command = self.command(command_id)
        path = self.folder / "truth" / "masks" / f"{index:03d}.png"
        bits = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if bits is None:
            raise DataError(f"{path}: is missing or damaged: write the sample again.")
        if command.bit is None:
            return np.zeros(bits.shape, np.bool_)
        return np.asarray((bits >> command.bit) & 1, np.bool_)

    def _read_camera(self) -> DriveCamera:
        for info in self._messages(INFO_TOPIC):
            return DriveCamera(
                (int(info.width), int(info.height)),
                tuple(float(value) for value in info.k),
                str(info.distortion_model),
                tuple(float(value) for value in info.d),
                str(info.header.frame_id),
            )
        raise DataError(f"{self.bag}: has no message on {INFO_TOPIC}: write the sample again.")

    def _messages(self, topic: str) -> Iterator[Any]:
        with open_bag(self.bag) as bag:
            from rosbags.typesys import Stores, get_typestore

            types = get_typestore(Stores.ROS2_HUMBLE)
            for message in bag.messages([topic]):
                yield types.deserialize_cdr(message.cdr, message.type)


def _stamp_ns(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _read_commands(path: Path) -> tuple[DriveCommand, ...]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return tuple(
            DriveCommand(
                str(row["id"]),
                str(row["text"]),
                Target.parse(row["target"]),
                row["bit"],
                tuple((int(first), int(last)) for first, last in row["present"]),
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error}): write the sample again.") from None
