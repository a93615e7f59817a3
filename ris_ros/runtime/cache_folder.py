"""Where things that can be made again are kept between runs."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def cache_folder(part: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of one kind of thing: below XDG_CACHE_HOME, or ``~/.cache``. It need not exist.

    A user without a home, as in a container that runs under a bare number, has one below the system's temporary folder.

    Args:
        part: Name of the kind, such as ``tensorrt``.
        environ: The environment.
    """
    stated = environ.get("XDG_CACHE_HOME", "")
    # The standard has relative paths ignored.
    if os.path.isabs(stated):
        return Path(stated) / "ris_ros" / part
    try:
        return Path.home() / ".cache" / "ris_ros" / part
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"ris_ros-{os.getuid()}" / part


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
