"""The action ``~/refer``: look for something until frames agree, time is over, or somebody cancels."""

from __future__ import annotations

import itertools
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from ris_ros.action import Refer
from ris_ros.errors import RisError
from ris_ros.pipeline.search import Outcome, Progress, Verdict, unfinished
from ris_ros.ros.bridge import Channel
from ris_ros.ros.host import INACTIVE, Host
from ris_ros.ros.intake import OWN_ID, Asked
from ris_ros.ros.stamps import NS_PER_S, to_ns
from ris_ros.types import Command

_Event = Command | Progress | Verdict | Outcome | Exception
"""What happens to a goal: its text was read and encoded, a frame was seen, the search ended, it ends from outside
(TIMEOUT, CANCELLED), it failed."""

_ANSWERS = (Outcome.FOUND, Outcome.NOT_FOUND, Outcome.AMBIGUOUS)


class ReferAction:
    """The node's action. A goal that ends with an answer succeeds, even if that is NOT_FOUND.

    Args:
        host: The node that offers it.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._channels: dict[bytes, Channel[_Event]] = {}
        self._numbers = itertools.count(1)
        self._server = ActionServer(
            host.node,
            Refer,
            "~/refer",
            self._execute,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def close(self) -> None:
        """Withdraw the action."""
        self._server.destroy()

    def _cancel(self, goal: Any) -> CancelResponse:
        channel = self._channels.get(bytes(goal.goal_id.uuid))
        if channel is not None:
            channel.put(Outcome.CANCELLED)
        return CancelResponse.ACCEPT

    async def _execute(self, goal: Any) -> Refer.Result:
        key = bytes(goal.goal_id.uuid)
        channel: Channel[_Event] = Channel(self._host.bridge)
        self._channels[key] = channel
        try:
            return await self._search(goal, channel)
        finally:
            del self._channels[key]

    async def _search(self, goal: Any, channel: Channel[_Event]) -> Refer.Result:
        session = self._host.session()
        if session is None:
            goal.abort()
            return Refer.Result(outcome=Refer.Result.REFUSED, message=INACTIVE)
        request = goal.request
        id_ = f"{OWN_ID}refer-{next(self._numbers)}"
        asked = Asked(
            "", request.text, request.target, self._host.clock_ns(), cameras=tuple(request.cameras), source="refer"
        )

        def begin() -> None:
            try:
                channel.put(session.begin_search(asked, id_, channel.put))
            except Exception as error:
                channel.put(error)

        _feedback(goal, Refer.Feedback.ACCEPTED, Progress())
        deadline_s = to_ns(request.deadline) / NS_PER_S
        if deadline_s <= 0.0:
            deadline_s = self._host.config().refer_deadline_s
        call_off = self._host.bridge.after(deadline_s, lambda: channel.put(Outcome.TIMEOUT))
        self._host.worker.submit(begin, decides=True)
        try:
            return await self._follow(goal, channel)
        finally:
            call_off()
            self._host.worker.submit(lambda: session.end_search(id_), decides=True)

    async def _follow(self, goal: Any, channel: Channel[_Event]) -> Refer.Result:
        """Turn the events of a search into feedback, until one ends it."""
        progress = Progress()
        while True:
            event = await channel.get()
            if isinstance(event, Command):
                _feedback(goal, Refer.Feedback.ENCODED, progress)
                _feedback(goal, Refer.Feedback.WAITING_FOR_IMAGE, progress)
            elif isinstance(event, Progress):
                progress = event
                _feedback(goal, Refer.Feedback.GROUNDING, progress)
            elif isinstance(event, Outcome):
                return await self._finish(goal, unfinished(event, progress))
            elif isinstance(event, Verdict):
                return await self._finish(goal, event)
            else:
                return self._refuse(goal, event)

    def _refuse(self, goal: Any, error: Exception) -> Refer.Result:
        message = str(error)
        if not isinstance(error, RisError):
            message = f"The search failed inside the node ({type(error).__name__}: {error})."
            self._host.report(message)
        goal.abort()
        return Refer.Result(outcome=Refer.Result.REFUSED, message=message)

    async def _finish(self, goal: Any, verdict: Verdict) -> Refer.Result:
        result = Refer.Result(outcome=int(verdict.outcome), message=verdict.message)
        if verdict.best is not None:
            result.grounding = await self._host.message_of(verdict.best)
        if verdict.outcome in _ANSWERS:
            goal.succeed()
        elif verdict.outcome is Outcome.CANCELLED and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result


def _feedback(goal: Any, stage: int, progress: Progress) -> None:
    goal.publish_feedback(
        Refer.Feedback(stage=stage, frames_seen=progress.frames_seen, best_existence=float(progress.best_existence))
    )
