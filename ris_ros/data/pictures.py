"""Sequences of labelled images that are read from disk when asked for: what every source is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from ris_ros.data.labeled_image import LabeledImage


class Pictures(Sequence[LabeledImage]):
    """A sequence of which subclasses say how long it is and how one image is read."""

    @property
    @abstractmethod
    def frames(self) -> list[str]:
        """Name of each picture within the source, in order."""

    @abstractmethod
    def read(self, index: int) -> LabeledImage:
        """Image ``index``, from 0.

        Raises:
            DataError: One of its files is missing or damaged.
        """

    def __len__(self) -> int:
        return len(self.frames)

    @overload
    def __getitem__(self, index: int) -> LabeledImage: ...

    @overload
    def __getitem__(self, index: slice) -> list[LabeledImage]: ...

    def __getitem__(self, index: int | slice) -> LabeledImage | list[LabeledImage]:
        """Image ``index``, read anew."""
        places = range(len(self))[index]
        return [self.read(place) for place in places] if isinstance(places, range) else self.read(places)
