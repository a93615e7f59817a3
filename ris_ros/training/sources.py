"""Which sources a run is given, read from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ris_ros.data.pictures import Pictures
from ris_ros.data.sources import SOURCES, parse_source
from ris_ros.errors import ConfigError


def parse_roots(given: Sequence[str]) -> dict[str, Path]:
    """Read ``name=folder`` arguments.

    Raises:
        ConfigError: An argument has another form, or names an unknown source, one twice, or one without masks.
    """
    roots: dict[str, Path] = {}
    for argument in given:
        name, folder = parse_source(argument)
        if name in roots:
            raise ConfigError(f"--data {argument}: '{name}' is given twice.")
        if not SOURCES[name].origin.has_masks:
            raise ConfigError(f"--data {argument}: {name} has boxes, which are no masks: it serves `ris eval` only.")
        roots[name] = folder
    return roots


def open_source(name: str, root: Path, split: str) -> Pictures:
    """Open a source.

    Args:
        name: A key of :data:`ris_ros.data.sources.SOURCES`.
        root: Its folder.
        split: The part's own name; sources of one part ignore it.

    Raises:
        DataError: The source is not at ``root``.
    """
    return SOURCES[name](root, split)
