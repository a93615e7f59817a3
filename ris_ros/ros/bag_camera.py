"""A camera whose images come from a bag: the same topics, timing and messages as the camera that was recorded.

Run as ``ros2 run ris_ros bag_camera BAG`` or ``python -m ris_ros.ros.bag_camera BAG``. Messages are published as the
bytes they were recorded as; only their stamp is set to the time of publishing, the same for all messages that shared
one (an image and its camera_info stay a pair).
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import signal
import sys
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ris_ros.data.bag import Bag, BagMessage, header_stamp_ns, open_bag, with_header_stamp
from ris_ros.errors import DataError, OutputError, RisError
from ris_ros.ros import transport

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
PLAYED_TYPES = (*IMAGE_TYPES, "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/PointCloud2")

_NS = 10**9
_CLOCK_PERIOD_S = 0.01
_REMEMBERED_STAMPS = 64
# A best-effort publisher is not told when a subscriber is ready to hear it, nor when its last message was taken: a
# process that sends as soon as it is matched, or leaves as soon as it has sent, loses a frame at either end.
_SETTLE_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Playback:
    """How to play.

    Attributes:
        rate: Speed, 1 for that of the recording.
        loop: Begin again at the end.
        keep_stamps: Leave the recorded stamps as they are (and publish ``/clock``) instead of setting the time.
        seconds: Stop after this long; None for the whole bag, or without end when looping.
    """

    rate: float = 1.0
    loop: bool = False
    keep_stamps: bool = False
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:
            raise DataError(f"Nothing can be played at a rate of {self.rate}: use 1 for real time, 2 for double.")
        if self.seconds is not None and not self.seconds > 0:
            raise DataError(f"{self.seconds} seconds play nothing: give a positive number.")
        if self.loop and self.keep_stamps:
            raise DataError("Looping with the recorded stamps turns time back: leave out --loop or --keep-stamps.")


class Player:
    """Plays messages at their recorded pace; knows nothing of ROS.

    Args:
        bag: The open bag.
        topics: What to play of it.
        playback: How.
        publish: Takes the topic, the serialised message, its stamp and the recorded stamp.
        tick: Takes the recorded time, every 10 ms and at each message; for ``/clock``.
    """

    def __init__(
        self,
        bag: Bag,
        topics: Sequence[str],
        playback: Playback,
        publish: Callable[[str, bytes, int, int], None],
        tick: Callable[[int], None] | None = None,
    ) -> None:
        self._bag = bag
        self._topics = tuple(topics)
        self._playback = playback
        self._publish = publish
        self._tick = tick
        self._stamps: OrderedDict[int, int] = OrderedDict()
        self.published: Counter[str] = Counter()
        self.latest_ms = 0.0

    def run(self, stop: threading.Event) -> None:
        """Play until the end, until the time is over, or until ``stop`` is set.

        Raises:
            DataError: The bag cannot be read, or holds no message of these topics.
        """
        begin = time.monotonic()
        pass_begin = begin
        while True:
            duration_s = self._play_once(pass_begin, begin, stop)
            if not self._playback.loop or self._over(begin, stop):
                return
            pass_begin += duration_s

    def _play_once(self, pass_begin: float, begin: float, stop: threading.Event) -> float:
        """Play the bag once; returns how long one pass lasts, the gap before its repetition included."""
        self._stamps.clear()
        first_ns = last_ns = 0
        count: Counter[str] = Counter()
        for message in self._bag.messages(self._topics):
            first_ns = first_ns or message.log_ns
            last_ns = message.log_ns
            due = pass_begin + (message.log_ns - first_ns) / _NS / self._playback.rate
            self._wait(due, begin, message.log_ns, stop)
            if self._over(begin, stop):
                break
            self.latest_ms = max(self.latest_ms, (time.monotonic() - due) * 1e3)
            self._send(message)
            count[message.topic] += 1
        if not count and not self._over(begin, stop):
            raise DataError(f"The bag '{self._bag.path}' holds no message of {', '.join(self._topics)}.")
        intervals = max(max(count.values(), default=1) - 1, 1)
        span_s = (last_ns - first_ns) / _NS
        return max(span_s + span_s / intervals, 1e-3) / self._playback.rate

    def _wait(self, due: float, begin: float, log_ns: int, stop: threading.Event) -> None:
        end = due if self._playback.seconds is None else min(due, begin + self._playback.seconds)
        while (left := end - time.monotonic()) > 0 and not stop.is_set():
            if self._tick is None:
                stop.wait(left)
            else:
                self._tick(log_ns - int((due - time.monotonic()) * self._playback.rate * _NS))
                stop.wait(min(left, _CLOCK_PERIOD_S))
        if self._tick is not None:
            self._tick(log_ns)

    def _over(self, begin: float, stop: threading.Event) -> bool:
        seconds = self._playback.seconds
        return stop.is_set() or (seconds is not None and time.monotonic() - begin >= seconds)

    def _send(self, message: BagMessage) -> None:
        recorded_ns = header_stamp_ns(message.cdr)
        if self._playback.keep_stamps:
            self._publish(message.topic, message.cdr, recorded_ns, recorded_ns)
        else:
            stamp_ns = self._stamps.setdefault(recorded_ns, time.time_ns())
            if len(self._stamps) > _REMEMBERED_STAMPS:
                self._stamps.popitem(last=False)
            self._publish(message.topic, with_header_stamp(message.cdr, stamp_ns), stamp_ns, recorded_ns)
        self.published[message.topic] += 1


def choose_topics(bag: Bag, wanted: Sequence[str]) -> dict[str, str]:
    """Topic -> type of what will be played: every camera topic of the bag, or those wanted.

    Raises:
        DataError: A wanted topic is not there or is no camera topic, or nothing to be played is an image.
    """
    playable = {topic: type_ for topic, type_ in bag.topics.items() if type_ in PLAYED_TYPES}
    images = [topic for topic, type_ in playable.items() if type_ in IMAGE_TYPES]
    if not images:
        raise DataError(f"The bag '{bag.path}' holds no images: choose one with an Image or CompressedImage topic.")
    for topic in wanted:
        if topic not in playable:
            known = ", ".join(sorted(playable))
            raise DataError(f"The bag '{bag.path}' has no camera topic '{topic}': it has {known}.")
    chosen = {topic: type_ for topic, type_ in playable.items() if not wanted or topic in wanted}
    if not set(chosen) & set(images):
        raise DataError(f"None of the chosen topics is an image: the bag '{bag.path}' has {', '.join(images)}.")
    return chosen


class _Journal:
    """A file with a JSON line for each image published.

    Nothing is buffered: a reader sees each line at once, and closing has nothing left to write to a disk that is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise self._refused(error) from None

    def write(self, entry: Mapping[str, object]) -> None:
        try:
            self._file.write(json.dumps(entry).encode() + b"\n")
        except OSError as error:
            raise self._refused(error) from None

    def close(self) -> None:
        self._file.close()

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(f"'{self._path}' cannot be written ({error.strerror}): choose another file.")


class _RosCamera:
    """The publishers of one run."""

    def __init__(self, topics: Mapping[str, str], reliable: bool, with_clock: bool, journal: _Journal | None) -> None:
        from rclpy.node import Node
        from rclpy.qos import QoSProfile, ReliabilityPolicy

        self.node: Any = Node("bag_camera")
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        qos = QoSProfile(depth=5, reliability=reliability)
        self._publishers = {
            topic: self.node.create_publisher(_message_class(type_), topic, qos) for topic, type_ in topics.items()
        }
        self._images = {topic for topic, type_ in topics.items() if type_ in IMAGE_TYPES}
        self._journal = journal
        self._clock = None
        if with_clock:
            self._clock_class = _message_class("rosgraph_msgs/msg/Clock")
            self._clock = self.node.create_publisher(self._clock_class, "/clock", 10)

    def publish(self, topic: str, cdr: bytes, stamp_ns: int, recorded_ns: int) -> None:
        if self._journal is not None and topic in self._images:
            entry = {"topic": topic, "stamp_ns": stamp_ns, "recorded_ns": recorded_ns}
            self._journal.write(entry)
        self._publishers[topic].publish(cdr)

    def tick(self, recorded_ns: int) -> None:
        if self._clock is not None:
            message = self._clock_class()
            message.clock.sec, message.clock.nanosec = divmod(recorded_ns, _NS)
            self._clock.publish(message)

    def wait_for_subscribers(self, seconds: float, stop: threading.Event) -> None:
        """Return once every image topic has a subscriber, or after ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not stop.is_set():
            if all(self._publishers[topic].get_subscription_count() for topic in self._images):
                stop.wait(_SETTLE_S)
                return
            stop.wait(0.02)


def _message_class(type_: str) -> Any:
    package, _, name = type_.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except ImportError:
        raise transport.ros_missing(package) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bag_camera",
        description="Play the images of a ROS 2 bag as a camera.",
        epilog="example: ros2 run ris_ros bag_camera drive/ --loop --ros-args -r /front/image_raw:=/camera/image_raw",
    )
    parser.add_argument("bag", type=Path, help="bag folder, .mcap or .db3 file")
    parser.add_argument("--topic", action="append", default=[], help="play only this topic (repeatable)")
    parser.add_argument("--rate", type=float, default=1.0, help="speed; 1 is that of the recording (default)")
    parser.add_argument("--loop", action="store_true", help="begin again at the end")
    parser.add_argument("--seconds", type=float, help="stop after this long")
    parser.add_argument("--keep-stamps", action="store_true", help="keep the recorded stamps and publish /clock")
    parser.add_argument("--reliable", action="store_true", help="publish reliable instead of best effort")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="let image subscribers come first, for at most this"
    )
    parser.add_argument("--journal", type=Path, metavar="FILE", help="write a JSON line for each image published")
    return parser


def _play(args: argparse.Namespace, stop: threading.Event) -> None:
    playback = Playback(rate=args.rate, loop=args.loop, keep_stamps=args.keep_stamps, seconds=args.seconds)
    with ExitStack() as stack:
        bag = stack.enter_context(open_bag(args.bag))
        topics = choose_topics(bag, args.topic)
        journal = None
        if args.journal is not None:
            journal = stack.enter_context(closing(_Journal(args.journal)))
        camera = _RosCamera(topics, args.reliable, args.keep_stamps, journal)
        stack.callback(camera.node.destroy_node)
        logger = camera.node.get_logger()
        camera.wait_for_subscribers(args.wait, stop)
        logger.info(f"Playing {', '.join(sorted(topics))} of {args.bag} at rate {args.rate:g}.")
        player = Player(bag, list(topics), playback, camera.publish, camera.tick if args.keep_stamps else None)
        player.run(stop)
        stop.wait(_SETTLE_S)
        counts = ", ".join(f"{count} of {topic}" for topic, count in sorted(player.published.items()))
        logger.info(f"Published {counts or 'nothing'}; the latest was {player.latest_ms:.1f} ms behind its time.")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the executable; returns 0, or 2 after saying in one sentence what is wrong."""
    argv = list(sys.argv if argv is None else ["bag_camera", *argv])
    stop = threading.Event()
    try:
        try:
            import rclpy
            from rclpy.signals import SignalHandlerOptions
            from rclpy.utilities import remove_ros_args
        except ImportError:
            raise transport.ros_missing("rclpy") from None
        args = _parser().parse_args(remove_ros_args(argv)[1:])
        for note in transport.apply(transport.plan(processes=1)):
            print(note, file=sys.stderr)
        rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            _play(args, stop)
        finally:
            rclpy.try_shutdown()
    except RisError as error:
        print(f"bag_camera: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
