"""A real node in a process of its own, and a peer of it in this one: camera, operator and listener over DDS."""

from __future__ import annotations

import array
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import psutil
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from numpy.typing import NDArray
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String
from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.msg import Command, GroundingArray
from ris_ros.ros.stamps import set_ns, to_ns
from ris_ros.srv import ClearCommands

CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE
PATIENCE_S = 20.0


class NodeProcess:
    """``grounding_node`` with parameters, on the tiny bundle unless told otherwise.

    Args:
        log: File that takes what it prints.
        parameters: ROS parameters.
        environment: Variables to set for it.
        module: What to run, with ``python -m``.
    """

    def __init__(
        self,
        log: Path,
        parameters: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        module: str = "ris_ros.ros.main",
    ) -> None:
        values = {"bundle": str(BUNDLE), "backend": "onnx", "threads": 1, **(parameters or {})}
        arguments = [part for name, value in values.items() for part in ("-p", f"{name}:={_text(value)}")]
        self.log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "--ros-args", *arguments],
                env={**os.environ, "RIS_TEXT_WEIGHTS": str(TEXT_WEIGHTS), **(environment or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.interrupt()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def threads(self) -> int:
        """How many threads it has."""
        return psutil.Process(self._process.pid).num_threads()

    def interrupt(self) -> int:
        """Press Ctrl-C; returns the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def printed(self) -> str:
        """All it has printed."""
        return self.log.read_text()


class Peer:
    """Another node, spun by a thread, that keeps what it hears."""

    def __init__(self) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("peer", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._changed = threading.Condition()
        self._stop = False
        self._publishers: dict[tuple[str, ReliabilityPolicy], Any] = {}
        self.heard: dict[str, list[Any]] = {}
        for topic, type_ in (
            ("ris/label_mask", Image),
            ("ris/confidence", Image),
            ("ris/groundings", GroundingArray),
            ("/diagnostics", DiagnosticArray),
        ):
            self.listen(topic, type_)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop = True
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _spin(self) -> None:
        while not self._stop:
            self._executor.spin_once(timeout_sec=0.05)

    def notify(self) -> None:
        """Let :meth:`until` look again."""
        with self._changed:
            self._changed.notify_all()

    def listen(self, topic: str, type_: type, reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE) -> None:
        """Keep the messages of a topic in ``heard``."""
        inbox = self.heard.setdefault(topic, [])

        def arrived(message: Any) -> None:
            with self._changed:
                inbox.append(message)
                self._changed.notify_all()

        self.node.create_subscription(type_, topic, arrived, QoSProfile(depth=50, reliability=reliability))

    def forget(self) -> None:
        """Empty ``heard``."""
        with self._changed:
            for inbox in self.heard.values():
                inbox.clear()

    def until(
        self,
        what: Callable[[], Any],
        meanwhile: Callable[[], None] | None = None,
        every_s: float = 0.05,
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """Wait until ``what`` gives something true, and return it; do something periodically meanwhile."""
        end = time.monotonic() + patience_s
        due = 0.0
        while True:
            if meanwhile is not None and time.monotonic() >= due:
                meanwhile()
                due = time.monotonic() + every_s
            with self._changed:
                if result := what():
                    return result
                left = end - time.monotonic()
                assert left > 0, "nothing came of it in time"
                self._changed.wait(left if meanwhile is None else max(0.0, min(left, due - time.monotonic())))

    # Services

    def call(self, type_: type, name: str, request: Any, patience_s: float = PATIENCE_S) -> Any:
        """Call a service and wait for its answer."""
        client = self.node.create_client(type_, name)
        try:
            assert client.wait_for_service(patience_s), f"there is no service {name}"
            return self.result(client.call_async(request), patience_s)
        finally:
            self.node.destroy_client(client)

    def result(self, future: Any, patience_s: float = PATIENCE_S) -> Any:
        """Wait for a future of this node."""
        future.add_done_callback(lambda _: self.notify())
        self.until(future.done, patience_s=patience_s)
        return future.result()

    def transition(self, transition: int) -> bool:
        """Ask for a lifecycle transition; returns whether it succeeded."""
        request = ChangeState.Request()
        request.transition.id = transition
        return bool(self.call(ChangeState, "ris/change_state", request).success)

    def state(self) -> str:
        """The node's lifecycle state."""
        return str(self.call(GetState, "ris/get_state", GetState.Request()).current_state.label)

    def activate(self) -> None:
        """Configure and activate."""
        assert self.transition(CONFIGURE)
        assert self.transition(ACTIVATE)

    def set_parameter(self, name: str, value: Any) -> SetParametersResult:
        """Set one parameter of the node."""
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.call(SetParameters, "ris/set_parameters", request).results[0]

    def clear(self, ids: Iterable[str] = ()) -> int:
        """Clear commands; returns how many there were."""
        return int(self.call(ClearCommands, "ris/clear_commands", ClearCommands.Request(ids=list(ids))).cleared)

    # Topics

    def publisher(
        self, type_: type, topic: str, reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE, matched: bool = True
    ) -> Any:
        """A publisher, once somebody listens to it."""
        key = topic, reliability
        if key not in self._publishers:
            self._publishers[key] = self.node.create_publisher(
                type_, topic, QoSProfile(depth=10, reliability=reliability)
            )
        publisher = self._publishers[key]
        if matched:
            self.until(publisher.get_subscription_count, lambda: None, every_s=0.01)
        return publisher

    def retire(self, topic: str, reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE) -> None:
        """Destroy a publisher, if there is one."""
        publisher = self._publishers.pop((topic, reliability), None)
        if publisher is not None:
            self.node.destroy_publisher(publisher)

    def say(self, text: str) -> None:
        """Send a typed command."""
        self.publisher(String, "command").publish(String(data=text))

    def order(self, text: str, **fields: Any) -> None:
        """Send a full command."""
        lifetime_s = fields.pop("lifetime_s", 0.0)
        stamp_ns = fields.pop("stamp_ns", 0)
        message = Command(text=text, **fields)
        set_ns(message.time_to_live, int(lifetime_s * 1e9))
        set_ns(message.header.stamp, stamp_ns)
        self.publisher(Command, "commands").publish(message)

    def now_ns(self) -> int:
        """Time of this node's clock."""
        return int(self.node.get_clock().now().nanoseconds)

    def answers(self, command_id: str | None = None, camera: str = "camera") -> list[Any]:
        """The groundings heard so far, of one command or of all."""
        return [
            grounding
            for message in self.heard["ris/groundings"]
            if message.camera == camera
            for grounding in message.groundings
            if command_id in (None, grounding.command_id)
        ]

    def diagnosis(self, part: str) -> DiagnosticStatus:
        """The latest status of one part of the node; an empty one before the first."""
        for message in reversed(self.heard["/diagnostics"]):
            for status in message.status:
                if status.name == f"ris: {part}":
                    return status
        return DiagnosticStatus()


@contextmanager
def active_node(
    folder: Path,
    parameters: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    module: str = "ris_ros.ros.main",
) -> Iterator[Peer]:
    """The peer of an active node, which must end in order and without a traceback; see :class:`NodeProcess`.

    Args:
        folder: Takes what the node prints.
        parameters: ROS parameters.
        environment: Variables to set for it.
        module: What to run, with ``python -m``.
    """
    with NodeProcess(folder / "log.txt", parameters, environment, module) as process, Peer() as peer:
        peer.activate()
        yield peer
        assert process.interrupt() == 0
        assert "Traceback" not in process.printed()


def values(status: DiagnosticStatus) -> dict[str, str]:
    """Key-value pairs of a diagnostic status."""
    return {pair.key: pair.value for pair in status.values}


def raw(image_rgb: NDArray[np.uint8], stamp_ns: int, frame_id: str = "camera_optical") -> Image:
    """An rgb8 message."""
    height, width = image_rgb.shape[:2]
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.header.frame_id = frame_id
    set_ns(message.header.stamp, stamp_ns)
    message.data = array.array("B", image_rgb.tobytes())
    return message


def compressed(image_rgb: NDArray[np.uint8], stamp_ns: int, suffix: str = ".png") -> CompressedImage:
    """A PNG or JPEG message."""
    done, data = cv2.imencode(suffix, cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))
    assert done
    message = CompressedImage(format=suffix[1:])
    message.header.frame_id = "camera_optical"
    set_ns(message.header.stamp, stamp_ns)
    message.data = array.array("B", data.tobytes())
    return message


def pixels(message: Image) -> NDArray[np.uint8]:
    """The pixels of a mono8 message, [h, w]."""
    assert message.encoding == "mono8"
    assert message.step == message.width
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)


def stamp_ns(message: Any) -> int:
    """Stamp of a message with a header."""
    return to_ns(message.header.stamp)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if value != "" else "''"
