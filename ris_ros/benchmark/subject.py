"""The model under measurement, and the calls that are timed: everything by way of Backend and Perceiver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ris_ros.benchmark.inputs import Pictures, commands
from ris_ros.geometry.letterbox import Letterbox
from ris_ros.language.encoder import TextEncoder
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import Grounding, TextBatch

REFERENCE_PX = (480, 288)
"""(width, height) of the network's input that the project's bars are stated for."""
SIZES_PX = ((512, 384), (512, 288), (480, 288), (384, 288), (320, 192))

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model on a backend.

    Attributes:
        bundle: The model.
        backend: The bare backend; one that fell back to another would be measured under the wrong name.
        encoder: The text encoder.
        pictures: What is shown.
        largest_px: (width, height) of the network's largest input.
    """

    bundle: Bundle
    backend: Backend
    encoder: TextEncoder
    pictures: Pictures
    largest_px: Size

    @property
    def sizes_px(self) -> tuple[Size, ...]:
        """The network's input sizes that are measured, largest first."""
        if (fixed := self.backend.fixed_size_px) is not None:
            return (fixed,)
        width, height = self.largest_px
        return tuple(size for size in SIZES_PX if size[0] <= width and size[1] <= height) or (self.largest_px,)

    @property
    def reference_px(self) -> Size:
        """The size at which stages are measured: :data:`REFERENCE_PX` where the model takes it."""
        return REFERENCE_PX if REFERENCE_PX in self.sizes_px else self.sizes_px[0]

    def perceiver(self) -> Perceiver:
        """A pipeline on the same engines."""
        thresholds = Thresholds.of(self.bundle.settings.thresholds)
        return Perceiver(self.backend, self.encoder, self.largest_px, thresholds)

    def inputs(self, size_px: Size, cameras: int) -> NDArray[np.uint8]:
        """Letterboxed pictures, uint8 [C, h, w, 3]."""
        images = self.pictures.sized((1280, 720), cameras)
        return np.stack([Letterbox.fit((1280, 720), size_px).apply(image) for image in images])

    def text(self, count: int) -> TextBatch:
        """Encoded commands, all of the first camera."""
        features = self.encoder.encode_many([command.text for command in commands(count)])
        return TextBatch.stack(features, [0] * count)

    def vision(self, size_px: Size, cameras: int) -> Callable[[], object]:
        """Looks at so many images of this size."""
        images = self.inputs(size_px, cameras)
        self.backend.prepare(size_px, cameras, 1)
        return lambda: self.backend.see(images)

    def ground(self, size_px: Size, count: int) -> Callable[[], object]:
        """Answers so many commands on one image; nothing else may look before its last call."""
        return self.grounds(size_px, [count])[count]

    def grounds(self, size_px: Size, counts: Sequence[int]) -> dict[int, Callable[[], object]]:
        """Several of :meth:`ground` on the same look, by their number of commands."""
        for count in counts:
            self.backend.prepare(size_px, 1, count)
        features = self.backend.see(self.inputs(size_px, 1))
        return {count: partial(self.backend.ground, features, self.text(count)) for count in counts}

    def model(self, size_px: Size, count: int) -> Callable[[], object]:
        """Looks at one image of this size and answers so many commands."""
        images, text = self.inputs(size_px, 1), self.text(count)
        self.backend.prepare(size_px, 1, count)
        return lambda: self.backend.ground(self.backend.see(images), text)

    def whole(self, image_size_px: Size, count: int, cameras: int = 1) -> Callable[[], list[Grounding]]:
        """From decoded images of cameras to groundings, the commands' texts encoded before."""
        perceiver, asked = self.perceiver(), commands(count)
        frames = self.pictures.frames(image_size_px, cameras)
        perceiver.perceive(frames, asked)
        return lambda: perceiver.perceive(frames, asked)
