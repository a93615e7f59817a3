"""The services and the action of the living node."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import BLUE, GREEN, RED, picture

pytest.importorskip("rclpy")

from action_msgs.msg import GoalStatus
from live_node import CLEANUP, DEACTIVATE, Peer, active_node, raw, stamp_ns
from rclpy.action import ActionClient
from sensor_msgs.msg import Image

from ris_ros.action import Refer
from ris_ros.ros.stamps import set_ns
from ris_ros.srv import Ground
from ris_ros.types import Target

pytestmark = pytest.mark.ros

SUPPORT = str(Path(tiny_bundle.__file__).parent)
ONE_RED = picture((192, 128), (RED, (40, 40, 48, 48)))
TWO_RED = picture((192, 128), (RED, (20, 40, 48, 48)), (RED, (120, 40, 48, 48)))
GREEN_ONLY = picture((192, 128), (GREEN, (40, 40, 48, 48)))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    parameters = {"diagnostics_period_s": 0.2, "ground_timeout_s": 0.5}
    with active_node(tmp_path_factory.mktemp("node"), parameters, {"PYTHONPATH": SUPPORT}, module="slow_node") as peer:
        yield peer


@pytest.fixture
def stream(peer: Peer) -> Iterator[Any]:
    """Starts a camera that publishes one image at 30 Hz until the test ends."""
    stop = threading.Event()
    publisher = peer.publisher(Image, "camera/image_raw")
    threads: list[threading.Thread] = []

    def start(image: np.ndarray) -> None:
        def run() -> None:
            while not stop.wait(0.033):
                publisher.publish(raw(image, peer.now_ns()))

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def ground(peer: Peer, text: str = "the red car", **fields: Any) -> Any:
    return peer.call(Ground, "ris/ground", Ground.Request(text=text, **fields))


class Goal:
    """A goal that was sent, and what is heard of it."""

    def __init__(self, peer: Peer, text: str, deadline_s: float = 0.0, cameras: tuple[str, ...] = ()) -> None:
        self._peer = peer
        self.feedback: list[Any] = []
        self._client = ActionClient(peer.node, Refer, "ris/refer")
        assert self._client.wait_for_server(10.0)
        goal = Refer.Goal(text=text, cameras=list(cameras))
        set_ns(goal.deadline, int(deadline_s * 1e9))
        self._handle = peer.result(self._client.send_goal_async(goal, feedback_callback=self._heard))
        self._result = self._handle.get_result_async()

    def _heard(self, message: Any) -> None:
        self.feedback.append(message.feedback)
        self._peer.notify()

    def cancel(self) -> None:
        self._peer.result(self._handle.cancel_goal_async())

    def end(self) -> tuple[int, Any]:
        """(status, result)"""
        answer = self._peer.result(self._result)
        self._client.destroy()
        return answer.status, answer.result

    def stages(self) -> list[int]:
        return [feedback.stage for feedback in self.feedback]


def test_a_given_image_is_grounded(peer: Peer) -> None:
    answer = ground(peer, image=raw(ONE_RED, 1_234_567_890, "somewhere"))
    assert answer.success, answer.message
    assert "none of the parameter cameras" in answer.grounding.reason
    assert answer.grounding.found
    assert answer.grounding.target == Target.OBJECT
    assert stamp_ns(answer.grounding) == 1_234_567_890
    assert answer.grounding.header.frame_id == "somewhere"
    assert not ground(peer, "the red unicorn", image=raw(ONE_RED, 1)).grounding.found
    assert not peer.heard["ris/groundings"]


def test_the_newest_image_of_a_camera_is_grounded(peer: Peer, stream: Any) -> None:
    stream(GREEN_ONLY)
    answer = ground(peer, "the green car", camera="camera")
    assert answer.success, answer.message
    assert answer.grounding.found
    assert answer.grounding.camera == "camera"
    assert peer.now_ns() - stamp_ns(answer.grounding) < 2e9
    assert ground(peer, "the green car").success  # the only camera need not be named


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"text": "", "camera": "camera"}, "readable"),
        ({"text": "the red car", "camera": "attic"}, "attic"),
        ({"text": "the red car", "camera": "camera", "target": 7}, "Target 7"),
        ({"text": "the red car", "image": Image(width=5, height=5, encoding="rgb9", data=b"123")}, "rgb9"),
        ({"text": "the red car", "image": Image(width=5, height=5, encoding="rgb8", step=15, data=b"123")}, "trunc"),
        ({"text": "x" * 10_000, "image": raw(ONE_RED, 1)}, "1000"),
    ],
    ids=["empty", "camera", "target", "encoding", "truncated", "long"],
)
def test_a_bad_request_is_refused_in_a_sentence(peer: Peer, fields: dict[str, Any], word: str) -> None:
    answer = ground(peer, **fields)
    assert not answer.success
    assert word in answer.message
    assert answer.message.endswith(".")


def test_a_request_for_a_silent_camera_ends_in_time_and_says_so(peer: Peer) -> None:
    assert peer.set_parameter("max_image_age_s", 0.001).successful
    answer = ground(peer, camera="camera")
    assert peer.set_parameter("max_image_age_s", 1.0).successful
    assert not answer.success
    assert "No image of 'camera' came within 0.5 s" in answer.message


def test_refer_finds_and_tells_its_stages(peer: Peer, stream: Any) -> None:
    stream(ONE_RED)
    goal = Goal(peer, "the red car")
    status, result = goal.end()
    assert (status, result.outcome) == (GoalStatus.STATUS_SUCCEEDED, Refer.Result.FOUND)
    assert result.grounding.found
    assert result.grounding.text == "the red car"
    assert goal.stages()[:3] == [Refer.Feedback.ACCEPTED, Refer.Feedback.ENCODED, Refer.Feedback.WAITING_FOR_IMAGE]
    assert goal.feedback[-1].stage == Refer.Feedback.GROUNDING
    assert goal.feedback[-1].frames_seen == 3
    assert goal.feedback[-1].best_existence > 0.9
    assert peer.clear() == 0, "the search's command must be gone"


@pytest.mark.parametrize(
    ("image", "text", "outcome"),
    [
        (GREEN_ONLY, "the red car", Refer.Result.NOT_FOUND),
        (ONE_RED, "the red unicorn", Refer.Result.NOT_FOUND),
        (TWO_RED, "the red car", Refer.Result.AMBIGUOUS),
        (TWO_RED, "the red cars", Refer.Result.FOUND),
        (ONE_RED, "park next to the red car", Refer.Result.FOUND),
    ],
    ids=["not_there", "unicorn", "two", "plural", "region"],
)
def test_refer_ends_with_what_frames_agree_on(
    peer: Peer, stream: Any, image: np.ndarray, text: str, outcome: int
) -> None:
    stream(image)
    status, result = Goal(peer, text).end()
    assert (status, result.outcome) == (GoalStatus.STATUS_SUCCEEDED, outcome), result.message
    assert result.message


def test_refer_runs_out_of_time_without_images(peer: Peer) -> None:
    begin = time.monotonic()
    status, result = Goal(peer, "the red car", deadline_s=0.3).end()
    assert 0.25 < time.monotonic() - begin < 3.0
    assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.TIMEOUT)
    assert "No image came" in result.message
    assert peer.clear() == 0


def test_refer_is_cancelled_while_it_waits(peer: Peer) -> None:
    goal = Goal(peer, "the red car", deadline_s=60.0)
    peer.until(lambda: Refer.Feedback.WAITING_FOR_IMAGE in goal.stages())
    goal.cancel()
    status, result = goal.end()
    assert (status, result.outcome) == (GoalStatus.STATUS_CANCELED, Refer.Result.CANCELLED)
    assert peer.clear() == 0


def test_refer_whose_command_is_cleared_ends(peer: Peer) -> None:
    goal = Goal(peer, "the red car", deadline_s=60.0)
    peer.until(lambda: Refer.Feedback.WAITING_FOR_IMAGE in goal.stages())
    assert peer.clear() == 1
    status, result = goal.end()
    assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.CANCELLED)
    assert "cleared" in result.message


def test_refer_refuses_what_it_cannot_read(peer: Peer) -> None:
    for goal in (Goal(peer, "🚗"), Goal(peer, "the red car", cameras=("attic",))):
        status, result = goal.end()
        assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.REFUSED)
        assert result.message


def test_goals_and_commands_are_answered_side_by_side(peer: Peer, stream: Any) -> None:
    peer.order("the green car", id="mine")
    goals = [Goal(peer, text) for text in ("the red car", "the red unicorn")]
    stream(ONE_RED)
    results = [goal.end()[1] for goal in goals]
    assert [result.outcome for result in results] == [Refer.Result.FOUND, Refer.Result.NOT_FOUND]
    ids = {result.grounding.command_id for result in results}
    assert len(ids) == 2 and all(id_.startswith("~refer-") for id_ in ids)
    peer.until(lambda: peer.answers("mine"))
    assert peer.clear() == 1


def test_cancelling_and_deadlines_do_not_wait_for_a_slow_engine(peer: Peer, stream: Any) -> None:
    assert peer.transition(DEACTIVATE)
    assert peer.transition(CLEANUP)
    assert peer.set_parameter("backend", "slow").successful
    peer.activate()
    stream(picture((192, 128), (BLUE, (40, 40, 48, 48))))
    goal = Goal(peer, "the blue car", deadline_s=60.0)
    peer.until(lambda: Refer.Feedback.GROUNDING in goal.stages())
    begin = time.monotonic()
    goal.cancel()
    status, result = goal.end()
    assert time.monotonic() - begin < 0.25, "cancelling waited for an inference of 0.3 s"
    assert (status, result.outcome) == (GoalStatus.STATUS_CANCELED, Refer.Result.CANCELLED)
    assert result.grounding.found, "the best answer so far comes with it"
    begin = time.monotonic()
    status, result = Goal(peer, "the blue car", deadline_s=0.4).end()
    assert 0.35 < time.monotonic() - begin < 0.65
    assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.TIMEOUT)


def test_deactivating_ends_what_runs(peer: Peer) -> None:
    goal = Goal(peer, "the red car", deadline_s=60.0)
    peer.until(lambda: Refer.Feedback.WAITING_FOR_IMAGE in goal.stages())
    assert peer.transition(DEACTIVATE)
    status, result = goal.end()
    assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.CANCELLED)
    assert "deactivated" in result.message
    status, result = Goal(peer, "the red car").end()
    assert (status, result.outcome) == (GoalStatus.STATUS_ABORTED, Refer.Result.REFUSED)
    assert "not active" in result.message
