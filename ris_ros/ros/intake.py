"""From what somebody sent to a checked :class:`ris_ros.types.Command`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ris_ros.config.node import NodeConfig
from ris_ros.errors import CommandError
from ris_ros.language.intent import resolve_target
from ris_ros.language.utterance import clean
from ris_ros.ros.stamps import NS_PER_S, node_time, to_ns
from ris_ros.types import Command, Target

MAX_ID_CHARACTERS = 200
OWN_ID = "~"
"""What the ids that the node chooses begin with, and no other: nobody's command takes the place of another's."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A command as it came, unchecked.

    Attributes:
        id: Its name, empty when none was given.
        text: The utterance.
        target: Number of the target, as in ``ris_ros/msg/Command``.
        arrival_ns: When it came, in the node's clock.
        stamp_ns: When it was uttered, by its own stamp; 0 for not stated.
        cameras: The cameras it is about; empty for all.
        source: Who said it.
        confidence: The recogniser's, 0 to 1; 0 counts as not stated.
        time_to_live_ns: Its lifetime; 0 for the node's default.
    """

    id: str
    text: str
    target: int
    arrival_ns: int
    stamp_ns: int = 0
    cameras: tuple[str, ...] = ()
    source: str = ""
    confidence: float = 0.0
    time_to_live_ns: int = 0

    @classmethod
    def of(cls, message: Any, arrival_ns: int) -> Asked:
        """Read a ``ris_ros/msg/Command``.

        Args:
            message: What came.
            arrival_ns: When it came, in the node's clock.
        """
        return cls(
            id=message.id,
            text=message.text,
            target=message.target,
            arrival_ns=arrival_ns,
            stamp_ns=to_ns(message.header.stamp),
            cameras=tuple(message.cameras),
            source=message.source,
            confidence=message.confidence,
            time_to_live_ns=to_ns(message.time_to_live),
        )


def to_command(asked: Asked, own_id: str, known_cameras: Sequence[str], config: NodeConfig) -> Command:
    """Check and complete what was asked.

    Args:
        asked: What came.
        own_id: The id of a command that has none; begins with :data:`OWN_ID`.
        known_cameras: The cameras of the node.
        config: Default lifetime, and how far a stamp may be off.

    Raises:
        CommandError: Id, text, target, camera, confidence or lifetime cannot be used.
    """
    text = clean(asked.text)
    if asked.target not in list(Target):
        raise CommandError(f"Target {asked.target} is not known: use 0 (auto), 1 (object) or 2 (region).")
    if len(asked.id) > MAX_ID_CHARACTERS:
        raise CommandError(f"The command's id has {len(asked.id)} characters: use at most {MAX_ID_CHARACTERS}.")
    if asked.id.startswith(OWN_ID):
        raise CommandError(f"The id '{asked.id}' begins with '{OWN_ID}' as the node's own ids do: choose another.")
    unknown = [camera for camera in asked.cameras if camera not in known_cameras]
    if unknown:
        raise CommandError(f"Camera '{unknown[0][:40]}' is not known: this node has {', '.join(known_cameras)}.")
    if not math.isfinite(asked.confidence):
        raise CommandError(f"The command's confidence is {asked.confidence}: it must lie in 0 to 1.")
    tolerance_ns = int(config.clock_tolerance_s * NS_PER_S)
    return Command(
        id=asked.id or own_id,
        text=text,
        target=resolve_target(text, Target(asked.target)),
        # Nothing was said later than it was heard: a stamp ahead of the node's clock is another clock's error.
        uttered_ns=min(node_time(asked.stamp_ns, asked.arrival_ns, tolerance_ns), asked.arrival_ns),
        cameras=asked.cameras,
        source=asked.source,
        confidence=asked.confidence or 1.0,
        time_to_live_ns=asked.time_to_live_ns or int(config.time_to_live_s * NS_PER_S),
    )
