"""Which sources a run is given, read from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.sources import SOURCES
from ris_ros.errors import ConfigError


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
        name: A key of :data:`ris_ros.data.sources.SOURCES`.
        root: Its folder.
        split: ``"train"`` or ``"val"``, for sources that have both.

    Raises:
        DataError: The source is not at ``root``.
    """
    return SOURCES[name](root, split)
