"""tf2_ros as far as the node calls it, for machines that have none: no wheel of it exists.

Stands in at the module's boundary only. Signatures, exceptions and what a time means are those of tf2_ros_py and tf2_py
in Humble to Kilted; where they refuse a call, this does. Interpolation is our own tree's, so tf2's arithmetic is not
put to the test. Nothing is received: tests set the transforms themselves.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time

from ris_ros.errors import GeometryError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.transform_tree import TransformTree
from ris_ros.ros.stamps import set_ns, to_ns


class TransformException(Exception):
    """The base of tf2's."""


class LookupException(TransformException):
    """A frame does not exist."""


class ConnectivityException(TransformException):
    """Two frames are not in one tree."""


class ExtrapolationException(TransformException):
    """The time lies before or after what is known."""


class InvalidArgumentException(TransformException):
    """A frame's name is empty, or begins with a slash."""


class Buffer:
    """``tf2_ros.Buffer``."""

    def __init__(self, cache_time: Duration | None = None, node: Any = None) -> None:
        assert cache_time is None or isinstance(cache_time, Duration)
        self._lock = threading.Lock()
        self._tree = TransformTree(10.0 if cache_time is None else cache_time.nanoseconds / 1e9)
        self._parents: dict[str, str] = {}
        self._newest_ns: dict[str, int] = {}

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        stamp_ns = to_ns(transform.header.stamp)
        with self._lock:
            self._tree.add(*self._note(transform, stamp_ns), _rigid(transform), stamp_ns)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        with self._lock:
            self._tree.set_static(*self._note(transform, 0), _rigid(transform))

    def lookup_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = Duration(),  # noqa: B008
    ) -> TransformStamped:
        assert timeout == Duration(), "it would also wait for a frame that nobody publishes"
        assert time.nanoseconds, "this is the latest, not that at a stamp"
        with self._lock:
            self._require_way(target_frame, source_frame, ConnectivityException)
            try:
                rigid = self._tree.lookup(target_frame, source_frame, time.nanoseconds)
            except GeometryError as error:
                raise ExtrapolationException(f"Lookup would require extrapolation. {error}") from None
        return stamped(target_frame, source_frame, rigid, time.nanoseconds)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = Duration(),  # noqa: B008
    ) -> bool:
        try:
            self.lookup_transform(target_frame, source_frame, time, timeout)
        except TransformException:
            return False
        return True

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        with self._lock:
            self._require_way(target_frame, source_frame, TransformException)
            edges = set(self._way(target_frame)) ^ set(self._way(source_frame))
            moving = [self._newest_ns[frame] for frame in edges if self._newest_ns.get(frame)]
        return Time(nanoseconds=min(moving, default=0))

    def clear(self) -> None:
        with self._lock:
            self._tree.clear_moving()

    def _note(self, transform: TransformStamped, stamp_ns: int) -> tuple[str, str]:
        parent, child = transform.header.frame_id, transform.child_frame_id
        self._parents[child] = parent
        self._newest_ns[child] = max(stamp_ns, self._newest_ns.get(child, 0))
        return parent, child

    def _way(self, frame: str) -> list[str]:
        way = [frame]
        while way[-1] in self._parents:
            way.append(self._parents[way[-1]])
        return way

    def _require_way(self, target: str, source: str, unconnected: type[TransformException]) -> None:
        for frame in (target, source):
            if not frame or frame.startswith("/"):
                raise InvalidArgumentException(f'Invalid argument "{frame}" passed to lookupTransform.')
            if frame not in self._tree.frames:
                raise LookupException(f'"{frame}" passed to lookupTransform argument does not exist.')
        if not set(self._way(target)) & set(self._way(source)):
            raise unconnected("Tf has two or more unconnected trees.")


class TransformListener:
    """``tf2_ros.TransformListener``."""

    def __init__(self, buffer: Buffer, node: Any, *, spin_thread: bool = False) -> None:
        assert node is not None
        assert not spin_thread, "it would take the node's callbacks away from its executor"
        self.buffer = buffer

    def unregister(self) -> None:
        del self.buffer


def module() -> Any:
    """What stands for the module ``tf2_ros``; ``made`` holds the buffers that were made."""
    made: list[Buffer] = []

    def buffer(*arguments: Any, **named: Any) -> Buffer:
        made.append(Buffer(*arguments, **named))
        return made[-1]

    return SimpleNamespace(
        Buffer=buffer,
        TransformListener=TransformListener,
        TransformException=TransformException,
        LookupException=LookupException,
        ConnectivityException=ConnectivityException,
        ExtrapolationException=ExtrapolationException,
        InvalidArgumentException=InvalidArgumentException,
        made=made,
    )


def stamped(parent: str, child: str, parent_from_child: RigidTransform, stamp_ns: int) -> TransformStamped:
    """The message of a transform."""
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    set_ns(message.header.stamp, stamp_ns)
    t, q = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = parent_from_child.translation_m.tolist()
    q.x, q.y, q.z, q.w = parent_from_child.quaternion_xyzw
    return message


def _rigid(message: TransformStamped) -> RigidTransform:
    t, q = message.transform.translation, message.transform.rotation
    return RigidTransform.from_quaternion((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
