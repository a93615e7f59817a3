"""A subscription to what goes with images, its type and QoS as they are published, while anybody wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ris_ros.ros.qos import Offer, create_subscription, offer_of, stream_qos


class FollowedTopic:
    """One topic; used by the executor's thread, but for what the properties say, which any thread may read.

    Args:
        node: The node to subscribe with.
        topic: Its name, resolved in the node's namespace.
        readers: Types that it may be of -> what takes a message of each; of several that are published, the first.
        depth: How many messages may wait for the executor.
        serialized: Whether the readers take messages as bytes.

    Attributes:
        topic: Its full name.
        publishers: How many publish messages of a type that is read.
        problem: A sentence on a publisher that cannot be heard, empty when all can.
    """

    def __init__(
        self,
        node: Any,
        topic: str,
        readers: Mapping[type, Callable[[Any], None]],
        depth: int,
        serialized: bool = False,
    ) -> None:
        self._node = node
        self.topic = str(node.resolve_topic_name(topic))
        self._readers = readers
        self._depth = depth
        self._serialized = serialized
        self._subscribed: tuple[type, Offer, Any] | None = None
        self.publishers = 0
        self.problem = ""

    def follow(self, wanted: bool = True) -> None:
        """Look at what is published, and subscribe, subscribe anew, or end the subscription.

        Args:
            wanted: Whether anybody wants the messages.
        """
        infos = self._node.get_publishers_info_by_topic(self.topic)
        types = {info.topic_type for info in infos}
        type_ = next((one for one in self._readers if _name(one) in types), None)
        if type_ is None:
            self.publishers = 0
            self.problem = self._strange(types) if types else ""
            self.close()
            return
        offered = offer_of([info for info in infos if info.topic_type == _name(type_)])
        self.publishers = offered.publishers
        if wanted and self._subscribed is not None and self._suits(type_, offered):
            return
        self.close()
        self.problem = ""
        if wanted:
            self._subscribed = type_, offered, self._subscribe(type_, offered)

    def close(self) -> None:
        """End the subscription, if there is one."""
        if self._subscribed is not None:
            self._node.destroy_subscription(self._subscribed[2])
            self._subscribed = None

    @property
    def type_name(self) -> str:
        """The type subscribed to, empty for none."""
        subscribed = self._subscribed
        return "" if subscribed is None else _name(subscribed[0])

    def _suits(self, type_: type, offered: Offer) -> bool:
        assert self._subscribed is not None
        current_type, current, _ = self._subscribed
        return current_type is type_ and (current.reliable, current.kept) == (offered.reliable, offered.kept)

    def _subscribe(self, type_: type, offered: Offer) -> Any:
        def incompatible(sentence: str) -> None:
            self.problem = sentence

        return create_subscription(
            self._node,
            type_,
            self.topic,
            self._readers[type_],
            stream_qos(offered, self._depth),
            incompatible,
            serialized=self._serialized,
        )

    def _strange(self, types: set[str]) -> str:
        read = " or ".join(_name(type_) for type_ in self._readers)
        return f"'{self.topic}' is published as {', '.join(sorted(types))}, and read as {read}: remap one of the two."


def _name(type_: type) -> str:
    """Such as ``sensor_msgs/msg/Image``, for the class of a message."""
    return f"{type_.__module__.split('.', 1)[0]}/msg/{type_.__name__}"
