"""Where things that can be made again are kept between runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def cache_folder(part: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of one kind of thing: below XDG_CACHE_HOME, or ``~/.cache``. It need not exist.

    Args:
        part: Name of the kind, such as ``tensorrt``.
        environ: The environment.
    """
    stated = environ.get("XDG_CACHE_HOME", "")
    # The standard has relative paths ignored.
    home = Path(stated) if os.path.isabs(stated) else Path.home() / ".cache"
    return home / "ris_ros" / part
