"""The lifecycle node ``ris``: it receives, hands over to the worker, and publishes; it computes nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from ris_ros.config.bundle import ROLES
from ris_ros.config.node import NodeConfig
from ris_ros.errors import ImageError, cause
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.ros.bridge import Bridge
from ris_ros.ros.cameras import Cameras
from ris_ros.ros.carrier import Asking, Carrier
from ris_ros.ros.command_topics import CommandTopics
from ris_ros.ros.diagnostics import View, diagnostics
from ris_ros.ros.engines import open_engines
from ris_ros.ros.gate import Answered, Gate
from ris_ros.ros.ground import Ground
from ris_ros.ros.host import Host
from ris_ros.ros.images import Taken
from ris_ros.ros.outputs import Outputs
from ris_ros.ros.params import Parameters
from ris_ros.ros.process import settle, unsettle
from ris_ros.ros.refer import ReferAction
from ris_ros.ros.serialized import CameraMessage
from ris_ros.ros.services import Services
from ris_ros.ros.session import Session
from ris_ros.ros.statistics import Drop, Fate, Statistics
from ris_ros.ros.transitions import refuse_misfits
from ris_ros.ros.worker import Arrival, Worker
from ris_ros.runtime.fallback import FELL_BACK
from ris_ros.types import Command, Grounding

NODE_NAME = "ris"

_FOLLOW_PERIOD_S = 0.25
_SUCCESS = TransitionCallbackReturn.SUCCESS
_FAILURE = TransitionCallbackReturn.FAILURE


class GroundingNode(LifecycleNode):  # type: ignore[misc]  # rclpy is untyped where ROS is not installed
    """The node; see docs/interface.md.

    Args:
        stopping: Whether the process is to end; asked while engines are built, which may take minutes.

    Raises:
        ConfigError: A parameter given at start is refused.
    """

    def __init__(self, stopping: Callable[[], bool] = lambda: False) -> None:
        super().__init__(NODE_NAME)
        refuse_misfits(self)
        self._stopping = stopping
        self._failure = ""
        self._active = False
        self._session: Session | None = None
        self._outputs: Outputs | None = None
        self._ground: Ground | None = None
        self._cameras: Cameras | None = None
        self._describe: Callable[[], Mapping[str, str]] = dict
        self._fell_back = ""
        self._statistics = Statistics()
        self._settings = Parameters(self, lambda: self._session is not None)
        for name in self._settings.unknown():
            self.get_logger().warning(f"Parameter '{name}' is not known and ignored: see config/grounding.yaml.")
        self._worker = Worker(self._on_images)
        self._carrier: Carrier | None = None
        self.gate = Gate(self._publish)
        self._locator = ThreadPoolExecutor(1, "ris-locator")
        host = Host(
            node=self,
            bridge=Bridge(self),
            worker=self._worker,
            session=self._active_session,
            config=self._config,
            clock_ns=self._now_ns,
            locate=self._locate,
            locator=self._locator,
            report=self._report,
        )
        self._ground_services = Services(host)
        self._refer_action = ReferAction(host)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._diagnostics_timer = self._time_diagnostics()
        self._follow_timer = self.create_timer(_FOLLOW_PERIOD_S, self._on_follow, clock=self._steady)
        backwards = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1))
        self._jump = self.get_clock().create_jump_callback(backwards, post_callback=self._on_jump)
        self._command_topics = CommandTopics(host, self._statistics, self.problem)

    def start(self) -> None:
        """Configure and activate, if the parameter ``autostart`` says so."""
        if self._config().autostart and self.trigger_configure() == _SUCCESS:
            self.trigger_activate()

    def close(self) -> None:
        """Release everything; the node is not usable afterwards."""
        self._leave_active()
        self._leave_configured()
        self._worker.stop()
        self._locator.shutdown()
        self._refer_action.close()
        self.destroy_node()

    # Lifecycle: called by the executor. Loading engines holds it up; nothing else is to be done meanwhile.

    def on_configure(self, state: Any) -> Any:
        """Load bundle and engines in the worker. A failure tells its reason, and can be mended and tried again."""
        config = self._config()
        self._statistics.reset()
        try:
            engines = self._worker.submit(lambda: open_engines(config, self._shutting_down)).result()
            self._session = Session(
                engines.perceiver, config.cameras, self._config, self._now_ns, self._statistics, self
            )
            self._describe, self._fell_back = engines.describe, ""
            self._ground = Ground(
                self,
                self._config,
                self._statistics,
                self._followed,
                lambda: self._outputs is not None and self._outputs.wanted_groundings,
                self.problem,
                self._report,
            )
            self._outputs = Outputs(self, self._config, ROLES, self._statistics, self._now_ns, self._locate)
            if config.propagate:
                self._carrier = self._make_carrier()
        except Exception as error:
            self._failure = f"{cause(error)}."
            self.get_logger().error(f"Configuring failed: {self._failure}")
            self._leave_configured()
            return _FAILURE
        self._failure = ""
        self.destroy_timer(self._diagnostics_timer)
        self._diagnostics_timer = self._time_diagnostics()
        self.get_logger().info("Configured: " + ", ".join(f"{key} {value}" for key, value in self._describe().items()))
        settle()
        return super().on_configure(state)

    def on_activate(self, state: Any) -> Any:
        """Listen to the cameras."""
        result = super().on_activate(state)
        config = self._config()
        self._active = True
        self._cameras = Cameras(
            self, config.cameras, config.transport, self._on_image, self._on_damaged, self._statistics.frame_lost
        )
        return result

    def on_deactivate(self, state: Any) -> Any:
        """Stop listening; commands stay, requests that wait are refused."""
        self._leave_active()
        return super().on_deactivate(state)

    def on_cleanup(self, state: Any) -> Any:
        """Release engines, publishers and commands."""
        self._leave_configured()
        return _SUCCESS

    def on_shutdown(self, state: Any) -> Any:
        """Release everything but the node itself."""
        self._leave_active()
        self._leave_configured()
        return _SUCCESS

    def on_error(self, state: Any) -> Any:
        """Release everything, so that the node can be configured again."""
        self.get_logger().error("A lifecycle transition failed inside the node: configure it again, and report this.")
        return self.on_shutdown(state)

    def _leave_active(self) -> None:
        self._active = False
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None
        for arrival in self._worker.withdraw():
            arrival.fate.end(Drop.INACTIVE)
        if self._session is not None:
            self._worker.submit(self._session.pause).result()
        if self._carrier is not None:  # only then: what the worker was at has come out of it
            self._carrier.forget()
        if self._ground is not None:
            self._ground.forget()

    def _leave_configured(self) -> None:
        unsettle()
        if self._carrier is not None:
            self._carrier.stop()
            self._carrier = None
        session, self._session = self._session, None
        if session is not None:
            self._worker.submit(session.close).result()
        if self._ground is not None:
            self._ground.close()
            self._ground = None
        if self._outputs is not None:
            self._outputs.close()
            self._outputs = None

    # Arrivals: called by the executor, handed over to the worker

    def _on_image(self, camera: str, message: CameraMessage) -> None:
        fate = Fate(self._statistics, camera)
        arrival = Arrival(camera, message, self._now_ns(), time.monotonic_ns(), fate)
        if self._worker.offer(arrival) and self._carrier is not None:
            self._carrier.offer(arrival)

    def _on_damaged(self, camera: str, error: ImageError) -> None:
        Fate(self._statistics, camera).end(Drop.BAD_IMAGE)
        self.problem(f"image/{camera}", f"Camera '{camera}': {error}")

    # Results: called by the worker, those that are carried forward by the carrier

    def _on_images(self, arrivals: list[Arrival]) -> None:
        session = self._session
        if session is None or not self._active:
            for arrival in arrivals:
                arrival.fate.end(Drop.INACTIVE)
            return
        try:
            session.on_images(arrivals)
        except Exception as error:  # the worker must outlive any mistake of ours
            self.problem("internal", f"A frame failed inside the node ({type(error).__name__}: {error}): report this.")

    def answered(self, answered: Answered, thresholds: Thresholds) -> None:
        """Let fresh answers be carried forward, where that is wanted (see :class:`ris_ros.ros.session.Sink`)."""
        carrier = self._carrier
        if carrier is not None:
            carrier.renew(answered, thresholds)

    def wants_survey(self, camera: str) -> bool:
        """Whether plans or maps are wanted (see :class:`ris_ros.ros.session.Sink`)."""
        ground = self._ground
        return ground is not None and self._active and ground.wants_survey(camera)

    def surveyed(self, taken: Taken, groundings: Sequence[Grounding], surroundings: Surroundings) -> None:
        """Plan with what the model says of an image (see :class:`ris_ros.ros.session.Sink`)."""
        ground = self._ground
        if ground is not None:
            ground.surveyed(taken, groundings, surroundings)

    def _locate(self, messages: Sequence[Any], groundings: Sequence[Grounding]) -> None:
        ground = self._ground
        if ground is not None:
            ground.locate(messages, groundings)

    def _publish(self, answered: Answered) -> None:
        if self._outputs is None or not self._active:
            return
        try:
            self._outputs.publish(answered)
        except Exception as error:  # such as an overlay too large for JPEG; the answer still counts
            self.problem("publish", f"An answer could not be published: {error}")

    def problem(self, kind: str, sentence: str) -> None:
        """Note a problem for the diagnostics, and log it unless its kind was logged a moment ago."""
        if self._statistics.problem(kind, sentence):
            self._report(sentence)

    # Periodic

    def _on_follow(self) -> None:
        if self._cameras is not None:
            self._cameras.follow()
        if self._ground is not None:
            self._ground.follow()

    def _on_jump(self, _: Any) -> None:
        session = self._session
        if self._carrier is not None:
            self._carrier.forget()
        if self._ground is not None:
            self._ground.rewind()
        if session is not None:
            self._worker.submit(lambda: session.rewind(self._now_ns()), decides=True)

    def _tell(self) -> None:
        session, cameras, config = self._session, self._cameras, self._config()
        engine = {} if session is None else {**self._describe(), **_input_size(session)}
        self._tell_of_fallback(engine)
        view = View(
            name=self.get_fully_qualified_name().lstrip("/"),
            state="active" if self._active else "inactive" if session is not None else "unconfigured",
            failure=self._failure,
            engine=engine,
            cameras={} if cameras is None else {name: cameras.listening(name) for name in config.cameras},
            ground={} if self._ground is None else self._ground.describe(self._now_ns()),
            planner=None if self._ground is None else self._ground.describe_planner(),
            commands=self._unexpired(),
            incompatible=self._command_topics.incompatible,
            max_image_age_s=config.max_image_age_s,
        )
        self._diagnostics.publish(diagnostics(view, self._statistics, self.get_clock().now().to_msg()))

    def _tell_of_fallback(self, engine: Mapping[str, str]) -> None:
        fell_back = engine.get(FELL_BACK, "")
        if fell_back and fell_back != self._fell_back:
            self.get_logger().error(f"The node now runs on {engine['backend']}: it fell back {fell_back}.")
        self._fell_back = fell_back

    def _unexpired(self) -> dict[str, str]:
        # The session forgets on the next image; what is over by now is told as over.
        now_ns, commands = self._now_ns(), () if self._session is None else self._session.commands
        return {command.id: command.text for command in commands if not command.expired(now_ns)}

    def _time_diagnostics(self) -> Any:
        return self.create_timer(self._config().diagnostics_period_s, self._tell, clock=self._steady)

    # Small things

    def _config(self) -> NodeConfig:
        return self._settings.current

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _shutting_down(self) -> bool:
        return self._stopping() or not self.context.ok()

    def _active_session(self) -> Session | None:
        return self._session if self._active else None

    def _followed(self) -> Command | None:
        session = self._active_session()
        return None if session is None else session.followed(self._now_ns())

    def _make_carrier(self) -> Carrier:
        def commands() -> tuple[Command, ...]:
            session = self._active_session()
            return () if session is None else session.commands

        asking = Asking(commands, lambda: self._worker.deciding)
        return Carrier(self._config, self._now_ns, self._statistics, self.gate, asking, self.problem)

    def _report(self, sentence: str) -> None:
        self.get_logger().warning(sentence)


def _input_size(session: Session) -> dict[str, str]:
    size_px = session.input_size_px
    return {} if size_px is None else {"input_size": f"{size_px[0]}x{size_px[1]}"}
