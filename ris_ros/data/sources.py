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


SOURCES: Mapping[str, Callable[[Path, str], Sequence[LabeledImage]]] = MappingProxyType(
    {"camvid": CamVid, "scenes": _open_scenes}
)
"""Name -> what opens it, given its folder and ``"train"`` or ``"val"`` (which sources without splits ignore)."""
