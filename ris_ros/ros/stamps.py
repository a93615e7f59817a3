"""Times: between messages and nanoseconds, and between a camera's clock and the node's.

Commands and images may be stamped by clocks that have nothing to do with each other: a bag plays images of last week
while somebody types. Whether an image is older than a command is therefore decided in the node's clock, and a stamp
counts there only if it could have been taken from it.
"""

from __future__ import annotations

from typing import Any

NS_PER_S = 1_000_000_000


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
