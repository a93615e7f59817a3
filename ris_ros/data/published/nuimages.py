"""nuImages: nuScenes' street pictures with masks of things and of the drivable road (Caesar et al., CVPR 2020).

Nothing but things and road is labelled, so most of a picture is void and little can be denied of it.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.origins import ORIGINS
from ris_ros.data.pictures import Pictures
from ris_ros.data.published.coco_masks import decode_runs
from ris_ros.data.published.label_names import (
    NUIMAGES,
    NUIMAGES_BICYCLE,
    NUIMAGES_KNOWN,
    NUIMAGES_PARKED,
    NUIMAGES_RIDDEN,
)
from ris_ros.data.published.pictures import read_picture
from ris_ros.data.published.records import Record, check, inside, read_json
from ris_ros.data.published.segments import Extent, Segment, label
from ris_ros.errors import DataError


class _Runs(Record):
    size: tuple[int, int]
    counts: str


class _Named(Record):
    token: str
    name: str


class _Sample(Record):
    key_camera_token: str


class _Data(Record):
    token: str
    filename: str


class _Annotation(Record):
    token: str
    sample_data_token: str
    category_token: str
    attribute_tokens: tuple[str, ...] = ()
    mask: _Runs | None


R = TypeVar("R", bound=Record)


class NuImages(Pictures):
    """One split: its annotated pictures.

    Args:
        root: Folder of ``v1.0-<split>`` and ``samples``.
        split: ``"train"``, ``"val"`` or ``"mini"``.

    Raises:
        DataError: Files are missing or damaged, or there is no such split.
    """

    def __init__(self, root: Path, split: str) -> None:
        self._origin = ORIGINS["nuimages"]
        if split not in self._origin.splits:
            raise self._origin.unknown_split(split)
        self._root = root
        self._tables = root / f"v1.0-{split}"
        self._categories = {row.token: row.name for row in self._table("category", _Named)}
        self._attributes = {row.token: row.name for row in self._table("attribute", _Named)}
        keys = {row.key_camera_token for row in self._table("sample", _Sample)}
        self._pictures = sorted(
            (row for row in self._table("sample_data", _Data) if row.token in keys), key=lambda row: row.filename
        )
        self._frames = [Path(row.filename).stem for row in self._pictures]
        self._annotations: dict[str, list[_Annotation]] = {}
        # Surfaces first: things lie on them.
        for name in ("surface_ann", "object_ann"):
            for row in self._table(name, _Annotation):
                self._annotations.setdefault(row.sample_data_token, []).append(row)

    @property
    def frames(self) -> list[str]:
        """Name of each picture."""
        return self._frames

    def read(self, index: int) -> LabeledImage:
        """Picture ``index`` with its things and its road."""
        picture = self._pictures[index]
        path = inside(self._root, picture.filename, self._tables / "sample_data.json")
        image_rgb = read_picture(path, self._origin)
        size = (image_rgb.shape[0], image_rgb.shape[1])
        segment_map = np.zeros(size, np.int32)
        segments: dict[int, Segment] = {}
        known = NUIMAGES_KNOWN
        for number, row in enumerate(self._annotations.get(picture.token, []), start=1):
            segment = self._segment(row)
            if row.mask is None:
                known = known - {segment.class_name} if segment else known
                continue
            # What has no class of ours still hides what lies behind it.
            segment_map[_decode(row.token, row.mask, size)] = number
            if segment is not None:
                segments[number] = segment
        return label(f"nuimages/{self._frames[index]}", image_rgb, segment_map, segments, known)

    def _segment(self, row: _Annotation) -> Segment | None:
        category = self._categories.get(row.category_token, "")
        attributes = {self._attributes.get(token, "") for token in row.attribute_tokens}
        if category == NUIMAGES_BICYCLE:
            return Segment("bicyclist") if NUIMAGES_RIDDEN in attributes else None
        if category not in NUIMAGES:
            return None
        return Segment(NUIMAGES[category], Extent.ONE, ("parked",) if NUIMAGES_PARKED in attributes else ())

    def _table(self, name: str, record: type[R]) -> list[R]:
        path = self._tables / f"{name}.json"
        return check(TypeAdapter(list[record]), read_json(path, self._origin), path)  # type: ignore[valid-type]


def _decode(token: str, mask: _Runs, size: tuple[int, int]) -> NDArray[np.bool_]:
    try:
        if mask.size != size:
            raise ValueError(f"is for {mask.size[1]}x{mask.size[0]} pixels, its picture has another size")
        return decode_runs(size, base64.b64decode(mask.counts, validate=True))
    except (ValueError, binascii.Error) as error:
        raise DataError(f"nuImages: the mask of annotation {token} {error}: get the metadata again.") from None
