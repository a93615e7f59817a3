"""The living node with an engine that dies under it: every image is answered all the same, and everybody is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import RED, picture

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus
from live_node import NodeProcess, Peer, raw, stamp_ns, values
from sensor_msgs.msg import Image

pytestmark = pytest.mark.ros

SUPPORT = str(Path(tiny_bundle.__file__).parent)
SIZE_PX = (96, 64)  # the network's input: no bars, so that the engine sees what is sent
SCENE = picture(SIZE_PX, (RED, (16, 16, 24, 24)))
DEADLY = np.full((64, 96, 3), 7, np.uint8)  # see failing_node.py
PARAMETERS = {"backend": "doomed", "diagnostics_period_s": 0.1}


def send(peer: Peer, image: np.ndarray) -> int:
    stamp = peer.now_ns()
    peer.publisher(Image, "camera/image_raw").publish(raw(image, stamp))
    return stamp


def first_answer(peer: Peer, image: np.ndarray) -> tuple[bool, bool]:
    """Send an image again and again until an answer comes.

    Returns:
        Whether it found something, and whether it is on the first of the images.
    """
    sent: list[int] = []

    def answer() -> Any:
        # Those to images of before may still come.
        return next((answer for answer in peer.answers() if stamp_ns(answer) in sent), None)

    first = peer.until(answer, lambda: sent.append(send(peer, image)), every_s=0.5)
    return bool(first.found), stamp_ns(first) == sent[0]


@pytest.mark.parametrize("doom", ["look", "question", "numbers"])
def test_the_image_on_which_the_engine_dies_is_answered_and_everybody_told(doom: str, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": SUPPORT, "DOOM": doom}
    with NodeProcess(tmp_path / "log.txt", PARAMETERS, environment, module="failing_node") as process, Peer() as peer:
        peer.activate()
        peer.say("the red car")
        assert first_answer(peer, SCENE)[0]
        peer.until(lambda: values(peer.diagnosis("engine")).get("backend") == "doomed")
        assert peer.diagnosis("engine").level == DiagnosticStatus.OK

        found, at_once = first_answer(peer, DEADLY)
        assert at_once, "the very image on which the engine died is answered"
        assert not found
        peer.until(lambda: "fell back" in peer.diagnosis("engine").message)
        engine = peer.diagnosis("engine")
        assert engine.level == DiagnosticStatus.WARN
        told = values(engine)
        assert told["backend"] in ("onnx", "openvino")
        assert told["fell back"].startswith("from doomed: ")
        assert "dropped_backend_error" not in values(peer.diagnosis("camera camera"))
        assert first_answer(peer, SCENE)[0]
        assert process.interrupt() == 0
        assert "backend doomed failed at run time" in process.printed()
        assert "fell back from doomed" in process.printed()


def test_without_another_backend_the_image_is_counted_and_the_next_one_answered(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": SUPPORT, "DOOM": "look", "ALONE": "1"}
    with NodeProcess(tmp_path / "log.txt", PARAMETERS, environment, module="failing_node") as process, Peer() as peer:
        peer.activate()
        peer.say("the red car")
        assert first_answer(peer, SCENE)[0]
        peer.forget()
        send(peer, DEADLY)
        peer.until(lambda: "fell over" in peer.diagnosis("engine").message)
        assert int(values(peer.diagnosis("camera camera"))["dropped_backend_error"]) > 0
        assert not peer.answers()
        assert first_answer(peer, SCENE)[0]
        assert process.interrupt() == 0
