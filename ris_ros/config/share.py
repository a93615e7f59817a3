"""Find the files that are installed beside the code: profiles, parameters, layouts, the sample drive."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ris_ros.errors import ConfigError


def share_file(relative: str) -> Path:
    """The installed (or checked-out) path of a shared file or folder.

    Looked for in this order: the source tree that the code runs from, each prefix of ``AMENT_PREFIX_PATH`` (a ROS 2
    workspace), the Python prefix (pip).

    Args:
        relative: Path below the package's share folder, such as ``config/fastdds_shm.xml``.

    Raises:
        ConfigError: No installation holds it.
    """
    for root in _roots():
        if (root / relative).exists():
            return root / relative
    raise ConfigError(f"'{relative}' of ris_ros is not installed: build the package again with `make setup` or colcon.")


def _roots() -> Iterator[Path]:
    source = Path(__file__).resolve().parents[2]
    if (source / "package.xml").is_file():
        yield source
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        yield Path(prefix) / "share" / "ris_ros"
    yield Path(sys.prefix) / "share" / "ris_ros"
