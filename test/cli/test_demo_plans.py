"""What the demo counts and draws of plans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ris_ros.cli import demo_plans
from ris_ros.cli.plan import camera_pose
from ris_ros.data.scenes.drive_story import camera_at
from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.planning.values import Occupancy, Plan, PlanState, Pose2d
from ris_ros.planning.values import Path as Way
from ris_ros.types import Command, Target

SIZE_PX = (320, 180)
JPEG = cv2.imencode(".jpg", np.full((180, 320, 3), 90, np.uint8))[1].tobytes()


@dataclass
class Told:
    """A plan as far as it is counted."""

    stamp_ns: int = 0
    goal_known: bool = False
    path_known: bool = False
    reason: str = ""


class Planner:
    """Has a plan straight ahead for every stamp but those that it lacks."""

    def __init__(self, lacking: tuple[int, ...] = (), problem: str = "") -> None:
        self.lacking = lacking
        self.problem = problem

    def is_complete(self, told: Told) -> bool:
        return told.stamp_ns not in self.lacking

    def plan(self, told: Told) -> tuple[Plan, Occupancy]:
        grid = Grid(0.5, (40, 40), (-4.0, -10.0))
        way = Way(np.column_stack([np.linspace(0, 8, 81), np.zeros((81, 2))]), np.zeros(81))
        command = Command("one", f"plan {told.stamp_ns}", Target.REGION, 0)
        nothing = np.zeros(grid.shape, np.bool_)
        goal = Pose2d(8.0, 0.0, 0.0) if told.path_known else None
        plan = Plan(
            command, told.stamp_ns, PlanState.SEEN, 1, 0, None, None, nothing, np.zeros((0, 2)), goal,
            way if told.path_known else None, told.reason,
        )  # fmt: skip
        return plan, Occupancy(grid, np.zeros(grid.shape, np.int8), nothing, told.stamp_ns)

    def camera(self, size_px: tuple[int, int]) -> CameraModel:
        if self.problem:
            raise GeometryError(self.problem)
        return CameraModel.from_calibration(size_px, [250.0, 0, 159.5, 0, 250.0, 89.5, 0, 0, 1], "", [])


def drawn(told: list[Told], out: Path, planner: Planner | None = None) -> str:
    overlays = {one.stamp_ns: JPEG for one in told}
    chosen: Any = planner or Planner()
    return demo_plans.write_picture(chosen, told, overlays, demo_plans.SAMPLE_POSE, out)  # type: ignore[arg-type]


def test_goals_paths_and_reasons_are_counted() -> None:
    told: Any = [
        Told(goal_known=True, path_known=True),
        Told(goal_known=True, reason="No way."),
        Told(reason="Existence 12%, needed 75%."),
        Told(reason="Existence 8%, needed 75%."),
    ]
    counted = demo_plans.PlanReport.of("the car", told)

    assert (counted.plans, counted.goals, counted.paths) == (4, 2, 1)
    assert counted.reasons == {"Existence 12%, needed 75%.": 2, "No way.": 1}
    assert next(iter(counted.reasons)).startswith("Existence")
    (_, _, row) = demo_plans.as_table([counted]).splitlines()
    assert row.split("  ")[0] == "the car" and "50 %" in row and "25 %" in row and "2 of 3: Existence 12%" in row


def test_a_command_without_plans_is_no_failure_of_arithmetic() -> None:
    (_, _, row) = demo_plans.as_table([demo_plans.PlanReport.of("the car", [])]).splitlines()

    assert row.split() == ["the", "car", "0", "-", "-", "-"]


def test_the_middle_plan_with_a_path_is_drawn(tmp_path: Path) -> None:
    told = [
        Told(stamp, path_known=stamp in (2, 3, 4), reason="" if stamp in (2, 3, 4) else "No.") for stamp in range(9)
    ]

    assert '"plan 3": Goal 8.0 m ahead' in drawn(told, tmp_path)
    picture = cv2.imread(str(tmp_path / demo_plans.PICTURE_FILE))
    assert picture.shape[0] > SIZE_PX[1] and picture.shape[1] > SIZE_PX[0]
    assert '"plan 4"' in drawn(told, tmp_path, Planner(lacking=(3,)))
    assert '"plan 6": No.' in drawn(told, tmp_path, Planner(lacking=(2, 3, 4)))


def test_why_nothing_is_drawn_is_said(tmp_path: Path) -> None:
    assert "no plan arrived" in drawn([], tmp_path)
    assert "no plan arrived" in drawn([Told(1)], tmp_path, Planner(lacking=(1,)))
    assert "not calibrated" in drawn([Told(1)], tmp_path, Planner(problem="It is not calibrated."))
    assert not list(tmp_path.iterdir())


def test_the_node_is_told_where_the_camera_of_the_sample_is() -> None:
    parameters = demo_plans.node_parameters(demo_plans.SAMPLE_POSE)
    assert parameters["camera_poses"] == "[0.0, 0.0, 1.38, 0.0, 0.035, 0.0]"
    assert float(parameters["robot_rear_m"]) > 2.0

    believed = camera_pose(demo_plans.SAMPLE_POSE)
    for seconds in np.linspace(0.0, 10.0, 21):
        true = camera_at(seconds, SIZE_PX)
        assert believed.translation_m[2] == pytest.approx(true.height_m)
        # The middle ray falls as the true one does, but for the nodding and the braking.
        assert believed.rotation[2, 2] == pytest.approx(true.world_from_optical[2, 2], abs=0.0125)
