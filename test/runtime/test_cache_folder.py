"""Where things that can be made again are kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from ris_ros.runtime.cache_folder import cache_folder


def test_a_user_without_a_home_has_a_temporary_folder_of_his_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder("tensorrt", {}) == Path(tempfile.gettempdir()) / f"ris_ros-{os.getuid()}" / "tensorrt"
