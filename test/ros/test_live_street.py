"""Real driving frames and the shipped model through the whole living node: what the package is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from live_node import Peer, active_node, compressed, pixels, raw, stamp_ns
from rclpy.qos import ReliabilityPolicy

from ris_ros.data.camvid import CamVid
from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.errors import RisError
from ris_ros.language.weights import find_package_folder
from ris_ros.runtime.bundle import Bundle, default_path

pytestmark = pytest.mark.ros

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
FRAMES = (0, 20, 40, 60, 80)
LOOSE_IOU = 0.5  # far below what the model card states: what is tested here is the way, not the model


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> list[LabeledImage]:
    camvid = CamVid(shared_data / "camvid", "val")
    return [camvid[index] for index in FRAMES]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    try:
        bundle = Bundle.open(default_path())
        weights = find_package_folder() / "model.safetensors"
    except RisError as error:
        pytest.skip(str(error))
    if "untrained" in bundle.settings.version:
        pytest.skip(f"the bundle {bundle.label} was never trained")
    parameters, environment = {"bundle": "", "threads": 2}, {"RIS_TEXT_WEIGHTS": str(weights)}
    with active_node(tmp_path_factory.mktemp("node"), parameters, environment) as peer:
        yield peer


def answer_on(peer: Peer, frame: LabeledImage, form: str) -> tuple[np.ndarray, bool]:
    """(label mask [H, W], found) of the newest command on one frame."""
    peer.forget()
    sent: list[int] = []

    def send() -> None:
        sent.append(peer.now_ns())
        if form == "raw":
            message, topic, reliability = raw(frame.image_rgb, sent[-1]), "camera/image_raw", RELIABLE
            message.encoding, message.data = "bgr8", frame.image_rgb[:, :, ::-1].tobytes()
        else:
            message = compressed(frame.image_rgb, sent[-1], ".jpg")
            topic, reliability = "camera/image_raw/compressed", BEST_EFFORT
        peer.publisher(type(message), topic, reliability).publish(message)

    mask = peer.until(lambda: peer.heard["ris/label_mask"], send, every_s=0.5)[0]
    assert stamp_ns(mask) in sent
    grounding = peer.until(peer.answers)[0]
    return pixels(mask), bool(grounding.found)


@pytest.mark.parametrize("form", ["raw", "compressed"])
def test_the_road_of_real_frames_comes_back_in_camera_pixels(peer: Peer, frames: list[LabeledImage], form: str) -> None:
    peer.retire("camera/image_raw")  # or else the node would go on reading raw images
    peer.say("the road")
    overlaps = []
    for frame in frames:
        labels, found = answer_on(peer, frame, form)
        road = frame.class_map == BY_NAME["road"].id
        assert labels.shape == road.shape
        predicted = labels == 1
        overlaps.append((predicted & road).sum() / (predicted | road).sum() if found else 0.0)
    assert np.mean(overlaps) > LOOSE_IOU, f"IoU with the road: {np.round(overlaps, 2)}"


def test_what_no_street_holds_is_refused_and_masks_nothing(peer: Peer, frames: list[LabeledImage]) -> None:
    peer.say("the giraffe")
    answers = [answer_on(peer, frame, "compressed") for frame in frames]
    for labels, found in answers:
        assert found == bool(labels.any())
    refused = sum(not found for _, found in answers)
    assert refused > len(answers) / 2, f"{refused} of {len(answers)} refused"
