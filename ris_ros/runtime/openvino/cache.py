"""Compiled and quantised models on disk, so that the next start need not make them again.

    <cache>/ris_ros/openvino/<key>.model    0600 in a folder of 0700: a checksum, then what is kept

A compiled model is code that this process runs: what is not ours, open to others, altered or another key's counts as
absent. Where the folder cannot be used nothing is kept, which only costs time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ris_ros.errors import BackendError
from ris_ros.runtime.cache_folder import newest_first
from ris_ros.runtime.private_files import is_private_folder, own_folder, read_private, replace_private

MAX_BYTES = 256 * 2**20
"""Kept on disk at most; about a dozen compiled models of each graph."""
_SUFFIX = ".model"
_log = logging.getLogger(__name__)


class ModelCache:
    """The models of this user.

    Args:
        folder: Its folder; made at once where it is missing.

    Attributes:
        trouble: Why nothing can be kept; empty where it can.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        try:
            own_folder(folder)
        except BackendError as error:
            self._give_up(str(error))

    def load(self, key: Mapping[str, str]) -> bytes | None:
        """What was kept under a key; None where there is nothing that can be trusted."""
        path = self._path(key)
        content = read_private(path) if is_private_folder(self.folder) else None
        if content is None or content[:32] != _checksum(path.stem, content[32:]):
            return None
        with suppress(OSError):
            os.utime(path)  # what is used longest ago goes first
        return content[32:]

    def store(self, key: Mapping[str, str], content: bytes) -> None:
        """Keep something, in place of what its key had; a folder that cannot be written ends the keeping."""
        if self.trouble or not is_private_folder(self.folder):
            return
        path = self._path(key)
        try:
            replace_private(path, _checksum(path.stem, content) + content)
            self._prune(path)
        except OSError as error:
            self._give_up(f"{self.folder}: cannot be written ({error.strerror})")

    def _path(self, key: Mapping[str, str]) -> Path:
        digest = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()
        return self.folder / f"{digest}{_SUFFIX}"

    def _prune(self, newest: Path) -> None:
        room = MAX_BYTES
        for path, size in newest_first(self.folder):
            room -= size
            if room < 0 and path != newest:
                path.unlink(missing_ok=True)

    def _give_up(self, trouble: str) -> None:
        self.trouble = trouble
        _log.warning("compiled models are not kept, so every start compiles them again: %s", trouble)


def _checksum(name: str, content: bytes) -> bytes:
    """SHA-256 of the contents and of what they are kept as, so that no file can stand in for another."""
    return hashlib.sha256(name.encode() + content).digest()
