"""CamVid with the notes that come with this package."""

from __future__ import annotations

from pathlib import Path

from ris_ros.data.camvid import CamVid
from ris_ros.data.notes.apply import NotedImages
from ris_ros.data.notes.read import read_notes


def open_noted_camvid(root: Path, split: str) -> NotedImages:
    """The frames of a split that notes were written about.

    Args:
        root: CamVid's folder.
        split: ``"train"`` or ``"val"``.

    Raises:
        DataError: CamVid is not there.
    """
    images = CamVid(root, split)
    return NotedImages(images, images.frames, read_notes(Path(__file__).parent / f"camvid_{split}.jsonl"))
