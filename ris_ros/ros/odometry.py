"""The robot's motion by its odometry, where no tf2 tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from nav_msgs.msg import Odometry

from ris_ros.errors import GeometryError, LateTransformError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.transform_tree import TransformTree
from ris_ros.ros.followed_topic import FollowedTopic
from ris_ros.ros.stamps import NS_PER_S, to_ns

TOPIC = "odom"
_MEMORY_S = 5.0
_DEPTH = 50
_JUMP_NS = NS_PER_S
"""Stamps that go back by more than this are of a recording that began again, not of messages that overtook others."""


class OdometryMotion:
    """A subscription to ``odom``; :meth:`fixed_from_base` may be called from any thread but the executor's.

    Args:
        node: The node to subscribe with.
        fixed_frame: What header.frame_id of the messages must be; empty to do without odometry.
        base_frame: What their child_frame_id must be.
        timeout_s: Longest wait for a message that is merely late.
    """

    def __init__(self, node: Any, fixed_frame: str, base_frame: str, timeout_s: Callable[[], float]) -> None:
        self._frames = fixed_frame, base_frame
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._tree = TransformTree(_MEMORY_S)
        self._newest_ns: int | None = None
        self._problem = ""
        self._topic = FollowedTopic(node, TOPIC, {Odometry: self._receive}, _DEPTH)
        self.follow()

    def follow(self) -> None:
        """Look at what is published, and subscribe anew where that asks for it; called by the executor."""
        self._topic.follow(wanted=bool(self._frames[0]))

    def forget(self) -> None:
        """The clock jumped: what was heard is of another time."""
        with self._changed:
            self._tree.clear_moving()
            self._newest_ns = None

    def close(self) -> None:
        """End the subscription."""
        self._topic.close()

    def fixed_from_base(self, stamp_ns: int) -> RigidTransform | None:
        """Where the robot was; None where nobody says so.

        Raises:
            GeometryError: The odometry is known, but not at this time.
        """
        end_s = time.monotonic() + self._timeout_s()
        with self._changed:
            while True:
                newest_ns = self._newest_ns
                if newest_ns is None:
                    return None
                try:
                    return self._tree.lookup(*self._frames, stamp_ns)
                except LateTransformError:
                    if not self._changed.wait(end_s - time.monotonic()):
                        raise LateTransformError(self._late(stamp_ns - newest_ns)) from None

    def describe(self, now_ns: int) -> dict[str, str]:
        """What diagnostics tell of the motion."""
        with self._changed:
            newest_ns, problem = self._newest_ns, self._problem
        if newest_ns is None:
            return {"motion": problem or self._topic.problem or "not known"}
        return {"motion": self._topic.topic, "motion_age_s": f"{(now_ns - newest_ns) / NS_PER_S:.3f}"}

    def _receive(self, message: Any) -> None:
        frames = message.header.frame_id.lstrip("/"), message.child_frame_id.lstrip("/")
        stamp_ns = to_ns(message.header.stamp)
        with self._changed:
            try:
                self._problem = self._strange(frames)
                if not self._problem:
                    if self._newest_ns is not None and stamp_ns < self._newest_ns - _JUMP_NS:
                        self._tree.clear_moving()
                    self._tree.add(*frames, _transform(message.pose.pose), stamp_ns)
                    self._newest_ns = stamp_ns
            except GeometryError as error:
                self._problem = str(error)
            self._changed.notify_all()

    def _late(self, by_ns: int) -> str:
        return (
            f"The newest odometry on '{self._topic.topic}' is {by_ns / NS_PER_S:.3f} s older than the image: see that"
            " it is still published, by the clock that stamps the images, or raise tf_timeout_s."
        )

    def _strange(self, frames: tuple[str, str]) -> str:
        if frames == self._frames:
            return ""
        return (
            f"The odometry on '{self._topic.topic}' is of '{frames[1]}' in '{frames[0]}', not of '{self._frames[1]}' in"
            f" '{self._frames[0]}': set base_frame and fixed_frame to its frames."
        )


def _transform(pose: Any) -> RigidTransform:
    p, q = pose.position, pose.orientation
    return RigidTransform.from_quaternion((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))
