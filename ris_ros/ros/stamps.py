"""Times: between messages and nanoseconds, and between a camera's clock and the node's.

Commands and images may be stamped by clocks that have nothing to do with each other: a bag plays images of last week
while somebody types. Whether an image is older than a command is therefore decided in the node's clock, and a stamp
counts there only if it could have been taken from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NS_PER_S = 1_000_000_000
_JITTER_NS = NS_PER_S
"""How much the way of an image may vary without its clock being taken for another."""


def to_ns(time: Any) -> int:
    """Nanoseconds of a ``builtin_interfaces`` Time or Duration."""
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def set_ns(time: Any, ns: int) -> None:
    """Write nanoseconds into a ``builtin_interfaces`` Time or Duration."""
    time.sec, time.nanosec = divmod(ns, NS_PER_S)


def same_clock(stamp_ns: int, arrival_ns: int, tolerance_ns: int) -> bool:
    """Whether a stamp can have been taken from the node's clock, given when its message arrived.

    An empty stamp never can.
    """
    return stamp_ns != 0 and abs(arrival_ns - stamp_ns) <= tolerance_ns


def node_time(stamp_ns: int, arrival_ns: int, tolerance_ns: int) -> int:
    """When something happened, in the node's clock: its stamp where that is of this clock, else its arrival."""
    return stamp_ns if same_clock(stamp_ns, arrival_ns, tolerance_ns) else arrival_ns


@dataclass(slots=True)
class _Run:
    """Images in a row whose stamps are all off by about the same."""

    began_ns: int
    off_ns: int


class CameraClock:
    """Tells whose clock stamps the images of one camera.

    A camera whose stamps were ever taken from the node's clock keeps to it: an image that comes much later then is an
    old image, not one of another clock. Only if its stamps go on, for as long as the tolerance, off by the same, was it
    put on another clock (a recording took the place of the camera).
    """

    def __init__(self) -> None:
        self._ours = False
        self._run: _Run | None = None

    def is_ours(self, stamp_ns: int, arrival_ns: int, tolerance_ns: int) -> bool:
        """Whether the stamp of the next image is in the node's clock.

        Args:
            stamp_ns: Its stamp, 0 for none.
            arrival_ns: When it came, in the node's clock.
            tolerance_ns: How far the two may be apart within one clock.
        """
        if stamp_ns == 0:
            return False
        if same_clock(stamp_ns, arrival_ns, tolerance_ns):
            self._ours, self._run = True, None
        elif self._ours:
            off_ns = arrival_ns - stamp_ns
            if self._run is None or abs(off_ns - self._run.off_ns) > _JITTER_NS:
                self._run = _Run(arrival_ns, off_ns)
            self._ours = arrival_ns - self._run.began_ns < tolerance_ns
        return self._ours
