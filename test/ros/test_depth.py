"""Depth as images and as clouds: read as it lies, kept only while wanted, and given to the image it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image, PointCloud2, PointField
from stream_bench import StreamBench, cloud, depth_image

from ris_ros.errors import GeometryError, ImageError
from ris_ros.ros.depth import Depth, DepthCloud, DepthImage, Depths
from ris_ros.ros.serialized import read_cloud, read_image

pytestmark = pytest.mark.ros

MS = 1_000_000


def decoded(message: Any) -> Any:
    """What is made of a message that came over the wire."""
    serialized = serialize_message(message)
    if isinstance(message, Image):
        return DepthImage(read_image(serialized)).depth_m()
    return DepthCloud(read_cloud(serialized)).points_m()


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("padding", [0, 1, 6])
def test_millimetres_and_metres_are_read_as_they_lie(big_endian: bool, padding: int) -> None:
    millimetres = np.array([[0, 1500, 65535], [1, 2, 3]], np.uint16)
    depth_m = decoded(depth_image(millimetres, "16UC1", 1, padding, big_endian))
    assert np.isnan(depth_m[0, 0]), "0 says that nothing was measured"
    assert depth_m[0, 1:] == pytest.approx([1.5, 65.535])
    assert depth_m[1] == pytest.approx([0.001, 0.002, 0.003])
    metres = np.array([[np.nan, 2.5], [np.inf, -1.0]], np.float32)
    depth_m = decoded(depth_image(metres, "32FC1", 1, padding, big_endian))
    assert depth_m[0, 1] == 2.5
    assert np.isnan(depth_m).sum() == 3


def test_an_image_that_holds_no_depth_or_too_little_is_refused() -> None:
    image = depth_image(np.ones((2, 3), np.uint16), "16UC1")
    image.encoding = "bgr8"
    with pytest.raises(GeometryError, match="bgr8"):
        decoded(image)
    for field, value in (("height", 3), ("width", 4), ("step", 5), ("width", 0)):
        image = depth_image(np.ones((2, 3), np.uint16), "16UC1")
        setattr(image, field, value)
        with pytest.raises(GeometryError, match="do not fit"):
            decoded(image)


@settings(deadline=None)
@given(
    points=st.lists(st.tuples(*[st.floats(-100, 100, width=32)] * 3), max_size=20),
    offsets=st.permutations([0, 5, 9, 16]).map(lambda some: some[:3]),
    big_endian=st.booleans(),
    organized=st.booleans(),
)
def test_a_cloud_is_read_wherever_its_coordinates_lie(
    points: list[tuple[float, float, float]], offsets: list[int], big_endian: bool, organized: bool
) -> None:
    points_m = np.array(points, np.float32).reshape(-1, 3)
    rows = np.stack([points_m, points_m]) if organized else points_m
    read = decoded(cloud(rows, 1, offsets, 20, big_endian))
    assert np.array_equal(read, rows.reshape(-1, 3))


def test_points_that_are_not_finite_are_left_out() -> None:
    points = np.array([[1, 2, 3], [np.nan] * 3, [1, np.inf, 0]], np.float32)
    assert decoded(cloud(points)).tolist() == [[1, 2, 3]]


def test_a_cloud_that_is_damaged_is_refused() -> None:
    points = np.ones((4, 3), np.float32)
    for change in ({"width": 5}, {"point_step": 8}, {"fields": cloud(points).fields[:2]}):
        message = cloud(points)
        for field, value in change.items():
            setattr(message, field, value)
        with pytest.raises(GeometryError, match="cloud"):
            decoded(message)
    message = cloud(points)
    message.fields[1].datatype = PointField.INT16
    with pytest.raises(GeometryError, match="'y'"):
        decoded(message)


@settings(deadline=None)
@given(st.data())
def test_a_cloud_that_was_cut_off_on_its_way_is_told(data: st.DataObject) -> None:
    serialized = serialize_message(cloud(np.ones((2, 3), np.float32)))
    whole = read_cloud(serialized)
    assert (whole.height, whole.width, len(whole.fields), len(whole.data)) == (1, 2, 3, 24)
    # What follows the points (is_dense, padding) is not read.
    length = data.draw(st.integers(4, len(serialized) - 8))
    with pytest.raises(ImageError, match="truncated"):
        read_cloud(serialized[:length])


# Over DDS


@pytest.fixture
def bench() -> Iterator[StreamBench]:
    with StreamBench() as bench:
        yield bench


class Wanting:
    """Somebody who wants depth, or does not."""

    def __init__(self) -> None:
        self.wants = True

    def __call__(self, camera: str) -> bool:
        return self.wants


@pytest.fixture
def wanting() -> Wanting:
    return Wanting()


@pytest.fixture
def depths(bench: StreamBench, wanting: Wanting) -> Iterator[Depths]:
    depths = Depths(bench.node, ["camera"], wanting)
    yield depths
    depths.close()


def depth_of_two(stamp_ns: int) -> Image:
    return depth_image(np.full((2, 2), 2000, np.uint16), "16UC1", stamp_ns)


def test_the_nearest_depth_is_given_where_it_is_near_enough(bench: StreamBench, depths: Depths) -> None:
    stamps = iter(range(100 * MS, 100_000 * MS, 10 * MS))

    def publish() -> None:
        depths.follow()
        bench.publish("camera/depth", depth_of_two(next(stamps)))

    first: Depth = bench.until(lambda: depths.at("camera", 100 * MS, 10_000 * MS), publish)
    near = depths.at("camera", first.stamp_ns + 3 * MS, 3 * MS)
    assert near is not None
    assert near.stamp_ns == first.stamp_ns
    assert depths.at("camera", first.stamp_ns - 30 * MS, 20 * MS) is None
    assert depths.describe("camera")["depth_skew_s"] == "0.030"
    assert "is 0.030 s away" in depths.problem("camera")
    assert depths.at("camera", first.stamp_ns, 0) is near
    assert depths.problem("camera") == ""
    assert isinstance(near, DepthImage)
    assert (near.depth_m() == 2.0).all()
    assert near.depth_m() is near.depth_m(), "decoded once"
    bench.until(lambda: depths.describe("camera").get("depth_rate_hz") == "100.0", publish)
    depths.forget()
    assert depths.at("camera", first.stamp_ns, 10_000 * MS) is None


def test_no_more_is_kept_than_a_second(bench: StreamBench, depths: Depths) -> None:
    stamps = iter(range(1_000 * MS, 100_000 * MS, 400 * MS))

    def publish() -> None:
        depths.follow()
        bench.publish("camera/depth", depth_of_two(next(stamps)))

    first: Depth = bench.until(lambda: depths.at("camera", 0, 1_000_000 * MS), publish)
    bench.until(lambda: depths.at("camera", first.stamp_ns, 0) is None, publish)
    oldest: Any = depths.at("camera", 0, 1_000_000 * MS)
    newest: Any = depths.at("camera", 1_000_000 * MS, 1_000_000 * MS)
    assert newest.stamp_ns - oldest.stamp_ns <= 1_000 * MS


def test_depth_may_change_from_images_to_clouds(bench: StreamBench, depths: Depths) -> None:
    def publish(message: Image | PointCloud2) -> None:
        depths.follow()
        bench.publish("camera/depth", message)

    bench.until(lambda: depths.at("camera", MS, 0), lambda: publish(depth_of_two(MS)))
    assert depths.describe("camera")["depth"] == "sensor_msgs/msg/Image"
    bench.retire("camera/depth", Image)
    points = cloud(np.array([[0.0, 1.0, 5.0]], np.float32), 2 * MS)
    found = bench.until(lambda: depths.at("camera", 2 * MS, 0), lambda: publish(points))
    assert isinstance(found, DepthCloud)
    assert found.points_m().tolist() == [[0.0, 1.0, 5.0]]
    assert depths.describe("camera")["depth"] == "sensor_msgs/msg/PointCloud2"


def test_nothing_is_subscribed_to_while_nobody_wants_it(bench: StreamBench, depths: Depths, wanting: Wanting) -> None:
    assert depths.describe("camera") == {"depth": "none"}

    def publish() -> None:
        depths.follow()
        bench.publish("camera/depth", depth_of_two(MS))

    bench.until(lambda: depths.at("camera", MS, 0), publish)
    assert bench.node.count_subscribers(bench.full("camera/depth")) == 1
    wanting.wants = False
    depths.follow()
    bench.until(lambda: bench.node.count_subscribers(bench.full("camera/depth")) == 0)
    assert depths.at("camera", MS, 0) is None
    assert depths.describe("camera") == {"depth": "not wanted"}
    wanting.wants = True
    bench.until(lambda: depths.at("camera", MS, 0), publish)
