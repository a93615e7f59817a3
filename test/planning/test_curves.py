"""Curves: where they lead, that no shorter one does, and what lies along them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.planning.curves import Curves, chained, moved, shortest

Array = NDArray[np.float64]

places = st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(-7, 7)).map(np.array)
radii = st.sampled_from([0.0, 0.3, 1.0, 5.0])
tight = st.sampled_from([0.3, 1.0, 5.0])
LEFT, STRAIGHT, RIGHT = 1, 0, -1
WORDS = [
    (LEFT, STRAIGHT, LEFT),
    (LEFT, STRAIGHT, RIGHT),
    (LEFT, RIGHT, LEFT),
    (RIGHT, STRAIGHT, RIGHT),
    (RIGHT, STRAIGHT, LEFT),
    (RIGHT, LEFT, RIGHT),
]


def joined(start: Array, goal: Array, radius_m: float) -> Curves:
    return shortest(start[np.newaxis], goal[np.newaxis], radius_m)


def apart(pose: Array, other: Array) -> float:
    """The greatest difference of coordinates, headings compared as directions."""
    yaw = math.remainder(float(pose[2] - other[2]), 2 * math.pi)
    return max(float(np.abs(pose[:2] - other[:2]).max()), abs(yaw))


@given(places, places, radii)
def test_leads_to_the_goal(start: Array, goal: Array, radius_m: float) -> None:
    curve = joined(start, goal, radius_m)
    missed = 1e-4  # by rounding, which may leave out what is shorter still
    assert apart(curve.joints[0, -1], goal) < missed
    assert (curve.lengths_m >= 0).all()
    assert curve.lengths_m.sum() >= np.hypot(*(goal - start)[:2]) - 2 * missed


@given(places, places, tight)
def test_no_turn_is_tighter_than_allowed(start: Array, goal: Array, radius_m: float) -> None:
    curve = joined(start, goal, radius_m)
    assert (np.abs(curve.turns_rad) * radius_m <= curve.lengths_m + 1e-9).all()


@given(
    places,
    tight,
    st.sampled_from(WORDS),
    st.tuples(*[st.just(0.0) | st.floats(0.01, 6)] * 3),
)
def test_no_curve_of_three_pieces_is_shorter(
    start: Array, radius_m: float, word: tuple[int, int, int], pieces: tuple[float, float, float]
) -> None:
    """Dubins: the shortest is one of these words, so no curve of such a word is shorter."""
    lengths = np.array([pieces]) * radius_m
    turns = np.array([pieces]) * np.array(word)
    curve = Curves(start[np.newaxis], lengths, turns)
    again = joined(start, curve.joints[0, -1], radius_m)
    assert again.lengths_m.sum() <= lengths.sum() + 1e-4


@given(places, places, radii)
def test_the_mirrored_world_has_the_mirrored_curve(start: Array, goal: Array, radius_m: float) -> None:
    mirror = np.array([1.0, -1.0, -1.0])
    curve, mirrored = joined(start, goal, radius_m), joined(start * mirror, goal * mirror, radius_m)
    assert mirrored.lengths_m.sum() == pytest.approx(curve.lengths_m.sum(), abs=1e-4)


@given(places, places, radii)
def test_the_way_back_is_as_long(start: Array, goal: Array, radius_m: float) -> None:
    about = np.array([0.0, 0.0, math.pi])
    there, back = joined(start, goal, radius_m), joined(goal + about, start + about, radius_m)
    assert back.lengths_m.sum() == pytest.approx(there.lengths_m.sum(), abs=1e-4)


@given(places, radii)
def test_from_a_pose_to_itself_there_is_nothing_to_drive(pose: Array, radius_m: float) -> None:
    curve = joined(pose, pose, radius_m)
    assert curve.lengths_m.sum() == 0.0
    assert np.abs(curve.turns_rad).sum() == pytest.approx(0.0, abs=1e-9)
    assert len(curve.poses(0.1)[0]) == 0


def test_straight_on_is_straight() -> None:
    curve = joined(np.array([1.0, 2.0, 0.5]), np.array([1 + 7 * math.cos(0.5), 2 + 7 * math.sin(0.5), 0.5]), 5.0)
    assert curve.lengths_m.sum() == pytest.approx(7.0)


def test_turning_round_takes_a_half_circle_and_no_more() -> None:
    curve = joined(np.zeros(3), np.array([0.0, 10.0, math.pi]), 5.0)
    assert curve.lengths_m.sum() == pytest.approx(5 * math.pi)


def test_a_robot_that_turns_on_the_spot_turns_to_the_nearer_side() -> None:
    curve = joined(np.zeros(3), np.array([0.0, -4.0, -math.pi]), 0.0)
    assert curve.turns_rad[0] == pytest.approx([-math.pi / 2, 0.0, -math.pi / 2])
    assert curve.lengths_m[0] == pytest.approx([0.0, 4.0, 0.0])


@given(places, places, radii, st.sampled_from([0.05, 0.1, 0.3]))
def test_poses_lie_close_to_each_other(start: Array, goal: Array, radius_m: float, step_m: float) -> None:
    curve = joined(start, goal, radius_m)
    poses = np.concatenate([start[np.newaxis], curve.poses(step_m)[0]])
    steps = np.diff(poses, axis=0)
    assert np.hypot(steps[:, 0], steps[:, 1]).max(initial=0.0) <= step_m + 1e-6
    assert np.abs(steps[:, 2]).max(initial=0.0) <= step_m + 1e-6  # at a metre from the turning point
    assert apart(poses[-1], goal) < 1e-4


@given(places, places, places, radii)
def test_divided_curves_go_through_the_same_poses(start: Array, middle: Array, goal: Array, radius_m: float) -> None:
    curves = shortest(np.array([start, middle]), np.array([middle, goal]), radius_m)
    parts = curves.divided(0.1)
    assert parts.lengths_m.max(initial=0.0) <= 0.1 + 1e-9
    assert parts.lengths_m.sum() == pytest.approx(curves.lengths_m.sum(), abs=1e-9)
    np.testing.assert_allclose(parts.poses(0.1)[0], curves.poses(0.1)[0], atol=1e-9)


@given(places, st.lists(st.tuples(st.floats(0, 5), st.floats(-2, 2)), min_size=1, max_size=6))
def test_a_chain_begins_each_piece_where_the_last_one_ended(start: Array, pieces: list[tuple[float, float]]) -> None:
    lengths, turns = np.array(pieces).T
    chain = chained(start, lengths, turns)
    pose = start[np.newaxis]
    for length, turn in pieces:
        if (length, turn) != (0.0, 0.0):
            pose = moved(pose, np.array([length]), np.array([turn]))
    if len(chain):
        np.testing.assert_allclose(chain.joints[:-1, 1], chain.starts[1:], atol=1e-9)
        np.testing.assert_allclose(chain.joints[-1, 1], pose[0], atol=1e-9)


def test_each_pose_tells_its_piece() -> None:
    curves = shortest(np.zeros((2, 3)), np.array([[10.0, 0.0, 0.0], [0.0, 10.0, math.pi]]), 2.0)
    poses, piece = curves.poses(0.5)
    assert len(poses) == len(piece)
    assert set(piece // 3) == {0, 1}
    ends = poses[np.flatnonzero(np.diff(piece // 3, append=9))]
    np.testing.assert_allclose(ends[:, :2], [[10.0, 0.0], [0.0, 10.0]], atol=1e-9)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="starts"):
        Curves(np.zeros((2, 2)), np.zeros((2, 1)), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="lengths_m"):
        Curves(np.zeros((2, 3)), np.zeros((2, 1)), np.zeros((2, 2)))
