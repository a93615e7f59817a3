"""The node, as its services and its action see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from ris_ros.config.node import NodeConfig
from ris_ros.msg import Grounding as GroundingMessage
from ris_ros.ros.bridge import Bridge
from ris_ros.ros.convert import grounding_message, header_of
from ris_ros.ros.session import Session
from ris_ros.ros.worker import Worker
from ris_ros.types import Grounding

INACTIVE = "The node is not active: configure and activate it first."


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """What a service or an action needs of the node that offers it.

    Attributes:
        node: The node.
        bridge: Wakes its executor.
        worker: The thread that answers.
        session: The session while the node is active, else None.
        config: Reads the settings as they are.
        clock_ns: The node's clock.
        locate: Writes into the messages of the answers on one frame where on the ground those lie; may wait, so not in
            the executor.
        locator: The thread in which it waits on behalf of requests: the worker may be at an inference.
        report: Takes a sentence on what went wrong inside, for the log.
    """

    node: Any
    bridge: Bridge
    worker: Worker
    session: Callable[[], Session | None]
    config: Callable[[], NodeConfig]
    clock_ns: Callable[[], int]
    locate: Callable[[Sequence[GroundingMessage], Sequence[Grounding]], None]
    locator: Executor
    report: Callable[[str], None]

    async def message_of(self, grounding: Grounding) -> GroundingMessage:
        """An answer to one request, with its place on the ground."""
        message = grounding_message(grounding, {}, header_of(grounding.frame))
        await self.bridge.result(self.locator.submit(self.locate, [message], [grounding]))
        return message
