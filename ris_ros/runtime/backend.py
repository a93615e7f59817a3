"""What every inference backend does, and the checks that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.bundle import TextSettings
from ris_ros.errors import BackendError, MisuseError
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

B = TypeVar("B", bound="ClosesOnExit")

GROUND_TEXT_INPUTS = ("words", "word_mask", "sentence", "camera_index")
GROUND_OUTPUTS = ("object_logits", "region_logits", "existence_logit")
SIDE_STEP = 32
"""Sides of the network's input are multiples of the coarsest stride."""


class Backend(Protocol):
    """Runs a bundle's vision and ground graphs.

    An instance belongs to the thread that made it. The features that :meth:`see` returns stay on the backend's
    device, and are valid until the next call of :meth:`see` or :meth:`close`.
    """

    @property
    def name(self) -> str:
        """Name in :data:`ris_ros.runtime.table.BACKENDS`."""
        ...

    @property
    def precision(self) -> str:
        """The arithmetic that is really used for convolutions and products, such as ``fp32`` or ``bf16``."""
        ...

    @property
    def device(self) -> str:
        """What it runs on, for people."""
        ...

    @property
    def notes(self) -> Mapping[str, str]:
        """What else is known of the engines, by name, for diagnostics and doctor."""
        ...

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """(width, height) of the only images that it takes; None where any multiples of :data:`SIDE_STEP` will do."""
        ...

    @property
    def camera_size_px(self) -> tuple[int, int] | None:
        """(width, height) of camera images that it fits into :attr:`fixed_size_px` itself, as
        :class:`~ris_ros.geometry.letterbox.Letterbox` does; None where it takes images that fit already."""
        ...

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        """Make the first look at so many images of this (width, height) as fast as those that follow.

        Raises:
            MisuseError: It does not take images of this size.
            BackendError: The engine failed.
        """
        ...

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        """Look at C images.

        Args:
            images_rgb: uint8 [C, H, W, 3], red first, H and W as :attr:`camera_size_px` says, or else
                :attr:`fixed_size_px`.

        Raises:
            MisuseError: The images do not fit.
            BackendError: The engine failed.
        """
        ...

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        """Answer N commands on the images that were looked at last.

        Raises:
            MisuseError: The text does not fit the features, or these are of an earlier look.
            BackendError: The engine failed.
        """
        ...

    def close(self) -> None:
        """Release the engine; nothing may be called afterwards."""
        ...

    def __enter__(self) -> Backend: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ClosesOnExit(ABC):
    """Makes a backend a context manager, which has no notes unless it says otherwise."""

    @property
    def notes(self) -> Mapping[str, str]:
        """See :attr:`Backend.notes`."""
        return {}

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """See :attr:`Backend.fixed_size_px`."""
        return None

    @property
    def camera_size_px(self) -> tuple[int, int] | None:
        """See :attr:`Backend.camera_size_px`."""
        return None

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        """See :meth:`Backend.prepare`; looks once, at black, unless it says otherwise."""
        width, height = size_px
        self.see(np.zeros((cameras, height, width, 3), np.uint8))

    @abstractmethod
    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        """See :meth:`Backend.see`."""

    @abstractmethod
    def close(self) -> None:
        """Release the engine."""

    def __enter__(self: B) -> B:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_images(images_rgb: NDArray[np.uint8], fixed_size_px: tuple[int, int] | None) -> None:
    """Refuse images that are not what the vision graph takes.

    Args:
        images_rgb: What is to be looked at.
        fixed_size_px: See :attr:`Backend.fixed_size_px`.

    Raises:
        MisuseError: Wrong type or shape.
    """
    sides = images_rgb.shape[1:3]
    if fixed_size_px is not None:
        size, fits = f"{fixed_size_px[1]}, {fixed_size_px[0]}", sides == fixed_size_px[::-1]
    else:
        size, fits = "H, W", len(sides) == 2 and all(side and side % SIDE_STEP == 0 for side in sides)
    if images_rgb.dtype != np.uint8 or not fits or images_rgb.shape[3:] != (3,) or not len(images_rgb):
        multiples = "" if fixed_size_px else f" with H and W multiples of {SIDE_STEP}"
        raise MisuseError(
            f"The vision engine takes uint8 images of shape [C, {size}, 3]{multiples}, not "
            f"{images_rgb.dtype} {list(images_rgb.shape)}: letterbox them first."
        )


def check_text(text: TextBatch, features: VisionFeatures, encoder: TextSettings) -> None:
    """Refuse a batch that names an image that was not looked at, that is empty, or from another text encoder.

    Args:
        text: What is to be asked.
        features: What it is asked of.
        encoder: The bundle's.

    Raises:
        MisuseError: A camera index is out of range, there is no command, or its features are not the encoder's.
    """
    expected = (encoder.max_tokens, encoder.width)
    if text.words.shape[1:] != expected:
        raise MisuseError(
            f"The ground engine takes text features of shape {list(expected)}, not {list(text.words.shape[1:])}: "
            f"encode with the bundle's own text encoder."
        )
    if not len(text.camera_index):
        raise MisuseError("The ground engine needs at least one command.")
    low, high = int(text.camera_index.min()), int(text.camera_index.max())
    if low < 0 or high >= features.camera_count:
        raise MisuseError(
            f"A command names image {high if low >= 0 else low}, but {features.camera_count} were looked at."
        )


def empty_text(encoder: TextSettings, cameras: Sequence[int]) -> TextBatch:
    """Commands that mean nothing, to run an engine with.

    Args:
        encoder: The bundle's.
        cameras: The image that each is asked of.
    """
    words = np.zeros((len(cameras), encoder.max_tokens, encoder.width), np.float32)
    return TextBatch(words, np.ones(words.shape[:2], np.float32), words[:, 0], np.array(cameras, np.int64))


def check_numbers(output: GroundOutput) -> None:
    """Refuse answers that are none: a mask made of NaN would be an empty one, and pass for "nothing there".

    Raises:
        BackendError: A value is infinite or no number.
    """
    for values in (output.object_logits, output.region_logits, output.existence_logit):
        if not np.isfinite(values).all():
            raise BackendError("The ground engine gave values that are no numbers: use another backend or precision.")
