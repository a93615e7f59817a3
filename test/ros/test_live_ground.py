"""From camera messages to polygon, goal, path and costmap, with the shipped model, over DDS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from action_msgs.msg import GoalStatus
from geometry_msgs.msg import PolygonStamped, PoseStamped
from live_node import ACTIVATE, DEACTIVATE, Peer, active_node, compressed, stamp_ns, values
from nav_msgs.msg import OccupancyGrid, Odometry
from nav_msgs.msg import Path as PathMessage
from rclpy.action import ActionClient
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, PointCloud2

from ris_ros.action import Refer
from ris_ros.data.drive import DriveFrame, SampleDrive
from ris_ros.errors import RisError
from ris_ros.geometry.polygon import area_m2, contains
from ris_ros.language.weights import find_package_folder
from ris_ros.msg import Plan
from ris_ros.ros.stamps import set_ns
from ris_ros.runtime.bundle import Bundle, default_path
from ris_ros.srv import Ground

pytestmark = pytest.mark.ros

STREET = "drive straight on"
FRAME = 24  # of the sample drive: free road ahead
POSE = [0.0, 0.0, 1.38, 0.0, 0.035, 0.0]
PARAMETERS = {
    "bundle": "",
    "threads": 2,
    "camera_poses": POSE,
    "robot_front_m": 0.5,
    "robot_width_m": 0.8,
    "lost_after_s": 1.0,
    "map_memory_s": 1.5,
    "plan_rate_hz": 20.0,
    "points": "organized",
    "mask_size": "network",
}


@pytest.fixture(scope="module")
def frame(repository: Path) -> DriveFrame:
    return next(one for one in SampleDrive(repository / "sample").frames() if one.index == FRAME)


@pytest.fixture(scope="module")
def k(repository: Path) -> list[float]:
    return list(SampleDrive(repository / "sample").camera.k)


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    try:
        Bundle.open(default_path())
        weights = find_package_folder() / "model.safetensors"
    except RisError as error:
        pytest.skip(str(error))
    with active_node(tmp_path_factory.mktemp("node"), PARAMETERS, {"RIS_TEXT_WEIGHTS": str(weights)}) as peer:
        latched = QoSProfile(
            depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
        )
        for topic, type_ in (
            ("region_polygon", PolygonStamped),
            ("goal_pose", PoseStamped),
            ("path", PathMessage),
            ("points", PointCloud2),
            ("plan", Plan),
        ):
            peer.listen(f"ris/{topic}", type_)
        inbox = peer.heard.setdefault("ris/costmap", [])

        def arrived(message: OccupancyGrid) -> None:
            inbox.append(message)
            peer.notify()

        peer.node.create_subscription(OccupancyGrid, "ris/costmap", arrived, latched)
        yield peer


class Street:
    """The camera, which stands still before the street and goes on to see it."""

    def __init__(self, peer: Peer, frame: DriveFrame, k: list[float]) -> None:
        self._peer = peer
        self._rgb = frame.rgb()
        self._k = k

    def show(self) -> None:
        """Send one image."""
        message = compressed(self._rgb, self._peer.now_ns(), ".jpg")
        self._peer.publisher(type(message), "camera/image_raw/compressed").publish(message)

    def calibrate(self, focal: float = 1.0) -> None:
        """Send CameraInfo, its focal length multiplied."""
        height, width = self._rgb.shape[:2]
        info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
        info.header.frame_id = "camera_optical"
        set_ns(info.header.stamp, self._peer.now_ns())
        info.k = [value * focal if index in (0, 4) else value for index, value in enumerate(self._k)]
        self._peer.publisher(CameraInfo, "camera/camera_info").publish(info)

    def until(self, what: Any) -> Any:
        """Go on showing until it is there."""
        return self._peer.until(what, self.show, every_s=0.1)

    def until_done(self, future: Any) -> Any:
        """Go on showing until there is a result, and return it."""
        self.until(future.done)
        return future.result()


@pytest.fixture()
def street(peer: Peer, frame: DriveFrame, k: list[float]) -> Iterator[Street]:
    peer.clear()
    peer.forget()
    yield Street(peer, frame, k)


def newest(peer: Peer, topic: str) -> Any:
    """The latest message of a topic, None before the first."""
    inbox = peer.heard[f"ris/{topic}"]
    return inbox[-1] if inbox else None


def outline(polygon: PolygonStamped) -> np.ndarray:
    return np.array([[point.x, point.y] for point in polygon.polygon.points], np.float64).reshape(-1, 2)


def cells(costmap: OccupancyGrid) -> np.ndarray:
    return np.array(costmap.data, np.int8).reshape(costmap.info.height, costmap.info.width)


def test_1_without_calibration_masks_flow_and_the_reason_is_told(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.until(lambda: peer.heard["ris/label_mask"])
    answer = street.until(lambda: [one for one in peer.answers() if one.found])[-1]
    assert "No CameraInfo of camera 'camera'" in answer.reason
    assert not answer.ground_polygon.polygon.points
    plan = street.until(lambda: newest(peer, "plan"))
    assert plan.state == Plan.WAITING
    assert not plan.goal_known
    assert "No CameraInfo" in plan.reason
    assert not peer.heard["ris/goal_pose"]
    told = street.until(lambda: peer.diagnosis("ground camera").message)
    assert "CameraInfo" in told


def test_2_a_focal_length_of_zero_is_named(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate(focal=0.0)
    answer = street.until(lambda: [one for one in peer.answers() if one.found and "focal" in one.reason])[-1]
    assert not answer.ground_polygon.polygon.points
    assert not peer.heard["ris/goal_pose"]


def test_3_with_calibration_there_are_polygon_goal_path_and_costmap(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    goal = street.until(lambda: newest(peer, "goal_pose"))
    plan = street.until(lambda: [one for one in peer.heard["ris/plan"] if one.path_known])[-1]
    assert (plan.state, plan.text, plan.reason) == (Plan.SEEN, STREET, "")
    region = street.until(lambda: [one for one in peer.heard["ris/region_polygon"] if one.polygon.points])[-1]
    assert region.header.frame_id == goal.header.frame_id == "base_link"
    assert area_m2(outline(region)) > 10.0
    place = goal.pose.position
    assert 2.0 < place.x < 40.0
    assert contains(outline(region), np.array([[place.x, place.y]]))[0]

    path = street.until(lambda: [one for one in peer.heard["ris/path"] if one.poses])[-1]
    first, last = path.poses[0].pose.position, path.poses[-1].pose.position
    assert np.hypot(first.x, first.y) < 1e-6
    assert last.x > 2.0
    costmap = street.until(lambda: newest(peer, "costmap"))
    assert (costmap.info.width, costmap.info.height) == (200, 200)
    known = cells(costmap)
    assert set(np.unique(known)) <= set(range(-1, 101))
    assert (known[:, :35] == -1).all()  # nothing is known behind the camera
    ahead = known[95:105, 90:110]  # 2 m to either side of straight ahead, 10 to 14 m away
    assert np.mean((ahead >= 0) & (ahead < 50)) > 0.9

    cloud = street.until(lambda: newest(peer, "points"))
    mask = peer.heard["ris/label_mask"][-1]
    assert (cloud.width, cloud.height) == (mask.width, mask.height)
    answer = street.until(lambda: [one for one in peer.answers() if one.ground_polygon.polygon.points])[-1]
    assert answer.ground_polygon.header.frame_id == "base_link"
    assert stamp_ns(answer.ground_polygon) == stamp_ns(answer)
    street.until(lambda: {"survey_p50_ms", "map_p50_ms", "plan_p50_ms"} <= set(values(peer.diagnosis("latency"))))


def test_4_a_request_is_answered_with_its_place(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    street.until(lambda: peer.heard["ris/label_mask"])
    response = peer.call(Ground, "ris/ground", Ground.Request(text=STREET))
    assert response.success
    assert response.grounding.found
    assert response.grounding.ground_polygon.polygon.points


def test_5_clearing_the_command_takes_goal_and_path_back(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    street.until(lambda: [one for one in peer.heard["ris/path"] if one.poses])
    peer.clear()
    plan = peer.until(lambda: [one for one in peer.heard["ris/plan"] if one.state == Plan.LOST])[-1]
    assert "no longer active" in plan.reason
    assert not plan.goal_known
    peer.until(lambda: not newest(peer, "path").poses)
    peer.until(lambda: not newest(peer, "region_polygon").polygon.points)


def test_6_silence_loses_the_plan_and_then_all_ground(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    street.until(lambda: [one for one in peer.heard["ris/path"] if one.poses])
    lost = peer.until(lambda: [one for one in peer.heard["ris/plan"] if one.state == Plan.LOST])[-1]
    assert not lost.goal_known
    assert lost.reason
    peer.until(lambda: (cells(newest(peer, "costmap")) == -1).all())


def test_7_deactivating_takes_everything_back(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    street.until(lambda: [one for one in peer.heard["ris/path"] if one.poses])
    assert peer.transition(DEACTIVATE)
    peer.until(lambda: not newest(peer, "path").poses)
    peer.until(lambda: (cells(newest(peer, "costmap")) == -1).all())
    assert peer.transition(ACTIVATE)


def test_8_a_search_beside_a_command_leaves_its_plan_alone(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()
    street.until(lambda: [one for one in peer.heard["ris/path"] if one.poses])
    peer.forget()
    client = ActionClient(peer.node, Refer, "ris/refer")
    try:
        goal = street.until_done(client.send_goal_async(Refer.Goal(text="all the vehicles")))
        answer = street.until_done(goal.get_result_async())
    finally:
        client.destroy()
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    street.until(lambda: peer.heard["ris/plan"])
    assert {(one.text, one.state) for one in peer.heard["ris/plan"]} == {(STREET, Plan.SEEN)}


def test_9_with_odometry_what_was_seen_moves_as_the_robot_does(peer: Peer, street: Street) -> None:
    peer.say(STREET)
    street.calibrate()

    def drive() -> None:
        odometry = Odometry(child_frame_id="base_link")
        odometry.header.frame_id = "odom"
        odometry.pose.pose.orientation.w = 1.0
        for ahead_ns in (0, 200_000_000):  # the robot stands, and is known to
            set_ns(odometry.header.stamp, peer.now_ns() + ahead_ns)
            peer.publisher(Odometry, "odom").publish(odometry)
        street.show()

    peer.until(lambda: values(peer.diagnosis("ground camera")).get("motion", "") not in ("", "not known"), drive, 0.1)
    peer.until(lambda: [one for one in peer.heard["ris/plan"] if one.path_known], drive, 0.1)
