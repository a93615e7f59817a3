"""What this machine computes with, read from files: no library is loaded for it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

_JETSON = "etc/nv_tegra_release"
_TEGRA = "nvidia,tegra"
_DRIVER = "proc/driver/nvidia/version"


def is_jetson(root: Path = Path("/")) -> bool:
    """Whether this is an NVIDIA Jetson; a container on one may show the board only.

    Args:
        root: Root of the file system.
    """
    return (root / _JETSON).exists() or _TEGRA in _read(root / "proc/device-tree/compatible")


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


def gpu_driver(root: Path = Path("/")) -> str:
    """What the NVIDIA driver, or a Jetson's release, says of its version; empty where there is none."""
    lines = (_read(root / _DRIVER) or _read(root / _JETSON)).splitlines()
    return lines[0].strip() if lines else ""


def cpu_name(root: Path = Path("/")) -> str:
    """The processor's name, or its architecture where it states none, as ARM's do."""
    return _value(root / "proc/cpuinfo", "model name") or platform.machine()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def importable(module: str) -> bool:
    """Whether a module with code is there; a bare folder of that name is not one."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def module_version(module: str) -> str:
    """Version of an installed library by its module's name; its file's age where none is stated, empty if absent.

    Two packages may bring the same module in the same version, as one of ONNX Runtime with CUDA and one without do.
    """
    found = []
    for distribution in (module, f"{module}-gpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{distribution} {importlib.metadata.version(distribution)}")
    if found:
        return ", ".join(found)
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    with contextlib.suppress(OSError):
        return str(Path(spec.origin).stat().st_mtime_ns)
    return ""


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
