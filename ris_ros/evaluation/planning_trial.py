"""One command, planned for on one rendered picture and held against the exact ground."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.true_ground import OBSTACLE_CLASSES, TrueGround
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.language.utterance import clean
from ris_ros.pipeline.perceive import Perceiver, View
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.planning.place import place
from ris_ros.planning.planner import Planner, Robot
from ris_ros.planning.values import Path, Plan
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

_SAMPLE_M = 0.05
_MS_PER_NS = 1e-6
_OBSTACLE_IDS = [BY_NAME[name].id for name in sorted(OBSTACLE_CLASSES)]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was planned for one command, and whether it holds.

    Attributes:
        frame: Name of the picture.
        text: The command.
        kind: Its manoeuvre.
        feasible: Whether the true region has room for the robot on truly free ground.
        found: Whether the answer says that there is such a region.
        reason: Why there is no goal or no path; empty where both are there.
        goal: (x, y, yaw) in metres and radians, None where there is none.
        goal_in_region: Whether it lies in the true region.
        goal_share: Share of the robot's outline there that lies in the true region.
        goal_touches: Whether the robot would touch something that truly stands there.
        goal_off_road: Whether a part of it would be off the true road.
        path_m: Length of the path, None where there is none.
        path_touches: Whether the robot touches something on it.
        path_off_road: Whether a part of it leaves the true road.
        see_ms, goal_ms, path_ms: Duration of the map's update, of the goal and of the path; None where it was not made.
    """

    frame: str
    text: str
    kind: str
    feasible: bool
    found: bool
    reason: str
    goal: tuple[float, float, float] | None
    goal_in_region: bool
    goal_share: float
    goal_touches: bool
    goal_off_road: bool
    path_m: float | None
    path_touches: bool
    path_off_road: bool
    see_ms: float
    goal_ms: float
    path_ms: float | None


class Eyes(Protocol):
    """What answers commands on a picture."""

    def look(self, image: LabeledImage, stamp_ns: int) -> Surroundings:
        """What is seen of the ground on this picture; answers are about it from here on."""
        ...

    def answer(self, expression: Expression) -> Grounding:
        """The answer to a sentence about the picture that was looked at."""
        ...


class TrueEyes:
    """Answers with the truth, so that what is measured is geometry and planning alone."""

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def look(self, image: LabeledImage, stamp_ns: int) -> Surroundings:
        """The true road, and everything that stands on one."""
        self._frame = Frame("image", image.image_rgb, stamp_ns)
        road = image.class_map == BY_NAME["road"].id
        obstacle = np.isin(image.class_map, _OBSTACLE_IDS)
        return Surroundings(self._frame, _confidence(road), _confidence(obstacle))

    def answer(self, expression: Expression) -> Grounding:
        """The true masks."""
        if self._frame is None:
            raise ValueError("look at a picture first")
        nothing = np.zeros(self._frame.image_rgb.shape[:2], np.bool_)
        named, region = (nothing if mask is None else mask for mask in (expression.object_mask, expression.region_mask))
        command = Command("truth", clean(expression.text), expression.target, 0)
        return Grounding(command, self._frame, True, 1.0, 1.0, _mask_answer(named), _mask_answer(region))


class ModelEyes:
    """Answers with a model, the ground included: end to end.

    Args:
        perceiver: The model.
        free_texts: What may be driven on, in words.
        obstacle_texts: What must not be touched.
    """

    def __init__(self, perceiver: Perceiver, free_texts: Sequence[str], obstacle_texts: Sequence[str]) -> None:
        self._perceiver = perceiver
        self._texts = free_texts, obstacle_texts
        self._view: View | None = None

    def look(self, image: LabeledImage, stamp_ns: int) -> Surroundings:
        """The ground, by the standing texts."""
        self._view = self._perceiver.look([Frame("image", image.image_rgb, stamp_ns)])
        (surroundings,) = self._perceiver.survey(self._view, *self._texts)
        return surroundings

    def answer(self, expression: Expression) -> Grounding:
        """The model's masks."""
        if self._view is None:
            raise ValueError("look at a picture first")
        command = Command("model", clean(expression.text), Target.REGION, 0)
        (grounding,) = self._perceiver.answer(self._view, [command])
        return grounding


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One picture that the robot sees on its way.

    Attributes:
        image: The picture.
        view: The camera, as the robot knows it, over the planner's cells.
        fixed_from_base: Where the robot is.
        stamp_ns: When.
    """

    image: LabeledImage
    view: BirdsEye
    fixed_from_base: RigidTransform
    stamp_ns: int


def try_commands(
    glances: Sequence[Glance],
    ground: TrueGround,
    expressions: Sequence[Expression],
    eyes: Eyes,
    planner: Planner,
    robot: Robot,
) -> list[Trial]:
    """Plan for sentences that send the robot somewhere, each as if it were the first thing ever said to it.

    Args:
        glances: What the robot has seen, oldest first; the commands are given on the last picture.
        ground: The exact ground of that.
        expressions: Sentences with a true region in it.
        eyes: What answers them.
        planner: It has seen nothing, and believes a single picture.
        robot: What is driven.
    """
    for glance in glances[:-1]:
        planner.see(glance.view, eyes.look(glance.image, glance.stamp_ns), glance.fixed_from_base)
    image, view, here = glances[-1].image, glances[-1].view, glances[-1].fixed_from_base
    surroundings = eyes.look(image, glances[-1].stamp_ns)
    planner.see(view, surroundings, here)  # makes the tables of the view, once for all of its pictures
    start_ns = time.perf_counter_ns()
    planner.see(view, surroundings, here)
    planner.occupancy()
    see_ms = (time.perf_counter_ns() - start_ns) * _MS_PER_NS
    return [
        _judged(image.id, expression, ground, robot, see_ms, *_planned(planner, view, eyes.answer(expression), here))
        for expression in expressions
    ]


def _planned(
    planner: Planner, view: BirdsEye, grounding: Grounding, here: RigidTransform
) -> tuple[Grounding, Plan, float, float]:
    """The answer, its plan, and how long goal and path took in milliseconds."""
    planner.follow(grounding.command)
    planner.note(view, grounding, place(grounding, view.viewpoint, None), here)
    start_ns = time.perf_counter_ns()
    planner.plan(want_path=False)
    goal_ns = time.perf_counter_ns()
    plan = planner.plan()
    path_ns = time.perf_counter_ns()
    if plan is None:
        raise ValueError("a planner that was told of a picture and a command has a plan")
    goal_ms = (goal_ns - start_ns) * _MS_PER_NS
    return grounding, plan, goal_ms, max(0.0, (path_ns - goal_ns) * _MS_PER_NS - goal_ms)


def _judged(
    frame: str,
    expression: Expression,
    ground: TrueGround,
    robot: Robot,
    see_ms: float,
    grounding: Grounding,
    plan: Plan,
    goal_ms: float,
    path_ms: float,
) -> Trial:
    if expression.region_mask is None:
        raise ValueError(f"'{expression.text}' has no region")
    region = ground.spread(expression.region_mask)
    goal = plan.goal
    at_goal = np.zeros((0, 3)) if goal is None else np.array([[goal.x_m, goal.y_m, goal.yaw_rad]])
    on_path = np.zeros((0, 3)) if plan.path is None else dense(plan.path)
    return Trial(
        frame=frame,
        text=expression.text,
        kind=expression.kind,
        feasible=ground.holds(region, robot.footprint, robot.clearance_m),
        found=grounding.found,
        reason=plan.reason,
        goal=None if goal is None else (goal.x_m, goal.y_m, goal.yaw_rad),
        goal_in_region=goal is not None and ground.contains(region, goal),
        goal_share=0.0 if goal is None else ground.share_inside(region, goal, robot.footprint),
        goal_touches=bool(ground.touched(at_goal, robot.footprint).any()),
        goal_off_road=bool(ground.off_road(at_goal, robot.footprint).any()),
        path_m=None if plan.path is None else plan.path.length_m,
        path_touches=bool(ground.touched(on_path, robot.footprint).any()),
        path_off_road=bool(ground.off_road(on_path, robot.footprint).any()),
        see_ms=see_ms,
        goal_ms=goal_ms,
        path_ms=None if goal is None else path_ms,
    )


def dense(path: Path) -> NDArray[np.float64]:
    """A path's poses [n, 3] with others between them, at most 5 cm or 5 degrees apart."""
    poses = path.poses
    if len(poses) == 1:
        return poses
    turn = np.remainder(np.diff(poses[:, 2]) + math.pi, 2 * math.pi) - math.pi
    step_m = np.linalg.norm(np.diff(poses[:, :2], axis=0), axis=1)
    parts = np.maximum(1, np.ceil(np.maximum(step_m / _SAMPLE_M, np.abs(turn) / math.radians(5.0))).astype(int))
    at = np.repeat(np.arange(len(turn)), parts)
    share = (np.concatenate([np.arange(count) for count in parts]) / parts[at])[:, np.newaxis]
    between = poses[at] + share * np.column_stack([np.diff(poses[:, :2], axis=0), turn])[at]
    return np.concatenate([between, poses[-1:]])


def _confidence(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.view(np.uint8) * np.uint8(255)


def _mask_answer(mask: NDArray[np.bool_]) -> MaskAnswer:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    confidence = _confidence(np.ascontiguousarray(mask))
    if not len(rows):
        return MaskAnswer(confidence, mask, (0, 0, 0, 0), (0, 0), 0.0)
    x, y = int(columns[0]), int(rows[0])
    box = (x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)
    return MaskAnswer(confidence, mask, box, (x + int(np.argmax(mask[y, x:])), y), 1.0)


def trials_as_json(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The trials as plain values, the same for the same seed but for the durations."""
    return [asdict(trial) for trial in trials]
