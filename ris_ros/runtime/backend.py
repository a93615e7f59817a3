"""What every inference backend does, and the checks that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

B = TypeVar("B", bound="ClosesOnExit")

GROUND_TEXT_INPUTS = ("words", "word_mask", "sentence", "camera_index")
GROUND_OUTPUTS = ("object_logits", "region_logits", "existence_logit")


class Backend(Protocol):
    """Runs a bundle's vision and ground graphs.

    An instance belongs to the thread that made it. The features that :meth:`see` returns stay on the backend's
    device, and are valid until the next call of :meth:`see` or :meth:`close`.
    """

    @property
    def name(self) -> str:
        """Name in :data:`ris_ros.runtime.registry.BACKENDS`."""
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

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        """Look at C images.

        Args:
            images_rgb: uint8 [C, H, W, 3] of the network's input size, red first.

        Raises:
            BackendError: The images do not fit, or the engine failed.
        """
        ...

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        """Answer N commands on the images that were looked at last.

        Raises:
            BackendError: The text does not fit the features, or the engine failed.
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

    @abstractmethod
    def close(self) -> None:
        """Release the engine."""

    def __enter__(self: B) -> B:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_images(images_rgb: NDArray[np.uint8], input_size_px: tuple[int, int]) -> None:
    """Refuse images that are not what the vision graph takes.

    Raises:
        BackendError: Wrong type or shape.
    """
    width, height = input_size_px
    if images_rgb.dtype != np.uint8 or images_rgb.shape[1:] != (height, width, 3) or not len(images_rgb):
        raise BackendError(
            f"The vision engine takes uint8 images of shape [C, {height}, {width}, 3], not "
            f"{images_rgb.dtype} {list(images_rgb.shape)}: letterbox them first."
        )


def check_text(text: TextBatch, features: VisionFeatures, width: int) -> None:
    """Refuse a batch that names an image that was not looked at, that is empty, or from another text encoder.

    Raises:
        BackendError: A camera index is out of range, there is no command, or features are not of length ``width``.
    """
    if text.words.shape[2] != width:
        raise BackendError(
            f"The ground engine takes text features of length {width}, not {text.words.shape[2]}: "
            f"encode with the bundle's own text encoder."
        )
    if not len(text.camera_index):
        raise BackendError("The ground engine needs at least one command.")
    low, high = int(text.camera_index.min()), int(text.camera_index.max())
    if low < 0 or high >= features.camera_count:
        raise BackendError(
            f"A command names image {high if low >= 0 else low}, but {features.camera_count} were looked at."
        )
