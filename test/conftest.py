"""What every test may use: the shared data, ROS where it is built, and a ROS domain of this process's own."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from ris_ros.ros.transport import isolated

REPOSITORY = Path(__file__).resolve().parents[1]

# A run must hear nothing of another one beside it; child processes inherit this.
os.environ.update(isolated())
# What engines keep between starts is neither read from the user's cache nor left there.
_CACHE = tempfile.mkdtemp(prefix="ris-ros-test-cache-")
os.environ["XDG_CACHE_HOME"] = _CACHE
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)

# How long an example takes says more about the machine's other work than about the code.
# A verdict on a change is about the change: examples are the same each time there, and others at each run elsewhere.
settings.register_profile("ris_ros", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("ris_ros")


def _skip_or_fail(reason: str, required_by: str) -> None:
    """Skip, unless the environment variable says that nothing may be skipped for this reason."""
    if os.environ.get(required_by) == "1":
        pytest.fail(f"{reason} ({required_by}=1 forbids skipping)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the data sets: RIS_SHARED_DATA, or ``../shared/data`` beside the checkout."""
    folder = Path(os.environ.get("RIS_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "camvid").is_dir():
        _skip_or_fail(f"no shared data at {folder}: set RIS_SHARED_DATA", "RIS_REQUIRE_SHARED_DATA")
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked ``ros`` where ROS 2 or this package's interfaces are not to be had."""
    if item.get_closest_marker("ros") is None:
        return
    missing = [name for name in ("rclpy", "ris_ros.msg") if importlib.util.find_spec(name) is None]
    if missing:
        _skip_or_fail(f"{' and '.join(missing)} cannot be imported: run `make setup`", "RIS_REQUIRE_ROS")
