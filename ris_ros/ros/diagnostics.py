"""What the node says about itself on ``/diagnostics``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from ris_ros.ros.cameras import Listening
from ris_ros.ros.statistics import Statistics
from ris_ros.runtime.fallback import FELL_BACK

_SLOW_TRANSPORT_MS = 50.0
_MANY_LOST = 0.05
_PROFILE_HINT = (
    "start the camera driver with the Fast DDS profile config/fastdds_shm.xml of ris_ros, or let it publish reliable"
    " or compressed images (docs/transport.md)"
)


@dataclass(frozen=True, slots=True, eq=False)
class GroundSight:
    """What is known of where a camera is over the ground.

    Attributes:
        values: Calibration, pose, motion and depth, in words.
        problem: Why its images cannot be placed on the ground, or what else is wrong; empty when all is well.
    """

    values: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The node at one moment.

    Attributes:
        name: The node's full name.
        state: Lifecycle state.
        failure: Why the latest configuring failed, empty when it did not.
        engine: What is known of the engines: bundle, backend, precision, device.
        cameras: How each camera is listened to; empty unless active.
        ground: What is known of each camera over the ground; empty unless configured.
        planner: What the planner does; None unless configured.
        commands: Text of each active command by id, oldest first.
        incompatible: A sentence on a publisher of commands whose QoS does not fit, empty when all fit.
        max_image_age_s: When a camera counts as silent.
    """

    name: str
    state: str
    failure: str = ""
    engine: Mapping[str, str] = field(default_factory=dict)
    cameras: Mapping[str, Listening] = field(default_factory=dict)
    ground: Mapping[str, GroundSight] = field(default_factory=dict)
    planner: GroundSight | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    incompatible: str = ""
    max_image_age_s: float = 1.0


def diagnostics(view: View, statistics: Statistics, stamp: Any) -> DiagnosticArray:
    """The message.

    Args:
        view: The node.
        statistics: Its counts.
        stamp: ``builtin_interfaces/Time`` of the node's clock.
    """
    array = DiagnosticArray()
    array.header.stamp = stamp
    array.status = [
        _engine(view, statistics),
        _commands(view, statistics),
        _latency(view, statistics),
        *(_camera(view, name, listening, statistics) for name, listening in view.cameras.items()),
        *(_ground(view, f"ground {name}", sight, "placed on the ground") for name, sight in view.ground.items()),
        *(() if view.planner is None else (_ground(view, "planner", view.planner, view.planner.values["planning"]),)),
    ]
    return array


def _engine(view: View, statistics: Statistics) -> DiagnosticStatus:
    level, message = DiagnosticStatus.OK, view.state
    if fell_back := view.engine.get(FELL_BACK):
        level, message = DiagnosticStatus.WARN, f"{view.state}, fell back {fell_back}"
    if view.failure:
        level, message = DiagnosticStatus.ERROR, view.failure
    for kind in ("publish", "internal", "backend"):
        if problem := statistics.recent_problem(kind, within_s=5.0):
            level, message = DiagnosticStatus.ERROR, problem
    memory_mb = psutil.Process().memory_info().rss / 2**20
    values = {"state": view.state, **view.engine, "memory_mb": f"{memory_mb:.0f}"}
    return _status(view, "engine", level, message, values)


def _commands(view: View, statistics: Statistics) -> DiagnosticStatus:
    level, message = DiagnosticStatus.OK, f"{len(view.commands)} active"
    if problem := statistics.recent_problem("command", within_s=10.0):
        level, message = DiagnosticStatus.WARN, problem
    if view.incompatible:
        level, message = DiagnosticStatus.WARN, view.incompatible
    events = {name: str(count) for name, count in sorted(statistics.events().items())}
    # Prefixed: an id is the client's to choose, and must not hide a counter.
    active = {f"command {name}": text for name, text in view.commands.items()}
    return _status(view, "commands", level, message, {**events, **active})


def _latency(view: View, statistics: Statistics) -> DiagnosticStatus:
    values = {}
    for stage, times in statistics.stages().items():
        values[f"{stage}_p50_ms"] = f"{times.p50_ms:.2f}"
        values[f"{stage}_p99_ms"] = f"{times.p99_ms:.2f}"
        values[f"{stage}_count"] = str(times.count)
    ages = [
        f"image to {mask} {values[f'{stage}_p50_ms']} ms (p50), {values[f'{stage}_p99_ms']} ms (p99)"
        for stage, mask in (("image_age", "mask"), ("propagated_image_age", "propagated mask"))
        if f"{stage}_count" in values
    ]
    return _status(view, "latency", DiagnosticStatus.OK, "; ".join(ages) or "no image answered yet", values)


def _camera(view: View, camera: str, listening: Listening, statistics: Statistics) -> DiagnosticStatus:
    counts = statistics.camera(camera)
    values = {
        "frames_in": str(counts.frames_in),
        "grounded": str(counts.grounded),
        "propagated": str(counts.propagated),
        "dropped": str(sum(counts.dropped.values())),
        **{f"dropped_{cause.value}": str(count) for cause, count in counts.dropped.items()},
        "lost_in_transport": str(counts.lost),
        "publishers": str(listening.publishers),
        **{f"reliability of {topic}": reliability for topic, reliability in listening.topics.items()},
        "last_image_s": "never" if counts.silent_s is None else f"{counts.silent_s:.2f}",
    }
    sentence = _camera_problem(view, camera, listening, statistics)
    level = DiagnosticStatus.WARN if sentence else DiagnosticStatus.OK
    answered = f"{counts.grounded} of {counts.frames_in} grounded"
    if counts.propagated:
        answered += f", {counts.propagated} propagated"
    return _status(view, f"camera {camera}", level, sentence or answered, values)


def _ground(view: View, part: str, sight: GroundSight, well: str) -> DiagnosticStatus:
    level = DiagnosticStatus.WARN if sight.problem else DiagnosticStatus.OK
    return _status(view, part, level, sight.problem or well, sight.values)


def _camera_problem(view: View, camera: str, listening: Listening, statistics: Statistics) -> str:
    if listening.incompatible:
        return listening.incompatible
    topics = " or ".join(f"'{topic}'" for topic in listening.topics)
    counts = statistics.camera(camera)
    silent_s = counts.silent_s
    raw = any(topic.endswith("/image_raw") for topic in listening.topics)
    if silent_s is None or silent_s > view.max_image_age_s:
        if not listening.publishers:
            return f"Nobody publishes {topics}: start the camera driver, or remap the topic."
        since = "has come yet" if silent_s is None else f"has come for {silent_s:.1f} s"
        hint = f": if images are published, {_PROFILE_HINT}" if raw else ": check the camera driver"
        return f"{topics} is published but no image {since}{hint}."
    if problem := statistics.recent_problem(f"image/{camera}", within_s=5.0):
        return problem
    if problem := statistics.recent_problem(f"clock/{camera}", within_s=5.0):
        return problem
    if counts.lost > _MANY_LOST * (counts.lost + counts.frames_in):
        share = counts.lost / (counts.lost + counts.frames_in)
        return f"{share:.0%} of the images were lost on their way: {_PROFILE_HINT}."
    transport = statistics.stages().get("transport")
    if raw and transport is not None and transport.p50_ms > _SLOW_TRANSPORT_MS:
        return f"Images are {transport.p50_ms:.0f} ms old when they arrive: {_PROFILE_HINT}."
    return ""


def _status(view: View, part: str, level: bytes, message: str, values: Mapping[str, str]) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticStatus(
        level=level,
        name=f"{view.name}: {part}",
        message=message,
        hardware_id=view.engine.get("device", ""),
        values=pairs,
    )
