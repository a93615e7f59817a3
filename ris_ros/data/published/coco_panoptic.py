"""COCO panoptic 2017: a segment for every pixel (Kirillov et al., "Panoptic Segmentation", CVPR 2019).

Other sets in the same format serve too, as far as their categories carry COCO's names.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.data.pictures import Pictures
from ris_ros.data.published.label_names import COCO, COCO_CYCLES, COCO_KNOWN
from ris_ros.data.published.panoptic_map import read_segments
from ris_ros.data.published.pictures import read_picture
from ris_ros.data.published.records import Record, check, first_there, inside, read_json
from ris_ros.data.published.segments import Extent, Segment, contacts, label
from ris_ros.errors import DataError

_YEAR = "2017"


class _Segment(Record):
    id: int
    category_id: int
    iscrowd: bool = False


class _Annotation(Record):
    image_id: int
    file_name: str
    segments_info: list[_Segment]


class _Picture(Record):
    id: int
    file_name: str


class _Category(Record):
    id: int
    name: str


class _Panoptic(Record):
    images: list[_Picture]
    annotations: list[_Annotation]
    categories: list[_Category]


_PANOPTIC = TypeAdapter(_Panoptic)


class CocoPanoptic(Pictures):
    """One split.

    Args:
        root: Folder of ``annotations``, ``panoptic_<split>2017`` (there or in ``annotations``) and ``<split>2017``.
        split: ``"train"`` or ``"val"``.

    Raises:
        DataError: Files are missing or damaged, or there is no such split.
    """

    def __init__(self, root: Path, split: str) -> None:
        self._origin = ORIGINS["coco_panoptic"]
        if split not in self._origin.splits:
            raise self._origin.unknown_split(split)
        name = f"panoptic_{split}{_YEAR}"
        path = root / "annotations" / f"{name}.json"
        content = check(_PANOPTIC, read_json(path, self._origin), path)
        self._names = {category.id: category.name for category in content.categories}
        files = {picture.id: picture.file_name for picture in content.images}
        lost = [one.image_id for one in content.annotations if one.image_id not in files]
        if lost:
            raise DataError(f"{path}: has no image {lost[0]}, which an annotation describes: get it again.")
        self._maps = first_there([root / name, root / "annotations" / name], self._origin)
        self._images = root / f"{split}{_YEAR}"
        self._path = path
        self._entries = sorted(((files[one.image_id], one) for one in content.annotations), key=lambda entry: entry[0])
        self._frames = [str(Path(file).with_suffix("")) for file, _ in self._entries]

    @property
    def frames(self) -> list[str]:
        """Name of each picture."""
        return self._frames

    def read(self, index: int) -> LabeledImage:
        """Picture ``index`` with its instances."""
        file, annotation = self._entries[index]
        image_rgb = read_picture(inside(self._images, file, self._path), self._origin)
        size = (image_rgb.shape[0], image_rgb.shape[1])
        segment_map = read_segments(inside(self._maps, annotation.file_name, self._path), size, self._origin)
        segments, known = self._segments(annotation, segment_map)
        return label(f"coco_panoptic/{self._frames[index]}", image_rgb, segment_map, segments, known)

    def _segments(
        self, annotation: _Annotation, segment_map: NDArray[np.int32]
    ) -> tuple[dict[int, Segment], frozenset[str]]:
        """A person at a bicycle or motorcycle rides it or not: nobody says, so such people have no class."""
        names = {one.id: self._names.get(one.category_id, "") for one in annotation.segments_info}
        riding = {
            value
            for cycle, name in names.items()
            if name in COCO_CYCLES
            for value in contacts(segment_map, cycle)
            if names.get(value) == "person"
        }
        segments = {
            one.id: Segment(COCO[names[one.id]], Extent.GROUP if one.iscrowd else Extent.ONE)
            for one in annotation.segments_info
            if names[one.id] in COCO and one.id not in riding
        }
        return segments, COCO_KNOWN - {"pedestrian"} if riding else COCO_KNOWN
