"""What is shown and asked while measuring: pictures of the sample drive, and what one might say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.config.share import share_file
from ris_ros.data.drive import SampleDrive
from ris_ros.data.image_file import read_rgb
from ris_ros.errors import DataError, RisError
from ris_ros.types import Command, Frame, Target

MOST_CAMERAS = 6
MOST_COMMANDS = 16
TEXTS = (
    "the red car on the left",
    "the white van",
    "the road",
    "pull over behind the white van",
    "the pedestrian on the right",
    "the trees",
    "the blue car",
    "the cyclist",
    "the yellow bus",
    "the sidewalk on the right",
    "the building behind the car",
    "stop next to the red car",
    "the traffic sign",
    "turn right after the van",
    "the person near the car",
    "the car in front of us",
)
"""As many as are asked at once; things that are there, things that are not, and places to drive to."""
_EVERY = 20


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures for cameras.

    Attributes:
        images_rgb: uint8 [H, W, 3] each, at least one.
        source: Where they come from, for people.
    """

    images_rgb: tuple[NDArray[np.uint8], ...]
    source: str

    def sized(self, size_px: tuple[int, int], count: int) -> list[NDArray[np.uint8]]:
        """As many, going round, each of this (width, height), uint8 [H, W, 3]."""
        enlarged = [cv2.resize(image, size_px, interpolation=cv2.INTER_LINEAR) for image in self.images_rgb[:count]]
        return [np.ascontiguousarray(enlarged[number % len(enlarged)]) for number in range(count)]

    def frames(self, size_px: tuple[int, int], count: int) -> list[Frame]:
        """One frame each of ``count`` cameras."""
        return [Frame(f"camera{number}", image, 1) for number, image in enumerate(self.sized(size_px, count))]


def pictures(paths: Sequence[Path] = ()) -> Pictures:
    """Pictures of the user; by default of the sample drive; where that cannot be read, made-up ones.

    Raises:
        ImageError: A picture of the user cannot be read.
    """
    if paths:
        return Pictures(tuple(read_rgb(path) for path in paths), f"{len(paths)} picture(s) given by path")
    try:
        drive = SampleDrive(share_file("sample"))
        images = [frame.rgb() for frame in drive.frames() if frame.index % _EVERY == 0]
        if not images:
            raise DataError("The sample drive has no pictures.")
    except RisError as error:
        return Pictures(tuple(_made_up(number) for number in range(MOST_CAMERAS)), f"made-up pictures ({error})")
    return Pictures(tuple(images), "sample drive")


def commands(count: int) -> list[Command]:
    """``count`` commands about every camera.

    Raises:
        ValueError: There are not so many.
    """
    if not 1 <= count <= len(TEXTS):
        raise ValueError(f"there are 1 to {len(TEXTS)} commands, not {count}")
    return [Command(str(number), text, Target.AUTO, 0) for number, text in enumerate(TEXTS[:count])]


def _made_up(seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
