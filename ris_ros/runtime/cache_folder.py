"""Where things that can be made again are kept between runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path


def cache_folder(part: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of one kind of thing: below XDG_CACHE_HOME, or ``~/.cache``. It need not exist.

    Args:
        part: Name of the kind, such as ``tensorrt``.
        environ: The environment.
    """
    stated = environ.get("XDG_CACHE_HOME", "")
    # The standard has relative paths ignored.
    home = Path(stated) if os.path.isabs(stated) else Path.home() / ".cache"
    return home / "ris_ros" / part


def newest_first(folder: Path) -> list[tuple[Path, int]]:
    """What lies in a folder, hidden or not, with its bytes: what was changed last comes first.

    Another process may add and remove meanwhile: what vanishes is left out.

    Args:
        folder: The folder; none if it does not exist.
    """
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                found.append((status.st_mtime_ns, path, status.st_size))
    return [(path, size) for _, path, size in sorted(found, reverse=True)]
