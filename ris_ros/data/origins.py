"""Where each data set comes from and how it lies on disk, for the sentences that tell a person what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ris_ros.errors import DataError


@dataclass(frozen=True, slots=True)
class Origin:
    """One data set.

    Attributes:
        title: Its published name.
        project: Where to get it: the name of the project's page, not a link that dies.
        layout: Where its files go below the root folder.
        splits: The names of its parts; empty where the source has one part only.
        offers: What it teaches: masks of things said, labels for the grammar, regions, boxes.
        has_masks: False where the truth is a box, which must not be learnt as a mask.
    """

    title: str
    project: str
    layout: str
    splits: tuple[str, ...]
    offers: str
    has_masks: bool = True

    def missing(self, path: Path) -> DataError:
        """The error for a file or folder that is not there: what it is, where to get it and where to put it."""
        return DataError(f"{path}: is not there: get {self.title} from {self.project} and put it as {self.layout}.")

    def unknown_split(self, split: str) -> DataError:
        """The error for a part that the data set does not have."""
        return DataError(f"split '{split}': {self.title} has {', '.join(self.splits)}.")


_REFER = "the project lichengunc/refer on GitHub"
_COCO_2014 = "COCO's train2014 pictures in <root>/images/mscoco/images/train2014"
_ROBUST = "the project jianzongwu/robust-ref-seg on GitHub"
_UNC_SPLITS = ("train", "val", "testA", "testB")
_SAID = "sentences that people said, masks"


def _refer(title: str, folder: str, partitions: str, splits: tuple[str, ...], project: str, offers: str) -> Origin:
    files = f"<root>/{folder}/{{{partitions}, instances.json}}"
    return Origin(title, project, f"{files} with {_COCO_2014}", splits, offers)


_G_SPLITS = ("train", "val", "test")
_ROBUST_OFFERS = "sentences that people said, true and false ones, masks"

ORIGINS: Mapping[str, Origin] = MappingProxyType(
    {
        "camvid": Origin(
            "CamVid in its 11-class form",
            "the CamVid page of Cambridge, in the form of SegNet's tutorial",
            "<root>/{train,val}/{images,labels} (images .jpg or .png, labels .png of 0..11)",
            ("train", "val"),
            "labels for the grammar",
        ),
        "camvid_notes": Origin(
            "CamVid in its 11-class form",
            "the CamVid page of Cambridge, in the form of SegNet's tutorial",
            "<root>/{train,val}/{images,labels}; the notes come with this package",
            ("train", "val"),
            "sentences that people wrote, things told apart, regions",
        ),
        "scenes": Origin(
            "a set of rendered streets",
            "`ris data render`",
            "<root>/NNNNN.{jpg,png,json}",
            (),
            "exact labels, instances and distances for the grammar",
        ),
        "refcoco": _refer("RefCOCO", "refcoco", "refs(unc).p or refs(google).p", _UNC_SPLITS, _REFER, _SAID),
        "refcoco+": _refer("RefCOCO+", "refcoco+", "refs(unc).p", _UNC_SPLITS, _REFER, _SAID),
        "refcocog": _refer("RefCOCOg", "refcocog", "refs(umd).p or refs(google).p", _G_SPLITS, _REFER, _SAID),
        "referit": Origin(
            "ReferIt (RefCLEF)",
            _REFER,
            "<root>/refclef/{refs(unc).p or refs(berkeley).p, instances.json} "
            "with its pictures in <root>/images/saiapr_tc-12",
            ("train", "val", "test", "testA", "testB", "testC"),
            _SAID,
        ),
        "grefcoco": _refer(
            "gRefCOCO",
            "grefcoco",
            "grefs(unc).json",
            _UNC_SPLITS,
            "the project henghuiding/gRefCOCO on GitHub",
            "sentences about one thing, several or none, masks",
        ),
        "rrefcoco": _refer("R-RefCOCO", "rrefcoco", "refs(unc).p", _UNC_SPLITS, _ROBUST, _ROBUST_OFFERS),
        "rrefcoco+": _refer("R-RefCOCO+", "rrefcoco+", "refs(unc).p", _UNC_SPLITS, _ROBUST, _ROBUST_OFFERS),
        "rrefcocog": _refer("R-RefCOCOg", "rrefcocog", "refs(umd).p", _G_SPLITS, _ROBUST, _ROBUST_OFFERS),
        "ris_cq": Origin(
            "RIS-CQ",
            "the project lili0415/DuMoGa on GitHub",
            "<root>/sub_ris.json with COCO's train2017 pictures in <root>/train2017 and its panoptic maps in "
            "<root>/panoptic_train2017",
            ("train", "val", "all"),
            "complex sentences, masks",
        ),
        "talk2car": Origin(
            "Talk2Car",
            "the project talk2car/Talk2Car on GitHub",
            "<root>/commands/{train,val}_commands.json with its pictures in <root>/images",
            ("train", "val"),
            "commands of passengers, boxes: for pointing only",
            has_masks=False,
        ),
        "talk2car_regseg": Origin(
            "Talk2Car-RegSeg",
            "the project kanji95/Talk2car-Refseg on GitHub",
            "<root>/{talk2car_w_rpn_no_duplicates.json, talk2car_test.json} with pictures in <root>/imgs "
            "and masks in <root>/val_masks_new",
            ("train", "val", "test"),
            "commands of passengers, masks of regions",
        ),
        "cityscapes": Origin(
            "Cityscapes",
            "the Cityscapes site, where you register (leftImg8bit_trainvaltest and gtFine_trainvaltest)",
            "<root>/{leftImg8bit,gtFine}/{train,val}/<city>",
            ("train", "val"),
            "labels and instances for the grammar",
        ),
        "coco_panoptic": Origin(
            "COCO panoptic 2017",
            "the download page of the COCO site (2017 images, panoptic annotations)",
            "<root>/annotations/panoptic_{train,val}2017.json with maps in <root>/panoptic_{train,val}2017 and "
            "pictures in <root>/{train,val}2017",
            ("train", "val"),
            "labels and instances for the grammar",
        ),
        "nuimages": Origin(
            "nuImages",
            "the nuScenes site, where you register (nuImages metadata and samples)",
            "<root>/v1.0-{train,val,mini}/*.json with pictures in <root>/samples",
            ("train", "val", "mini"),
            "instances and drivable road for the grammar",
        ),
    }
)
"""Name on the command line -> what is known of the data set."""
