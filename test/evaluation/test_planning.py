"""Plans against the exact ground: figures of trials made by hand, and true masks planned for end to end."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from flat_scene import flat_scene

from ris_ros.cli.plan import ROBOTS, rendered_view
from ris_ros.data.expression import Expression
from ris_ros.evaluation.planning import Measured, planning_figures, planning_table
from ris_ros.evaluation.planning_trial import Glance, Trial, TrueEyes, dense, trials_as_json, try_commands
from ris_ros.evaluation.projection import ProjectionFigures
from ris_ros.evaluation.true_ground import TrueGround
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.planner import Patience, Planner, Robot
from ris_ros.planning.values import Footprint, Path
from ris_ros.types import Target

EXACT = ProjectionFigures(10, 0.001, 0.002, {"10": 0.001})
TILTED = ProjectionFigures(10, 0.1, math.inf, {"10": 0.1, "30": math.inf})
CARS = ((16.0, 1.0), (13.0, -3.2))
GRID = Grid(0.2, (200, 200), (-8.0, -20.0))


def trial(**changes: Any) -> Trial:
    values: dict[str, Any] = {
        "frame": "a",
        "text": "park behind the car",
        "kind": "park",
        "feasible": True,
        "found": True,
        "reason": "",
        "goal": (9.0, 1.0, 0.0),
        "goal_in_region": True,
        "goal_share": 1.0,
        "goal_touches": False,
        "goal_off_road": False,
        "path_m": 9.0,
        "path_touches": False,
        "path_off_road": False,
        "see_ms": 2.0,
        "goal_ms": 4.0,
        "path_ms": 8.0,
    }
    return Trial(**(values | changes))


NO_GOAL = {"goal": None, "goal_in_region": False, "goal_share": 0.0, "path_m": None, "path_ms": None}


def test_feasible_commands_without_a_goal_count_as_failures_and_are_listed():
    trials = (
        trial(),
        trial(goal_in_region=False, goal_touches=True, path_touches=True),
        trial(kind="stop", reason="It is not there.", found=False, **NO_GOAL),
        trial(kind="stop", reason="No way.", path_m=None),
        trial(feasible=False, path_off_road=True),
        trial(feasible=False, reason="Not counted.", **NO_GOAL),
    )
    made = planning_figures(Measured(trials, EXACT, TILTED))
    every = made["all"]
    assert (every["commands"], every["feasible"]) == (6, 4)
    assert (every["goal_in_region"], every["goal_given"], every["path_given"]) == (0.5, 0.75, 0.5)
    assert (every["goals"], every["goals_touching"]) == (4, 1)
    assert (every["paths"], every["paths_touching"], every["paths_off_road"]) == (3, 1, 1)
    assert every["path_clear"] == pytest.approx(1 / 3)
    assert made["no_goal_reasons"] == {"It is not there.": 1}
    assert made["no_path_reasons"] == {"No way.": 1}
    assert made["kinds"]["stop"]["goal_in_region"] == 0.5
    assert made["median_ms"] == {"map": 2.0, "goal": 4.0, "path": 8.0}
    table = planning_table(made)
    assert "goal in the region: 50.0 % (bar 90.0 %, below)" in table
    assert "goals in an obstacle: 1 of 4 (bar 0)" in table
    assert "It is not there." in table
    json.dumps(trials_as_json(trials))


def test_nothing_to_judge_is_no_figure():
    made = planning_figures(Measured((), ProjectionFigures(0, None, None, {}), ProjectionFigures(0, None, None, {})))
    assert made["all"]["goal_in_region"] is None
    assert "goal in the region: -" in planning_table(made)


def test_poses_between_those_of_a_path_are_close_and_turn_the_short_way():
    poses = np.array([[0.0, 0.0, 3.1], [0.2, 0.0, -3.1], [0.2, 0.0, -2.0]])
    between = dense(Path(poses, np.zeros(3)))
    assert np.abs(np.diff(between[:, :2], axis=0)).max() <= 0.05 + 1e-9
    turns = np.remainder(np.diff(between[:, 2]) + math.pi, 2 * math.pi) - math.pi
    assert np.abs(turns).max() <= math.radians(5.0) + 1e-9
    for pose in poses:
        assert np.abs(between - pose).max(axis=1).min() < 1e-9
    assert len(dense(Path(poses[:1], np.zeros(1)))) == 1


def region_on(image_points: np.ndarray, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    px, py, pz = np.moveaxis(image_points, 2, 0)
    with np.errstate(invalid="ignore"):
        inside = (px > x[0]) & (px < x[1]) & (py > y[0]) & (py < y[1]) & (np.abs(pz) < 0.01)
    return np.asarray(inside)


def planned(region: np.ndarray, text: str) -> Trial:
    image, geometry = flat_scene(CARS)
    settings = ROBOTS["small"]
    robot = Robot(Footprint(0.5, 0.5, 0.35), 0.2, 0.0, 1.5)
    planner = Planner(GRID, robot, Patience(1, 1.0, 0.3, 2.0), settings.free_probability)
    ground = TrueGround(image, geometry)
    view = BirdsEye(rendered_view(geometry), GRID)
    said = Expression(text, "park", Target.REGION, True, image.instance_map == 1, region)
    glance = Glance(image, view, RigidTransform.identity(), 1)
    (made,) = try_commands([glance], ground, [said], TrueEyes(), planner, robot)
    return made


def test_a_true_region_with_room_gets_a_goal_in_it_and_a_clear_path():
    points = flat_scene(CARS)[1].points_m()
    made = planned(region_on(points, (8.0, 12.0), (0.0, 2.0)), "park behind the car")
    assert made.feasible and made.found and made.reason == ""
    assert made.goal is not None and made.goal_in_region and made.goal_share > 0.9
    assert 8.0 < made.goal[0] < 12.0 and 0.0 < made.goal[1] < 2.0
    assert not (made.goal_touches or made.goal_off_road or made.path_touches or made.path_off_road)
    assert made.path_m is not None and made.path_m >= math.hypot(*made.goal[:2]) - 1e-6


def test_a_region_on_the_pavement_is_not_feasible_and_gets_no_goal():
    points = flat_scene(CARS)[1].points_m()
    made = planned(region_on(points, (20.0, 25.0), (5.5, 9.0)), "park there")
    assert not made.feasible
    assert made.goal is None and made.reason
