"""The client of ``ris demo``: a ROS 2 node in a process of its own that uses ``ris`` as any robot would.

It drives the node's lifecycle through its services, sends commands as messages, and keeps what comes back. Nothing is
decoded while messages arrive, so that receiving costs the node's processor as little as may be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from numpy.typing import NDArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

from ris_ros.errors import TransportError
from ris_ros.msg import Command, GroundingArray
from ris_ros.ros.demo_planner import DemoPlanner, Told
from ris_ros.ros.stamps import set_ns, to_ns
from ris_ros.srv import ClearCommands
from ris_ros.types import Target

_POLL_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One grounding as it arrived.

    Attributes:
        command_id: The command's.
        target: OBJECT or REGION, as the node decided.
        found: Whether the thing is there.
        existence: Probability of that, 0 to 1.
        stamp_ns: The image's.
        received_ns: When it arrived here, in the same clock.
        size_px: (width, height) of the image.
        roi_xywh: Box of the mask that was asked for, in image pixels; zeros when empty.
        cut: uint8, that mask cut to its box, row by row, 0 or 255.
        stages_ms: Stage -> duration.
    """

    command_id: str
    target: Target
    found: bool
    existence: float
    stamp_ns: int
    received_ns: int
    size_px: tuple[int, int]
    roi_xywh: tuple[int, int, int, int]
    cut: bytes
    stages_ms: MappingProxyType[str, float]

    def mask(self) -> NDArray[np.bool_]:
        """bool [H, W], the mask that was asked for in image pixels."""
        width, height = self.size_px
        full = np.zeros((height, width), np.bool_)
        x, y, box_width, box_height = self.roi_xywh
        if box_width:
            full[y : y + box_height, x : x + box_width] = (
                np.frombuffer(self.cut, np.uint8).reshape(box_height, box_width) > 0
            )
        return full


@dataclass(frozen=True, slots=True, eq=False)
class LabelMask:
    """One label mask as it arrived.

    Attributes:
        stamp_ns: The image's.
        received_ns: When it arrived here, in the same clock.
        labelled: Whether any pixel carries a role.
    """

    stamp_ns: int
    received_ns: int
    labelled: bool


class DemoClient:
    """See the module.

    Args:
        watch: Called again and again while something is waited for; raises to give up.
        camera: Name of the node's camera.
    """

    def __init__(self, watch: Callable[[], None], camera: str) -> None:
        self._watch = watch
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node: Any = Node("ris_demo", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self.answers: list[Answer] = []
        self.label_masks: list[LabelMask] = []
        self.confidences = 0
        self.overlays: dict[int, bytes] = {}
        self.diagnostics: dict[str, dict[str, str]] = {}
        self._command = self._node.create_publisher(String, "command", 10)
        self._commands = self._node.create_publisher(Command, "commands", 10)
        # Depth for a moment in which this process is late: what is measured is the node, not this client.
        qos = QoSProfile(depth=16, reliability=ReliabilityPolicy.RELIABLE)
        for type_, topic, callback in (
            (GroundingArray, "ris/groundings", self._on_groundings),
            (Image, "ris/label_mask", self._on_label_mask),
            (Image, "ris/confidence", self._on_confidence),
            (CompressedImage, "ris/overlay/compressed", self._on_overlay),
            (DiagnosticArray, "/diagnostics", self._on_diagnostics),
        ):
            self._node.create_subscription(type_, topic, callback, qos)
        self.planner = DemoPlanner(self._node, camera)
        self._clear = self._node.create_client(ClearCommands, "ris/clear_commands")
        self._change_state = self._node.create_client(ChangeState, "ris/change_state")
        self._get_state = self._node.create_client(GetState, "ris/get_state")

    def __enter__(self) -> DemoClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def bring_up(self, timeout_s: float) -> None:
        """Configure and activate the node ``ris`` through its lifecycle services.

        Raises:
            TransportError: It does not answer in time, or refuses; its log says why.
        """
        if not self.spin(timeout_s, lambda: bool(self._change_state.service_is_ready())):
            raise TransportError(f"The node's lifecycle services did not appear within {timeout_s:g} s: see its log.")
        for transition, name, state in (
            (Transition.TRANSITION_CONFIGURE, "configured", State.PRIMARY_STATE_INACTIVE),
            (Transition.TRANSITION_ACTIVATE, "activated", State.PRIMARY_STATE_ACTIVE),
        ):
            request = ChangeState.Request()
            request.transition.id = transition
            done = self._call(self._change_state, request, timeout_s)
            reached = self._call(self._get_state, GetState.Request(), timeout_s).current_state.id
            if not done.success or reached != state:
                raise TransportError(f"The node could not be {name}: its log says why.")

        def heard() -> bool:
            return all(p.get_subscription_count() for p in (self._command, self._commands))

        if not self.spin(timeout_s, heard):
            raise TransportError(f"The node did not listen for commands within {timeout_s:g} s: see its log.")

    @property
    def camera_counts(self) -> dict[str, str]:
        """The node's latest counts of its camera, by the names that its diagnostics give them."""
        return next((values for part, values in self.diagnostics.items() if part.startswith("camera ")), {})

    def hear_plans(self, seconds: float) -> Sequence[Told]:
        """Receive for so long, as a planner would too; returns the plans that came."""
        before = len(self.planner.told)
        self.planner.listen()
        try:
            self.spin(seconds)
        finally:
            self.planner.stop()
        return self.planner.told[before:]

    def say(self, text: str) -> None:
        """Send a plain ``std_msgs/String``; each replaces the one before."""
        self._command.publish(String(data=text))

    def ask(self, id_: str, text: str) -> None:
        """Send a ``ris_ros/Command``, as a program would that keeps several apart by their ids."""
        message = Command(id=id_, text=text, target=Command.AUTO, source="typed", confidence=1.0)
        set_ns(message.header.stamp, time.time_ns())
        self._commands.publish(message)

    def clear(self, timeout_s: float) -> None:
        """Let the node forget every command.

        Raises:
            TransportError: It does not answer in time.
        """
        self._call(self._clear, ClearCommands.Request(), timeout_s)

    def spin(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Receive for so long, or until a condition holds; returns whether it holds."""
        end = time.monotonic() + seconds
        self._watch()
        watched = time.monotonic()
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._executor.spin_once(timeout_sec=min(left, _POLL_S))
            if time.monotonic() - watched > _POLL_S:
                self._watch()
                watched = time.monotonic()
        return True

    def _call(self, client: Any, request: Any, timeout_s: float) -> Any:
        if not self.spin(timeout_s, client.service_is_ready):
            raise TransportError(f"The service {client.srv_name} did not appear within {timeout_s:g} s.")
        future = client.call_async(request)
        if not self.spin(timeout_s, future.done):
            raise TransportError(f"The service {client.srv_name} did not answer within {timeout_s:g} s.")
        return future.result()

    def _on_groundings(self, message: Any) -> None:
        received_ns = time.time_ns()
        for grounding in message.groundings:
            target = Target(grounding.target)
            asked = grounding.region if target is Target.REGION else grounding.object
            roi = asked.roi
            self.answers.append(
                Answer(
                    command_id=grounding.command_id,
                    target=target,
                    found=grounding.found,
                    existence=grounding.existence,
                    stamp_ns=to_ns(grounding.header.stamp),
                    received_ns=received_ns,
                    size_px=(asked.image_width, asked.image_height),
                    roi_xywh=(roi.x_offset, roi.y_offset, roi.width, roi.height),
                    cut=bytes(asked.mask.data),
                    stages_ms=MappingProxyType({s.stage: to_ns(s.duration) / 1e6 for s in grounding.stages}),
                )
            )

    def _on_label_mask(self, message: Any) -> None:
        received_ns = time.time_ns()
        labelled = bool(np.frombuffer(message.data, np.uint8).any())
        self.label_masks.append(LabelMask(to_ns(message.header.stamp), received_ns, labelled))

    def _on_confidence(self, _: Any) -> None:
        self.confidences += 1

    def _on_overlay(self, message: Any) -> None:
        self.overlays[to_ns(message.header.stamp)] = bytes(message.data)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            part = status.name.split(": ", 1)[-1]
            self.diagnostics[part] = {"message": status.message, **{pair.key: pair.value for pair in status.values}}
