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
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ris_ros.errors import BackendError

PLANS = ("vision", "ground")
RECORD = "engine.json"
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
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
        gpu: Name of the GPU.
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
        report: What the build and its checks said: see :class:`ris_ros.runtime.tensorrt.report.BuildReport`.
    """

    plans: Mapping[str, bytes]
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
            content = _read_private(entry / f"{name}.plan")
            if content is None or hashlib.sha256(content).hexdigest() != record["sha256"].get(name):
                return None
            plans[name] = content
        return BuiltEngine(plans, record["report"])

    def store(self, key: EngineKey, engine: BuiltEngine) -> None:
        """Keep an engine, whole or not at all, in place of what its key had.

        Raises:
            BackendError: The folder cannot be written, or is another user's.
        """
        self._own_folder()
        entry = self.folder / key.digest
        staging = self.folder / f".{key.digest[:16]}-{secrets.token_hex(8)}"
        record = {
            "key": asdict(key),
            "sha256": {name: hashlib.sha256(plan).hexdigest() for name, plan in engine.plans.items()},
            "report": dict(engine.report),
        }
        try:
            staging.mkdir(_PRIVATE_FOLDER)
            try:
                for name, plan in engine.plans.items():
                    _write_private(staging / f"{name}.plan", plan)
                _write_private(staging / RECORD, json.dumps(record, indent=1).encode())
                self._remove(entry)
                staging.rename(entry)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        except OSError as error:
            raise BackendError(
                f"{self.folder}: the engine cannot be kept there ({error.strerror}): make room, or set XDG_CACHE_HOME."
            ) from None

    def why_absent(self, key: EngineKey) -> str:
        """One sentence on why there is no engine for a key; empty where the cache holds nothing like it."""
        wanted = asdict(key)
        nearest: tuple[int, list[str]] | None = None
        for entry in sorted(self.folder.glob("*")) if self._trusted(self.folder) else []:
            record = self._record(entry)
            if record is None:
                if entry.name == key.digest:
                    return "The engine in the cache is damaged, altered or open to others: it is built again."
                continue
            had = record["key"]
            differing = [name for name in wanted if had.get(name) != wanted[name]]
            if not differing:
                return "The engine in the cache is damaged or altered: it is built again."
            if nearest is None or len(differing) < nearest[0]:
                said = [
                    _LABELS[name] if name == "graphs_sha256" else f"{_LABELS[name]} {had.get(name)}, not {wanted[name]}"
                    for name in differing
                ]
                nearest = len(differing), said
        if nearest is None:
            return ""
        return f"The nearest engine in the cache is for {'; '.join(nearest[1])}: another is built."

    def earlier_seconds(self, key: EngineKey) -> float | None:
        """How long the latest build on this GPU for this precision took; None where there was none."""
        entries = sorted(self.folder.glob("*"), key=lambda path: path.lstat().st_mtime)
        for entry in reversed(entries) if self._trusted(self.folder) else ():
            record = self._record(entry)
            if record and (record["key"].get("gpu"), record["key"].get("precision")) == (key.gpu, key.precision):
                seconds = record["report"].get("seconds")
                return float(seconds) if isinstance(seconds, (int, float)) else None
        return None

    def read_timing(self, key: EngineKey) -> bytes:
        """What earlier builds measured on this GPU; empty where nothing can be trusted."""
        return (_read_private(self._timing(key)) or b"") if self._trusted(self.folder) else b""

    def write_timing(self, key: EngineKey, content: bytes) -> None:
        """Keep what a build has measured; a folder that cannot be written only makes the next build slower."""
        self._own_folder()
        target = self._timing(key)
        staging = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
        try:
            _write_private(staging, content)
            staging.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                staging.unlink()

    def _timing(self, key: EngineKey) -> Path:
        name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{key.tensorrt}-{key.gpu}-{key.compute_capability}")
        return self.folder / f"timing-{name}.bin"

    def _record(self, entry: Path) -> dict[str, Any] | None:
        if not (self._trusted(self.folder) and self._trusted(entry)):
            return None
        content = _read_private(entry / RECORD)
        try:
            record = json.loads(content) if content is not None else None
        except (ValueError, RecursionError):
            return None
        parts = ("key", "sha256", "report")
        if not isinstance(record, dict) or not all(isinstance(record.get(part), dict) for part in parts):
            return None
        names = {field.name for field in fields(EngineKey)}
        whole = set(record["key"]) == names and all(isinstance(value, str) for value in record["key"].values())
        return record if whole and entry.name == EngineKey(**record["key"]).digest else None

    def _trusted(self, folder: Path) -> bool:
        try:
            found = folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS

    def _own_folder(self) -> None:
        """Make the folder, or take back what is ours but was open to others, without what lay in it."""
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(_PRIVATE_FOLDER)
            if self._trusted(self.folder):
                return
            found = self.folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                self.folder.chmod(_PRIVATE_FOLDER)
                for entry in self.folder.iterdir():
                    self._remove(entry)
                return
        except OSError as error:
            raise BackendError(
                f"{self.folder}: cannot be made ({error.strerror}): set XDG_CACHE_HOME to a folder of yours."
            ) from None
        raise BackendError(f"{self.folder}: is not a folder of this user: remove it, or set XDG_CACHE_HOME.")

    def _remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _read_private(path: Path) -> bytes | None:
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


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _PRIVATE_FILE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
