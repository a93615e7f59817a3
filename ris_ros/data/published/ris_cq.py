"""RIS-CQ: sentences with several relations each, over COCO panoptic segments (Ji et al., TOMM 2024).

The released file is one list without parts, so every tenth picture (by a checksum of its name) is for validation.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ris_ros.data.origins import ORIGINS, Origin
from ris_ros.data.published.panoptic_map import read_segments
from ris_ros.data.published.pictures import Said, SaidPictures, Size, said_of_files
from ris_ros.data.published.records import Record, check, first_there, inside, read_json
from ris_ros.types import Target

_VALIDATION_EVERY = 10


class _Query(Record):
    file_name: str
    sentence: str
    pan_seg_file: str
    id: int


_QUERIES = TypeAdapter(list[_Query])


def open_ris_cq(root: Path, split: str) -> SaidPictures:
    """Open a part.

    Args:
        root: Folder of ``sub_ris.json``, COCO's 2017 pictures and its panoptic maps.
        split: ``"train"``, ``"val"`` or ``"all"``.

    Raises:
        DataError: Files are missing or damaged, or there is no such part.
    """
    origin = ORIGINS["ris_cq"]
    if split not in origin.splits:
        raise origin.unknown_split(split)
    path = first_there([root / "sub_ris.json"], origin)
    by_image: dict[str, list[_Query]] = {}
    for query in check(_QUERIES, read_json(path, origin), path):
        if split == "all" or (split == "val") == _for_validation(query.file_name):
            by_image.setdefault(query.file_name, []).append(query)
    said = {
        name: [
            Said(query.sentence.strip(), "said_complex", Target.OBJECT, _segment_mask(root, query, path, origin))
            for query in queries
            if query.sentence.strip()
        ]
        for name, queries in sorted(by_image.items())
    }
    return SaidPictures("ris_cq", origin, said_of_files(said, root, path))


def _for_validation(name: str) -> bool:
    return zlib.crc32(name.encode()) % _VALIDATION_EVERY == 0


@dataclass(frozen=True, slots=True)
class _SegmentMask:
    """The mask of a segment of a panoptic map."""

    maps: tuple[Path, ...]
    segment: int
    origin: Origin

    def __call__(self, size: Size) -> NDArray[np.bool_]:
        path = first_there(self.maps, self.origin)
        mask = np.asarray(read_segments(path, size, self.origin) == self.segment, np.bool_)
        if not mask.any():
            raise ValueError(f"is segment {self.segment}, which {path.name} does not hold")
        return mask


def _segment_mask(root: Path, query: _Query, path: Path, origin: Origin) -> _SegmentMask:
    maps = tuple(inside(root / folder, query.pan_seg_file, path) for folder in ("", "annotations"))
    return _SegmentMask(maps, query.id, origin)
