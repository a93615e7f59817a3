"""The second thread, with clock, commands and images of the test's own: what it says and what not."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from live_node import raw, stamp_ns

from ris_ros.config.node import NodeConfig
from ris_ros.pipeline import masks
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.ros.carrier import Asking, Carrier
from ris_ros.ros.gate import Answered, Gate
from ris_ros.ros.statistics import Answer, Fate, Statistics
from ris_ros.ros.worker import Arrival
from ris_ros.types import Command, Frame, Grounding, Target

pytestmark = pytest.mark.ros

SIZE = 160, 96
MS = 1_000_000
PATIENCE_S = 10.0
_GREY = cv2.resize(np.random.default_rng(0).integers(40, 210, (30, 60), np.uint8), (SIZE[0] * 2, SIZE[1]))
WORLD = np.asarray(cv2.cvtColor(_GREY, cv2.COLOR_GRAY2RGB), np.uint8)


class Desk:
    """Everything around a carrier."""

    def __init__(self) -> None:
        self.config = NodeConfig()
        self.now_ns = 10**12
        self.commands: tuple[Command, ...] = (self.command("a"),)
        self.deciding = False
        self.statistics = Statistics()
        self.problems: list[tuple[str, str]] = []
        self.published: list[Answered] = []
        self.gate = Gate(self.published.append)
        asking = Asking(lambda: self.commands, lambda: self.deciding)
        self.carrier = Carrier(
            lambda: self.config,
            lambda: self.now_ns,
            self.statistics,
            self.gate,
            asking,
            lambda kind, sentence: self.problems.append((kind, sentence)),
        )

    def command(self, id_: str, **fields: Any) -> Command:
        return Command(id_, "the thing", Target.OBJECT, uttered_ns=self.now_ns, **fields)

    def arrival(self, number: int, camera: str = "camera", stamp: int | None = None) -> Arrival:
        """Frame ``number``, 33 ms after the one before."""
        time_ns = self.now_ns + number * 33 * MS
        image = np.ascontiguousarray(WORLD[:, 2 * number : 2 * number + SIZE[0]])
        message = raw(image, time_ns if stamp is None else stamp)
        return Arrival(camera, message, time_ns, time_ns, Fate(self.statistics, camera))

    def offer(self, arrival: Arrival) -> list[Answered]:
        """What is published on an image, once the carrier is done with it; the worker is busy all the while."""
        before = len(self.published)
        done = threading.Event()
        end = arrival.fate.end

        def ended(outcome: Any) -> None:
            end(outcome)
            done.set()

        arrival.fate.end = ended  # type: ignore[method-assign]
        self.carrier.offer(arrival)
        assert done.wait(PATIENCE_S)
        return self.published[before:]

    def look(self, number: int, *commands: Command, camera: str = "camera") -> None:
        """The model answered frame ``number``."""
        arrival = self.arrival(number, camera)
        image = np.ascontiguousarray(WORLD[:, 2 * number : 2 * number + SIZE[0]])
        frame = Frame(camera, image, stamp_ns(arrival.message))
        confidence = np.zeros(SIZE[::-1], np.uint8)
        confidence[30:60, 60:100] = 240
        thing, nothing = masks.cut(confidence, (80, 45), 0.5), masks.cut(np.zeros_like(confidence), (0, 0), None)
        groundings = [
            Grounding(command, frame, True, 0.9, thing.score, thing, nothing, candidates=1) for command in commands
        ]
        self.carrier.renew(Answered(groundings, groundings[-1], {}, 0, arrival), Thresholds(0.5, 0.5, 0.5))


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.carrier.stop()
    assert not desk.problems


def test_an_image_is_answered_from_the_newest_look_and_counted_as_propagated(desk: Desk) -> None:
    assert desk.offer(desk.arrival(1)) == [], "the model has not answered yet"
    desk.look(0, *desk.commands)
    arrival = desk.arrival(2)
    (answered,) = desk.offer(arrival)
    assert answered.newest.propagated_ns == 2 * 33 * MS
    assert answered.newest.found
    assert answered.image_time_ns == stamp_ns(arrival.message)
    desk.look(2, *desk.commands)
    (answered,) = desk.offer(desk.arrival(3))
    assert answered.newest.propagated_ns == 33 * MS
    arrival.fate.end(None)  # the worker gave it up
    assert desk.statistics.camera("camera").propagated == 1
    assert {"flow", "warp"} <= desk.statistics.stages().keys()


def test_nothing_is_said_while_a_command_is_read_or_has_no_answer(desk: Desk) -> None:
    (first,) = desk.commands
    desk.look(0, first)
    assert desk.offer(desk.arrival(1))
    desk.deciding = True
    assert not desk.offer(desk.arrival(2))
    desk.deciding = False
    second = desk.command("b")
    desk.commands = (first, second)
    assert not desk.offer(desk.arrival(3)), "the newer command has no answer"
    desk.look(3, first, second)
    (answered,) = desk.offer(desk.arrival(4))
    assert [one.command for one in answered.groundings] == [first, second]
    desk.commands = (second,)
    (answered,) = desk.offer(desk.arrival(5))
    assert [one.command for one in answered.groundings] == [second]
    desk.commands = (dataclasses.replace(second),)
    assert not desk.offer(desk.arrival(6)), "a command of the same id and words is another one"
    desk.commands = ()
    assert not desk.offer(desk.arrival(7))


def test_a_command_that_concerns_another_camera_holds_nothing_up(desk: Desk) -> None:
    (first,) = desk.commands
    desk.look(0, first)
    desk.commands = (first, desk.command("b", cameras=("rear",)))
    (answered,) = desk.offer(desk.arrival(1))
    assert [one.command for one in answered.groundings] == [first]
    assert not desk.offer(desk.arrival(1, camera="rear")), "of this camera there is no answer"


def test_an_expired_command_is_silent(desk: Desk) -> None:
    desk.commands = (desk.command("a", time_to_live_ns=100 * MS),)
    desk.look(0, *desk.commands)
    assert desk.offer(desk.arrival(1))
    desk.now_ns += 101 * MS
    assert not desk.offer(desk.arrival(2))


def test_an_image_that_is_older_than_what_is_out_is_not_published(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    assert desk.gate.let_out("camera", desk.arrival(3).monotonic_ns, lambda: SimpleNamespace())  # type: ignore[arg-type]
    assert not desk.offer(desk.arrival(2))
    assert not desk.offer(desk.arrival(3))
    assert desk.offer(desk.arrival(4))


def test_what_was_forgotten_is_gone(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    desk.carrier.forget()
    assert not desk.offer(desk.arrival(1))
    desk.look(1, *desk.commands)
    assert desk.offer(desk.arrival(2))
    desk.carrier.forget()
    assert not desk.offer(desk.arrival(3))


def test_a_camera_without_stamps_gets_nothing_carried(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    for number in range(1, 4):
        assert not desk.offer(desk.arrival(number, stamp=0))


def test_the_age_is_a_live_setting(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    assert desk.offer(desk.arrival(3))
    desk.config = NodeConfig(max_propagated_age_s=0.1)
    assert not desk.offer(desk.arrival(4))
    desk.look(4, *desk.commands)
    assert desk.offer(desk.arrival(5))


def test_a_damaged_image_is_told_of_and_the_next_one_answered(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    damaged = desk.arrival(1)
    damaged.message.encoding = "sepia"
    assert not desk.offer(damaged)
    assert [kind for kind, _ in desk.problems] == ["image/camera"]
    desk.problems.clear()
    assert desk.offer(desk.arrival(2))


def test_an_image_that_the_worker_is_done_with_is_left_alone(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    arrival = desk.arrival(1)
    arrival.fate.end(Answer.GROUNDED)
    desk.carrier.offer(arrival)
    assert desk.offer(desk.arrival(2))
    assert [answered.arrival.monotonic_ns for answered in desk.published] == [desk.arrival(2).monotonic_ns]
    assert desk.statistics.camera("camera").grounded == 1


def test_a_closed_gate_lets_nothing_out(desk: Desk) -> None:
    desk.look(0, *desk.commands)
    arrival = desk.arrival(1)
    with desk.gate.closed():
        desk.carrier.offer(arrival)
        desk.commands = ()
    assert not desk.offer(desk.arrival(2))
    assert not desk.published
