"""Bad images and bad commands: each is told in a sentence, counted and skipped, and what comes next is answered."""

from __future__ import annotations

import array
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from tiny_bundle import RED, picture

pytest.importorskip("rclpy")

from live_node import Peer, active_node, compressed, raw, values
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String

pytestmark = pytest.mark.ros

SCENE = picture((192, 128), (RED, (40, 40, 48, 48)))
RAW, COMPRESSED = "camera/image_raw", "packed/image_raw/compressed"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    parameters = {"cameras": "[camera, packed]", "diagnostics_period_s": 0.1}
    with active_node(tmp_path_factory.mktemp("node"), parameters) as peer:
        yield peer


def changed(**fields: Any) -> Callable[[Image], None]:
    def change(message: Image) -> None:
        for name, value in fields.items():
            setattr(message, name, value)

    return change


def cut(message: Image | CompressedImage) -> None:
    message.data = message.data[: len(message.data) // 2]


def huge(message: Image) -> None:
    message.width, message.height, message.step, message.encoding = 5000, 4000, 5000, "mono8"
    message.data = array.array("B", bytes(20_000_000))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (changed(encoding="rgb9"), "rgb9"),
        (changed(encoding=""), "Encoding"),
        (changed(encoding="32FC1"), "32FC1"),
        (changed(step=7), "step"),
        (changed(step=0), "step"),
        (changed(step=10_000), "truncated"),
        (changed(width=0), "empty"),
        (changed(height=0), "empty"),
        (changed(data=array.array("B")), "truncated"),
        (cut, "truncated"),
        (huge, "max_image_pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_raw_image_is_told_and_the_next_good_one_answered(
    peer: Peer, spoil: Callable[[Image], None], word: str
) -> None:
    publisher = peer.publisher(Image, RAW)

    def send_bad() -> None:
        message = raw(SCENE, peer.now_ns())
        spoil(message)
        publisher.publish(message)

    refused_and_told(peer, "camera", send_bad, word)
    peer.until(peer.answers, lambda: publisher.publish(raw(SCENE, peer.now_ns())))
    assert peer.answers()[0].found


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\0IHDR" + struct.pack(">II", width, height) + b"IEND"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"GIF89a and so on", "neither JPEG nor PNG"),
        (bytes(compressed(SCENE, 0, ".jpg").data)[:-200], "truncated"),
        (bytes(compressed(SCENE, 0, ".png").data)[:-50], "truncated"),
        (png_header(5000, 4000), "max_image_pixels"),
        (png_header(0, 0), "empty"),
    ],
    ids=["nothing", "gif", "cut_jpeg", "cut_png", "huge_png", "empty_png"],
)
def test_a_bad_compressed_image_is_told_and_the_next_good_one_answered(peer: Peer, data: bytes, word: str) -> None:
    publisher = peer.publisher(CompressedImage, COMPRESSED)

    def send_bad() -> None:
        message = compressed(SCENE, peer.now_ns(), ".jpg")
        message.data = array.array("B", data)
        publisher.publish(message)

    refused_and_told(peer, "packed", send_bad, word)
    peer.until(
        lambda: peer.answers(camera="packed"), lambda: publisher.publish(compressed(SCENE, peer.now_ns(), ".jpg"))
    )
    assert peer.answers(camera="packed")[0].found


@pytest.mark.parametrize(
    "serialized",
    [serialize_message(raw(SCENE, 0))[:-500], b"\0\1\0\0" + bytes(3), b"\0\7\0\0" + b"\xff" * 40, b"no such thing"],
    ids=["cut", "empty", "another_writing", "rubbish"],
)
def test_a_message_that_is_none_is_told_and_the_next_good_one_answered(peer: Peer, serialized: bytes) -> None:
    publisher = peer.publisher(Image, RAW)
    refused_and_told(peer, "camera", lambda: publisher.publish(serialized), "damaged")
    peer.until(peer.answers, lambda: publisher.publish(raw(SCENE, peer.now_ns())))
    assert peer.answers()[0].found


def refused_and_told(peer: Peer, camera: str, send_bad: Callable[[], None], word: str) -> None:
    part = f"camera {camera}"
    peer.until(lambda: peer.diagnosis(part).name)
    before = int(values(peer.diagnosis(part)).get("dropped_bad_image", 0))
    peer.say("the red car")
    peer.until(
        lambda: (
            int(values(peer.diagnosis(part)).get("dropped_bad_image", 0)) > before
            and word in peer.diagnosis(part).message
        ),
        send_bad,
    )
    message = peer.diagnosis(part).message
    assert message.startswith(f"Camera '{camera}': ")
    assert message.endswith(".")
    assert peer.diagnosis(part).level == b"\x01"
    assert not peer.answers(camera=camera)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"text": ""}, "readable"),
        ({"text": " \t\n "}, "readable"),
        ({"text": "\x00\x07\x1b"}, "readable"),
        ({"text": "🚗🚙🚕"}, "readable"),
        ({"text": "the red car " * 834}, "1000"),
        ({"text": "the red car", "cameras": ["attic"]}, "attic"),
        ({"text": "the red car", "target": 9}, "Target 9"),
        ({"text": "the red car", "confidence": math.nan}, "confidence"),
        ({"text": "the red car", "confidence": 2.0}, "confidence"),
        ({"text": "the red car", "lifetime_s": -1.0}, "time to live"),
        ({"text": "the red car", "id": "i" * 1000}, "id"),
        ({"text": "the red car", "id": "~refer-1"}, "'~refer-1'"),
    ],
    ids=["empty", "blank", "control", "emoji", "long", "camera", "target", "nan", "two", "past", "long_id", "own_id"],
)
def test_a_bad_command_is_told_and_the_next_good_one_answered(peer: Peer, fields: dict[str, Any], word: str) -> None:
    peer.until(lambda: peer.diagnosis("commands").name)
    before = int(values(peer.diagnosis("commands")).get("commands_refused", 0))
    peer.order(**fields)
    peer.until(lambda: int(values(peer.diagnosis("commands")).get("commands_refused", 0)) == before + 1)
    assert word in peer.diagnosis("commands").message
    assert peer.diagnosis("commands").level == b"\x01"
    publisher = peer.publisher(Image, RAW)
    peer.order("the red car", id="good")
    peer.until(lambda: peer.answers("good"), lambda: publisher.publish(raw(SCENE, peer.now_ns())))
    assert {answer.command_id for answer in peer.answers()} == {"good"}


def test_a_bad_typed_command_leaves_the_one_before_in_force(peer: Peer) -> None:
    peer.say("the red car")
    before = int(values(peer.diagnosis("commands")).get("commands_refused", 0))
    peer.publisher(String, "command").publish(String(data="🚗"))
    peer.until(lambda: int(values(peer.diagnosis("commands")).get("commands_refused", 0)) > before)
    publisher = peer.publisher(Image, RAW)
    peer.until(peer.answers, lambda: publisher.publish(raw(SCENE, peer.now_ns())))
    assert peer.answers()[-1].text == "the red car"


def test_commands_beyond_the_limit_push_out_the_oldest(peer: Peer) -> None:
    assert peer.set_parameter("max_commands", 2).successful
    for name in ("a", "b", "c"):
        peer.order("the red car", id=name)
    peer.until(lambda: "was forgotten" in peer.diagnosis("commands").message)
    assert {"command b", "command c"} <= set(values(peer.diagnosis("commands")))
    assert peer.clear() == 2
    assert peer.set_parameter("max_commands", 8).successful


def test_readable_words_among_signs_that_are_not_are_kept(peer: Peer) -> None:
    peer.say("the\x07 red\n car 🚗")
    publisher = peer.publisher(Image, RAW)
    peer.until(peer.answers, lambda: publisher.publish(raw(SCENE, peer.now_ns())))
    assert peer.answers()[0].text == "the red car"


def test_a_best_effort_commander_is_reported(peer: Peer) -> None:
    from rclpy.qos import ReliabilityPolicy

    peer.publisher(String, "command", ReliabilityPolicy.BEST_EFFORT, matched=False)
    peer.until(lambda: "does not fit" in peer.diagnosis("commands").message)
    assert "reliable" in peer.diagnosis("commands").message
    peer.retire("command", ReliabilityPolicy.BEST_EFFORT)
    peer.until(lambda: "does not fit" not in peer.diagnosis("commands").message)


def test_a_black_image_is_an_image(peer: Peer) -> None:
    peer.say("the red car")
    publisher = peer.publisher(Image, RAW)
    peer.until(peer.answers, lambda: publisher.publish(raw(np.zeros((1, 1, 3), np.uint8), peer.now_ns())))
    assert not peer.answers()[0].found
