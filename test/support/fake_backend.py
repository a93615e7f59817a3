"""A backend without an engine: it knows how often it was asked, and fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import MisuseError
from ris_ros.runtime.backend import ClosesOnExit
from ris_ros.types import GroundOutput, TextBatch, TextFeatures, VisionFeatures


class FakeBackend(ClosesOnExit):
    """Answers every command with the mean of its image.

    Args:
        name: Its name.
        see_fails: Raised by every look.
        ground_fails: Raised by every question.
        answer: The logit that it gives in place of the mean.
        precision: What it says it computes in.
        fixed_size_px: The only (width, height) that it takes.
        camera_size_px: That of camera images, if it shrinks them itself.
        works: Called at every question, before the answer.
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        see_fails: Exception | None = None,
        ground_fails: Exception | None = None,
        answer: float | None = None,
        precision: str = "fp32",
        fixed_size_px: tuple[int, int] | None = None,
        camera_size_px: tuple[int, int] | None = None,
        works: Callable[[], Any] = lambda: None,
    ) -> None:
        self.name, self.precision, self.device = name, precision, f"device of {name}"
        self.see_fails, self.ground_fails, self.answer = see_fails, ground_fails, answer
        self._fixed_size_px, self._camera_size_px = fixed_size_px, camera_size_px
        self._works = works
        self.looks = self.questions = 0
        self.closed = False

    @property
    def notes(self) -> Mapping[str, str]:
        return {"of": self.name}

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def camera_size_px(self) -> tuple[int, int] | None:
        return self._camera_size_px

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        assert not self.closed
        height, width = images_rgb.shape[1:3]
        if (self._camera_size_px or self._fixed_size_px) not in (None, (width, height)):
            raise MisuseError(f"{self.name} takes other images: letterbox them.")
        self.looks += 1
        if self.see_fails is not None:
            raise self.see_fails
        return VisionFeatures({"by": self, "images": images_rgb}, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        assert not self.closed
        assert features.tensors["by"] is self, "features of another backend"
        self.questions += 1
        self._works()
        if self.ground_fails is not None:
            raise self.ground_fails
        count = len(text.camera_index)
        means = features.tensors["images"].mean(axis=(1, 2, 3))[text.camera_index].astype(np.float32)
        logits = means if self.answer is None else np.full(count, self.answer, np.float32)
        maps = np.broadcast_to(logits[:, None, None], (count, 16, 24)).copy()
        return GroundOutput(maps, maps, logits)

    def close(self) -> None:
        self.closed = True


def one_command(width: int = 8) -> TextBatch:
    """A command that means nothing, asked of the first image."""
    features = TextFeatures(np.zeros((4, width), np.float32), np.ones(4, np.float32), np.zeros(width, np.float32))
    return TextBatch.stack([features], [0])
