"""The node's camera subscriptions, kept in step with what publishers offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from ris_ros.config.node import Transport
from ris_ros.errors import ImageError
from ris_ros.ros.qos import Kind, create_subscription, image_qos, offer, plan
from ris_ros.ros.serialized import CameraMessage, read_compressed_image, read_image

_TOPICS: Mapping[Kind, tuple[str, type, Callable[[bytes], CameraMessage]]] = {
    Kind.RAW: ("image_raw", Image, read_image),
    Kind.COMPRESSED: ("image_raw/compressed", CompressedImage, read_compressed_image),
}


@dataclass(frozen=True, slots=True)
class Listening:
    """How one camera is listened to.

    Attributes:
        topics: The topics subscribed to, resolved, with the reliability asked for.
        publishers: How many publish on them.
        incompatible: A sentence on a publisher whose QoS does not fit, empty when all fit.
    """

    topics: Mapping[str, str]
    publishers: int
    incompatible: str = ""


class Cameras:
    """Subscriptions to the images of several cameras.

    Args:
        node: The node to subscribe with.
        names: The cameras.
        transport: Which form of images to read.
        on_image: Takes the camera's name and the message; called by the executor.
        on_damaged: Takes the camera's name and why a message of it cannot be read.
        on_lost: Takes the camera's name and how many of its images were lost on their way.
    """

    def __init__(
        self,
        node: Any,
        names: Sequence[str],
        transport: Transport,
        on_image: Callable[[str, CameraMessage], None],
        on_damaged: Callable[[str, ImageError], None],
        on_lost: Callable[[str, int], None],
    ) -> None:
        self._node = node
        self._transport = transport
        self._on_image = on_image
        self._on_damaged = on_damaged
        self._incompatible: dict[str, str] = {}
        self._on_lost = on_lost
        self._subscriptions: dict[str, dict[Kind, tuple[ReliabilityPolicy, Any]]] = {name: {} for name in names}
        self.follow()

    def follow(self) -> None:
        """Look at what is published, and subscribe anew where that asks for another form or reliability."""
        for camera, current in self._subscriptions.items():
            raw, compressed = (offer(self._node, self._topic(camera, kind)) for kind in (Kind.RAW, Kind.COMPRESSED))
            wanted = plan(self._transport, raw, compressed)
            for kind, (reliability, subscription) in list(current.items()):
                if wanted.get(kind) != reliability:
                    self._node.destroy_subscription(subscription)
                    self._incompatible.pop(self._topic(camera, kind), None)
                    del current[kind]
            for kind, reliability in wanted.items():
                if kind not in current:
                    current[kind] = reliability, self._subscribe(camera, kind, reliability)

    def listening(self, camera: str) -> Listening:
        """How a camera is listened to."""
        topics, publishers = {}, 0
        for kind, (reliability, _) in self._subscriptions[camera].items():
            topic = self._topic(camera, kind)
            topics[topic] = reliability.name.lower()
            publishers += self._node.count_publishers(topic)
        sentences = [self._incompatible[topic] for topic in topics if topic in self._incompatible]
        return Listening(topics, publishers, " ".join(sentences))

    def close(self) -> None:
        """End all subscriptions."""
        for current in self._subscriptions.values():
            for _, subscription in current.values():
                self._node.destroy_subscription(subscription)
            current.clear()

    def _topic(self, camera: str, kind: Kind) -> str:
        return str(self._node.resolve_topic_name(f"{camera}/{_TOPICS[kind][0]}"))

    def _subscribe(self, camera: str, kind: Kind, reliability: ReliabilityPolicy) -> Any:
        _, message_type, read = _TOPICS[kind]
        topic = self._topic(camera, kind)

        def received(serialized: bytes) -> None:
            try:
                message = read(serialized)
            except ImageError as error:
                self._on_damaged(camera, error)
            else:
                self._on_image(camera, message)

        def incompatible(sentence: str) -> None:
            self._incompatible[topic] = sentence

        return create_subscription(
            self._node,
            message_type,
            topic,
            received,
            image_qos(reliability),
            incompatible,
            lambda count: self._on_lost(camera, count),
            serialized=True,
        )
