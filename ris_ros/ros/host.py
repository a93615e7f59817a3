"""The node, as its services and its action see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ris_ros.config.node import NodeConfig
from ris_ros.ros.bridge import Bridge
from ris_ros.ros.session import Session
from ris_ros.ros.worker import Worker

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
        report: Takes a sentence on what went wrong inside, for the log.
    """

    node: Any
    bridge: Bridge
    worker: Worker
    session: Callable[[], Session | None]
    config: Callable[[], NodeConfig]
    clock_ns: Callable[[], int]
    report: Callable[[str], None]
