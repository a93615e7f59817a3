"""An optional client of Nav2: drives to the goal through its action ``NavigateToPose``, and stops when that is over."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.clock import Clock, ClockType
from unique_identifier_msgs.msg import UUID

from ris_ros.errors import TransportError
from ris_ros.ros.aim import Action, Aim, navigate_to_pose

_PERIOD_S = 0.25
_RETRY_S = 2.0
"""Between two attempts to send a goal that was rejected, or to cancel one that goes on; a result is late after it."""
_ANSWER_S = 5.0
"""A server that has not answered a goal by then is taken for dead."""
_DISCOVERY_S = 1.0
"""A server that is there is found within this time."""
_ENDS = (GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_CANCELED, GoalStatus.STATUS_ABORTED)
PROBLEM = "navigate"
"""Kind of the problem under which diagnostics find why Nav2 is not driven."""
_IDLE = "idle"


class _Drive:
    """A goal that was sent, until it has ended.

    Args:
        aim: Where to.
        replaces: The one whose place it takes once Nav2 accepts it.
    """

    def __init__(self, aim: Aim, replaces: _Drive | None) -> None:
        self.aim = aim
        self.replaces = replaces
        self.id = UUID(uuid=list(uuid.uuid4().bytes))
        self.handle: Any = None
        self.ended_s = math.inf
        self.sent_s = time.monotonic()
        self.cancelled_s = -math.inf


class NavigateClient:
    """Keeps Nav2 driving to where the planner last aimed, and to nowhere else.

    :meth:`aim`, :meth:`release` and :meth:`look` may be called from any thread; all else happens in the executor's, and
    never waits. A goal is sent again only if it moved by more than the tolerances; it then takes the older one's place.
    Whoever aims also releases: no goal is given up for its age.

    What has ended is left alone. After a success, or a failure with an error, the goal is not sent again until it
    moves. An end without either is what an operator's own goal or cancel looks like from here: then nothing is sent for
    this errand any more, so that the two do not fight over the robot. A rejected goal is tried again, since Nav2
    rejects whatever comes before it is active.

    Args:
        node: The node.
        enabled: Whether to drive at all (the parameter ``navigate``); while not, a goal on its way is cancelled.
        tolerance_m: How far a goal may move without being sent anew.
        action_name: Name of the action.
        problem: Takes the kind of a problem and a sentence about it.
        report: Takes a sentence on what Nav2 does, for the log.
        open_action: Gives the action; asked when the first goal is to be sent.

    Attributes:
        state: What it does, in a few words for the diagnostics.
    """

    def __init__(
        self,
        node: Any,
        enabled: Callable[[], bool],
        tolerance_m: Callable[[], float],
        action_name: str,
        problem: Callable[[str, str], None],
        report: Callable[[str], None],
        open_action: Callable[[], Action] = navigate_to_pose,
    ) -> None:
        self._node = node
        self._enabled = enabled
        self._tolerance_m = tolerance_m
        self._action_name = action_name
        self._problem = problem
        self._report = report
        self._open_action = open_action
        self._lock = threading.Lock()
        self._wanted: Aim | None = None
        self._reason = ""
        self._action: Action | None = None
        self._client: Any = None
        self._missing = ""
        self._drive: _Drive | None = None
        self._leaving: list[_Drive] = []
        self._ended: Aim | None = None
        self._for_good = False
        self._not_before_s = self._ready_s = -math.inf
        self.state = _IDLE
        self._guard = node.create_guard_condition(self._step)
        self._timer = node.create_timer(_PERIOD_S, self._step, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def aim(self, aim: Aim) -> None:
        """Drive there."""
        with self._lock:
            self._wanted, self._reason = aim, ""
        self.look()

    def release(self, reason: str) -> None:
        """Drive nowhere: cancel the goal, if there is one.

        Args:
            reason: Why, in words.
        """
        with self._lock:
            self._wanted, self._reason = None, reason
        self.look()

    def look(self) -> None:
        """Let the executor see to it now, as when a parameter has changed."""
        self._guard.trigger()

    def close(self) -> None:
        """Cancel and release everything, in the executor's thread; does not wait for Nav2 to confirm."""
        self.release("the node is done")
        self._step()
        self._node.destroy_timer(self._timer)
        self._node.destroy_guard_condition(self._guard)
        if self._client is not None:
            self._client.destroy()
            self._client = None

    # All below in the executor's thread

    def _step(self) -> None:
        """Bring what Nav2 does closer to what is wanted."""
        with self._lock:
            aim, reason = self._wanted, self._reason
        if not self._enabled():
            aim, reason = None, "the parameter 'navigate' is false"
            self._ended, self._missing = None, ""
        self._see_off()
        if aim is None:
            self._leave(reason)
            self.state = "cancelling" if self._leaving else f"{_IDLE}: {reason.rstrip('.')}" if reason else _IDLE
        elif self._ready():
            self._pursue(aim)

    def _pursue(self, aim: Aim) -> None:
        drive = self._drive
        if drive is not None and drive.handle is None:
            if time.monotonic() - drive.sent_s > _ANSWER_S:
                self._lose("does not answer")
        elif drive is not None and drive.handle.status in _ENDS:
            self._await_result(drive)
        elif drive is not None and drive.aim.near(aim, self._tolerance_m()):
            pass
        elif not self._settled(aim) and not self._leaving and time.monotonic() >= self._not_before_s:
            self._send(aim, drive)

    def _await_result(self, drive: _Drive) -> None:
        """A goal has ended; the answer that says why may be lost, as answers of services are now and then."""
        now_s = time.monotonic()
        drive.ended_s = min(drive.ended_s, now_s)
        if now_s - drive.ended_s > _RETRY_S:
            self._over(drive, drive.handle.status, None)

    def _settled(self, aim: Aim) -> bool:
        """Whether an end was made of it already."""
        if self._ended is None:
            return False
        return self._ended.errand == aim.errand if self._for_good else self._ended.near(aim, self._tolerance_m())

    def _ready(self) -> bool:
        """Whether there is a server; says so where there is none."""
        if self._client is None and not self._missing:
            try:
                self._action = self._open_action()
            except TransportError as error:
                self._missing = str(error)
            else:
                self._client = ActionClient(self._node, self._action.type, self._action_name)
                self._ready_s = time.monotonic()
        if self._missing:
            self.state = "not possible"
            self._problem(PROBLEM, self._missing)
            return False
        if self._client.server_is_ready():
            self._ready_s = time.monotonic()
            return True
        self._lose("is gone")
        self.state = "waiting for Nav2"
        if time.monotonic() - self._ready_s > _DISCOVERY_S:
            self._problem(
                PROBLEM,
                f"There is no action server '{self._action_name}' that would drive to the goal: start Nav2, or set"
                " 'navigate' to false.",
            )
        return False

    def _send(self, aim: Aim, replaces: _Drive | None) -> None:
        assert self._action is not None
        drive = _Drive(aim, replaces)
        self._drive, self._ended = drive, None
        self.state = "sending a goal"
        future = self._client.send_goal_async(self._action.goal(aim), goal_uuid=drive.id)
        future.add_done_callback(lambda done: self._answered(drive, done.result()))

    def _answered(self, drive: _Drive, handle: Any) -> None:
        """The server has accepted or rejected a goal."""
        replaced, drive.replaces = drive.replaces, None
        current = drive is self._drive
        if handle.accepted:
            drive.handle = handle
            handle.get_result_async().add_done_callback(
                lambda done: self._over(drive, done.result().status, done.result().result)
            )
            if current:
                self.state = "driving"
                x_m, y_m = drive.aim.pose.x_m, drive.aim.pose.y_m
                self._report(f"Nav2 drives to ({x_m:.1f}, {y_m:.1f}) in '{drive.aim.frame_id}': {drive.aim.text}")
            else:  # it was given up while it waited for this answer
                self._cancel(drive)
            return
        self._drop(drive)
        if current:
            if replaced is not None:  # which drives to where the goal no longer is
                self._cancel(replaced)
            self.state = "rejected"
            self._not_before_s = time.monotonic() + _RETRY_S
            self._problem(
                PROBLEM, f"Nav2 rejected the goal of '{drive.aim.text}': see whether its bt_navigator is active."
            )

    def _over(self, drive: _Drive, status: int, result: Any) -> None:
        """A goal has ended; ``result`` is None where it was lost."""
        current = drive is self._drive
        self._drop(drive)
        self.look()
        if not current:
            return
        assert self._action is not None
        text, error = drive.aim.text, "" if result is None else self._action.error(result)
        succeeded = status == GoalStatus.STATUS_SUCCEEDED
        self._ended, self._for_good = drive.aim, not succeeded and not error
        if succeeded:
            self.state = "arrived"
            self._report(f"Nav2 reached the goal of '{text}'.")
        elif error:
            self.state = "failed"
            self._problem(PROBLEM, f"Nav2 gave the goal of '{text}' up ({error}): it is sent again when it moves.")
        else:
            self.state = "ended from outside"
            self._problem(
                PROBLEM, f"The drive of '{text}' was ended by Nav2 or through it: say the command again to go on."
            )

    def _leave(self, reason: str) -> None:
        """Cancel the goal on its way."""
        drive, self._drive = self._drive, None
        if drive is not None:
            self._report(f"The drive of '{drive.aim.text}' is cancelled: {reason.rstrip('.')}.")
            self._cancel(drive)

    def _lose(self, what: str) -> None:
        """Give the goal up for a server that does not react; should it come back, the goal is cancelled there."""
        drive, self._drive = self._drive, None
        if drive is not None:
            self._problem(PROBLEM, f"Nav2 {what}: nobody drives for '{drive.aim.text}'.")
            self._cancel(drive)

    def _cancel(self, drive: _Drive) -> None:
        self._leaving += [each for each in (drive, drive.replaces) if each is not None and each not in self._leaving]
        self._see_off()

    def _see_off(self) -> None:
        """Ask to cancel what goes on unwanted, again and again; nothing else is sent before it has ended."""
        now_s = time.monotonic()
        for drive in tuple(self._leaving):
            if drive.handle is None and now_s - drive.sent_s > _ANSWER_S:
                # It may have been accepted all the same, the answer lost: then it is known by the name that we gave it.
                drive.handle = self._handle(drive.id)
            if drive.handle is None:
                continue
            if now_s - drive.cancelled_s > _RETRY_S and self._client.server_is_ready():
                drive.cancelled_s = now_s
                future = drive.handle.cancel_goal_async()
                future.add_done_callback(lambda done, drive=drive: self._cancelled(drive, done.result()))

    def _handle(self, goal_id: UUID) -> ClientGoalHandle:
        """A handle to a goal that was sent, without its server's answer."""
        assert self._action is not None
        return ClientGoalHandle(self._client, goal_id, self._action.type.Impl.SendGoalService.Response(accepted=True))

    def _cancelled(self, drive: _Drive, response: Any) -> None:
        """The server has answered a request to cancel; a goal that it cancels ends with a result."""
        if response.return_code in (response.ERROR_UNKNOWN_GOAL_ID, response.ERROR_GOAL_TERMINATED):
            self._drop(drive)
            self.look()

    def _drop(self, drive: _Drive) -> None:
        self._leaving = [other for other in self._leaving if other is not drive]
        if self._drive is drive:
            self._drive = None
