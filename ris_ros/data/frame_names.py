"""Names of a source's images, without reading them where the source knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ris_ros.data.labeled_image import LabeledImage


@runtime_checkable
class _Framed(Protocol):
    @property
    def frames(self) -> list[str]: ...


def frame_names(images: Sequence[LabeledImage]) -> list[str]:
    """Name of each image, in order.

    Raises:
        DataError: The names are only in the images, and one cannot be read.
    """
    if isinstance(images, _Framed):
        return images.frames
    return [image.id.rpartition("/")[2] for image in images]
