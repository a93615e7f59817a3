"""Where cameras and robot are: by tf2 (a stand-in of it) at the image's stamp, by parameters, or by both."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

import fake_tf2
from stream_bench import StreamBench

from ris_ros.config.node import NodeConfig
from ris_ros.errors import GeometryError, LateTransformError, TransportError, UnknownFrameError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.ros.transforms import Transforms, camera_poses, open_transforms

pytestmark = pytest.mark.ros

S = 1_000_000_000
POSE = [1.5, 0.0, 1.2, 0.0, 0.1, 0.0]
OPTICAL = camera_poses(["camera"], POSE)["camera"]


@pytest.fixture
def bench() -> Iterator[StreamBench]:
    with StreamBench() as bench:
        yield bench


@pytest.fixture
def tf2(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with tf2_ros."""
    module = fake_tf2.module()
    monkeypatch.setitem(sys.modules, "tf2_ros", module)
    return module


@pytest.fixture
def no_tf2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without."""
    monkeypatch.setitem(sys.modules, "tf2_ros", None)


def opened(bench: StreamBench, **settings: Any) -> Transforms:
    config = NodeConfig(**{"tf_timeout_s": 0.0, **settings})
    return open_transforms(bench.node, lambda: config)


def ahead(x_m: float) -> RigidTransform:
    return RigidTransform.from_xyz_rpy((x_m, 0.0, 0.0), 0.0, 0.0, 0.0)


def mount(tf2: Any, frame_id: str = "camera_optical") -> None:
    """A camera that is fixed to the robot."""
    tf2.made[-1].set_transform_static(fake_tf2.stamped("base_link", frame_id, OPTICAL, 0), "test")


def drive(tf2: Any, *seconds: float) -> None:
    """A robot that drives a metre a second from where it was at 10 s."""
    for second in seconds:
        pose = fake_tf2.stamped("odom", "base_link", ahead(second - 10.0), round(second * S))
        tf2.made[-1].set_transform(pose, "test")


def test_poses_of_cameras_are_those_of_their_bodies() -> None:
    poses = camera_poses(["front", "left", "rear"], [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, *[0.0] * 6])
    assert list(poses) == ["front"], "zeros, and nothing at all, are not known"
    # A metre ahead of the camera along its optical axis z is a metre ahead of it in the base.
    assert np.allclose(poses["front"].apply(np.array([[0.0, 0.0, 1.0]])), [[2.0, 2.0, 3.0]])
    down = camera_poses(["camera"], [0.0, 0.0, 1.0, 0.0, 0.5, 0.0])["camera"].apply(np.array([[0.0, 0.0, 1.0]]))
    assert down[0, 2] < 1.0, "positive pitch looks down"


def test_static_poses_need_no_tf2_and_no_stamp(bench: StreamBench, no_tf2: None) -> None:
    for source in ("static", "auto"):
        transforms = opened(bench, extrinsics=source, camera_poses=POSE)
        assert transforms.base_from_camera("camera", "", 0) is transforms.base_from_camera("camera", "any", S)
        assert transforms.describe("camera", S)["camera_pose"] == "camera_poses"
        assert transforms.fixed_from_base(S) is None
        assert np.allclose(transforms.base_from("base_link", S).translation_m, 0.0)
        with pytest.raises(UnknownFrameError, match="'lidar'"):
            transforms.base_from("lidar", S)
        transforms.close()


def test_a_camera_without_a_pose_is_told_what_to_do(bench: StreamBench, no_tf2: None) -> None:
    transforms = opened(bench, extrinsics="static")
    with pytest.raises(UnknownFrameError, match="give its pose in the parameter camera_poses"):
        transforms.base_from_camera("camera", "camera_optical", S)
    assert transforms.describe("camera", S)["camera_pose"] == "not known"
    assert "camera_poses" in transforms.problem("camera", "camera_optical")
    transforms.close()


def test_tf_where_there_is_none_is_refused_with_a_way_out(bench: StreamBench, no_tf2: None) -> None:
    with pytest.raises(TransportError, match="set extrinsics to static"):
        opened(bench, extrinsics="tf")


def test_tf_is_asked_at_the_stamp(bench: StreamBench, tf2: Any) -> None:
    transforms = opened(bench, extrinsics="tf")
    mount(tf2)
    drive(tf2, 10.0, 11.0)
    pose = transforms.base_from_camera("camera", "/camera_optical", 10 * S)
    assert np.allclose(pose.translation_m, OPTICAL.translation_m)
    assert np.allclose(pose.rotation, OPTICAL.rotation)
    motion = transforms.fixed_from_base(10 * S + S // 4)
    assert motion is not None
    assert np.allclose(motion.translation_m, [0.25, 0.0, 0.0])
    told = transforms.describe("camera", 12 * S)
    assert told == {
        "camera_pose": "tf",
        "transform_age_s": "static",
        "motion": "tf, odom",
        "motion_age_s": "1.000",
    }
    transforms.close()


def test_the_latest_transform_is_never_taken_for_an_image(bench: StreamBench, tf2: Any) -> None:
    transforms = opened(bench, extrinsics="tf")
    mount(tf2)
    drive(tf2, 10.0, 11.0)
    with pytest.raises(LateTransformError, match=r"up to 0\.500 s before the image: raise tf_timeout_s"):
        transforms.fixed_from_base(11 * S + S // 2)
    with pytest.raises(GeometryError, match="too old"):
        transforms.fixed_from_base(9 * S)
    with pytest.raises(GeometryError, match="Without a stamp"):
        transforms.base_from_camera("camera", "camera_optical", 0)
    transforms.forget()
    assert transforms.fixed_from_base(10 * S + S // 4) is None
    assert transforms.base_from_camera("camera", "camera_optical", S) is not None, "what is static stays"


def test_what_is_merely_late_is_waited_for(bench: StreamBench, tf2: Any) -> None:
    transforms = opened(bench, extrinsics="tf", tf_timeout_s=1.0)
    drive(tf2, 10.0, 11.0)
    found: list[RigidTransform | None] = []
    waiting = threading.Thread(target=lambda: found.append(transforms.fixed_from_base(11 * S + S // 2)))
    waiting.start()
    drive(tf2, 12.0)
    waiting.join()
    assert found[0] is not None
    assert np.allclose(found[0].translation_m, [1.5, 0.0, 0.0])


def test_what_nobody_publishes_is_not_waited_for(bench: StreamBench, tf2: Any) -> None:
    transforms = opened(bench, extrinsics="tf", tf_timeout_s=1.0)
    begin_s = time.monotonic()
    with pytest.raises(UnknownFrameError, match="tf has no way from 'camera_optical' to 'base_link'"):
        transforms.base_from_camera("camera", "camera_optical", S)
    mount(tf2)
    tf2.made[-1].set_transform_static(fake_tf2.stamped("rig", "lidar", ahead(1.0), 0), "test")
    with pytest.raises(UnknownFrameError, match="unconnected"):
        transforms.base_from("lidar", S)
    with pytest.raises(UnknownFrameError, match="have no frame_id"):
        transforms.base_from_camera("camera", "", S)
    assert transforms.fixed_from_base(S) is None, "nobody publishes odom"
    assert time.monotonic() - begin_s < 0.9
    assert "tf has no way from 'lidar'" in transforms.problem("camera", "lidar")
    assert "frame_id" in transforms.problem("camera", "")
    assert transforms.problem("camera", "camera_optical") == ""


def test_auto_takes_tf_first_and_parameters_for_what_it_does_not_know(bench: StreamBench, tf2: Any) -> None:
    transforms = opened(bench, extrinsics="auto", cameras=["camera", "rear"], camera_poses=POSE)
    static = transforms.base_from_camera("camera", "camera_optical", S)
    assert np.allclose(static.translation_m, OPTICAL.translation_m)
    assert transforms.describe("camera", S)["camera_pose"] == "camera_poses"
    with pytest.raises(UnknownFrameError, match=r"tf has no way .* camera_poses"):
        transforms.base_from_camera("rear", "rear_optical", S)
    assert transforms.problem("camera", "camera_optical") == "", "camera_poses knows it"
    assert "camera_poses" in transforms.problem("rear", "rear_optical")
    moved = fake_tf2.stamped("base_link", "camera_optical", ahead(3.0), 10 * S)
    tf2.made[-1].set_transform(moved, "test")
    assert transforms.base_from_camera("camera", "camera_optical", 10 * S).translation_m[0] == 3.0
    assert transforms.describe("camera", 10 * S)["camera_pose"] == "tf"
    with pytest.raises(LateTransformError):
        transforms.base_from_camera("camera", "camera_optical", 11 * S)
    transforms.close()
