"""Real images and commands to measure an engine on: frames of the sample drive that ships with the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.share import share_file
from ris_ros.data.drive import SampleDrive
from ris_ros.geometry.letterbox import Letterbox
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import TextBatch


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Images and the commands that are asked of them.

    Attributes:
        images_rgb: uint8 [C, H, W, 3], letterboxed to the network's input.
        text: N commands, each asked of one image.
    """

    images_rgb: NDArray[np.uint8]
    text: TextBatch


def read_samples(bundle: Bundle, size_px: tuple[int, int], count: int, offset: int) -> list[Sample]:
    """Images of the sample drive, each with every command of the drive.

    Args:
        bundle: Gives the text encoder.
        size_px: (width, height) of the network's input.
        count: How many images, spread over the drive.
        offset: Number of the first frame; other offsets give other frames.

    Raises:
        BundleError: The text encoder's weights are not there.
        ConfigError: The sample drive is not installed.
        DataError: It is damaged.
        MissingExtraError: ``rosbags`` is not installed.
    """
    drive = SampleDrive(share_file("sample"))
    features = bundle.load_text_encoder().encode_many([command.text for command in drive.commands])
    text = TextBatch.stack(features, [0] * len(features))
    frames = list(drive.frames())
    step = max(1, len(frames) // count)
    images = [frame.rgb() for frame in frames[offset % step :: step][:count]]
    samples = []
    for image in images:
        letterbox = Letterbox.fit((image.shape[1], image.shape[0]), size_px)
        samples.append(Sample(letterbox.apply(image)[None], text))
    return samples


def samples_sha256() -> str:
    """Checksum of the sample drive, for what is made from it and kept.

    Raises:
        ConfigError: The sample drive is not installed.
    """
    content = hashlib.sha256()
    for file in sorted((share_file("sample") / "drive").iterdir()):
        content.update(file.read_bytes())
    return content.hexdigest()
