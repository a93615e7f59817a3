"""The topics ``command`` and ``commands``: what comes on them is handed to the worker, and told of once it is read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from std_msgs.msg import String

from ris_ros.errors import cause
from ris_ros.msg import Command as CommandMessage
from ris_ros.ros.host import INACTIVE, Host
from ris_ros.ros.intake import Asked
from ris_ros.ros.qos import Unheard, command_qos, create_subscription
from ris_ros.ros.statistics import Statistics
from ris_ros.types import Command

TYPED_ID = "command"
"""Id of what comes on the plain topic ``command``: each replaces the one before."""

_MAX_BACKLOG = 64


class CommandTopics:
    """Subscriptions to the commands, for as long as the node lives.

    Args:
        host: The node that takes them.
        statistics: Counts those that came, and those that were refused.
        problem: Takes the kind of a problem and a sentence about it.
    """

    def __init__(self, host: Host, statistics: Statistics, problem: Callable[[str, str], None]) -> None:
        self._host = host
        self._statistics = statistics
        self._problem = problem
        self._unheard = Unheard(host.node, problem)
        for topic, type_, callback in (
            ("command", String, self._on_text),
            ("commands", CommandMessage, self._on_command),
        ):
            create_subscription(host.node, type_, topic, callback, command_qos(), self._unheard.on(topic))

    @property
    def incompatible(self) -> str:
        """A sentence on a publisher whose QoS does not fit, empty when all fit."""
        return self._unheard.told()

    def _on_text(self, message: Any) -> None:
        now_ns = self._host.clock_ns()
        self._take(Asked(TYPED_ID, message.data, CommandMessage.AUTO, now_ns, source="command"))

    def _on_command(self, message: Any) -> None:
        self._take(Asked.of(message, self._host.clock_ns()))

    def _take(self, asked: Asked) -> None:
        session, worker = self._host.session(), self._host.worker
        self._statistics.event("commands_in")
        if session is None:
            self._refuse(INACTIVE)
        elif worker.backlog >= _MAX_BACKLOG:
            self._refuse(f"Over {_MAX_BACKLOG} commands wait to be read: send fewer.")
        else:
            worker.submit(lambda: session.add(asked), decides=True).add_done_callback(self._taken)

    def _taken(self, done: Future[Command]) -> None:
        error = done.exception()
        if isinstance(error, Exception):
            self._refuse(f"{cause(error)}.")
        else:
            command = done.result()
            sentence = f"Command '{command.id}': {command.text} ({command.target.name.lower()})"
            self._host.node.get_logger().info(sentence)

    def _refuse(self, sentence: str) -> None:
        self._statistics.event("commands_refused")
        self._problem("command", f"A command is refused: {sentence}")
