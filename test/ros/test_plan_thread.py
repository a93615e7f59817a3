"""What the planning thread says of images that cannot be used, and that it always ends and lets go."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from ris_ros.config.node import NodeConfig
from ris_ros.errors import GeometryError
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.planning.from_settings import planner_of
from ris_ros.planning.values import Occupancy, Plan, PlanState
from ris_ros.ros.plan_thread import PROBLEM, PlanThread, Senses, Surveyed
from ris_ros.ros.statistics import Statistics
from ris_ros.types import Command, Frame, Target

pytestmark = pytest.mark.ros

PATIENCE_S = 10.0
COMMAND = Command("command", "the red car", Target.OBJECT, uttered_ns=0)
MAP = np.zeros((4, 8), np.uint8)


class Told:
    """Takes what a teller would publish."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.plans: list[Plan] = []
        self.withdrawn: list[str] = []
        self.fails = False

    def tell(self, plan: Plan, occupancy: Occupancy | None, fixed_from_base: Any) -> None:
        with self.changed:
            self.plans.append(plan)
            self.changed.notify_all()

    def tell_costmap(self, occupancy: Occupancy) -> None:
        raise AssertionError("nobody wants it")

    def withdraw_plan(self, reason: str) -> None:
        self.withdraw(0, reason)

    def withdraw(self, stamp_ns: int, reason: str) -> None:
        if self.fails:
            raise RuntimeError("the context is invalid")
        with self.changed:
            self.withdrawn.append(reason)
            self.changed.notify_all()

    def until(self, what: Callable[[], Any]) -> None:
        with self.changed:
            assert self.changed.wait_for(what, PATIENCE_S), "nothing came of it in time"


@dataclasses.dataclass
class Wanted:
    """Stands for the topics: somebody listens to ``~/plan``, and to nothing else."""

    wanted_plan: bool = True
    wanted_path: bool = True
    wanted_costmap: bool = False
    wanted_points: bool = False
    wanted_filter_mask: bool = False


class Bench:
    """The thread, in a world of which nothing can be seen for reasons that a test gives."""

    def __init__(self) -> None:
        self.told = Told()
        self.command: Command | None = COMMAND
        self.problems: list[tuple[str, str]] = []
        self.before_viewpoint: Callable[[], None] = lambda: None
        config = NodeConfig(plan_rate_hz=100.0)
        senses = Senses(self._viewpoint, lambda _: None, lambda _: None, lambda _: None, lambda: self.command)
        self.thread = PlanThread(
            planner_of(config),
            senses,
            Wanted(),  # type: ignore[arg-type]
            self.told,  # type: ignore[arg-type]
            lambda: config,
            Statistics(),
            lambda kind, sentence: self.problems.append((kind, sentence)),
        )

    def _viewpoint(self, frame: Frame) -> Viewpoint:
        self.before_viewpoint()
        raise GeometryError(f"Camera '{frame.camera}' looks up.")

    def show(self, stamp_ns: int = 5, camera: str = "camera") -> None:
        frame = Frame(camera, np.zeros((*MAP.shape, 3), np.uint8), stamp_ns, "camera_optical")
        self.thread.offer(Surveyed((), Surroundings(frame, MAP, MAP, 0), 1))


@pytest.fixture()
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.told.fails = False
    bench.thread.stop()


def test_why_an_image_cannot_be_placed_is_in_the_plan(bench: Bench) -> None:
    bench.show()
    bench.told.until(lambda: bench.told.plans)
    plan = bench.told.plans[-1]
    assert (plan.state, plan.goal, plan.stamp_ns) == (PlanState.WAITING, None, 5)
    assert plan.reason == "Camera 'camera' looks up."
    assert (PROBLEM, plan.reason) in bench.problems


def test_a_command_hears_of_its_own_cameras_only(bench: Bench) -> None:
    bench.command = dataclasses.replace(COMMAND, cameras=("left",))
    bench.show(camera="right")
    bench.told.until(lambda: bench.told.plans)
    assert "right" not in bench.told.plans[-1].reason
    bench.show(camera="left")
    bench.told.until(lambda: "left" in bench.told.plans[-1].reason)
    assert "right" not in bench.told.plans[-1].reason


def test_a_command_that_is_over_takes_its_plan_back(bench: Bench) -> None:
    bench.show()
    bench.told.until(lambda: bench.told.plans)
    bench.command = None
    bench.told.until(lambda: bench.told.withdrawn)
    assert bench.told.withdrawn[0] == "The command is no longer active."


def test_forgetting_waits_for_what_the_thread_is_at_and_silences_it(bench: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def late_transform() -> None:
        entered.set()
        assert go_on.wait(PATIENCE_S)

    bench.before_viewpoint = late_transform
    bench.show()
    assert entered.wait(PATIENCE_S)
    forgetting = threading.Thread(target=bench.thread.forget, args=("The node was deactivated.",))
    forgetting.start()
    assert forgetting.is_alive()
    go_on.set()
    forgetting.join(PATIENCE_S)
    assert not forgetting.is_alive()
    assert bench.told.withdrawn[-1] == "The node was deactivated."
    told = len(bench.told.plans)
    bench.command = dataclasses.replace(COMMAND, id="other")
    bench.thread.forget("again")  # a whole round of the thread later
    assert len(bench.told.plans) == told


def test_it_ends_where_nothing_can_be_taken_back_any_more(bench: Bench) -> None:
    bench.show()
    bench.told.until(lambda: bench.told.plans)
    bench.told.fails = True
    stopping = threading.Thread(target=bench.thread.stop, daemon=True)
    stopping.start()
    stopping.join(PATIENCE_S)
    assert not stopping.is_alive()
