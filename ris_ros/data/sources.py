"""The sources of labelled images that can be named on a command line."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ris_ros.data.origins import ORIGINS, Origin
from ris_ros.data.pictures import Pictures
from ris_ros.errors import ConfigError

Opener = Callable[[Path, str], Pictures]
"""Opens a source, given its folder and the name of a part."""


@dataclass(frozen=True, slots=True)
class Source:
    """A row of :data:`SOURCES`; calling it opens the source.

    Attributes:
        origin: What is known of the data set.
        module: Module that reads it, imported only when it is opened.
        reader: What opens it there: an :data:`Opener`.
    """

    origin: Origin
    module: str
    reader: str

    def __call__(self, root: Path, split: str) -> Pictures:
        """Open a part of the source.

        Args:
            root: Its folder.
            split: The part's own name, see ``origin.splits``; sources of one part ignore it.

        Raises:
            DataError: The source is not there, is damaged, or has no such part.
        """
        opener: Opener = getattr(importlib.import_module(self.module), self.reader)
        return opener(root, split)


def _published(name: str, module: str, reader: str) -> Source:
    return Source(ORIGINS[name], f"ris_ros.data.published.{module}", reader)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "camvid": Source(ORIGINS["camvid"], "ris_ros.data.camvid", "CamVid"),
        "camvid_notes": Source(ORIGINS["camvid_notes"], "ris_ros.data.notes.camvid", "open_noted_camvid"),
        "scenes": Source(ORIGINS["scenes"], "ris_ros.data.scenes.dataset", "open_scenes"),
        "refcoco": _published("refcoco", "refer", "REFCOCO"),
        "refcoco+": _published("refcoco+", "refer", "REFCOCO_PLUS"),
        "refcocog": _published("refcocog", "refer", "REFCOCOG"),
        "referit": _published("referit", "refer", "REFERIT"),
        "grefcoco": _published("grefcoco", "refer", "GREFCOCO"),
        "rrefcoco": _published("rrefcoco", "refer", "R_REFCOCO"),
        "rrefcoco+": _published("rrefcoco+", "refer", "R_REFCOCO_PLUS"),
        "rrefcocog": _published("rrefcocog", "refer", "R_REFCOCOG"),
        "ris_cq": _published("ris_cq", "ris_cq", "open_ris_cq"),
        "talk2car": _published("talk2car", "talk2car", "open_talk2car"),
        "talk2car_regseg": _published("talk2car_regseg", "talk2car_regseg", "open_talk2car_regseg"),
        "cityscapes": _published("cityscapes", "cityscapes", "Cityscapes"),
        "coco_panoptic": _published("coco_panoptic", "coco_panoptic", "CocoPanoptic"),
        "nuimages": _published("nuimages", "nuimages", "NuImages"),
    }
)
"""Name -> source."""


def parse_source(argument: str) -> tuple[str, Path]:
    """Read ``NAME=FOLDER``.

    Raises:
        ConfigError: It has another form, or names no source.
    """
    name, separator, folder = argument.partition("=")
    if not separator or not folder or name not in SOURCES:
        raise ConfigError(f"{argument}: write NAME=FOLDER with NAME one of {', '.join(SOURCES)}.")
    return name, Path(folder)
