"""What the node's process does so that frames pass evenly."""

from __future__ import annotations

import gc
import sys

import cv2

_SWITCH_S = 0.5e-3


def pass_the_interpreter_on_soon() -> None:
    """Let a thread that waits for Python's interpreter have it after 0.5 ms, not after 5.

    The worker gives it up at each call into OpenCV or an engine. Where another thread takes it for 10 ms of work then,
    2.6 ms of work on pictures become 12 ms at worst (p99) with Python's own interval, and 7 ms with this one.
    """
    sys.setswitchinterval(_SWITCH_S)


def use_one_thread_for_pictures() -> None:
    """Keep OpenCV to the thread that calls it.

    On the pictures that the node works on, waking helpers takes longer than they save, above all while an engine keeps
    all cores: shrinking 1280x720 in the running node takes 1.2 ms with two threads and 0.85 ms with one.
    """
    cv2.setNumThreads(1)


def settle() -> None:
    """Take what is there for good (modules, engines) out of Python's search for unreachable objects.

    A full round over a configured node's 74,000 objects holds everything up for 14 to 23 ms; over those that frames
    leave, not measurably.
    """
    gc.collect()
    gc.freeze()


def unsettle() -> None:
    """Search everything again: what was there for good is to be released."""
    gc.unfreeze()
