"""A stand-in for Nav2's navigator: an action server that drives to one goal at a time, a newer one taking its place.

The action is ours (Refer), because nav2_msgs is no wheel: the text of a goal says where to, the message of a result why
it failed.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from spinning import PATIENCE_S, Spinning

from ris_ros.action import Refer
from ris_ros.ros.aim import Action, Aim


def refer() -> Action:
    """Our own action, in the place of Nav2's."""

    def goal(aim: Aim) -> Refer.Goal:
        return Refer.Goal(text=f"{aim.pose.x_m:.1f} {aim.pose.y_m:.1f} {aim.frame_id}")

    return Action(Refer, goal, lambda result: result.message)


class FakeNav2:
    """See the module.

    Args:
        changed: Notified of everything that happens.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._spinning = Spinning("navigator")
        self._server: Any = None
        self._ends: dict[bytes, Future[str]] = {}
        self.rejecting = False
        self.answering = threading.Event()
        """Unless set, goals are neither accepted nor rejected."""
        self.answering.set()
        self.heard: list[str] = []
        """Goals that came."""
        self.ended: list[tuple[str, str]] = []
        """Goals that were accepted and how they ended: succeeded, canceled, aborted, preempted."""

    def start(self, name: str) -> None:
        """Offer the action."""

        def make() -> None:
            self._server = ActionServer(
                self._spinning.node,
                Refer,
                name,
                self._drive,
                goal_callback=self._hear,
                cancel_callback=self._cancel,
                callback_group=ReentrantCallbackGroup(),
            )

        self._spinning.do(make)

    def stop(self) -> None:
        """Withdraw the action, as if the server had died."""
        if self._server is not None:
            self._spinning.do(self._server.destroy)
            self._server = None

    def end(self, how: str, why: str = "") -> None:
        """End the drive: ``succeeded``, ``aborted`` or ``canceled``."""
        for goal in tuple(self._ends):
            self._end(goal, f"{how}:{why}")

    def close(self) -> None:
        """End everything."""
        self.answering.set()
        self.end("aborted", "closed")
        self.stop()
        self._spinning.close()

    def _hear(self, request: Refer.Goal) -> GoalResponse:
        with self._changed:
            self.heard.append(request.text)
            self._changed.notify_all()
        self.answering.wait(PATIENCE_S)
        return GoalResponse.REJECT if self.rejecting else GoalResponse.ACCEPT

    def _cancel(self, goal: Any) -> CancelResponse:
        self._end(bytes(goal.goal_id.uuid), "canceled:")
        return CancelResponse.ACCEPT

    def _end(self, goal: bytes, how: str) -> None:
        end = self._ends.pop(goal, None)
        if end is not None:
            end.set_result(how)

    async def _drive(self, goal: Any) -> Refer.Result:
        for other in tuple(self._ends):
            self._end(other, "preempted:")
        end: Future[str] = Future()
        self._ends[bytes(goal.goal_id.uuid)] = end
        how, _, why = (await self._spinning.bridge.result(end)).partition(":")
        if how == "succeeded":
            goal.succeed()
        elif how == "canceled" and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        with self._changed:
            self.ended.append((goal.request.text, how))
            self._changed.notify_all()
        return Refer.Result(message=why)
