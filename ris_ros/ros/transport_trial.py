"""Try how raw images get from one process to another, with and without the settings of :mod:`ris_ros.ros.transport`.

``python -m ris_ros.ros.transport_trial --size 1280x720`` prints one line for each: what was delivered, and how late.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ris_ros.errors import ConfigError, RisError, TransportError
from ris_ros.ros import transport

_TOPIC = "transport_trial/image_raw"
_PATIENCE_S = 20.0
_SETTLE_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What is sent.

    Attributes:
        size_px: (width, height) of an rgb8 image.
        rate_hz: Images per second.
        seconds: For how long.
        reliable: Reliable instead of best effort.
        depth: How many images the sender keeps until they have left.
    """

    size_px: tuple[int, int]
    rate_hz: float
    seconds: float
    reliable: bool
    depth: int

    def __post_init__(self) -> None:
        if not (0 < self.rate_hz <= 1000 and 0 < self.seconds <= 600 and min(*self.size_px, self.depth) > 0):
            raise ConfigError("Size, rate, seconds and depth must be positive, of at most 1000 Hz and 600 s.")

    def arguments(self) -> list[str]:
        """The command line that :func:`main` reads this from."""
        width, height = self.size_px
        reliable = ["--reliable"] if self.reliable else []
        numbers = ["--rate", str(self.rate_hz), "--seconds", str(self.seconds), "--depth", str(self.depth)]
        return ["--size", f"{width}x{height}", *numbers, *reliable]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of it.

    Attributes:
        sent: Images that were published.
        latencies_ms: Stamp to callback of each that arrived.
        processor_share: Processor time of the receiver by the time that it ran, 1 for a whole core.
    """

    sent: int
    latencies_ms: Sequence[float]
    processor_share: float

    def as_line(self, settings: str) -> str:
        """One line for a person."""
        arrived = len(self.latencies_ms)
        line = f"{settings:<10}{100 * arrived / max(self.sent, 1):4.0f} % of {self.sent} delivered"
        if arrived:
            p50, p99 = np.percentile(self.latencies_ms, (50, 99))
            line += f", p50 {p50:.1f} ms, p99 {p99:.1f} ms, receiver {100 * self.processor_share:.0f} % of a core"
        return line


def run_trial(load: Load, environment: Mapping[str, str]) -> Outcome:
    """Send from one process to another, both with this environment.

    Raises:
        TransportError: One of them failed; what it said is in the message.
    """
    command = [sys.executable, "-m", "ris_ros.ros.transport_trial", *load.arguments()]
    processes = [
        subprocess.Popen(
            [*command, "--role", role], env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for role in ("receiver", "sender")
    ]
    try:
        answers = [process.communicate(timeout=load.seconds + 2 * _PATIENCE_S) for process in processes]
    except subprocess.TimeoutExpired:
        raise TransportError("Sender and receiver did not end: look for what else uses this ROS domain.") from None
    finally:
        for process in processes:
            process.kill()
    if any(process.returncode for process in processes):
        said = " ".join(stderr.strip() for _, stderr in answers)
        raise TransportError(f"The trial failed: {said or 'a process ended without a word'}")
    received, sent = (json.loads(stdout.splitlines()[-1]) for stdout, _ in answers)
    return Outcome(sent["sent"], received["latencies_ms"], received["processor_share"])


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which none of the settings is made."""
    made = transport.plan(processes=2, environ={}).environment
    return {name: value for name, value in environ.items() if name not in made}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns 0, or 2 after saying in one sentence what is wrong."""
    parser = argparse.ArgumentParser(prog="transport_trial", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="pixels of the images (default %(default)s)")
    parser.add_argument("--rate", type=float, default=30.0, help="images per second (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long, for each line (default %(default)s)")
    parser.add_argument("--reliable", action="store_true", help="reliable instead of best effort")
    parser.add_argument("--depth", type=int, default=1, help="images that the sender keeps (default %(default)s)")
    parser.add_argument("--role", choices=("sender", "receiver"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    try:
        size = re.fullmatch(r"(\d{1,5})x(\d{1,5})", args.size)
        if size is None:
            raise ConfigError(f"'{args.size}' is no size: give it like 1280x720.")
        load = Load((int(size[1]), int(size[2])), args.rate, args.seconds, args.reliable, args.depth)
        if args.role is not None:
            print(json.dumps(_send(load) if args.role == "sender" else _receive(load)))
            return 0
        plain = without_settings(os.environ) | transport.isolated()
        planned = transport.plan(processes=2, environ=plain)
        for note in planned.notes:
            print(f"note: {note}")
        for settings, environment in (("defaults", plain), ("settings", plain | dict(planned.environment))):
            print(run_trial(load, environment).as_line(settings), flush=True)
    except RisError as error:
        print(f"transport_trial: {error}", file=sys.stderr)
        return 2
    return 0


def _ros() -> None:
    try:
        import rclpy
        import sensor_msgs.msg  # noqa: F401
    except ImportError as error:
        raise transport.ros_missing(error.name or "rclpy") from None
    rclpy.init(args=[])


def _qos(load: Load, depth: int) -> object:
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    reliability = ReliabilityPolicy.RELIABLE if load.reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=depth, reliability=reliability)


def _send(load: Load) -> dict[str, int]:
    _ros()
    import rclpy
    from sensor_msgs.msg import Image

    node = rclpy.create_node("transport_trial_sender")
    publisher = node.create_publisher(Image, _TOPIC, _qos(load, load.depth))
    width, height = load.size_px
    image = Image(width=width, height=height, encoding="rgb8", step=3 * width)
    image.data = array.array("B", bytes(3 * width * height))
    end = time.monotonic() + _PATIENCE_S
    while not publisher.get_subscription_count():
        if time.monotonic() > end:
            raise TransportError("The receiver did not appear: check that this machine may use UDP on the loopback.")
        time.sleep(0.02)
    time.sleep(_SETTLE_S)
    begin = time.monotonic()
    count = round(load.rate_hz * load.seconds)
    for index in range(count):
        time.sleep(max(0.0, begin + index / load.rate_hz - time.monotonic()))
        image.header.stamp.sec, image.header.stamp.nanosec = divmod(time.time_ns(), 10**9)
        publisher.publish(image)
    time.sleep(_SETTLE_S)
    return {"sent": count}


def _receive(load: Load) -> dict[str, object]:
    _ros()
    import rclpy
    from sensor_msgs.msg import Image

    latencies_ms: list[float] = []

    def arrived(image: Image) -> None:
        stamp = image.header.stamp
        latencies_ms.append((time.time_ns() - stamp.sec * 10**9 - stamp.nanosec) / 1e6)

    node = rclpy.create_node("transport_trial_receiver")
    node.create_subscription(Image, _TOPIC, arrived, _qos(load, 1))
    # It ends when the sender has gone, or has not come.
    seen, end = False, time.monotonic() + _PATIENCE_S
    begin, begin_used = time.monotonic(), time.process_time()
    while time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
        if node.count_publishers(_TOPIC):
            if not seen:
                begin, begin_used = time.monotonic(), time.process_time()
            seen, end = True, time.monotonic() + load.seconds + _PATIENCE_S
        elif seen:
            break
    share = (time.process_time() - begin_used) / max(time.monotonic() - begin, 1e-6)
    return {"latencies_ms": latencies_ms, "processor_share": share}


if __name__ == "__main__":
    sys.exit(main())
