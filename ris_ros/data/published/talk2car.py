"""Talk2Car: what passengers tell a car, over nuScenes pictures (Deruyttere et al., EMNLP 2019).

The truth is a box around the thing that the command names. A box is no mask, so the masks made here are for pointing
only: their kind is ``said_box``, :data:`ris_ros.data.origins.ORIGINS` marks the source as one without masks, and
``ris train`` refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from ris_ros.data.origins import ORIGINS
from ris_ros.data.published.pictures import Said, SaidPictures, Size, said_of_files
from ris_ros.data.published.records import Record, check, first_there, read_json
from ris_ros.types import Target

BOX_KIND = "said_box"


class Talk2CarCommand(Record):
    """A command and the thing that it names.

    Attributes:
        command: What was said.
        obj_name: nuScenes category of the thing.
        box_xywh: Its box on the picture, in pixels.
        image: Name of the picture.
    """

    command: str = Field(min_length=1)
    obj_name: str
    box_xywh: tuple[int, int, int, int] = Field(alias="2d_box")
    image: str = Field(alias="t2c_img")


class _Commands(Record):
    commands: list[Talk2CarCommand]


_COMMANDS = TypeAdapter(_Commands)


def read_commands(path: Path) -> list[Talk2CarCommand]:
    """The commands of a file such as ``val_commands.json``; the test file has no boxes and is refused.

    Raises:
        DataError: The file is missing, damaged, or without boxes.
    """
    return check(_COMMANDS, read_json(path, ORIGINS["talk2car"]), path).commands


def open_talk2car(root: Path, split: str) -> SaidPictures:
    """Open a part, for pointing: each saying's mask is a box.

    Args:
        root: Folder of ``commands`` (or of the JSON files themselves) and ``images``.
        split: ``"train"`` or ``"val"``.

    Raises:
        DataError: Files are missing or damaged, or there is no such part.
    """
    origin = ORIGINS["talk2car"]
    if split not in origin.splits:
        raise origin.unknown_split(split)
    name = f"{split}_commands.json"
    path = first_there([root / "commands" / name, root / name], origin)
    images = first_there([root / "images", root / "imgs"], origin)
    by_image: dict[str, list[Said]] = {}
    for command in read_commands(path):
        said = Said(command.command.strip(), BOX_KIND, Target.OBJECT, _BoxMask(command.box_xywh))
        by_image.setdefault(command.image, []).append(said)
    return SaidPictures("talk2car", origin, said_of_files(by_image, images, path))


@dataclass(frozen=True, slots=True)
class _BoxMask:
    """All pixels of a box (x, y, width, height)."""

    box_xywh: tuple[int, int, int, int]

    def __call__(self, size: Size) -> NDArray[np.bool_]:
        x, y, width, height = self.box_xywh
        mask = np.zeros(size, np.bool_)
        mask[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = True
        return mask
