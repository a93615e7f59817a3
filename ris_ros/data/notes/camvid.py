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
    # Looked up by frame and not by split, so that frames that somebody split otherwise find their notes too.
    notes = {
        frame: note
        for part in ("train", "val")
        for frame, note in read_notes(Path(__file__).parent / f"camvid_{part}.jsonl").items()
    }
    return NotedImages(CamVid(root, split), notes)
