"""The client of Nav2, against an action server that behaves as Nav2's navigator does."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

import rclpy.task
from fake_nav2 import FakeNav2, refer
from geometry_msgs.msg import PoseStamped
from plans import plan
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from spinning import PATIENCE_S, Spinning

from ris_ros.errors import TransportError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.values import Pose2d
from ris_ros.ros import navigate
from ris_ros.ros.aim import Aim, navigate_to_pose
from ris_ros.ros.navigate import NavigateClient

pytestmark = pytest.mark.ros

AIM = Aim(Pose2d(5.0, 1.0, 0.0), "odom", "command@1", "park behind the red car")
TOLERANCE_M = 0.5


def moved(x_m: float = 0.0, turned: float = 0.0) -> Aim:
    return replace(AIM, pose=Pose2d(AIM.pose.x_m + x_m, AIM.pose.y_m, AIM.pose.yaw_rad + turned))


class Bench:
    """The client on a node of its own, and a Nav2 beside it."""

    def __init__(self, name: str) -> None:
        self.changed = threading.Condition()
        self.enabled = True
        self.problems: list[str] = []
        self.reports: list[str] = []
        self.name = name
        self.nav2 = FakeNav2(self.changed)
        self.loop = Spinning("client")
        self.client: NavigateClient = self.loop.do(
            lambda: NavigateClient(
                self.loop.node,
                lambda: self.enabled,
                lambda: TOLERANCE_M,
                name,
                lambda _, sentence: self._note(self.problems, sentence),
                lambda sentence: self._note(self.reports, sentence),
                refer,
            )
        )
        self._open = True

    def _note(self, notes: list[str], sentence: str) -> None:
        with self.changed:
            notes.append(sentence)
            self.changed.notify_all()

    def until(self, what: Callable[[], Any]) -> Any:
        """Wait until ``what`` gives something true, and return it."""
        end = time.monotonic() + PATIENCE_S
        with self.changed:
            while not (result := what()):
                assert self.changed.wait(end - time.monotonic()), f"{self.problems} {self.reports} {self.nav2.ended}"
        return result

    def driving(self, goals: int = 1) -> None:
        """Wait until Nav2 drives to the given number of goals that it accepted."""
        self.until(lambda: sum(report.startswith("Nav2 drives") for report in self.reports) == goals)

    def settle(self) -> None:
        """Let the client look a few times."""
        for _ in range(3):
            self.loop.do(self.client._step)

    def close_client(self) -> None:
        if self._open:
            self._open = False
            self.loop.do(self.client.close)

    def close(self) -> None:
        self.close_client()
        self.nav2.close()
        self.loop.close()


@pytest.fixture
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(navigate, "_RETRY_S", 0.1)
    monkeypatch.setattr(navigate, "_ANSWER_S", 1.0)
    bench = Bench("drive")
    yield bench
    bench.close()


@pytest.fixture
def driving(bench: Bench) -> Bench:
    """A bench whose Nav2 drives to AIM."""
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.driving()
    assert bench.nav2.heard == ["5.0 1.0 odom"]
    return bench


def test_a_goal_is_sent_once_while_it_moves_less_than_the_tolerances(driving: Bench) -> None:
    for aim in (AIM, moved(0.4), moved(turned=0.2)):
        driving.client.aim(aim)
        driving.settle()

    assert len(driving.nav2.heard) == 1


@pytest.mark.parametrize("aim", [moved(1.0), moved(turned=0.5), replace(AIM, errand="command@2")])
def test_a_goal_that_moved_takes_the_older_ones_place(driving: Bench, aim: Aim) -> None:
    driving.client.aim(aim)
    driving.driving(2)
    driving.settle()

    assert driving.nav2.ended == [("5.0 1.0 odom", "preempted")]
    assert len(driving.nav2.heard) == 2
    assert driving.problems == []


def test_a_goal_is_cancelled_when_it_is_released_and_sent_again_when_it_is_back(driving: Bench) -> None:
    driving.client.release("the thing is lost.")
    driving.until(lambda: driving.nav2.ended == [("5.0 1.0 odom", "canceled")])
    assert driving.reports[-1] == "The drive of 'park behind the red car' is cancelled: the thing is lost."
    driving.settle()
    assert driving.client.state == "idle: the thing is lost"

    driving.client.aim(AIM)
    driving.driving(2)


def test_a_goal_is_cancelled_when_the_parameter_is_set_to_false(driving: Bench) -> None:
    driving.enabled = False
    driving.until(lambda: driving.nav2.ended == [("5.0 1.0 odom", "canceled")])


def test_a_goal_is_cancelled_when_the_node_ends(driving: Bench) -> None:
    driving.close_client()
    driving.until(lambda: driving.nav2.ended == [("5.0 1.0 odom", "canceled")])


def test_nothing_is_sent_while_the_parameter_is_false(bench: Bench) -> None:
    bench.enabled = False
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.settle()
    assert bench.nav2.heard == []

    bench.enabled = True
    bench.client.look()
    bench.driving()


def test_a_goal_that_was_reached_is_not_sent_again_until_it_moves(driving: Bench) -> None:
    driving.nav2.end("succeeded")
    driving.until(lambda: "reached the goal" in driving.reports[-1])
    driving.client.aim(moved(0.3))
    driving.client.release("the thing is lost")
    driving.client.aim(AIM)
    driving.settle()
    assert len(driving.nav2.heard) == 1

    driving.client.aim(moved(2.0))
    driving.driving(2)


def test_a_goal_that_failed_for_a_reason_is_sent_again_when_it_moves(driving: Bench) -> None:
    driving.nav2.end("aborted", "error 203: no way there")
    driving.until(lambda: driving.problems)
    assert "(error 203: no way there)" in driving.problems[-1]
    driving.client.aim(moved(0.3))
    driving.settle()
    assert len(driving.nav2.heard) == 1

    driving.client.aim(moved(2.0))
    driving.driving(2)


@pytest.mark.parametrize("how", ["aborted", "canceled"])
def test_an_end_from_outside_is_respected_until_the_command_is_said_again(driving: Bench, how: str) -> None:
    driving.nav2.end(how)
    driving.until(lambda: driving.problems)
    assert "say the command again" in driving.problems[-1]
    driving.client.aim(moved(3.0))
    driving.client.release("the thing is lost")
    driving.client.aim(moved(5.0))
    driving.settle()
    assert len(driving.nav2.heard) == 1

    driving.client.aim(replace(AIM, errand="command@2"))
    driving.driving(2)


def test_a_rejected_goal_is_told_and_tried_again(bench: Bench) -> None:
    bench.nav2.rejecting = True
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.until(lambda: len(bench.nav2.heard) > 1)
    assert "rejected the goal" in bench.problems[-1]

    bench.nav2.rejecting = False
    bench.driving()


def test_the_older_goal_is_not_driven_to_when_the_newer_is_rejected(driving: Bench) -> None:
    driving.nav2.rejecting = True
    driving.client.aim(moved(2.0))
    driving.until(lambda: driving.nav2.ended == [("5.0 1.0 odom", "canceled")])


def test_a_missing_server_is_told_and_waited_for(bench: Bench) -> None:
    bench.client.aim(AIM)
    bench.until(lambda: bench.problems)
    assert bench.problems[0].startswith("There is no action server 'drive'")
    assert bench.client.state == "waiting for Nav2"

    bench.nav2.start(bench.name)
    bench.driving()


def test_a_server_that_dies_is_told_and_gets_the_goal_when_it_is_back(driving: Bench) -> None:
    driving.nav2.stop()
    driving.until(lambda: any("is gone" in problem for problem in driving.problems))

    driving.nav2.start(driving.name)
    driving.driving(2)


def test_a_server_that_does_not_answer_is_told_and_its_late_answer_ends_in_a_cancel(bench: Bench) -> None:
    bench.nav2.answering.clear()
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.until(lambda: any("does not answer" in problem for problem in bench.problems))
    bench.client.release("the command was cleared")

    bench.nav2.answering.set()
    bench.until(lambda: ("5.0 1.0 odom", "canceled") in bench.nav2.ended)


def test_a_goal_that_is_released_before_it_is_accepted_is_cancelled(bench: Bench) -> None:
    bench.nav2.answering.clear()
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.until(lambda: bench.nav2.heard)
    bench.client.release("the command was cleared")
    bench.until(lambda: bench.reports)
    bench.nav2.answering.set()
    bench.until(lambda: bench.nav2.ended == [("5.0 1.0 odom", "canceled")])


@pytest.mark.parametrize(("how", "state"), [("succeeded", "arrived"), ("aborted", "ended from outside")])
def test_an_end_is_noticed_though_its_result_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, how: str, state: str
) -> None:
    monkeypatch.setattr(ClientGoalHandle, "get_result_async", lambda _: rclpy.task.Future())
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.driving()
    bench.nav2.end(how)
    bench.until(lambda: (bench.reports if how == "succeeded" else bench.problems)[-1:] and bench.client.state == state)
    bench.settle()

    assert len(bench.nav2.heard) == 1


def test_a_goal_is_cancelled_though_the_answer_that_accepted_it_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = ActionClient.send_goal_async

    def send_and_lose_the_answer(*args: Any, **kwargs: Any) -> Any:
        send(*args, **kwargs)
        return rclpy.task.Future()

    monkeypatch.setattr(ActionClient, "send_goal_async", send_and_lose_the_answer)
    bench.nav2.start(bench.name)
    bench.client.aim(AIM)
    bench.until(lambda: bench.nav2.heard)
    bench.client.release("the command was cleared")
    bench.until(lambda: bench.nav2.ended == [("5.0 1.0 odom", "canceled")])


def test_without_nav2_msgs_a_sentence_says_what_to_install(bench: Bench) -> None:
    with pytest.raises(TransportError, match="nav2-msgs"):
        navigate_to_pose()

    def broken() -> Any:
        raise TransportError("install it")

    bench.client._open_action = broken
    bench.client.aim(AIM)
    bench.until(lambda: bench.problems[:1] == ["install it"])
    assert bench.client.state == "not possible"


class Nav2Goal:
    """The documented fields of a goal of NavigateToPose, from Humble to Kilted."""

    def __init__(self, pose: PoseStamped | None = None, behavior_tree: str = "") -> None:
        self.pose, self.behavior_tree = pose, behavior_tree


def test_a_goal_of_nav2_is_a_pose_in_a_frame_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = types.ModuleType("nav2_msgs.action")
    actions.NavigateToPose = types.SimpleNamespace(Goal=Nav2Goal)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nav2_msgs", types.ModuleType("nav2_msgs"))
    monkeypatch.setitem(sys.modules, "nav2_msgs.action", actions)
    action = navigate_to_pose()
    goal = action.goal(replace(AIM, pose=Pose2d(5.0, 1.0, np.pi / 2)))

    assert goal.behavior_tree == ""
    assert (goal.pose.header.frame_id, goal.pose.header.stamp.sec) == ("odom", 0)
    assert (goal.pose.pose.position.x, goal.pose.pose.position.y) == (5.0, 1.0)
    assert goal.pose.pose.orientation.z == pytest.approx(goal.pose.pose.orientation.w)
    humble, jazzy, kilted = (
        types.SimpleNamespace(result=None),
        types.SimpleNamespace(error_code=203),
        types.SimpleNamespace(error_code=203, error_msg="no way."),
    )
    assert [action.error(result) for result in (humble, jazzy, kilted)] == ["", "error 203", "error 203: no way"]


def test_an_aim_is_a_plans_goal_where_the_world_stands_still() -> None:
    fixed_from_base = RigidTransform.from_xyz_rpy((10.0, 0.0, 0.0), 0.0, 0.0, np.pi / 2)
    aim = Aim.of(plan(goal=Pose2d(2.0, 0.0, 0.0)), "odom", fixed_from_base)

    assert aim is not None
    assert (aim.pose.x_m, aim.pose.y_m, aim.pose.yaw_rad) == pytest.approx((10.0, 2.0, np.pi / 2))
    assert (aim.frame_id, aim.errand, aim.text) == ("odom", "command@7", "park behind the red car")
    assert Aim.of(plan(), "odom", fixed_from_base) is None


def test_headings_are_compared_around_the_circle() -> None:
    one, other = (replace(AIM, pose=Pose2d(0.0, 0.0, yaw)) for yaw in (3.1, -3.1))

    assert one.near(other, 0.0)
    assert not one.near(replace(other, frame_id="map"), 0.0)
