"""The sources of labelled images that a run can be given, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ris_ros.data.camvid import CamVid
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.errors import ConfigError


def _open_scenes(root: Path, split: str) -> Sequence[LabeledImage]:
    from ris_ros.data.scenes import SceneSet

    return SceneSet(root)


SOURCES: Mapping[str, Callable[[Path, str], Sequence[LabeledImage]]] = MappingProxyType(
    {"camvid": CamVid, "scenes": _open_scenes}
)


def parse_roots(given: Sequence[str]) -> dict[str, Path]:
    """Read ``name=folder`` arguments.

    Raises:
        ConfigError: An argument has another form, or names an unknown source or one twice.
    """
    roots: dict[str, Path] = {}
    for argument in given:
        name, separator, folder = argument.partition("=")
        if not separator or not folder or name not in SOURCES:
            raise ConfigError(f"--data {argument}: write NAME=FOLDER with NAME one of {', '.join(SOURCES)}.")
        if name in roots:
            raise ConfigError(f"--data {argument}: '{name}' is given twice.")
        roots[name] = Path(folder)
    return roots


def open_source(name: str, root: Path, split: str) -> Sequence[LabeledImage]:
    """Open a source.

    Args:
        name: A key of :data:`SOURCES`.
        root: Its folder.
        split: ``"train"`` or ``"val"``, for sources that have both.

    Raises:
        DataError: The source is not at ``root``.
    """
    return SOURCES[name](root, split)
