"""The garbage collector's pauses, and threads. Needs no ROS."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from ris_ros.ros.process import settle, unsettle


class Ring:
    """An object that only a search for unreachable ones finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> object:
    yield
    gc.unfreeze()


def test_what_is_settled_is_searched_no_more_until_it_is_unsettled() -> None:
    ring = Ring()
    left = weakref.ref(ring)
    settle()
    assert gc.get_freeze_count() > 1000
    del ring
    gc.collect()
    assert left() is not None
    unsettle()
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert left() is None


def test_what_comes_after_it_is_still_found() -> None:
    settle()
    left = weakref.ref(Ring())
    gc.collect()
    assert left() is None


def test_pictures_take_one_thread_and_the_interpreter_is_passed_on_soon() -> None:
    """In a process of its own, because both are the whole process's."""
    program = (
        "import sys, cv2; from ris_ros.ros import process;"
        "process.use_one_thread_for_pictures(); process.pass_the_interpreter_on_soon();"
        "print(cv2.getNumThreads(), sys.getswitchinterval() < 1e-3)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert told.stdout.split() == [b"1", b"True"], told.stderr
