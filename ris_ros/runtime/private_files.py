"""Files that nobody but this user can have written.

Engines and compiled models are code that this process runs, so what the cache holds counts only where the folder and
the file are ours, are no links, and are closed to others.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path

from ris_ros.errors import BackendError

FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_private_folder(folder: Path) -> bool:
    """Whether it is a folder of ours that others can neither read nor write."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS


def own_folder(folder: Path) -> None:
    """Make a private folder, or take back what is ours but was open to others, without what lay in it.

    Raises:
        BackendError: It cannot be made, or is no folder of this user.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(FOLDER_MODE)
        if is_private_folder(folder):
            return
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            folder.chmod(FOLDER_MODE)
            for entry in folder.iterdir():
                remove(entry)
            return
    except OSError as error:
        raise BackendError(
            f"{folder}: cannot be made ({error.strerror}): set XDG_CACHE_HOME to a folder of yours."
        ) from None
    raise BackendError(f"{folder}: is not a folder of this user: remove it, or set XDG_CACHE_HOME.")


def read_private(path: Path) -> bytes | None:
    """The contents of a plain file of ours that others can neither read nor write; None where it is anything else.

    What is checked is what is read: the open file, not its name.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            return None
        try:
            return file.read()
        except OSError:
            return None


def write_private(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, down to the disk.

    Raises:
        OSError: It exists, or cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _FILE_MODE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def replace_private(path: Path, content: bytes) -> None:
    """Put a file in place of what had its name, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    staging = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        write_private(staging, content)
        staging.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            staging.unlink()
        raise


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it.

    Raises:
        OSError: It cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
