"""How long it takes on this machine from a camera image to its mask, through real DDS.

Three processes, as on a robot: a camera that publishes pictures, the node, and this one, which notes when the label
mask of an image arrives. The time counts from the image's stamp, which is set just before it is published.
``ris bench --dds`` is its command line.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from numpy.typing import NDArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from ris_ros.benchmark.memory import peak_mb
from ris_ros.errors import TransportError
from ris_ros.msg import Command
from ris_ros.ros import latency_camera, transport
from ris_ros.ros.stamps import to_ns

_PATIENCE_S = 60.0
"""How long nothing may happen: no node, no mask, no diagnostics."""
_END_S = 20.0
_SETTLE = 20
"""Masks at the beginning that do not count: subscriptions still match, and memory is touched for the first time."""
_SAY_AGAIN_S = 0.1
_SAMPLE_S = 1.0
_COMMAND_ID = "latency"

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured.

    Attributes:
        size_px: (width, height) of the camera's images.
        rate_hz: Images per second.
        frames: How many masks count.
        compressed: JPEG instead of raw bgr8.
        best_effort: A best-effort camera instead of a reliable one.
        texts: The commands.
        parameters: The node's parameters beside ``autostart``, by name.
        cache: Folder of the node's caches; the user's by default.
    """

    size_px: tuple[int, int] = (1280, 720)
    rate_hz: int = 30
    frames: int = 300
    compressed: bool = False
    best_effort: bool = False
    texts: tuple[str, ...] = ("the road",)
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cache: Path | None = None

    def __post_init__(self) -> None:
        if min(*self.size_px, self.rate_hz, self.frames) < 1 or not self.texts:
            raise TransportError("A measurement needs a size, a rate and a number of frames above 0, and a command.")

    @property
    def label(self) -> str:
        """For people."""
        width, height = self.size_px
        reliability = "best effort" if self.best_effort else "reliable"
        form = "jpeg" if self.compressed else "bgr8"
        return f"{width}x{height} {form} at {self.rate_hz} Hz, {reliability}, {len(self.texts)} command(s)"


@dataclass(frozen=True, slots=True, eq=False)
class Latency:
    """What was measured.

    Attributes:
        engine: What the node says of its engine: backend, precision, device and more.
        ages_ms: Image stamp to mask received, float64 [frames].
        grounded_per_s: Masks received per second.
        arrived: Images that the node received meanwhile.
        grounded: Images that it answered.
        dropped: Cause -> images.
        stages_ms: Stage of the node -> its (p50, p99).
        start_s: From the start of the node's process to its first mask received.
        memory_mb: The node's resident memory, a sample each second while masks counted.
        memory_peak_mb: Its highest since the node's start; None where the system does not tell.
        cpu_percent: The node's processor time meanwhile, in percent of one core's.
    """

    engine: Mapping[str, str]
    ages_ms: NDArray[np.float64]
    grounded_per_s: float
    arrived: int
    grounded: int
    dropped: Mapping[str, int]
    stages_ms: Mapping[str, tuple[float, float]]
    start_s: float
    memory_mb: Sequence[float]
    memory_peak_mb: float | None
    cpu_percent: float

    @property
    def not_model(self) -> float | None:
        """Share of the time from stamp to published mask that is not the model, of medians; None where not told."""
        if not {"vision", "ground", "image_age"} <= set(self.stages_ms):
            return None
        model_ms = self.stages_ms["vision"][0] + self.stages_ms["ground"][0]
        return 1.0 - model_ms / self.stages_ms["image_age"][0]


def measure(trial: Trial, tell: Tell) -> Latency:
    """Measure one trial.

    Args:
        trial: What.
        tell: Told how many masks have counted, of how many.

    Raises:
        TransportError: The node cannot work, with its reason, or nothing arrives.
    """
    with _running(trial) as run:
        run.await_masks(_SETTLE)
        before = run.fresh_diagnostics()
        run.begin()
        run.await_masks(trial.frames, lambda count: tell(count, trial.frames))
        run.end()
        after = run.fresh_diagnostics()
    told = _counts(after["camera camera"]), _counts(before["camera camera"])
    counts = {name: count - told[1].get(name, 0) for name, count in told[0].items()}
    latency = after["latency"]
    stages = [key.removesuffix("_p50_ms") for key in latency if key.endswith("_p50_ms")]
    return Latency(
        engine={key: value for key, value in after["engine"].items() if key not in ("state", "memory_mb")},
        ages_ms=run.counted_ms,
        grounded_per_s=len(run.counted_ms) / run.seconds,
        arrived=counts["frames_in"],
        grounded=counts["grounded"],
        dropped={k.removeprefix("dropped_"): n for k, n in counts.items() if k.startswith("dropped_") and n},
        stages_ms={name: (float(latency[f"{name}_p50_ms"]), float(latency[f"{name}_p99_ms"])) for name in stages},
        start_s=run.start_s,
        memory_mb=tuple(run.memory_mb),
        memory_peak_mb=run.memory_peak_mb,
        cpu_percent=100.0 * run.cpu_s / run.seconds,
    )


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the node's process to its first mask received.

    Attributes:
        cold_s: With empty caches of the node (the system's cache of files is left as it is).
        warm_s: With those that the start before left, each of several.
    """

    cold_s: float
    warm_s: tuple[float, ...]


def measure_start(trial: Trial, warm_starts: int = 3) -> Start:
    """Start the node in an empty cache folder, and again in the same.

    Raises:
        TransportError: See :func:`measure`.
    """
    seconds = []
    with tempfile.TemporaryDirectory(prefix="ris_ros_cache_") as cache:
        for _ in range(1 + warm_starts):
            with _running(dataclasses.replace(trial, cache=Path(cache))) as run:
                run.await_masks(1)
                seconds.append(run.start_s)
    return Start(seconds[0], tuple(seconds[1:]))


@contextmanager
def running(
    command: Sequence[str], patience_s: float = _END_S, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is interrupted on leaving, and killed where it has not ended ``patience_s`` seconds later."""
    # What goes wrong comes on stderr.
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _running(trial: Trial) -> Iterator[_Run]:
    """Camera, node and listener; the camera publishes before the node starts."""
    with _environment(transport.isolated()):
        for note in transport.apply(transport.plan(processes=3)):
            print(note, file=sys.stderr)
        context = multiprocessing.get_context("spawn")
        started, stopped = context.Event(), context.Event()
        settings = (trial.size_px, trial.rate_hz, trial.compressed, trial.best_effort)
        camera = context.Process(target=latency_camera.run, args=(*settings, started, stopped))
        camera.start()
        try:
            if not started.wait(_PATIENCE_S):
                raise TransportError("The camera of the measurement does not start: run `ris doctor`.")
            environment = {**os.environ, **({"XDG_CACHE_HOME": str(trial.cache)} if trial.cache else {})}
            spawned_s = time.monotonic()
            with running(_node_command(trial), environment=environment) as node:
                run = _Run(trial.texts, node, spawned_s)
                try:
                    yield run
                finally:
                    run.close()
        finally:
            stopped.set()
            camera.join(_END_S)
            camera.kill()  # no harm where it has ended


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables for this process and those that it starts, put back on leaving."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _node_command(trial: Trial) -> list[str]:
    parameters = {"autostart": "true", **trial.parameters}
    given = [part for name, value in parameters.items() for part in ("-p", f"{name}:={value}")]
    return [sys.executable, "-m", "ris_ros.ros.main", "--ros-args", "--log-level", "warn", *given]


def _counts(status: Mapping[str, str]) -> dict[str, int]:
    return {key: int(value) for key, value in status.items() if value.isdecimal()}


class _Run:
    """The listener, and what it has heard."""

    def __init__(self, texts: Sequence[str], process: subprocess.Popen[bytes], spawned_s: float) -> None:
        self.ages_ms: list[float] = []
        self.memory_mb: list[float] = []
        self.memory_peak_mb: float | None = None
        self.counted_ms = np.empty(0)
        self.start_s = self.seconds = self.cpu_s = 0.0
        self._texts = texts
        self._child = process
        self._spawned_s = spawned_s
        self._process = psutil.Process(process.pid)
        self._told: dict[str, dict[str, str]] = {}
        self._said_s = 0.0
        self._sample_s = float("inf")
        self._context = Context()
        rclpy.init(args=[], context=self._context)
        self._node: Any = Node("ris_latency", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
        self._node.create_subscription(Image, "ris/label_mask", self._on_mask, qos)
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._commander = self._node.create_publisher(Command, "commands", 10)

    def close(self) -> None:
        """Leave ROS."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def await_masks(self, count: int, tell: Callable[[int], None] = lambda count: None) -> None:
        """Listen until so many masks have come, since :meth:`begin` where it was called.

        Raises:
            TransportError: None comes for a minute, or the node says why it cannot work.
        """
        heard, heard_s = len(self.ages_ms), time.monotonic()
        while len(self.ages_ms) < count:
            self._spin()
            if len(self.ages_ms) != heard:
                heard, heard_s = len(self.ages_ms), time.monotonic()
                tell(heard)
            elif time.monotonic() > heard_s + _PATIENCE_S:
                raise TransportError("Masks did not arrive: run `ris doctor`, and see what the node says above.")

    def fresh_diagnostics(self) -> dict[str, dict[str, str]]:
        """What the node says of itself from this moment on: part -> key -> value."""
        self._told.clear()
        end_s = time.monotonic() + _PATIENCE_S
        while not {"engine", "latency", "camera camera"} <= set(self._told):
            self._spin()
            if time.monotonic() > end_s:
                raise TransportError("The node says nothing about itself: run `ris doctor`.")
        return dict(self._told)

    def begin(self) -> None:
        """What is heard from this moment on counts."""
        self.ages_ms.clear()
        self._sample_s = time.monotonic()
        self.seconds, self.cpu_s = -time.monotonic(), -self._cpu_s()

    def end(self) -> None:
        """What is heard from this moment on counts no longer."""
        self._sample_s = float("inf")
        self.seconds += time.monotonic()
        self.cpu_s += self._cpu_s()
        self.memory_peak_mb = peak_mb(self._child.pid)
        self.counted_ms = np.array(self.ages_ms)

    def _spin(self) -> None:
        if self._child.poll() is not None:
            raise TransportError("The node ended: see what it said above.")
        now_s = time.monotonic()
        # Said until it is answered: a subscription may match later than its publisher.
        if not self.start_s and self._commander.get_subscription_count() and now_s > self._said_s + _SAY_AGAIN_S:
            self._said_s = now_s
            for number, text in enumerate(self._texts):
                self._commander.publish(Command(id=f"{_COMMAND_ID}{number}", text=text, source="latency"))
        if now_s >= self._sample_s:
            self._sample_s = now_s + _SAMPLE_S
            self.memory_mb.append(self._process.memory_info().rss / 2**20)
        self._executor.spin_once(timeout_sec=0.1)

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _on_mask(self, message: Any) -> None:
        if not self.start_s:
            self.start_s = time.monotonic() - self._spawned_s
        self.ages_ms.append((time.time_ns() - to_ns(message.header.stamp)) / 1e6)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            self._told[status.name.split(": ", 1)[-1]] = {pair.key: pair.value for pair in status.values}
            if status.level == DiagnosticStatus.ERROR:
                raise TransportError(f"The node cannot work: {status.message}")
