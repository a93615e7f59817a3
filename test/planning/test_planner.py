"""From what a perfect model says of a flat street to goals and ways, over images and while the robot drives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_ros.geometry.polygon import area_m2
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.place import place
from ris_ros.planning.planner import Patience, Planner, Robot
from ris_ros.planning.values import Footprint, Plan, PlanState
from ris_ros.types import Command, Grounding, Target
from test.support.flat_scene import CAR_M
from test.support.seen_street import GRID, STEP_NS, VIEW, Moment

FOLLOW = Command("c", "the red car", Target.OBJECT, 0)
PARK = Command("p", "park there", Target.REGION, 0)
ROBOT = Robot(Footprint(0.5, 0.5, 0.35), 0.2, 0.0, 1.5)
SECOND = 1_000_000_000


def planner(confirm_frames: int = 2, robot: Robot = ROBOT) -> Planner:
    return Planner(GRID, robot, Patience(confirm_frames, 1.0, 0.3, 2.0), 0.5)


def show(plans: Planner, moment: Moment, grounding: Grounding, motion_known: bool = True) -> Plan:
    """Take one image in, and plan."""
    fixed_from_base = moment.fixed_from_base if motion_known else None
    plans.follow(grounding.command)
    plans.see(VIEW, moment.surroundings(), fixed_from_base)
    plans.note(VIEW, grounding, place(grounding, VIEW.viewpoint, None), fixed_from_base)
    plan = plans.plan()
    assert plan is not None
    return plan


def test_it_stops_before_the_car_it_was_sent_to() -> None:
    plans = planner()
    for index in (1, 2):
        moment = Moment(((14.0, 1.0),), index=index)
        plan = show(plans, moment, moment.car(FOLLOW, 0))
    assert plan.state is PlanState.SEEN
    assert plan.thing_m == pytest.approx([14.0 - CAR_M[0] / 2, 1.0], abs=0.5)
    assert plan.goal is not None
    assert plan.path is not None
    gap_m = 14.0 - CAR_M[0] / 2 - (plan.goal.x_m + ROBOT.footprint.front_m)
    assert ROBOT.standoff_m - 0.5 < gap_m < 2 * ROBOT.standoff_m
    assert plan.path.poses[0] == pytest.approx([0.0, 0.0, 0.0])
    assert plan.reason == ""


def test_one_image_is_not_enough_and_the_plan_says_so() -> None:
    moment = Moment(((14.0, 1.0),))
    plan = show(planner(), moment, moment.car(FOLLOW, 0))
    assert plan.state is PlanState.WAITING
    assert plan.goal is None
    assert "in a row" in plan.reason


def test_what_is_not_there_gives_no_goal_and_the_models_reason() -> None:
    plans = planner()
    for index in (1, 2, 3):
        moment = Moment(((14.0, 1.0),), index=index)
        plan = show(plans, moment, moment.car(FOLLOW, 5))
    assert plan.state is PlanState.WAITING
    assert plan.goal is None
    assert plan.path is None
    assert plan.reason == "It is not there."


def test_a_thing_unseen_is_held_and_then_lost() -> None:
    plans = planner()
    for index in (1, 2, 3):
        moment = Moment(((14.0, 1.0),), index=index)
        seen = show(plans, moment, moment.car(FOLLOW, 0))
    held = show(plans, Moment((), index=5), Moment((), index=5).car(FOLLOW, 0))
    assert held.state is PlanState.HELD
    assert held.age_ns == 2 * STEP_NS
    assert held.track_id == seen.track_id
    assert held.thing_m == pytest.approx(seen.thing_m)
    lost = show(plans, Moment((), index=14), Moment((), index=14).car(FOLLOW, 0))
    assert lost.state is PlanState.LOST
    assert lost.goal is None
    assert lost.path is None
    assert lost.reason


def test_silence_takes_the_plan_and_the_map_back() -> None:
    plans = planner()
    for index in (1, 2):
        moment = Moment(((14.0, 1.0),), index=index)
        show(plans, moment, moment.car(FOLLOW, 0))
    plan = plans.plan(since_ns=SECOND + 1)
    assert plan is not None
    assert plan.state is PlanState.LOST
    assert "too long" in plan.reason
    occupancy = plans.occupancy(since_ns=2 * SECOND + 1)
    assert occupancy is not None
    assert (occupancy.values == -1).all()


def test_a_region_holds_its_goal_and_its_outline() -> None:
    plans = planner()
    for index in range(1, 8):
        moment = Moment(((14.0, 3.0),), index=index)
        plan = show(plans, moment, moment.ground(PARK, (8.0, -3.0), (13.0, 1.0)))
    assert plan.goal is not None
    assert 8.0 < plan.goal.x_m < 13.0
    assert -3.0 < plan.goal.y_m < 1.0
    assert area_m2(plan.region_m) == pytest.approx(20.0, rel=0.15)
    assert plan.place_m == pytest.approx([10.5, -1.0], abs=0.5)
    assert plan.path is not None


@settings(max_examples=8, deadline=None)
@given(steps_m=st.lists(st.tuples(st.floats(0.0, 0.4), st.floats(-0.1, 0.1)), min_size=3, max_size=6))
def test_the_goal_stands_still_while_the_robot_drives(steps_m: list[tuple[float, float]]) -> None:
    plans = planner(confirm_frames=1)
    x, y, goals = 0.0, 0.0, []
    for index, step in enumerate(steps_m, 1):
        moment = Moment(((14.0, 3.5),), (x, y), index)
        plan = show(plans, moment, moment.ground(PARK, (8.0, -2.0), (12.0, 1.0)))
        assert plan.goal is not None
        goals.append(plan.goal.moved(moment.fixed_from_base))
        x, y = x + step[0], y + step[1]
    assert np.ptp([goal.x_m for goal in goals]) < 1.0
    assert np.ptp([goal.y_m for goal in goals]) < 1.0


def test_a_robot_high_above_the_fixed_frames_origin_and_on_a_slope_keeps_its_goal() -> None:
    plans = planner(confirm_frames=1)
    goals = []
    for index in range(1, 5):
        moment = Moment(((14.0, 3.5),), index=index)
        grounding = moment.ground(PARK, (8.0, -2.0), (12.0, 1.0))
        fixed_from_base = RigidTransform.from_xyz_rpy((0.0, 0.0, 150.0), 0.02 * index, 0.03 * index, 0.0)
        plans.follow(PARK)
        plans.see(VIEW, moment.surroundings(), fixed_from_base)
        plans.note(VIEW, grounding, place(grounding, VIEW.viewpoint, None), fixed_from_base)
        plan = plans.plan()
        assert plan is not None
        assert plan.goal is not None
        assert plan.place_m == pytest.approx([10.0, -0.5], abs=0.5)
        goals.append((plan.goal.x_m, plan.goal.y_m))
    assert np.ptp(goals, axis=0).max() < 0.1


def test_a_camera_that_sees_nothing_of_it_does_not_keep_it_from_being_believed() -> None:
    plans = planner()
    for index in (1, 2, 3):
        moment, elsewhere = Moment(((14.0, 1.0),), index=index), Moment((), index=index)
        show(plans, moment, moment.car(FOLLOW, 0))
        nothing = elsewhere.car(FOLLOW, 0)
        rear = replace(nothing, frame=replace(nothing.frame, camera="rear"))
        plans.note(VIEW, rear, place(rear, VIEW.viewpoint, None), elsewhere.fixed_from_base)
    plan = plans.plan()
    assert plan is not None
    assert plan.state is PlanState.SEEN
    assert plan.goal is not None


def test_a_clock_that_is_set_back_begins_anew() -> None:
    plans = planner()
    for index in (101, 102, 1):
        moment = Moment(((14.0, 1.0),), index=index)
        plan = show(plans, moment, moment.car(FOLLOW, 0))
    assert (plan.state, plan.stamp_ns) == (PlanState.WAITING, STEP_NS)
    moment = Moment(((14.0, 1.0),), index=2)
    assert show(plans, moment, moment.car(FOLLOW, 0)).goal is not None


def test_the_outline_that_depth_gave_is_kept_while_the_thing_is_held() -> None:
    plans, gaps_m = planner(confirm_frames=1), []
    rng = np.random.default_rng(0)
    rear_m = np.stack([np.full(400, 11.8), rng.uniform(0.1, 1.9, 400), rng.uniform(0.1, 1.5, 400)], axis=1)
    optical_m = VIEW.viewpoint.base_from_camera.inverse.apply(rear_m)
    for index, number in ((1, 0), (2, 5)):
        moment = Moment(((14.0, 1.0),), index=index)
        grounding = moment.car(FOLLOW, number)
        plans.follow(FOLLOW)
        plans.see(VIEW, moment.surroundings(), moment.fixed_from_base)
        plans.note(VIEW, grounding, place(grounding, VIEW.viewpoint, lambda _: optical_m), moment.fixed_from_base)
        plan = plans.plan()
        assert plan is not None
        assert plan.goal is not None
        gaps_m.append((plan.goal.x_m, plan.goal.y_m))
    assert plan.state is PlanState.HELD
    assert gaps_m[1] == pytest.approx(gaps_m[0])


def test_without_the_robots_motion_it_still_plans_on_each_image() -> None:
    plans = planner()
    for index in (1, 2):
        moment = Moment(((14.0, 1.0),), index=index)
        plan = show(plans, moment, moment.car(FOLLOW, 0), motion_known=False)
    assert plan.goal is not None


def test_motion_that_becomes_unknown_loses_the_thing_until_it_was_seen_again() -> None:
    plans = planner()
    for index in (1, 2):
        moment = Moment(((14.0, 1.0),), index=index)
        show(plans, moment, moment.car(FOLLOW, 0))
    moment = Moment(((14.0, 1.0),), index=3)
    plan = show(plans, moment, moment.car(FOLLOW, 0), motion_known=False)
    assert plan.state is PlanState.LOST
    assert plan.goal is None


def test_another_command_begins_anew() -> None:
    plans = planner()
    for index in (1, 2):
        moment = Moment(((14.0, 1.0),), index=index)
        show(plans, moment, moment.car(FOLLOW, 0))
    moment = Moment(((14.0, 1.0),), index=3)
    again = Command("c", "the red car", Target.OBJECT, 1)
    assert show(plans, moment, moment.car(again, 0)).state is PlanState.WAITING


def test_before_any_image_or_without_a_command_there_is_no_plan() -> None:
    plans = planner()
    assert plans.plan() is None
    assert plans.occupancy() is None
    moment = Moment(())
    plans.see(VIEW, moment.surroundings(), moment.fixed_from_base)
    assert plans.plan() is None
    assert plans.occupancy() is not None


def test_behind_a_wall_of_cars_there_is_no_way_and_the_reason_says_so() -> None:
    plans = planner(confirm_frames=1)
    wall = tuple((9.0, y) for y in (-4.2, -2.4, -0.6, 1.2, 3.0, 4.6))
    moment = Moment(wall)
    plan = show(plans, moment, moment.ground(PARK, (14.0, -3.0), (18.0, 3.0)))
    assert plan.path is None
    assert plan.reason
