"""Cityscapes: street frames of 50 cities with labels and instances (Cordts et al., CVPR 2016)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.data.pictures import Pictures
from ris_ros.data.published.label_names import (
    CITYSCAPES,
    CITYSCAPES_BICYCLE,
    CITYSCAPES_KNOWN,
    CITYSCAPES_MOTORCYCLE,
    CITYSCAPES_RIDER,
)
from ris_ros.data.published.panoptic_map import read_map
from ris_ros.data.published.pictures import read_picture
from ris_ros.data.published.segments import Extent, Segment, contacts, label
from ris_ros.errors import DataError

_PICTURE, _INSTANCES, _LABELS = "_leftImg8bit.png", "_gtFine_instanceIds.png", "_gtFine_labelIds.png"
_INSTANCES_PER_LABEL = 1000
# Labels of which the fine annotation tells instances apart; a pixel of them without an instance belongs to a group.
_WITH_INSTANCES = frozenset({24, 25, 26, 27, 28, 29, 30, 31, 32, 33})


class Cityscapes(Pictures):
    """One split.

    Args:
        root: Folder of ``leftImg8bit`` and ``gtFine``.
        split: ``"train"`` or ``"val"``.

    Raises:
        DataError: Files are missing, or there is no such split.
    """

    def __init__(self, root: Path, split: str) -> None:
        self._origin = ORIGINS["cityscapes"]
        if split not in self._origin.splits:
            raise self._origin.unknown_split(split)
        folder = root / "leftImg8bit" / split
        self._files = sorted(folder.glob(f"*/*{_PICTURE}"))
        if not self._files:
            raise self._origin.missing(folder)
        self._labels = root / "gtFine" / split
        self._frames = [path.name.removesuffix(_PICTURE) for path in self._files]

    @property
    def frames(self) -> list[str]:
        """``<city>_<sequence>_<frame>`` of each picture."""
        return self._frames

    def read(self, index: int) -> LabeledImage:
        """Frame ``index`` with its instances."""
        name = self._frames[index]
        image_rgb = read_picture(self._files[index], self._origin)
        size = (image_rgb.shape[0], image_rgb.shape[1])
        folder = self._labels / self._files[index].parent.name
        values = self._map(folder / f"{name}{_INSTANCES}", size)
        labels = self._map(folder / f"{name}{_LABELS}", size)
        own = np.where(values >= _INSTANCES_PER_LABEL, values // _INSTANCES_PER_LABEL, values)
        if not np.array_equal(own, labels):
            raise DataError(f"{folder / name}: labelIds and instanceIds differ: get both from the same archive.")
        segment_map, sure = _with_riders(values)
        known = CITYSCAPES_KNOWN if sure else CITYSCAPES_KNOWN - {"bicyclist"}
        return label(f"cityscapes/{name}", image_rgb, segment_map, _segments(segment_map), known)

    def _map(self, path: Path, size: tuple[int, int]) -> NDArray[np.int32]:
        return read_map(path, size, self._origin, cv2.IMREAD_UNCHANGED).astype(np.int32)


def _segments(segment_map: NDArray[np.int32]) -> dict[int, Segment]:
    segments = {}
    for value in np.unique(segment_map).tolist():
        own = value // _INSTANCES_PER_LABEL if value >= _INSTANCES_PER_LABEL else value
        if own == CITYSCAPES_RIDER and value >= _INSTANCES_PER_LABEL:
            segments[value] = Segment("bicyclist")
        elif own in CITYSCAPES:
            if value >= _INSTANCES_PER_LABEL:
                extent = Extent.ONE
            else:
                extent = Extent.GROUP if own in _WITH_INSTANCES else Extent.AREA
            segments[value] = Segment(CITYSCAPES[own], extent)
    return segments


def _with_riders(values: NDArray[np.int32]) -> tuple[NDArray[np.int32], bool]:
    """Give each rider the bicycle below, so that both are one cyclist.

    Returns:
        The map, in which other riders (on motorcycles, or on what is hidden) are 0, and whether all riders' vehicles
        were seen, so that a cyclist's absence can be told.
    """
    merged, sure = values.copy(), True
    labels = {value: value // _INSTANCES_PER_LABEL for value in np.unique(values).tolist()}
    free = {value for value, own in labels.items() if own in (CITYSCAPES_BICYCLE, CITYSCAPES_MOTORCYCLE)}
    if CITYSCAPES_RIDER in labels or CITYSCAPES_BICYCLE in labels:
        sure = False
        merged[values == CITYSCAPES_RIDER] = 0
    for rider in [value for value, own in labels.items() if own == CITYSCAPES_RIDER]:
        at_it = {value: count for value, count in contacts(values, rider).items() if value in free}
        if not at_it:
            merged[values == rider] = 0
            sure = False
            continue
        cycle = max(at_it, key=lambda value: at_it[value])
        free.discard(cycle)
        merged[values == cycle] = rider if labels[cycle] == CITYSCAPES_BICYCLE else 0
        if labels[cycle] == CITYSCAPES_MOTORCYCLE:
            merged[values == rider] = 0
    return merged, sure
