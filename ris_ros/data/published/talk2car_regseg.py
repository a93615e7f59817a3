"""Talk2Car-RegSeg: where a passenger's command sends the car (Rufus et al., IROS 2021).

Masks cover the road to drive to, not the thing that is named; what they say nothing about stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ris_ros.data.origins import ORIGINS, Origin
from ris_ros.data.published.panoptic_map import read_map
from ris_ros.data.published.pictures import Said, SaidPictures, Size, said_of_files
from ris_ros.data.published.records import Record, check, first_there, read_json
from ris_ros.errors import DataError
from ris_ros.types import Target

_FILES = {"test": "talk2car_test.json"}
_FILE_OF_THE_REST = "talk2car_w_rpn_no_duplicates.json"
_MASK_FOLDERS = ("val_masks_new", "mask_image_bin")


class _Sample(Record):
    command: str
    img: str


_SAMPLES = TypeAdapter(dict[int, _Sample])


def open_talk2car_regseg(root: Path, split: str) -> SaidPictures:
    """Open a part.

    Args:
        root: Folder of the JSON files, ``imgs`` and the masks ``gt_img_ann_<split>_<number>.png``.
        split: ``"train"``, ``"val"`` or ``"test"``.

    Raises:
        DataError: Files are missing or damaged, or there is no such part.
    """
    origin = ORIGINS["talk2car_regseg"]
    if split not in origin.splits:
        raise origin.unknown_split(split)
    path = first_there([root / _FILES.get(split, _FILE_OF_THE_REST)], origin)
    content = read_json(path, origin)
    if not isinstance(content, dict) or split not in content:
        raise DataError(f"{path}: has no part '{split}': is it the file that it ought to be?")
    images = first_there([root / "imgs", root / "images"], origin)
    masks = first_there([root / folder for folder in _MASK_FOLDERS], origin)
    by_image: dict[str, list[Said]] = {}
    for number, sample in sorted(check(_SAMPLES, content[split], path).items()):
        mask = masks / f"gt_img_ann_{split}_{number}.png"
        if sample.command.strip():
            said = Said(sample.command.strip(), "said_region", Target.REGION, _RegionMask(mask, origin))
            by_image.setdefault(sample.img, []).append(said)
    return SaidPictures("talk2car_regseg", origin, said_of_files(by_image, images, path))


@dataclass(frozen=True, slots=True)
class _RegionMask:
    """What is not black on a map."""

    path: Path
    origin: Origin

    def __call__(self, size: Size) -> NDArray[np.bool_]:
        return np.asarray(read_map(self.path, size, self.origin, cv2.IMREAD_GRAYSCALE) > 0, np.bool_)
