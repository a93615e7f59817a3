"""The node's result topics.

Made and destroyed by the executor's thread; published on by the worker's and the carrier's, one at a time
(:mod:`ris_ros.ros.gate`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sensor_msgs.msg import CompressedImage, Image

from ris_ros.config.node import NodeConfig
from ris_ros.msg import Grounding as GroundingMessage
from ris_ros.msg import GroundingArray
from ris_ros.pipeline import overlay
from ris_ros.pipeline.labels import label_map
from ris_ros.ros.convert import Mono8, grounding_array, header_of, jpeg, mono8, to_frame
from ris_ros.ros.gate import Answered
from ris_ros.ros.qos import latched_qos, result_qos
from ris_ros.ros.statistics import Statistics
from ris_ros.types import Grounding


class Outputs:
    """Publishers of label mask, confidence, groundings and overlay; silent while the node is inactive.

    Args:
        node: The lifecycle node.
        config: Reads the settings as they are.
        roles: Value of ``label_mask`` -> name of its role.
        statistics: Takes how long publishing took, and the age of the image then.
        clock_ns: The node's clock.
        locate: Writes into the messages of the answers on one frame where on the ground those lie.
    """

    def __init__(
        self,
        node: Any,
        config: Callable[[], NodeConfig],
        roles: Mapping[int, str],
        statistics: Statistics,
        clock_ns: Callable[[], int],
        locate: Callable[[Sequence[GroundingMessage], Sequence[Grounding]], None],
    ) -> None:
        self._node = node
        self._config = config
        self._statistics = statistics
        self._clock_ns = clock_ns
        self._locate = locate
        self._labels = Mono8()
        qos = result_qos(len(config().cameras))
        self._label_mask = node.create_lifecycle_publisher(Image, "~/label_mask", qos)
        self._confidence = node.create_lifecycle_publisher(Image, "~/confidence", qos)
        self._groundings = node.create_lifecycle_publisher(GroundingArray, "~/groundings", qos)
        self._overlay = node.create_lifecycle_publisher(CompressedImage, "~/overlay/compressed", qos)
        self._label_info = _publish_label_info(node, roles)

    @property
    def wanted_groundings(self) -> bool:
        """Whether anybody subscribes to ``~/groundings``."""
        return bool(self._groundings.get_subscription_count())

    def publish(self, answered: Answered) -> None:
        """Publish the answers on one frame, the label mask first."""
        begin_ns = time.monotonic_ns()
        newest = answered.newest
        header = header_of(newest.frame)
        label_map(newest, out=self._labels.pixels(newest.object.size_px))
        self._label_mask.publish(self._labels.message(header))
        self._took_since(answered)
        if self._confidence.get_subscription_count():
            self._confidence.publish(mono8(newest.asked.confidence, header))
        if self.wanted_groundings:
            message = grounding_array(answered.groundings, answered.stages_ns, header)
            self._locate(message.groundings, answered.groundings)
            self._groundings.publish(message)
        self._statistics.took("publish", time.monotonic_ns() - begin_ns)
        if self._overlay.get_subscription_count():
            begin_ns = time.monotonic_ns()
            # Decoded once more, whole: watching costs nothing before the masks are out, and does not change them.
            whole = to_frame(answered.arrival.camera, answered.arrival.message, self._config().max_image_pixels)
            picture = overlay.draw(answered.groundings, whole.image_rgb)
            self._overlay.publish(jpeg(picture, header, self._config().overlay_jpeg_quality))
            self._statistics.took("overlay", time.monotonic_ns() - begin_ns)

    def _took_since(self, answered: Answered) -> None:
        age_ns = max(0, self._clock_ns() - answered.image_time_ns)
        if answered.newest.propagated_ns:
            self._statistics.took("propagated_image_age", age_ns)
            self._statistics.took("propagated_age", answered.newest.propagated_ns)
        else:
            self._statistics.took("image_age", age_ns)

    def close(self) -> None:
        """Destroy the publishers; nobody may publish any more."""
        for publisher in (self._label_mask, self._confidence, self._groundings, self._overlay):
            self._node.destroy_lifecycle_publisher(publisher)
        if self._label_info is not None:
            self._node.destroy_publisher(self._label_info)


def _publish_label_info(node: Any, roles: Mapping[int, str]) -> Any:
    """Tell what the values of ``label_mask`` mean, to whoever comes; None where vision_msgs is not installed."""
    try:
        from vision_msgs.msg import LabelInfo, VisionClass
    except ImportError:
        return None
    publisher = node.create_publisher(LabelInfo, "~/label_info", latched_qos())
    classes = [VisionClass(class_id=value, class_name=role) for value, role in sorted(roles.items())]
    publisher.publish(LabelInfo(class_map=classes))
    return publisher
