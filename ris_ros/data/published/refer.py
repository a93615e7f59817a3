"""RefCOCO, RefCOCO+, RefCOCOg, ReferIt, gRefCOCO and R-RefCOCO: the layout of the ``refer`` toolbox.

A folder per set holds ``refs(<partition>).p`` (a pickle, or the same as ``.json``) with the sentences and
``instances.json`` with COCO annotations; pictures lie beside the folders. Kazemzadeh et al., "ReferItGame" (EMNLP
2014); Yu et al., "Modeling Context in Referring Expressions" (ECCV 2016); Liu et al., "GRES" (CVPR 2023), whose
references name several annotations or none; Wu et al., "Towards Robust Referring Image Segmentation" (TIP 2024), whose
sentences say whether they are true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, model_validator

from ris_ros.data.origins import ORIGINS, Origin
from ris_ros.data.published.coco_masks import decode_runs, fill_polygons
from ris_ros.data.published.pictures import Said, SaidPicture, SaidPictures, Size
from ris_ros.data.published.plain_pickle import read_plain_pickle
from ris_ros.data.published.records import Record, check, first_there, inside, read_json
from ris_ros.errors import DataError
from ris_ros.types import Target

_COCO_FOLDERS = (
    "images/mscoco/images/train2014",
    "images/mscoco/train2014",
    "images/train2014",
    "train2014",
)
_CLEF_FOLDERS = ("images/saiapr_tc-12",)
NO_ANNOTATION = -1
"""What gRefCOCO writes for the annotation of a sentence that fits nothing."""


class _Sentence(Record):
    sent: str = ""
    raw: str = ""
    exist: bool = True

    @property
    def text(self) -> str:
        """The cleaned sentence, or the one that was typed where none was cleaned."""
        return self.sent.strip() or self.raw.strip()


class _Reference(Record):
    ref_id: int
    image_id: int
    ann_id: int | list[int]
    split: str
    sentences: list[_Sentence]
    no_target: bool = False

    @property
    def annotations(self) -> tuple[int, ...]:
        """Ids of what it names; none where it fits nothing."""
        ids = self.ann_id if isinstance(self.ann_id, list) else [self.ann_id]
        return () if self.no_target else tuple(number for number in ids if number != NO_ANNOTATION)


class _Runs(Record):
    size: tuple[int, int]
    counts: list[int] | str


class _Picture(Record):
    id: int
    file_name: str
    height: int
    width: int


class _Annotation(Record):
    id: int
    segmentation: list[list[float]] | list[_Runs] | _Runs


class _Instances(Record):
    images: list[_Picture]
    annotations: list[_Annotation]

    @model_validator(mode="before")
    @classmethod
    def _holds_both(cls, content: Any) -> Any:
        if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
            raise ValueError("holds no images and annotations")
        return content


_REFERENCES = TypeAdapter(list[_Reference])
_INSTANCES = TypeAdapter(_Instances)


@dataclass(frozen=True, slots=True)
class ReferSet:
    """Opens one set of this layout.

    Attributes:
        source: Its name on the command line.
        folder: Its folder below the root.
        partitions: The ways to divide it that were published, the usual one first.
        prefix: How the names of its files of sentences begin.
        image_folders: Where its pictures may lie below the root.
    """

    source: str
    folder: str
    partitions: tuple[str, ...]
    prefix: str = "refs"
    image_folders: tuple[str, ...] = _COCO_FOLDERS

    def __call__(self, root: Path, split: str) -> SaidPictures:
        """Open a part.

        Args:
            root: Folder of the ``refer`` toolbox's data: the sets' folders and ``images``.
            split: ``"train"``, ``"val"``, ``"testA"``, ..., or with a partition before it: ``"google:val"``.

        Raises:
            DataError: Files are missing or damaged, or there is no such part.
        """
        origin = ORIGINS[self.source]
        partition, _, part = split.rpartition(":")
        wanted = (partition,) if partition else self.partitions
        folder = root / self.folder
        names = [folder / f"{self.prefix}({name}).{ending}" for name in wanted for ending in ("p", "json")]
        # The form that the set is handed out in comes first, so that a missing file is named as it is published.
        names.sort(key=lambda path: (self.prefix == "grefs") == (path.suffix == ".p"))
        path = first_there(names, origin)
        content = read_plain_pickle(path) if path.suffix == ".p" else read_json(path, origin)
        every = check(_REFERENCES, content, path)
        references = [reference for reference in every if _is_in(reference.split, part)]
        if not references:
            there = ", ".join(sorted({reference.split for reference in every}))
            raise DataError(f"{path}: has no part '{part}': use one of {there}.")
        images = first_there([root / name for name in self.image_folders], origin)
        return SaidPictures(self.source, origin, _pictures(references, folder / "instances.json", images, origin))


def _is_in(own: str, wanted: str) -> bool:
    """Whether a reference belongs to a part; ReferIt's ``testAB`` belongs to ``testA``, ``testB`` and ``test``."""
    if own == wanted or wanted == "":
        return True
    if not (own.startswith("test") and wanted.startswith("test")):
        return False
    return set(wanted.removeprefix("test")) <= set(own.removeprefix("test"))


def _pictures(references: Iterable[_Reference], path: Path, images: Path, origin: Origin) -> list[SaidPicture]:
    by_image: dict[int, list[_Reference]] = {}
    for reference in references:
        by_image.setdefault(reference.image_id, []).append(reference)
    pictures, annotations = _instances(path, by_image, origin)
    said_pictures = []
    for image_id, group in sorted(by_image.items()):
        if image_id not in pictures:
            raise DataError(f"{path}: has no image {image_id}, which the sentences speak of: get both files together.")
        picture = pictures[image_id]
        said = [line for reference in group for line in _said(reference, picture, annotations, path)]
        file = inside(images, picture.file_name, path)
        said_pictures.append(SaidPicture(str(Path(picture.file_name).with_suffix("")), file, tuple(said)))
    return said_pictures


def _instances(
    path: Path, by_image: dict[int, list[_Reference]], origin: Origin
) -> tuple[dict[int, _Picture], dict[int, _Annotation]]:
    """What the references need of the annotations; checking all of COCO would take a minute."""
    content = read_json(path, origin)
    needed = {number for group in by_image.values() for reference in group for number in reference.annotations}
    if isinstance(content, dict):
        for key, ids in (("images", by_image.keys()), ("annotations", needed)):
            if isinstance(content.get(key), list):
                content[key] = [row for row in content[key] if not isinstance(row, dict) or row.get("id") in ids]
    instances = check(_INSTANCES, content, path)
    return {row.id: row for row in instances.images}, {row.id: row for row in instances.annotations}


def _said(reference: _Reference, picture: _Picture, annotations: dict[int, _Annotation], path: Path) -> Iterable[Said]:
    ids = reference.annotations
    lost = [number for number in ids if number not in annotations]
    if lost:
        raise DataError(f"{path}: has no annotation {lost[0]}, which reference {reference.ref_id} names: get it again.")
    named = tuple(annotations[number] for number in ids)
    read_mask = _UnionMask(named, (picture.height, picture.width)) if named else None
    kind = "said_group" if len(ids) > 1 else "said_thing"
    for sentence in reference.sentences:
        if sentence.text:
            true = sentence.exist and read_mask is not None
            yield Said(sentence.text, kind if true else "said_absent", Target.OBJECT, read_mask if true else None)


@dataclass(frozen=True, slots=True)
class _UnionMask:
    """The mask of annotations together."""

    annotations: tuple[_Annotation, ...]
    drawn_on: Size

    def __call__(self, size: Size) -> NDArray[np.bool_]:
        if size != self.drawn_on:
            height, width = self.drawn_on
            raise ValueError(f"was drawn on {width}x{height} pixels, the picture has another size")
        return np.asarray(np.logical_or.reduce([_mask(annotation, size) for annotation in self.annotations]), np.bool_)


def _mask(annotation: _Annotation, size: Size) -> NDArray[np.bool_]:
    parts = annotation.segmentation if isinstance(annotation.segmentation, list) else [annotation.segmentation]
    mask = fill_polygons(size, [part for part in parts if not isinstance(part, _Runs)])
    for part in parts:
        if isinstance(part, _Runs):
            if part.size != size:
                raise ValueError(f"has run lengths of {part.size[1]}x{part.size[0]} pixels")
            mask |= decode_runs(size, part.counts)
    return mask


REFCOCO = ReferSet("refcoco", "refcoco", ("unc", "google"))
REFCOCO_PLUS = ReferSet("refcoco+", "refcoco+", ("unc",))
REFCOCOG = ReferSet("refcocog", "refcocog", ("umd", "google"))
REFERIT = ReferSet("referit", "refclef", ("unc", "berkeley"), image_folders=_CLEF_FOLDERS)
GREFCOCO = ReferSet("grefcoco", "grefcoco", ("unc",), prefix="grefs")
R_REFCOCO = ReferSet("rrefcoco", "rrefcoco", ("unc",))
R_REFCOCO_PLUS = ReferSet("rrefcoco+", "rrefcoco+", ("unc",))
R_REFCOCOG = ReferSet("rrefcocog", "rrefcocog", ("umd", "unc"))
