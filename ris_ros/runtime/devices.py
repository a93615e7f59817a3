"""What this machine computes with, read from the system's files: no library is loaded for it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_JETSON = "etc/nv_tegra_release"
_DRIVER = "proc/driver/nvidia/version"


def is_jetson(root: Path = Path("/")) -> bool:
    """Whether this is an NVIDIA Jetson.

    Args:
        root: Root of the file system.
    """
    return (root / _JETSON).exists()


def has_nvidia_gpu(root: Path = Path("/")) -> bool:
    """Whether an NVIDIA GPU and its driver are there."""
    return is_jetson(root) or (root / _DRIVER).exists() or (root / "dev/nvidia0").exists()


def gpu_name(root: Path = Path("/")) -> str:
    """The first NVIDIA GPU's name, or the Jetson's; empty where there is none."""
    if not has_nvidia_gpu(root):
        return ""
    for information in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        name = _value(information, "Model")
        if name:
            return name
    model = root / "proc/device-tree/model"
    return _read(model).rstrip("\0\n") or "NVIDIA GPU"


def cpu_name(root: Path = Path("/")) -> str:
    """The processor's name, or its architecture where it states none, as ARM's do."""
    return _value(root / "proc/cpuinfo", "model name") or platform.machine()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _value(path: Path, name: str) -> str:
    """What a file of lines ``name : value`` says of a name; empty where it does not."""
    for line in _read(path).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
