"""Calibration and pose, joined for an image, and what depth says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from scored import mask_answer
from stream_bench import FRAME_ID, StreamBench, camera_info, cloud, depth_image, odometry

from ris_ros.config.node import NodeConfig
from ris_ros.errors import GeometryError
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.ros.camera_info import CameraInfos
from ris_ros.ros.depth import Depths
from ris_ros.ros.measured import Measured
from ris_ros.ros.transforms import open_transforms
from ris_ros.ros.viewpoints import Viewpoints
from ris_ros.types import Frame, Mask

pytestmark = pytest.mark.ros

S = 1_000_000_000
SIZE_PX = (64, 48)
POSE = [0.0, 0.0, 1.2, 0.0, 0.2, 0.0]


def frame(stamp_ns: int = S, size_px: tuple[int, int] = SIZE_PX) -> Frame:
    return Frame("camera", np.zeros((size_px[1], size_px[0], 3), np.uint8), stamp_ns, FRAME_ID)


class Ground:
    """All that a node has for the ground, with poses from parameters and motion from odometry."""

    def __init__(self, bench: StreamBench, **settings: Any) -> None:
        config = NodeConfig(**{"extrinsics": "static", "camera_poses": POSE, "tf_timeout_s": 0.0, **settings})
        self.bench = bench
        self.infos = CameraInfos(bench.node, config.cameras)
        self.transforms = open_transforms(bench.node, lambda: config)
        self.depths = Depths(bench.node, config.cameras, lambda _: True)
        self.viewpoints = Viewpoints(self.infos, self.transforms, config)
        self.measured = Measured(self.depths, self.viewpoints, self.transforms, lambda: config.max_depth_skew_s)

    def hear(self, what: Any, **messages: Any) -> Any:
        """Publish on topics until something is known."""

        def publish() -> None:
            for part in (self.infos, self.transforms, self.depths):
                part.follow()
            for topic, some in messages.items():
                for message in some if isinstance(some, list) else [some]:
                    self.bench.publish(topic if topic == "odom" else f"camera/{topic}", message)

        return self.bench.until(what, publish)

    def calibrate(self, focal_px: float = 60.0) -> None:
        """Publish a CameraInfo until it is known."""

        def known() -> bool:
            try:
                return self.infos.model("camera", SIZE_PX, FRAME_ID).focal_px[0] == focal_px
            except GeometryError:
                return False

        self.hear(known, camera_info=camera_info(SIZE_PX, focal_px))

    def close(self) -> None:
        for part in (self.infos, self.transforms, self.depths):
            part.close()


@pytest.fixture
def bench() -> Iterator[StreamBench]:
    with StreamBench() as bench:
        yield bench


@pytest.fixture
def ground(bench: StreamBench) -> Iterator[Ground]:
    ground = Ground(bench)
    yield ground
    ground.close()


def whole() -> Mask:
    """A mask of all pixels."""
    return mask_answer(np.ones((SIZE_PX[1], SIZE_PX[0]), np.bool_))


def test_a_viewpoint_is_one_object_until_something_changes(ground: Ground) -> None:
    with pytest.raises(GeometryError, match="No CameraInfo"):
        ground.viewpoints.at(frame())
    ground.calibrate()
    first = ground.viewpoints.at(frame(S))
    assert isinstance(first, Viewpoint)
    assert ground.viewpoints.at(frame(2 * S)) is first
    assert ground.viewpoints.problem("camera") == ""
    assert first.height_m == pytest.approx(1.2)
    told = ground.viewpoints.describe("camera", S)
    assert (told["camera_pose"], told["camera_height_m"]) == ("camera_poses", "1.20")
    ground.calibrate(focal_px=80.0)
    assert ground.viewpoints.at(frame()).camera.focal_px == (80.0, 80.0)
    with pytest.raises(GeometryError, match="not stamped"):
        ground.viewpoints.at(frame(stamp_ns=0))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"camera_poses": [0.0, 0.0, 1.2, 0.0, -1.0, 0.0]}, "Camera 'camera': The camera looks up"),
        ({"ground_z_m": 2.0}, "below the ground"),
        ({"max_range_m": 0.5}, "cannot see ground within"),
        ({"camera_poses": [0.0] * 6}, "camera_poses"),
    ],
)
def test_what_sees_no_ground_says_why_again_and_again(
    bench: StreamBench, settings: dict[str, Any], sentence: str
) -> None:
    ground = Ground(bench, **settings)
    ground.calibrate()
    for _ in range(2):
        with pytest.raises(GeometryError, match=sentence):
            ground.viewpoints.at(frame())
    assert sentence in ground.viewpoints.problem("camera")
    ground.close()


def test_what_is_missing_is_told_before_anybody_asks(bench: StreamBench) -> None:
    ground = Ground(bench, camera_poses=[0.0] * 6)
    assert "No CameraInfo" in ground.viewpoints.problem("camera")
    ground.calibrate()
    assert "camera_poses" in ground.viewpoints.problem("camera")
    ground.close()


def test_a_depth_image_gives_points_under_a_mask(ground: Ground) -> None:
    assert ground.measured.points_in(frame()) is None
    ground.calibrate()
    metres = np.full((SIZE_PX[1], SIZE_PX[0]), 3.0, np.float32)
    metres[:, :32] = np.nan
    ground.hear(lambda: ground.measured.points_in(frame()), depth=depth_image(metres, "32FC1", S))
    points_in = ground.measured.points_in(frame())
    assert points_in is not None
    points_m = points_in(whole())
    assert np.allclose(points_m[:, 2], 3.0)
    assert (points_m[:, 0] > 0.0).all(), "the left half was not measured"
    depth_m = ground.measured.depth_m(frame())
    assert depth_m is not None
    assert np.array_equal(depth_m, metres, equal_nan=True)
    far = frame(S + S // 10)
    assert ground.measured.points_in(far) is None, "more than max_depth_skew_s away"
    assert ground.measured.depth_m(far) is None


def test_depth_without_a_single_value_gives_a_reason(ground: Ground) -> None:
    ground.calibrate()
    nothing = np.full((SIZE_PX[1], SIZE_PX[0]), np.nan, np.float32)
    points_in = ground.hear(lambda: ground.measured.points_in(frame()), depth=depth_image(nothing, "32FC1", S))
    with pytest.raises(GeometryError, match="Depth has no value in the mask"):
        points_in(whole())


def test_depth_that_is_not_aligned_to_the_camera_is_refused(ground: Ground) -> None:
    ground.calibrate()
    message = depth_image(np.full((SIZE_PX[1], SIZE_PX[0]), 1000, np.uint16), "16UC1", S)
    message.header.frame_id = "depth_optical"
    points_in = ground.hear(lambda: ground.measured.points_in(frame()), depth=message)
    with pytest.raises(GeometryError, match="use the depth that is aligned"):
        points_in(whole())
    with pytest.raises(GeometryError, match="use the depth that is aligned"):
        ground.measured.depth_m(frame())


def test_a_cloud_of_the_base_frame_is_brought_into_the_camera_as_it_was_then(ground: Ground) -> None:
    ground.calibrate()
    # In the 40 ms from cloud to image the robot drives one metre: what was 5 m ahead is 4 m ahead.
    cloud_ns, image_ns = 2 * S, 2 * S + 40_000_000
    ahead = np.array([[5.0, 0.0, 0.5]], np.float32)
    points_in = ground.hear(
        lambda: (
            ground.measured.points_in(frame(image_ns))
            if ground.transforms.describe("camera", image_ns).get("motion_age_s") == "0.000"
            else None
        ),
        depth=cloud(ahead, cloud_ns, frame_id="base_link"),
        odom=[odometry(0.0, cloud_ns), odometry(1.0, image_ns)],
    )
    points_m = points_in(whole())
    base_m = ground.viewpoints.at(frame(image_ns)).base_from_camera.apply(points_m)
    assert np.allclose(base_m, [[4.0, 0.0, 0.5]], atol=1e-5)
    assert ground.measured.depth_m(frame(image_ns)) is None, "a cloud is no image"


def test_a_cloud_in_a_frame_that_nobody_knows_gives_a_reason(ground: Ground) -> None:
    ground.calibrate()
    points = cloud(np.ones((3, 3), np.float32), S, frame_id="lidar")
    points_in = ground.hear(lambda: ground.measured.points_in(frame()), depth=points)
    with pytest.raises(GeometryError, match="'lidar'"):
        points_in(whole())


def test_a_cloud_in_the_cameras_frame_needs_no_transform(ground: Ground) -> None:
    ground.calibrate()
    points = cloud(np.array([[0.0, 0.0, 4.0], [0.0, 0.0, -4.0]], np.float32), S)
    points_in = ground.hear(lambda: ground.measured.points_in(frame()), depth=points)
    assert np.allclose(points_in(whole()), [[0.0, 0.0, 4.0]])
