"""Frames through the living node: camera over DDS, node in its own process, masks back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from tiny_bundle import GREEN, RED, picture

pytest.importorskip("rclpy")

import plain_camera
from live_node import Peer, active_node, compressed, pixels, raw, stamp_ns, values
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage

from ris_ros.types import Target

pytestmark = pytest.mark.ros

BEST_EFFORT, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE
SIZE_PX = (192, 128)
RED_BOX, GREEN_BOX = (40, 40, 48, 48), (120, 40, 48, 48)
SCENE = picture(SIZE_PX, (RED, RED_BOX), (GREEN, GREEN_BOX))
DIM_SCENE = picture(SIZE_PX, ((190, 0, 0), RED_BOX))  # of which the tiny model is a little less sure
RAW, COMPRESSED = "image_raw", "image_raw/compressed"
LATE_NS = 2_000_000_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    parameters = {"cameras": "[camera, rear, tape]", "diagnostics_period_s": 0.2}
    with active_node(tmp_path_factory.mktemp("node"), parameters) as peer:
        yield peer


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def near(box: tuple[int, int, int, int], wanted: tuple[int, int, int, int], slack_px: int = 8) -> bool:
    return all(abs(have - want) <= slack_px for have, want in zip(box, wanted, strict=True))


def send(
    peer: Peer,
    form: str = RAW,
    reliability: ReliabilityPolicy = RELIABLE,
    camera: str = "camera",
    age_ns: int = 0,
    scene: np.ndarray = SCENE,
) -> None:
    make = compressed if form == COMPRESSED else raw
    message = make(scene, peer.now_ns() - age_ns)
    message.header.frame_id = f"{camera}_optical"
    peer.publisher(type(message), f"{camera}/{form}", reliability).publish(message)


def grounded(peer: Peer, command_id: str = "command", camera: str = "camera") -> Any:
    """Send frames until the command is answered; returns the latest answer."""
    answers = peer.until(lambda: peer.answers(command_id, camera), lambda: send(peer, camera=camera))
    return answers[-1]


def told(peer: Peer, part: str) -> Any:
    """The next that the node says about one of its parts."""
    peer.heard["/diagnostics"].clear()
    peer.until(lambda: peer.diagnosis(part).name)
    return peer.diagnosis(part)


def test_a_typed_command_is_answered_with_masks_that_carry_stamp_and_frame_of_the_image(peer: Peer) -> None:
    peer.say("the red car")
    grounding = grounded(peer)
    peer.until(lambda: all(peer.heard[f"ris/{topic}"] for topic in ("label_mask", "confidence")))
    mask, confidence, answer = (peer.heard[f"ris/{topic}"][0] for topic in ("label_mask", "confidence", "groundings"))
    assert stamp_ns(mask) == stamp_ns(confidence) == stamp_ns(answer)
    assert mask.header.frame_id == confidence.header.frame_id == answer.header.frame_id == "camera_optical"
    assert (mask.width, mask.height) == (confidence.width, confidence.height) == SIZE_PX
    assert near(box_of(pixels(mask) == 1), RED_BOX)
    assert set(np.unique(pixels(mask))) == {1, 2}  # in the tiny model, all that is not the object is region
    assert pixels(confidence)[64, 64] > 200
    assert pixels(confidence)[64, 144] < 50
    assert (grounding.text, grounding.found, grounding.target) == ("the red car", True, Target.OBJECT)
    assert grounding.existence > 0.9
    assert grounding.score > 0.9


def test_the_cropped_mask_of_a_grounding_is_the_label_mask(peer: Peer) -> None:
    peer.say("the green car")
    grounding = grounded(peer)
    mask = peer.until(lambda: [m for m in peer.heard["ris/label_mask"] if stamp_ns(m) == stamp_ns(grounding)])[0]
    roi = grounding.object.roi
    assert near((roi.x_offset, roi.y_offset, roi.width, roi.height), GREEN_BOX)
    assert (grounding.object.image_width, grounding.object.image_height) == SIZE_PX
    cut = pixels(mask)[roi.y_offset : roi.y_offset + roi.height, roi.x_offset : roi.x_offset + roi.width] == 1
    assert np.array_equal(pixels(grounding.object.mask) == 255, cut)
    assert pixels(mask)[grounding.object.peak_y, grounding.object.peak_x] == 1


def test_what_is_not_there_is_said_to_be_so_and_masks_nothing(peer: Peer) -> None:
    peer.say("the red unicorn")
    grounding = grounded(peer)
    assert not grounding.found
    assert grounding.existence < 0.1
    assert grounding.reason
    assert grounding.object.roi.width == grounding.region.roi.width == len(grounding.object.mask.data) == 0
    mask = peer.until(lambda: peer.heard["ris/label_mask"])[-1]
    assert not pixels(mask).any()


def test_a_manoeuvre_is_answered_with_a_region(peer: Peer) -> None:
    peer.say("park next to the red car")
    assert grounded(peer).target == Target.REGION
    mask = pixels(peer.until(lambda: peer.heard["ris/label_mask"])[-1])
    assert mask[10, 10] == 2
    assert mask[64, 64] != 2


@pytest.mark.parametrize("reliability", [BEST_EFFORT, RELIABLE], ids=["best_effort", "reliable"])
@pytest.mark.parametrize("form", [RAW, COMPRESSED])
def test_raw_and_compressed_cameras_of_either_reliability_are_heard(
    peer: Peer, form: str, reliability: ReliabilityPolicy
) -> None:
    for other in (BEST_EFFORT, RELIABLE):
        for topic in (f"rear/{RAW}", f"rear/{COMPRESSED}"):
            peer.retire(topic, other)
    peer.order("the red car", cameras=["rear"], id="a")
    peer.until(lambda: peer.answers("a", "rear"), lambda: send(peer, form, reliability, "rear"))
    topic, name = f"reliability of /rear/{form}", "reliable" if reliability == RELIABLE else "best_effort"

    def matched() -> bool:
        pairs = values(peer.diagnosis("camera rear"))
        return {key: value for key, value in pairs.items() if key.startswith("reliability of")} == {topic: name}

    peer.until(matched, lambda: send(peer, form, reliability, "rear"))


def test_every_camera_is_answered_and_its_frame_told_apart(peer: Peer) -> None:
    peer.say("the red car")

    def both() -> None:
        send(peer)
        send(peer, camera="rear")

    peer.until(lambda: peer.answers(camera="camera") and peer.answers(camera="rear"), both)
    frames = {message.header.frame_id for message in peer.heard["ris/groundings"]}
    assert frames == {"camera_optical", "rear_optical"}


def test_a_command_for_one_camera_is_not_answered_on_another(peer: Peer) -> None:
    peer.order("the red car", id="a", cameras=["rear"])
    peer.order("the green car", id="b", cameras=["camera"])

    def both() -> None:
        send(peer)
        send(peer, camera="rear")

    peer.until(lambda: peer.answers("a", "rear") and peer.answers("b", "camera"), both)
    assert not peer.answers("a", "camera")
    assert not peer.answers("b", "rear")


def test_commands_live_side_by_side_for_their_time_and_the_newest_drives_the_mask(peer: Peer) -> None:
    peer.order("the red car", id="a")
    peer.order("the green car", id="b", lifetime_s=0.8)
    peer.until(lambda: peer.answers("a") and peer.answers("b"), lambda: send(peer))
    message = next(m for m in peer.heard["ris/groundings"] if len(m.groundings) == 2)
    assert [grounding.command_id for grounding in message.groundings] == ["a", "b"]
    mask = peer.until(lambda: [m for m in peer.heard["ris/label_mask"] if stamp_ns(m) == stamp_ns(message)])[0]
    assert near(box_of(pixels(mask) == 1), GREEN_BOX)

    def only_the_first() -> Any:
        latest = peer.heard["ris/groundings"][-1]
        return [g.command_id for g in latest.groundings] == ["a"] and latest

    after = peer.until(only_the_first, lambda: send(peer))
    mask = peer.until(lambda: [m for m in peer.heard["ris/label_mask"] if stamp_ns(m) == stamp_ns(after)])[0]
    assert near(box_of(pixels(mask) == 1), RED_BOX)


def test_a_command_of_the_same_id_replaces_the_older(peer: Peer) -> None:
    peer.order("the red car", id="a")
    grounded(peer, "a")
    peer.order("the green car", id="a")
    peer.until(lambda: peer.answers("a")[-1].text == "the green car", lambda: send(peer))
    assert len(peer.heard["ris/groundings"][-1].groundings) == 1
    assert peer.clear(["a"]) == 1
    assert peer.clear(["a"]) == 0


def test_no_answer_is_older_than_its_command(peer: Peer) -> None:
    dropped = "dropped_older_than_command"
    before = int(values(told(peer, "camera camera")).get(dropped, 0))
    uttered_ns = peer.now_ns()
    peer.order("the red car", id="a", stamp_ns=uttered_ns)
    # Frames from before the command, such as those that a slow driver still holds.
    peer.until(
        lambda: int(values(peer.diagnosis("camera camera")).get(dropped, 0)) > before,
        lambda: send(peer, age_ns=LATE_NS),
    )
    assert not peer.answers("a")
    grounded(peer, "a")
    assert all(stamp_ns(answer) >= uttered_ns for answer in peer.answers("a"))


def test_images_stamped_by_another_clock_are_answered_and_reported(peer: Peer) -> None:
    peer.say("the red car")
    year_ns = 365 * 86_400 * 10**9
    peer.until(lambda: peer.answers(camera="tape"), lambda: send(peer, camera="tape", age_ns=year_ns))
    assert peer.now_ns() - stamp_ns(peer.answers(camera="tape")[-1]) > year_ns
    peer.until(lambda: "off the node's clock" in peer.diagnosis("camera tape").message)


def test_an_image_of_long_ago_is_old_where_the_clock_is_known(peer: Peer) -> None:
    begin_ns = peer.now_ns()
    peer.say("the red car")
    grounded(peer)
    dropped = "dropped_older_than_command"
    before = int(values(told(peer, "camera camera")).get(dropped, 0))
    peer.until(
        lambda: int(values(peer.diagnosis("camera camera")).get(dropped, 0)) > before,
        lambda: send(peer, age_ns=20 * 10**9),
    )
    grounded(peer)
    assert all(stamp_ns(answer) > begin_ns for answer in peer.answers())


def test_thresholds_act_at_once_and_bad_ones_are_refused(peer: Peer) -> None:
    peer.say("the red car")

    def dim() -> None:
        send(peer, scene=DIM_SCENE)

    peer.until(lambda: peer.answers() and peer.answers()[-1].found, dim)
    assert peer.set_parameter("threshold_object", 0.9999).successful
    peer.until(lambda: not peer.answers()[-1].found, dim)
    assert peer.set_parameter("threshold_object", 0.0).successful
    peer.until(lambda: peer.answers()[-1].found, dim)
    for value in (1.5, -0.1, 1.0, "high"):
        refused = peer.set_parameter("threshold_object", value)
        assert not refused.successful
        assert refused.reason
    refused = peer.set_parameter("backend", "openvino")
    assert not refused.successful
    assert "clean it up" in refused.reason


def test_the_overlay_is_drawn_for_those_who_look(peer: Peer) -> None:
    peer.say("the red car")
    grounded(peer)
    assert "overlay_count" not in values(told(peer, "latency"))
    peer.listen("ris/overlay/compressed", CompressedImage)
    message = peer.until(lambda: peer.heard["ris/overlay/compressed"], lambda: send(peer))[0]
    assert message.format == "jpeg"
    drawn = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    assert drawn.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert message.header.frame_id == "camera_optical"


def test_diagnostics_account_for_every_frame_and_tell_engine_and_latency(peer: Peer) -> None:
    peer.say("the red car")
    grounded(peer)
    peer.clear()
    for _ in range(5):
        send(peer)

    def settled() -> Any:
        pairs = values(peer.diagnosis("camera camera"))
        counted = int(pairs.get("grounded", 0)) + int(pairs.get("dropped", 0))
        return int(pairs.get("dropped_no_command", 0)) > 0 and counted == int(pairs["frames_in"]) and pairs

    pairs = peer.until(settled)
    dropped = {key: int(value) for key, value in pairs.items() if key.startswith("dropped_")}
    assert int(pairs["dropped"]) == sum(dropped.values())
    assert pairs["publishers"] == "1"
    engine = values(peer.diagnosis("engine"))
    assert (engine["backend"], engine["precision"], engine["state"]) == ("onnx", "fp32", "active")
    assert engine["bundle"] == "tiny 1"
    assert 20 < int(engine["memory_mb"]) < 2000
    latency = values(peer.diagnosis("latency"))
    for stage in ("transport", "wait", "decode", "letterbox", "vision", "ground", "masks", "publish", "image_age"):
        assert 0 <= float(latency[f"{stage}_p50_ms"]) <= float(latency[f"{stage}_p99_ms"])
    stages = {stage.stage for stage in peer.answers()[-1].stages}
    assert {"transport", "wait", "decode", "letterbox", "vision", "ground", "masks"} <= stages


def test_a_silent_camera_is_reported_until_it_speaks(peer: Peer) -> None:
    peer.until(lambda: "no image has come for" in peer.diagnosis("camera camera").message)
    peer.until(lambda: "grounded" in peer.diagnosis("camera camera").message, lambda: send(peer))


def test_images_that_are_lost_on_their_way_are_counted_and_the_remedy_told(peer: Peer) -> None:
    """A best-effort camera without the shared-memory profile, which is what most drivers are at first."""
    peer.retire(f"camera/{RAW}")
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_DEFAULT_PROFILES_FILE")}
    camera = subprocess.Popen([sys.executable, plain_camera.__file__], env=plain)
    try:
        peer.until(
            lambda: (
                int(values(peer.diagnosis("camera camera")).get("lost_in_transport", 0)) > 5
                and "fastdds_shm.xml" in peer.diagnosis("camera camera").message
            )
        )
    finally:
        camera.send_signal(signal.SIGINT)
        camera.wait(20)
    assert peer.diagnosis("camera camera").level == b"\x01"
