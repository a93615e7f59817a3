"""Which images to subscribe to and how reliably, from what the publishers offer.

A best-effort subscription hears both kinds of publisher, a reliable one only reliable ones. Yet large raw images
arrive far better reliably where nobody enlarged the shared-memory segment (see docs/transport.md), so the node asks
for what the publishers of a topic all offer.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)

from ris_ros.config.node import Transport

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError


class Kind(enum.Enum):
    """The two forms in which a camera's images come."""

    RAW = "raw"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the publishers of one topic offer.

    Attributes:
        publishers: How many there are.
        reliable: Whether all of them are reliable, and there are any.
        kept: Whether all of them keep their latest messages for late subscribers (transient local), and there are any.
    """

    publishers: int
    reliable: bool
    kept: bool = False


def offer(node: Any, topic: str) -> Offer:
    """What the publishers of ``topic`` (fully resolved) offer."""
    return offer_of(node.get_publishers_info_by_topic(topic))


def offer_of(publishers: Sequence[Any]) -> Offer:
    """What publishers offer, of whom the graph says so much."""
    profiles = [publisher.qos_profile for publisher in publishers]
    reliable = [profile.reliability == ReliabilityPolicy.RELIABLE for profile in profiles]
    kept = [profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in profiles]
    return Offer(len(profiles), bool(profiles) and all(reliable), bool(profiles) and all(kept))


class Unheard:
    """What is known of publishers that are not heard, on topics that are read reliably.

    Args:
        node: The node that reads them.
        problem: Takes the kind of a problem and a sentence about it.
    """

    def __init__(self, node: Any, problem: Callable[[str, str], None]) -> None:
        self._node = node
        self._problem = problem
        self._sentences: dict[str, str] = {}

    def on(self, topic: str) -> Callable[[str], None]:
        """What takes a sentence on a publisher of a topic; see :func:`create_subscription`."""
        resolved = self._node.resolve_topic_name(topic)

        def incompatible(sentence: str) -> None:
            self._sentences[resolved] = sentence
            self._problem(f"qos/{resolved}", sentence)

        return incompatible

    def told(self) -> str:
        """The sentences on topics that still have such a publisher."""
        offers = {topic: offer(self._node, topic) for topic in self._sentences}
        still = [topic for topic, offered in offers.items() if offered.publishers and not offered.reliable]
        return " ".join(self._sentences[topic] for topic in still)


def plan(transport: Transport, raw: Offer, compressed: Offer) -> dict[Kind, ReliabilityPolicy]:
    """Decide the subscriptions of one camera.

    With ``auto``, raw images are read where somebody publishes them (they cost no decoding), else compressed ones;
    while nobody publishes either, both are listened for.
    """
    wanted: Sequence[tuple[Kind, Offer]]
    if transport == "raw":
        wanted = [(Kind.RAW, raw)]
    elif transport == "compressed":
        wanted = [(Kind.COMPRESSED, compressed)]
    elif raw.publishers:
        wanted = [(Kind.RAW, raw)]
    elif compressed.publishers:
        wanted = [(Kind.COMPRESSED, compressed)]
    else:
        wanted = [(Kind.RAW, raw), (Kind.COMPRESSED, compressed)]
    return {
        kind: ReliabilityPolicy.RELIABLE if offered.reliable else ReliabilityPolicy.BEST_EFFORT
        for kind, offered in wanted
    }


def image_qos(reliability: ReliabilityPolicy) -> QoSProfile:
    """QoS of a camera subscription: the newest image only."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=reliability)


def stream_qos(offered: Offer, depth: int) -> QoSProfile:
    """QoS of a subscription to what goes with images: the most that all publishers offer.

    Args:
        offered: By the publishers.
        depth: How many messages may wait for the executor.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if offered.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if offered.kept else DurabilityPolicy.VOLATILE,
    )


def command_qos() -> QoSProfile:
    """QoS of the command subscriptions: none is lost."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=32, reliability=ReliabilityPolicy.RELIABLE)


def result_qos(cameras: int) -> QoSProfile:
    """QoS of what the node publishes: reliable, which suits both kinds of subscriber, and an answer per camera kept."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=2 * cameras, reliability=ReliabilityPolicy.RELIABLE)


def latched_qos() -> QoSProfile:
    """QoS of what a late subscriber must still learn."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def create_subscription(
    node: Any,
    message_type: type,
    topic: str,
    callback: Callable[[Any], None],
    qos: QoSProfile,
    on_incompatible: Callable[[str], None],
    on_lost: Callable[[int], None] | None = None,
    serialized: bool = False,
) -> Any:
    """Subscribe, and be told of publishers whose QoS does not fit and of lost messages, where the middleware can tell.

    Args:
        node: The node.
        message_type: Class of the messages.
        topic: Topic name.
        callback: Takes each message.
        qos: What to ask for.
        on_incompatible: Takes a sentence.
        on_lost: Takes the number of messages that were published and did not arrive.
        serialized: Whether the callback takes messages as bytes.
    """

    def incompatible(event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        on_incompatible(
            f"A publisher of '{topic}' offers a QoS that does not fit (policy {policy}), so its messages are lost:"
            f" let it publish {qos.reliability.name.lower()} and {qos.durability.name.lower()}."
        )

    def lost(event: Any) -> None:
        if on_lost is not None:
            on_lost(int(event.total_count_change))

    events = SubscriptionEventCallbacks(incompatible_qos=incompatible, message_lost=lost)
    try:
        return node.create_subscription(message_type, topic, callback, qos, event_callbacks=events, raw=serialized)
    except UnsupportedEventTypeError:
        return node.create_subscription(message_type, topic, callback, qos, raw=serialized)
