"""The sources of labelled images that can be named on a command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ris_ros.data.camvid import CamVid
from ris_ros.data.labeled_image import LabeledImage


def _open_scenes(root: Path, split: str) -> Sequence[LabeledImage]:
    from ris_ros.data.scenes import SceneSet

    return SceneSet(root)


def _open_noted_camvid(root: Path, split: str) -> Sequence[LabeledImage]:
    from ris_ros.data.notes.apply import NotedImages
    from ris_ros.data.notes.read import read_notes

    images = CamVid(root, split)
    # By frame and not by split, so that another split of the frames finds its notes too.
    notes = {
        frame: note
        for part in ("train", "val")
        for frame, note in read_notes(Path(__file__).parent / "notes" / f"camvid_{part}.jsonl").items()
    }
    return NotedImages(images, images.frames, notes)


SOURCES: Mapping[str, Callable[[Path, str], Sequence[LabeledImage]]] = MappingProxyType(
    {"camvid": CamVid, "camvid_notes": _open_noted_camvid, "scenes": _open_scenes}
)
"""Name -> what opens it, given its folder and ``"train"`` or ``"val"`` (which sources without splits ignore)."""
