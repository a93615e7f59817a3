"""Pictures with what was said about them, read from disk when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import VOID
from ris_ros.data.image_file import read_rgb
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.origins import Origin
from ris_ros.data.pictures import Pictures
from ris_ros.data.published.records import inside
from ris_ros.data.saying import Saying
from ris_ros.errors import DataError, ImageError
from ris_ros.types import Target

Size = tuple[int, int]
"""(height, width) in pixels."""

ReadMask = Callable[[Size], NDArray[np.bool_]]
"""Makes the mask bool [H, W] of a picture of this size; raises ValueError with a reason where it cannot.

An object and no closure, because the processes that prepare samples are sent it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A sentence about a picture, its mask not yet made.

    Attributes:
        text: What was said.
        kind: Family, for figures by kind.
        target: What its mask is: an OBJECT, or a REGION to drive to.
        read_mask: Makes the mask; None for a sentence about something that is not there.
    """

    text: str
    kind: str
    target: Target
    read_mask: ReadMask | None


@dataclass(frozen=True, slots=True, eq=False)
class SaidPicture:
    """A picture and what was said about it.

    Attributes:
        name: Within the source.
        path: Its file.
        said: The sentences; those that share a ``read_mask`` share the mask in memory.
    """

    name: str
    path: Path
    said: tuple[Said, ...]


def said_of_files(by_file: Mapping[str, Sequence[Said]], folder: Path, record_file: Path) -> list[SaidPicture]:
    """Pictures named by their files.

    Args:
        by_file: File below ``folder`` -> what was said of it.
        folder: Of the pictures.
        record_file: Where the names stand, for the message.

    Raises:
        DataError: A name leads out of the folder.
    """
    return [
        SaidPicture(str(Path(name).with_suffix("")), inside(folder, name, record_file), tuple(said))
        for name, said in by_file.items()
    ]


class SaidPictures(Pictures):
    """Pictures without labels of their pixels, and what people said about them.

    Args:
        source: Name of the source, before each image's id.
        origin: Says where missing pictures come from.
        pictures: In order.
    """

    def __init__(self, source: str, origin: Origin, pictures: Sequence[SaidPicture]) -> None:
        self._source = source
        self._origin = origin
        self._pictures = list(pictures)
        self._frames = [picture.name for picture in self._pictures]

    @property
    def frames(self) -> list[str]:
        """Name of each picture within the source, in order."""
        return self._frames

    def read(self, index: int) -> LabeledImage:
        """Image ``index`` with its sayings; an empty mask tells nothing, so its sentence is left out."""
        picture = self._pictures[index]
        image_rgb = read_picture(picture.path, self._origin)
        size = (image_rgb.shape[0], image_rgb.shape[1])
        masks: dict[int, NDArray[np.bool_]] = {}
        sayings = []
        for said in picture.said:
            if said.read_mask is None:
                sayings.append(Saying(said.text, said.kind, said.target, exists=False))
                continue
            key = id(said.read_mask)
            if key not in masks:
                try:
                    masks[key] = said.read_mask(size)
                except ValueError as error:
                    raise DataError(f"{picture.path}: the mask of '{said.text}' {error}.") from None
            mask = masks[key]
            if mask.any():
                sayings.append(
                    Saying(said.text, said.kind, said.target, object_mask=mask)
                    if said.target is Target.OBJECT
                    else Saying(said.text, said.kind, said.target, region_mask=mask)
                )
        return LabeledImage(
            id=f"{self._source}/{picture.name}",
            image_rgb=image_rgb,
            class_map=np.full(size, VOID, np.uint8),
            instance_map=np.zeros(size, np.int32),
            known_classes=frozenset(),
            sayings=tuple(sayings),
        )


def read_picture(path: Path, origin: Origin) -> NDArray[np.uint8]:
    """A picture of a data set, uint8 [H, W, 3] RGB.

    Raises:
        DataError: It is not there, or is no picture.
    """
    if not path.is_file():
        raise origin.missing(path)
    try:
        return read_rgb(path)
    except ImageError as error:
        raise DataError(str(error)) from None
