"""Built engines on disk. An engine is code that the GPU driver and this process run, so a stranger's is never loaded.

    <cache>/ris_ros/tensorrt/            0700, ours
        <key>/                           0700: vision.plan, ground.plan, engine.json, each 0600
        timing-<version>-<gpu>.bin       what builds have measured, so that the next is faster

A key is the SHA-256 of all that an engine depends on (:class:`EngineKey`). ``engine.json`` repeats it and holds the
checksum of each plan. Whatever is not exactly so (broken, altered, a link, another owner's, open to others) counts as
absent and is built again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ris_ros.errors import BackendError
from ris_ros.runtime.cache_folder import newest_first
from ris_ros.runtime.private_files import (
    FOLDER_MODE,
    is_private_folder,
    own_folder,
    read_private,
    remove,
    replace_private,
    write_private,
)

PLANS = ("vision", "ground")
RECORD = "engine.json"
MOST_ENTRIES = 16
"""Kept at most, those used last: updates of this package, of TensorRT and of the model leave engines that nothing asks
for, and a build that is killed leaves what it had written."""
_LABELS = {
    "graphs_sha256": "another model",
    "tensorrt": "TensorRT",
    "gpu": "GPU",
    "compute_capability": "compute capability",
    "precision": "precision",
    "shapes": "shapes",
    "builder": "builder settings",
}


@dataclass(frozen=True, slots=True)
class EngineKey:
    """All that an engine depends on.

    Attributes:
        graphs_sha256: Of both graphs of the bundle, of the code that prepares them, and of the calibration images.
        tensorrt: Version of the library.
        gpu: Name of the GPU, and how many multiprocessors it has.
        compute_capability: Of the GPU.
        precision: fp32, fp16 or int8.
        shapes: Cameras and commands that it is built for.
        builder: The other settings of the builder.
    """

    graphs_sha256: str
    tensorrt: str
    gpu: str
    compute_capability: str
    precision: str
    shapes: str
    builder: str

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal digits, the name of the entry."""
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class BuiltEngine:
    """An entry of the cache.

    Attributes:
        plans: Serialised engines by name, ``vision`` and ``ground``.
        settings: What was asked for: see :class:`ris_ros.config.tensorrt.TensorRtSettings`.
        report: What the build and its checks said: see :class:`ris_ros.runtime.tensorrt.report.BuildReport`.
    """

    plans: Mapping[str, bytes]
    settings: Mapping[str, Any]
    report: Mapping[str, Any]


class EngineCache:
    """The engines of this user.

    Args:
        folder: Its folder; made when something is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def empty(self) -> bool:
        """Whether it certainly holds no engine."""
        return next(self.folder.glob(f"*/{RECORD}"), None) is None

    def load(self, key: EngineKey) -> BuiltEngine | None:
        """The engine of a key; None where there is none that can be trusted."""
        entry = self.folder / key.digest
        record = self._record(entry)
        if record is None or record.get("key") != asdict(key):
            return None
        plans = {}
        for name in PLANS:
            content = read_private(entry / f"{name}.plan")
            if content is None or hashlib.sha256(content).hexdigest() != record["sha256"].get(name):
                return None
            plans[name] = content
        with contextlib.suppress(OSError):
            os.utime(entry)  # what is used longest ago goes first
        return BuiltEngine(plans, record["settings"], record["report"])

    def make_folder(self) -> None:
        """Make its folder, or take it back where it was open to others.

        Raises:
            BackendError: It cannot be written, or is another user's.
        """
        own_folder(self.folder)

    def stored(self) -> list[tuple[EngineKey, Mapping[str, Any]]]:
        """Key and settings of each entry, that used last first; plans are not looked at."""
        return [(EngineKey(**record["key"]), record["settings"]) for record in self._records()]

    def store(self, key: EngineKey, engine: BuiltEngine) -> None:
        """Keep an engine, whole or not at all, in place of what its key had.

        Raises:
            BackendError: The folder cannot be written, or is another user's.
        """
        self.make_folder()
        entry = self.folder / key.digest
        staging = self.folder / f".{key.digest[:16]}-{secrets.token_hex(8)}"
        record = {
            "key": asdict(key),
            "sha256": {name: hashlib.sha256(plan).hexdigest() for name, plan in engine.plans.items()},
            "settings": dict(engine.settings),
            "report": dict(engine.report),
        }
        try:
            staging.mkdir(FOLDER_MODE)
            try:
                for name, plan in engine.plans.items():
                    write_private(staging / f"{name}.plan", plan)
                write_private(staging / RECORD, json.dumps(record, indent=1).encode())
                remove(entry)
                with _unless_just_kept():
                    staging.rename(entry)
                for old, _ in newest_first(self.folder)[MOST_ENTRIES:]:
                    remove(old)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        except OSError as error:
            raise BackendError(
                f"{self.folder}: the engine cannot be kept there ({error.strerror}): make room, or set XDG_CACHE_HOME."
            ) from None

    def why_absent(self, key: EngineKey) -> str:
        """Why there is no engine for a key, in half a sentence; empty where the cache holds nothing like it."""
        wanted = asdict(key)
        nearest: tuple[int, list[str]] | None = None
        for entry in sorted(self.folder.glob("*")) if is_private_folder(self.folder) else []:
            record = self._record(entry)
            if record is None:
                if entry.name == key.digest:
                    return "the one in the cache is damaged, altered or open to others"
                continue
            had = record["key"]
            differing = [name for name in wanted if had.get(name) != wanted[name]]
            if not differing:
                return "the one in the cache is damaged or altered"
            if nearest is None or len(differing) < nearest[0]:
                said = [
                    _LABELS[name] if name == "graphs_sha256" else f"{_LABELS[name]} {had.get(name)}, not {wanted[name]}"
                    for name in differing
                ]
                nearest = len(differing), said
        if nearest is None:
            return ""
        return f"the nearest in the cache is for {'; '.join(nearest[1])}"

    def earlier_seconds(self, key: EngineKey) -> float | None:
        """How long the latest build on this GPU for this precision took; None where there was none."""
        for record in self._records():
            if (record["key"].get("gpu"), record["key"].get("precision")) == (key.gpu, key.precision):
                seconds = record["report"].get("seconds")
                return float(seconds) if isinstance(seconds, (int, float)) else None
        return None

    def read_timing(self, key: EngineKey) -> bytes:
        """What earlier builds measured on this GPU; empty where nothing can be trusted."""
        return (read_private(self._timing(key)) or b"") if is_private_folder(self.folder) else b""

    def write_timing(self, key: EngineKey, content: bytes) -> None:
        """Keep what a build has measured; a folder that cannot be written only makes the next build slower."""
        self.make_folder()
        with contextlib.suppress(OSError):
            replace_private(self._timing(key), content)

    def _timing(self, key: EngineKey) -> Path:
        name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{key.tensorrt}-{key.gpu}-{key.compute_capability}")
        return self.folder / f"timing-{name}.bin"

    def _records(self) -> Iterator[dict[str, Any]]:
        """Every record that can be trusted, that used last first."""
        for entry, _ in newest_first(self.folder) if is_private_folder(self.folder) else []:
            record = self._record(entry)
            if record is not None:
                yield record

    def _record(self, entry: Path) -> dict[str, Any] | None:
        if not (is_private_folder(self.folder) and is_private_folder(entry)):
            return None
        content = read_private(entry / RECORD)
        try:
            record = json.loads(content) if content is not None else None
        except (ValueError, RecursionError):
            return None
        parts = ("key", "sha256", "settings", "report")
        if not isinstance(record, dict) or not all(isinstance(record.get(part), dict) for part in parts):
            return None
        names = {field.name for field in fields(EngineKey)}
        whole = set(record["key"]) == names and all(isinstance(value, str) for value in record["key"].values())
        return record if whole and entry.name == EngineKey(**record["key"]).digest else None


@contextlib.contextmanager
def _unless_just_kept() -> Iterator[None]:
    """Let be what another process has put in the same place meanwhile: it is as good."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
