"""Plans as pictures: what is drawn lies where it is on the ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored import mask_answer

from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.overlay import REGION_COLOUR, draw
from ris_ros.planning.describe import describe
from ris_ros.planning.picture import Sight, camera_view, ground_view, plan_picture
from ris_ros.planning.values import Footprint, Occupancy, Path, Plan, PlanState, Pose2d
from ris_ros.types import Command, Frame, Grounding, Target

SIZE_PX = (320, 180)
COMMAND = Command("1", "park there", Target.REGION, 0)
GRID = Grid(0.2, (200, 200), (-8.0, -20.0))
REGION_M = np.array([[8.0, 1.0], [8.0, -1.0], [12.0, -1.0], [12.0, 1.0]])
CAMERA = CameraModel.from_calibration(SIZE_PX, [250.0, 0, 159.5, 0, 250.0, 89.5, 0, 0, 1], "", [])
VIEW = Viewpoint(CAMERA, RigidTransform(OPTICAL_AXES, np.array([0.0, 0.0, 1.4])), 0.0, 40.0, 0.005, 0.25)
GOAL = Pose2d(10.0, 0.0, 0.0)


def sight(goal: Pose2d | None, *, with_path: bool = True, reason: str = "") -> Sight:
    image = np.full((SIZE_PX[1], SIZE_PX[0], 3), 90, np.uint8)
    nothing = mask_answer(np.zeros(image.shape[:2], np.bool_))
    grounding = Grounding(COMMAND, Frame("image", image, 0), True, 0.9, 0.9, nothing, nothing)
    way = np.column_stack([np.linspace(0.0, 10.0, 101), np.zeros(101), np.zeros(101)])
    path = Path(way, np.zeros(101)) if with_path and goal is not None else None
    region = np.zeros(GRID.shape, np.bool_)
    plan = Plan(
        command=COMMAND,
        stamp_ns=0,
        state=PlanState.SEEN,
        track_id=1,
        age_ns=0,
        place_m=np.array([10.0, 0.0]),
        thing_m=None,
        region=region,
        region_m=REGION_M,
        goal=goal,
        path=path,
        reason=reason,
    )
    values = np.full(GRID.shape, -1, np.int8)
    values[:, 60:] = 0
    return Sight(draw((grounding,)), VIEW, Occupancy(GRID, values, region, 0), plan, Footprint(0.5, 0.5, 0.35))


def pixel_of(x_m: float, y_m: float) -> tuple[int, int]:
    ((x, y),), _ = VIEW.pixels(np.array([[x_m, y_m, 0.0]]))
    return round(float(x)), round(float(y))


def test_way_and_goal_are_painted_on_the_ground_that_the_camera_sees():
    bare, drawn = (camera_view(sight(goal)).astype(int) for goal in (None, GOAL))
    changed = np.abs(drawn - bare).sum(axis=2)
    for x_m in (6.0, 8.0, 10.0):
        x, y = pixel_of(x_m, 0.0)
        assert changed[y, x] > 100, x_m
    for x_m, y_m in ((6.0, 0.8), (8.0, -0.8), (12.5, 0.0)):
        x, y = pixel_of(x_m, y_m)
        assert changed[y, x] == 0, (x_m, y_m)
    assert changed[:89].max() == 0  # nothing is painted on the sky


def test_from_above_forward_is_up_and_left_is_left():
    side = 400
    picture = ground_view(sight(None, reason="No."), (side, side)).astype(int)
    teal = np.abs(picture - REGION_COLOUR).sum(axis=2) < 60
    rows, columns = np.nonzero(teal[: side - 40])
    assert rows.mean() < side / 2  # the region lies ahead, in the upper half
    assert columns.mean() == pytest.approx(side / 2, abs=6)
    away = sight(None, reason="No.")
    aside = Sight(away.answered_rgb, VIEW, away.occupancy, _moved(away.plan, 4.0), away.footprint)
    teal = np.abs(ground_view(aside, (side, side)).astype(int) - REGION_COLOUR).sum(axis=2) < 60
    assert np.nonzero(teal[: side - 40])[1].mean() < side / 2 - 20


def _moved(plan: Plan, left_m: float) -> Plan:
    return replace(plan, region_m=plan.region_m + np.array([0.0, left_m]))


def test_the_whole_picture_holds_both_views_and_a_line_of_words():
    picture = plan_picture(sight(GOAL))
    assert picture.dtype == np.uint8
    assert picture.shape[0] > SIZE_PX[1]
    assert picture.shape[1] > SIZE_PX[0] + SIZE_PX[1] // 2
    assert picture[SIZE_PX[1] + 2 :].max() > 200  # words


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (sight(GOAL), "Goal 10.0 m ahead, 0.0 m to the left, heading +0 degrees; path 10.0 m."),
        (sight(Pose2d(5.0, -2.0, 1.0), with_path=False, reason="No way."), "5.0 m ahead, 2.0 m to the right"),
        (sight(None, reason="It is not there."), "It is not there."),
    ],
)
def test_a_plan_in_words(made, says):
    assert says in describe(made.plan)
    assert made.plan.reason in describe(made.plan)


def test_a_very_long_reason_still_fits():
    assert plan_picture(sight(None, reason="Because " * 40)).shape == plan_picture(sight(None, reason="No.")).shape
