"""Write a file whole or not at all, and tell beforehand whether it can be."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ris_ros.errors import OutputError


def check_writable(folder: Path) -> None:
    """Make a folder and try to write into it, before long work whose results would otherwise be lost at its end.

    Raises:
        OutputError: Nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to ({error.strerror}): choose another folder.") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, so that no reader ever sees a part of it; folders are made as needed.

    Raises:
        OutputError: It cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)  # a temporary file is readable by its owner only
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}): choose another place.") from None
