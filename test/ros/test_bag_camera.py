"""The camera that plays a bag: pace, stamps and loops without ROS; frames over DDS between two real processes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ris_ros.data.bag import open_bag
from ris_ros.errors import DataError
from ris_ros.ros import transport
from ris_ros.ros.bag_camera import Playback, Player, choose_topics, main

pytest.importorskip("rosbags")

IMAGE, INFO = "/camera/image_raw/compressed", "/camera/camera_info"
FRAMES, INTERVAL_NS, FIRST_NS = 10, 40_000_000, 1_700_000_000_000_000_000


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag of ten numbered frames at 25 Hz with their camera_info, and a topic that no camera has."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    path = tmp_path_factory.mktemp("bags") / "drive"
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        image = writer.add_connection(IMAGE, "sensor_msgs/msg/CompressedImage", typestore=store)
        info = writer.add_connection(INFO, "sensor_msgs/msg/CameraInfo", typestore=store)
        talk = writer.add_connection("/talk", "std_msgs/msg/String", typestore=store)
        roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        for index in range(FRAMES):
            log_ns = FIRST_NS + index * INTERVAL_NS
            stamp = types["builtin_interfaces/msg/Time"](*divmod(log_ns - 7, 10**9))
            header = types["std_msgs/msg/Header"](stamp, "camera_optical")
            data = np.full(100, index, np.uint8)
            compressed = types["sensor_msgs/msg/CompressedImage"](header, "jpeg", data)
            calibration = types["sensor_msgs/msg/CameraInfo"](
                header, 48, 96, "plumb_bob", np.zeros(5), np.eye(3).ravel(), np.eye(3).ravel(), np.zeros(12), 0, 0, roi
            )
            for connection, message in (
                (image, compressed),
                (info, calibration),
                (talk, types["std_msgs/msg/String"]("hello")),
            ):
                writer.write(connection, log_ns, store.serialize_cdr(message, connection.msgtype))
    return path


class Sink:
    """Collects what a player publishes, and when."""

    def __init__(self, stop_after: int = 0) -> None:
        self.sent: list[tuple[str, bytes, int, int]] = []
        self.at: list[float] = []
        self.stop = threading.Event()
        self._stop_after = stop_after

    def __call__(self, topic: str, cdr: bytes, stamp_ns: int, recorded_ns: int) -> None:
        self.sent.append((topic, cdr, stamp_ns, recorded_ns))
        self.at.append(time.monotonic())
        if len(self.sent) == self._stop_after:
            self.stop.set()


def play(drive: Path, playback: Playback, topics: tuple[str, ...] = (IMAGE, INFO), sink: Sink | None = None) -> Sink:
    sink = sink or Sink()
    with open_bag(drive) as bag:
        Player(bag, topics, playback, sink).run(sink.stop)
    return sink


def test_messages_come_at_the_recorded_pace_times_the_rate(drive: Path) -> None:
    sink = play(drive, Playback(rate=2.0), topics=(IMAGE,))

    due = np.arange(FRAMES) * INTERVAL_NS / 1e9 / 2.0
    behind = np.array(sink.at) - sink.at[0] - due
    assert len(sink.sent) == FRAMES
    assert behind.min() > -0.01, "never before its time"
    assert np.median(behind) < 0.02


def test_an_image_and_its_camera_info_share_one_fresh_stamp(drive: Path) -> None:
    before = time.time_ns()
    sink = play(drive, Playback(rate=20.0))

    stamps = {topic: [stamp for t, _, stamp, _ in sink.sent if t == topic] for topic in (IMAGE, INFO)}
    assert stamps[IMAGE] == stamps[INFO]
    assert stamps[IMAGE] == sorted(set(stamps[IMAGE]))
    assert before <= stamps[IMAGE][0] and stamps[IMAGE][-1] <= time.time_ns()


def test_kept_stamps_leave_every_byte_alone_and_tick_the_recorded_clock(drive: Path) -> None:
    sink, ticks = Sink(), list[int]()
    with open_bag(drive) as bag:
        Player(bag, (IMAGE,), Playback(keep_stamps=True), sink, ticks.append).run(threading.Event())
        recorded = [message.cdr for message in bag.messages((IMAGE,))]

    assert [cdr for _, cdr, _, _ in sink.sent] == recorded
    assert ticks == sorted(ticks) and ticks[0] >= FIRST_NS
    assert ticks[-1] == FIRST_NS + (FRAMES - 1) * INTERVAL_NS
    assert len(ticks) > 2 * FRAMES, "the clock moves between frames too"


def test_a_loop_goes_on_with_fresh_stamps_and_an_even_gap(drive: Path) -> None:
    sink = play(drive, Playback(loop=True, rate=4.0), topics=(IMAGE,), sink=Sink(stop_after=2 * FRAMES + 1))

    recorded = [recorded_ns for _, _, _, recorded_ns in sink.sent]
    stamps = [stamp for _, _, stamp, _ in sink.sent]
    gaps = np.diff(sink.at)
    assert recorded[:FRAMES] == recorded[FRAMES : 2 * FRAMES] and recorded[2 * FRAMES] == recorded[0]
    assert stamps == sorted(set(stamps))
    assert abs(gaps[FRAMES - 1] - INTERVAL_NS / 4e9) < 0.03


def test_seconds_end_even_an_endless_loop(drive: Path) -> None:
    begin = time.monotonic()
    play(drive, Playback(loop=True, seconds=0.3))

    assert 0.25 < time.monotonic() - begin < 0.6


def test_without_a_choice_every_camera_topic_is_played(drive: Path) -> None:
    with open_bag(drive) as bag:
        assert set(choose_topics(bag, ())) == {IMAGE, INFO}
        assert set(choose_topics(bag, (IMAGE,))) == {IMAGE}


@pytest.mark.parametrize(("wanted", "sentence"), [("/rear/image_raw", "no camera topic"), (INFO, "None of the chosen")])
def test_a_wrong_topic_is_refused_with_those_that_are_there(drive: Path, wanted: str, sentence: str) -> None:
    with open_bag(drive) as bag, pytest.raises(DataError, match=f"{sentence}.*{IMAGE}"):
        choose_topics(bag, (wanted,))


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 0.0},
        {"rate": -1.0},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"seconds": 0.0},
        {"loop": True, "keep_stamps": True},
    ],
)
def test_playback_that_cannot_be_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Playback(**settings)


def camera_process(*arguments: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, **transport.plan(2).environment}
    command = [sys.executable, "-m", "ris_ros.ros.bag_camera", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[queue.SimpleQueue[Any]]:
    """The compressed images that arrive in this process, as they come."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import CompressedImage

    for name, value in transport.plan(2).environment.items():
        monkeypatch.setenv(name, value)
    context = rclpy.context.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("listener", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    node.create_subscription(CompressedImage, IMAGE, messages.put, qos_profile_sensor_data)
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin)
    thread.start()
    yield messages
    stop.set()
    thread.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.mark.ros
def test_every_frame_arrives_in_another_process(drive: Path, received: queue.SimpleQueue[Any], tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    process = camera_process(drive, "--wait", "10", "--journal", journal)
    _, log = process.communicate(timeout=20)
    arrived = [received.get(timeout=5) for _ in range(FRAMES)]
    published = [json.loads(line) for line in journal.read_text().splitlines()]

    assert process.returncode == 0, log
    assert [message.data[0] for message in arrived] == list(range(FRAMES))
    stamps = [message.header.stamp.sec * 10**9 + message.header.stamp.nanosec for message in arrived]
    assert stamps == [entry["stamp_ns"] for entry in published]
    assert {message.header.frame_id for message in arrived} == {"camera_optical"}


@pytest.mark.ros
def test_an_interrupt_ends_a_loop_with_its_tally(drive: Path, received: queue.SimpleQueue[Any]) -> None:
    process = camera_process(drive, "--loop", "--rate", "4", "--wait", "10")
    for _ in range(FRAMES + 1):
        received.get(timeout=15)
    process.terminate()
    _, log = process.communicate(timeout=10)

    assert process.returncode == 0, log
    assert "Published" in log


@pytest.mark.ros
@pytest.mark.parametrize("arguments", [("absent",), ("{drive}", "--topic", "/rear/image_raw"), ("{drive}", "--rate=0")])
def test_what_cannot_be_played_is_one_sentence_and_exit_2(drive: Path, arguments: tuple[str, ...]) -> None:
    process = camera_process(*(argument.format(drive=drive) for argument in arguments))
    _, log = process.communicate(timeout=20)

    assert process.returncode == 2
    assert log.startswith("bag_camera: ") and log.count("\n") == 1 and "Traceback" not in log


@pytest.mark.ros
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_up_is_one_sentence_and_exit_2(drive: Path) -> None:
    process = camera_process(drive, "--journal", "/dev/full")
    _, log = process.communicate(timeout=20)

    assert process.returncode == 2
    assert "Traceback" not in log
    assert log.splitlines()[-1].startswith("bag_camera: '/dev/full' cannot be written (No space left")


def test_without_ros_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "rclpy", None)

    assert main(["drive"]) == 2
    assert "make setup" in capsys.readouterr().err
