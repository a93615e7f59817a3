"""What ``auto`` has measured, kept in the user's cache so that the next start need not measure.

One small JSON file a situation (model, libraries, machine, settings). It decides which backend is tried first and
nothing else, so a file that is malformed or of another situation only means another measurement.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ris_ros.runtime.cache_folder import cache_folder, newest_first
from ris_ros.runtime.choose import Measured

_FORMAT = 1
_MOST_BYTES = 100_000
_MOST_FILES = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptChoice:
    """A measurement.

    Attributes:
        found: What was found of each backend: the fastest first, those left out last.
        date: The day it was made, as ``2026-11-23``.
    """

    found: tuple[Measured, ...]
    date: str

    def __str__(self) -> str:
        return f"{', '.join(str(measured) for measured in self.found)} (measured {self.date})"


def choice_file(situation: Mapping[str, Any]) -> Path:
    """Where the measurement of a situation is kept.

    Args:
        situation: All that it depends on, as JSON can hold it.
    """
    content = json.dumps({"format": _FORMAT, **situation}, sort_keys=True).encode()
    return cache_folder("choice") / f"{hashlib.sha256(content).hexdigest()}.json"


def read_choice(path: Path, names: Sequence[str]) -> KeptChoice | None:
    """Read a measurement.

    Args:
        path: From :func:`choice_file`.
        names: The backends in question.

    Returns:
        None where there is none, it is malformed, or it is of other backends.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(_measured(entry) for entry in values["found"])
        date = values["date"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    timed = [measured.ms for measured in found if measured.ms is not None]
    fits = sorted(measured.name for measured in found) == sorted(names) and isinstance(date, str)
    return KeptChoice(found, date) if fits and timed and timed == sorted(timed) else None


def write_choice(path: Path, choice: KeptChoice) -> None:
    """Keep a measurement, whole or not at all; a folder that cannot be written only makes the next start slower."""
    staging = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging.write_text(json.dumps(asdict(choice), indent=1), encoding="utf-8")
        os.replace(staging, path)
        for old, _ in newest_first(path.parent)[_MOST_FILES:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.warning(
            "%s: the choice of the backend cannot be kept (%s), so every start measures again: set XDG_CACHE_HOME to a "
            "folder of yours.",
            path.parent,
            error.strerror,
        )
        with contextlib.suppress(OSError):
            staging.unlink()


def _measured(entry: Any) -> Measured:
    """Raises what malformed JSON values make of this."""
    measured = Measured(**entry)
    if not all(isinstance(text, str) for text in (measured.name, measured.precision, measured.left_out)):
        raise ValueError("a text is none")
    if (measured.ms is None) != bool(measured.left_out):
        raise ValueError("a backend is either measured or left out")
    if measured.ms is not None and not (isinstance(measured.ms, float) and 0.0 < measured.ms < math.inf):
        raise ValueError("a time is none")
    return measured
