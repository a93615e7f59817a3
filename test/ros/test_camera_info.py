"""CameraInfo as it comes: late, changed, of other images, or of a camera that nobody calibrated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy")

from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from std_msgs.msg import String
from stream_bench import FRAME_ID, StreamBench, camera_info

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.ros.camera_info import CameraInfos

pytestmark = pytest.mark.ros

SIZE_PX = (640, 480)
TOPIC = "camera/camera_info"


@pytest.fixture
def bench() -> Iterator[StreamBench]:
    with StreamBench() as bench:
        yield bench


@pytest.fixture
def infos(bench: StreamBench) -> Iterator[CameraInfos]:
    infos = CameraInfos(bench.node, ["camera"])
    yield infos
    infos.close()


def model(infos: CameraInfos, size_px: tuple[int, int] = SIZE_PX) -> CameraModel | None:
    try:
        return infos.model("camera", size_px, FRAME_ID)
    except GeometryError:
        return None


def test_it_may_come_late_and_change(bench: StreamBench, infos: CameraInfos) -> None:
    with pytest.raises(GeometryError, match=f"No CameraInfo of camera 'camera' has come on '{bench.full(TOPIC)}'"):
        infos.model("camera", SIZE_PX, FRAME_ID)
    assert "nobody publishes it" in infos.problem("camera")

    def publish(focal_px: float) -> None:
        bench.publish(TOPIC, camera_info(focal_px=focal_px))
        infos.follow()

    first = bench.until(lambda: model(infos), lambda: publish(500.0))
    assert first.focal_px == (500.0, 500.0)
    assert infos.problem("camera") == ""
    bench.until(lambda: model(infos).focal_px == (650.0, 650.0), lambda: publish(650.0))


def test_a_new_stamp_alone_makes_no_new_model(bench: StreamBench, infos: CameraInfos) -> None:
    stamps = iter(range(1, 10_000))

    def publish(focal_px: float) -> None:
        bench.publish(TOPIC, camera_info(focal_px=focal_px, stamp_ns=next(stamps)))
        infos.follow()

    first = bench.until(lambda: model(infos), lambda: publish(500.0))
    for _ in range(5):
        publish(500.0)
    # One of another focal length ends the wait: those before it have then been heard.
    seen = []
    bench.until(lambda: seen.append(model(infos)) or seen[-1] is not first, lambda: publish(650.0))
    assert seen[-1].focal_px == (650.0, 650.0)
    assert infos.model("camera", SIZE_PX, FRAME_ID) is seen[-1], "the same object for as long as nothing changes"


def test_one_that_is_published_once_and_kept_is_heard(bench: StreamBench, infos: CameraInfos) -> None:
    bench.publish(TOPIC, camera_info(), ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
    bench.until(lambda: model(infos), infos.follow)


def test_a_camera_that_is_not_calibrated_says_so(bench: StreamBench, infos: CameraInfos) -> None:
    def publish() -> None:
        bench.publish(TOPIC, camera_info(focal_px=0.0))
        infos.follow()

    bench.until(lambda: "focal length" in infos.problem("camera"), publish)
    with pytest.raises(GeometryError, match="Camera 'camera': The camera is not calibrated"):
        infos.model("camera", SIZE_PX, FRAME_ID)


def test_of_rectified_images_the_projection_counts_and_not_the_lens(bench: StreamBench) -> None:
    message = camera_info(focal_px=400.0)
    message.distortion_model, message.d = "plumb_bob", [-0.3, 0.1, 0.0, 0.0, 0.0]
    message.p = [350.0, 0.0, 320.0, 0.0, 0.0, 350.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    infos = CameraInfos(bench.node, ["camera"], rectified=True)

    def publish() -> None:
        bench.publish(TOPIC, message)
        infos.follow()

    bench.until(lambda: model(infos), publish)
    rectified = infos.model("camera", SIZE_PX, FRAME_ID)
    assert rectified.focal_px == (350.0, 350.0)
    infos.close()


def test_a_lens_that_is_not_known_says_so(bench: StreamBench, infos: CameraInfos) -> None:
    message = camera_info()
    message.distortion_model, message.d = "mirror_ball", [0.1]

    def publish() -> None:
        bench.publish(TOPIC, message)
        infos.follow()

    bench.until(lambda: "mirror_ball" in infos.problem("camera"), publish)


def test_images_of_another_size_are_taken_where_their_aspect_is_the_same(
    bench: StreamBench, infos: CameraInfos
) -> None:
    def publish() -> None:
        bench.publish(TOPIC, camera_info())
        infos.follow()

    bench.until(lambda: model(infos), publish)
    half = infos.model("camera", (320, 240), FRAME_ID)
    assert half.size_px == (320, 240)
    assert half.focal_px == (250.0, 250.0)
    with pytest.raises(GeometryError, match="another aspect"):
        infos.model("camera", (640, 360), FRAME_ID)
    with pytest.raises(GeometryError, match="its CameraInfo in 'camera_optical'"):
        infos.model("camera", SIZE_PX, "left_optical")
    assert infos.model("camera", SIZE_PX, f"/{FRAME_ID}").size_px == SIZE_PX


def test_a_topic_of_another_type_is_told(bench: StreamBench, infos: CameraInfos) -> None:
    def publish() -> None:
        bench.publish(TOPIC, String(data="1280x720"))
        infos.follow()

    problem = bench.until(lambda: infos.problem("camera") if "std_msgs" in infos.problem("camera") else "", publish)
    assert "read as sensor_msgs/msg/CameraInfo" in problem
    bench.retire(TOPIC, String)

    def correct() -> None:
        bench.publish(TOPIC, camera_info())
        infos.follow()

    bench.until(lambda: model(infos), correct)


def test_diagnostics_tell_size_and_lens(bench: StreamBench, infos: CameraInfos) -> None:
    assert infos.describe("camera") == {"calibration": "none"}
    message = camera_info()
    message.d = [-0.1, 0.0, 0.0, 0.0, 0.0]

    def publish() -> None:
        bench.publish(TOPIC, message)
        infos.follow()

    bench.until(lambda: model(infos), publish)
    told = infos.describe("camera")
    assert (told["calibrated_size"], told["lens"]) == ("640x480", "plumb_bob")
