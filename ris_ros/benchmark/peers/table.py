"""The peers by name, and where their graphs are: made once with torch and transformers, then run without either."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ris_ros.errors import DataError, MissingExtraError, OutputError
from ris_ros.runtime.cache_folder import cache_folder

_EXPORT = "ris_ros.benchmark.peers.export"
NOT_WRITTEN = 3
"""Exit code of making graphs where the system did not let them be written; Python's own are 1 and 2."""


@dataclass(frozen=True, slots=True)
class PeerEntry:
    """One row of the table.

    Attributes:
        module: Module whose ``parts`` make its networks.
        help: What it is, for people.
    """

    module: str
    help: str


PEERS: Mapping[str, PeerEntry] = MappingProxyType(
    {
        "clipseg": PeerEntry(
            "ris_ros.benchmark.peers.clipseg", "CLIPSeg rd64 (ViT-B/16, CVPR 2022) at 352x352, random weights"
        ),
        "lavt": PeerEntry(
            "ris_ros.benchmark.peers.lavt", "LAVT (Swin-B, BERT-base, CVPR 2022) at 480x480, random weights"
        ),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """A network to be measured beside ours.

    Attributes:
        name: A row of :data:`PEERS`, or the name of a file.
        help: What it is, for people.
        image: Graph that runs for every image and command.
        text: Graph that runs once for each command; None where there is none.
        about: What is known of it: parameters, multiply-adds, versions it was made with.
    """

    name: str
    help: str
    image: Path
    text: Path | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def find_peer(name: str, tell: Callable[[str], None]) -> Peer:
    """The peer of a name, or the ONNX graph at a path.

    Args:
        name: A row of :data:`PEERS`, or a path that ends in ``.onnx``.
        tell: Told that its graphs are being made, which happens once.

    Raises:
        DataError: There is neither.
        MissingExtraError: Its graphs must be made, and torch or transformers is not installed.
        OutputError: The graphs cannot be kept.
    """
    if name.endswith(".onnx"):
        if not Path(name).is_file():
            raise DataError(f"{name}: there is no such graph: give the path of an ONNX file.")
        return Peer(Path(name).name, f"the graph {name}", Path(name))
    if name not in PEERS:
        raise DataError(f"Unknown peer '{name}': use {' or '.join(PEERS)}, or the path of an ONNX file.")
    entry = PEERS[name]
    folder = cache_folder("peers") / f"{name}-{_digest(entry.module)}"
    if not folder.is_dir():
        for module in ("torch", "transformers"):
            if importlib.util.find_spec(module) is None:
                raise MissingExtraError(module, "peers")
        tell(f"making the graphs of {name}, once, in {folder}")
        command = [sys.executable, "-m", _EXPORT, entry.module, str(folder)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            refused = done.returncode == NOT_WRITTEN
            cure = "make room, or set XDG_CACHE_HOME" if refused else "install the versions that the extra peers names"
            raise OutputError(f"{folder}: the graphs of {name} cannot be made ({reason}): {cure}.")
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Peer(name, entry.help, folder / "image.onnx", folder / "text.onnx", about)


def _digest(module: str) -> str:
    """Of the recipe's own source: graphs of another recipe are others."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise DataError(f"{module}: is not installed: install ris_ros again.")
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()[:12]
