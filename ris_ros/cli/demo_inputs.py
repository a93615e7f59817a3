"""What ``ris demo`` plays and asks: the bag that stands in for a camera, the commands, and what is true of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ris_ros.cli.demo_report import Truth
from ris_ros.data.bag import open_bag
from ris_ros.data.drive import DriveCommand, SampleDrive
from ris_ros.errors import CommandError, DataError
from ris_ros.language.utterance import clean
from ris_ros.ros.bag_camera import IMAGE_TYPES, choose_topics

CAMERA = "camera"
"""The node's camera, as its parameter ``cameras`` names it by default."""

MAX_COMMANDS = 12

_BARELY_SEEN = 0.01
_LOOK_AT = (0.15, 0.35, 0.55, 0.75, 0.95)  # moments of a turn, as parts of it

TruthOf = Callable[[int, str, tuple[int, int]], Truth | None]
"""What is true of a text on the image of a recorded stamp (nanoseconds) and size (width, height); None: not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The bag that stands in for a camera.

    Attributes:
        path: The bag.
        remappings: Topic that is played of it -> the topic of the node's camera.
    """

    path: Path
    remappings: Mapping[str, str]


def read_recording(path: Path) -> Recording:
    """Choose what to play of a bag: its first image topic, and the camera_info beside it.

    Raises:
        DataError: There is no bag, it cannot be read, or it holds no images.
    """
    with open_bag(path) as bag:
        topics = choose_topics(bag, ())
    image = next(topic for topic in sorted(topics) if topics[topic] in IMAGE_TYPES)
    compressed = topics[image].endswith("CompressedImage")
    remappings = {image: f"/{CAMERA}/image_raw{'/compressed' if compressed else ''}"}
    # A compressed image's topic is one level below its raw one, beside which camera_info lies.
    folder = image.removesuffix("/compressed").rsplit("/", 1)[0]
    info = f"{folder}/camera_info"
    if topics.get(info) == "sensor_msgs/msg/CameraInfo":
        remappings[info] = f"/{CAMERA}/camera_info"
    return Recording(path, remappings)


class KnownDrive:
    """A sample drive whose truth lies beside its bag.

    Args:
        drive: The sample.
    """

    def __init__(self, drive: SampleDrive) -> None:
        self._drive = drive
        self._commands = {command.text: command for command in drive.commands}
        self._index = {frame.stamp_ns: frame.index for frame in drive.frames()}

    @classmethod
    def beside(cls, bag: Path) -> KnownDrive | None:
        """The sample that a bag belongs to; None where it has no truth beside it.

        Raises:
            DataError: The truth is damaged.
        """
        sample = bag.resolve().parent
        if not (sample / "truth" / "commands.jsonl").is_file():
            return None
        drive = SampleDrive(sample)
        return cls(drive) if drive.bag == bag.resolve() else None

    def texts(self, drive_s: float) -> list[str]:
        """All its commands, each in a turn in which its thing is well in view, as a passenger would say them.

        Args:
            drive_s: Seconds of the drive, going round, that are shared equally among the commands and one more turn.

        Raises:
            DataError: A truth picture is missing or damaged.
        """
        said = list(self._commands.values())
        stamps_ns = sorted(self._index)
        frame_ns = (stamps_ns[-1] - stamps_ns[0]) / max(len(stamps_ns) - 1, 1) or 1.0
        turn = drive_s * 1e9 / frame_ns / (len(said) + 1)
        moments = [[int((number + part) * turn) % len(stamps_ns) for part in _LOOK_AT] for number in range(len(said))]
        view = {}
        for command in said:
            pixels = np.array([self._pixels(command, frames) for frames in moments])
            # Logarithms: that one thing is in full view does not make up for another that can hardly be seen.
            view[command.id] = np.log(pixels / max(pixels.max(), 1) + _BARELY_SEEN)
        # Two commands change turns for as long as that is better for both together.
        better = True
        while better:
            better = False
            for i, j in itertools.combinations(range(len(said)), 2):
                one, other = view[said[i].id], view[said[j].id]
                if one[j] + other[i] > one[i] + other[j] + 1e-9:
                    said[i], said[j] = said[j], said[i]
                    better = True
        return [command.text for command in said]

    def _pixels(self, command: DriveCommand, frames: list[int]) -> float:
        """How many pixels show a command's thing in half of these frames at least."""
        present = [index for index in frames if command.is_present(index)]
        counts = [int(np.count_nonzero(self._drive.truth(command.id, index))) for index in present]
        return float(np.median(counts + [0] * (len(frames) - len(present))))

    def truth_of(self, recorded_ns: int, text: str, size_px: tuple[int, int]) -> Truth | None:
        """See :data:`TruthOf`."""
        command, index = self._commands.get(text), self._index.get(recorded_ns)
        if command is None or index is None:
            return None
        if not command.is_present(index):
            return Truth(None)
        small = self._drive.truth(command.id, index).astype(np.uint8)
        return Truth(cv2.resize(small, size_px, interpolation=cv2.INTER_NEAREST) > 0)


def nothing_known(recorded_ns: int, text: str, size_px: tuple[int, int]) -> Truth | None:
    """The truth of a bag that has none beside it."""
    return None


def read_commands(path: Path) -> list[str]:
    """Read a file with a command on each line; empty lines and those that begin with ``#`` are left out.

    Raises:
        CommandError: The file cannot be read, has no command or too many, or a line cannot be understood.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CommandError(f"The commands in '{path}' cannot be read ({reason}): give a text file.") from None
    texts = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                texts.append(clean(line))
            except CommandError as error:
                raise CommandError(f"{path}, line {number}: {error}") from None
    if not 1 <= len(texts) <= MAX_COMMANDS:
        raise CommandError(f"'{path}' holds {len(texts)} commands: give 1 to {MAX_COMMANDS}, one a line.")
    return texts


def read_journal(path: Path) -> dict[int, int]:
    """What the camera published: stamp -> recorded stamp of each image, both in nanoseconds.

    Raises:
        DataError: The journal is not what the camera writes.
    """
    try:
        # The camera may have been ended in the middle of its last line.
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        entries = [json.loads(line) for line in lines if line.endswith("\n")]
        return {entry["stamp_ns"]: entry["recorded_ns"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"The camera's journal '{path}' cannot be read: run the demo again.") from None
