"""The robot's motion by its odometry: interpolated, waited for while it is merely late, and never made up."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy")

from stream_bench import StreamBench, odometry

from ris_ros.errors import GeometryError, LateTransformError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.ros.odometry import OdometryMotion

pytestmark = pytest.mark.ros

S = 1_000_000_000


class Patience:
    """How long is waited, as it is set."""

    def __init__(self) -> None:
        self.timeout_s = 0.0

    def __call__(self) -> float:
        return self.timeout_s


@pytest.fixture
def bench() -> Iterator[StreamBench]:
    with StreamBench() as bench:
        yield bench


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture
def motion(bench: StreamBench, patience: Patience) -> Iterator[OdometryMotion]:
    motion = OdometryMotion(bench.node, "odom", "base_link", patience)
    yield motion
    motion.close()


def drive(bench: StreamBench, motion: OdometryMotion) -> None:
    """One metre a second, told of at 10 s and at 11 s."""

    def known() -> bool:
        try:
            return motion.fixed_from_base(10 * S) is not None and motion.fixed_from_base(11 * S) is not None
        except GeometryError:
            return False

    def publish() -> None:
        motion.follow()
        bench.publish("odom", odometry(0.0, 10 * S))
        bench.publish("odom", odometry(1.0, 11 * S))

    bench.until(known, publish)


def test_nobody_tells_of_it(motion: OdometryMotion) -> None:
    assert motion.fixed_from_base(S) is None
    assert motion.describe(S) == {"motion": "not known"}


def test_between_two_messages_it_is_interpolated_and_beyond_them_it_is_not_told(
    bench: StreamBench, motion: OdometryMotion
) -> None:
    drive(bench, motion)
    pose = motion.fixed_from_base(10 * S + S // 4)
    assert pose is not None
    assert pose.translation_m.tolist() == [0.25, 0.0, 0.0]
    with pytest.raises(LateTransformError, match=r"0\.500 s older"):
        motion.fixed_from_base(11 * S + S // 2)
    with pytest.raises(GeometryError, match=r"0\.500 s after"):
        motion.fixed_from_base(9 * S + S // 2)
    assert motion.describe(12 * S) == {"motion": bench.full("odom"), "motion_age_s": "1.000"}
    motion.forget()
    assert motion.fixed_from_base(10 * S) is None


def test_what_is_merely_late_is_waited_for(bench: StreamBench, motion: OdometryMotion, patience: Patience) -> None:
    drive(bench, motion)
    patience.timeout_s = 10.0
    found: list[RigidTransform | None] = []
    waiting = threading.Thread(target=lambda: found.append(motion.fixed_from_base(11 * S + S // 2)))
    waiting.start()
    bench.until(lambda: found, lambda: bench.publish("odom", odometry(2.0, 12 * S)))
    waiting.join()
    assert found[0] is not None
    assert found[0].translation_m.tolist() == [1.5, 0.0, 0.0]


def test_a_recording_may_begin_again(bench: StreamBench, motion: OdometryMotion) -> None:
    drive(bench, motion)

    def known() -> bool:
        try:
            return motion.fixed_from_base(2 * S) is not None
        except GeometryError:
            return False

    bench.until(known, lambda: bench.publish("odom", odometry(7.0, 2 * S)))
    with pytest.raises(LateTransformError):
        motion.fixed_from_base(10 * S)


def test_odometry_of_other_frames_is_not_believed(bench: StreamBench, motion: OdometryMotion) -> None:
    def publish() -> None:
        motion.follow()
        bench.publish("odom", odometry(1.0, 10 * S, child_frame_id="base_footprint"))

    bench.until(lambda: "base_footprint" in motion.describe(0)["motion"], publish)
    assert "set base_frame and fixed_frame" in motion.describe(0)["motion"]
    assert motion.fixed_from_base(10 * S) is None


def test_odometry_without_a_rotation_is_told(bench: StreamBench, motion: OdometryMotion) -> None:
    message = odometry(1.0, 10 * S)
    message.pose.pose.orientation.w = 0.0

    def publish() -> None:
        motion.follow()
        bench.publish("odom", message)

    bench.until(lambda: "quaternion" in motion.describe(0)["motion"], publish)
    assert motion.fixed_from_base(10 * S) is None


def test_without_a_fixed_frame_it_is_not_listened_to(bench: StreamBench) -> None:
    motion = OdometryMotion(bench.node, "", "base_link", lambda: 0.0)
    bench.publish("odom", odometry(1.0, 10 * S))
    bench.until(lambda: bench.node.count_publishers(bench.full("odom")))
    motion.follow()
    assert bench.node.count_subscribers(bench.full("odom")) == 0
    assert motion.fixed_from_base(10 * S) is None
