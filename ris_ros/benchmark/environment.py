"""What a measurement was made on, so that whoever reads its figures knows what they are worth."""

from __future__ import annotations

import gc
import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import psutil

from ris_ros import __version__
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import MANIFEST, Bundle
from ris_ros.runtime.devices import cpu_name, usable_cores

_LIBRARIES = ("numpy", "onnxruntime", "openvino", "opencv-python-headless", "tensorrt", "torch", "transformers")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_BOARD = Path("/proc/device-tree/model")
_JETPACK = Path("/etc/nv_tegra_release")


def environment(bundle: Bundle, backend: Backend, threads: int, energy: str) -> dict[str, Any]:
    """The machine, the software and the model.

    Args:
        bundle: The model.
        backend: What runs it.
        threads: Threads that it was given.
        energy: What measures energy, or why nothing does.
    """
    return {
        "ris_ros": __version__,
        "bundle": bundle.label,
        "bundle_sha256": hashlib.sha256((bundle.path / MANIFEST).read_bytes()).hexdigest(),
        "backend": backend.name,
        "precision": backend.precision,
        "device": backend.device,
        "backend_notes": dict(backend.notes),
        "threads": threads,
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "board": _first_line(_BOARD),
        "jetpack": _first_line(_JETPACK),
        "governor": _first_line(_GOVERNOR),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": _versions(),
        "garbage_collector": {
            "enabled": gc.isenabled(),
            "threshold": gc.get_threshold(),
            "frozen": gc.get_freeze_count(),
        },
        "energy": energy,
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _first_line(path: Path) -> str | None:
    """None where the system does not tell."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip("\0\n ").splitlines()
    except OSError:
        return None
    return lines[0] if lines else None
