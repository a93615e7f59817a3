"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets beside the project; tests that need it are skipped where it is not there."""
    path = Path(os.environ.get("RIS_SHARED_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
    if not path.is_dir():
        pytest.skip(f"no data sets at {path}: set RIS_SHARED_DATA to their folder")
    return path
