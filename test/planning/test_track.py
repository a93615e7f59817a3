"""The tracker believes what it sees again, is not moved by one wrong answer, and invents nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.planning.track import Sighting, Tracker
from ris_ros.planning.values import PlanState

SECOND = 1_000_000_000
STEP_NS = SECOND // 10


def sighting(x_m: float, y_m: float, index: int, sigma_m: float = 0.2) -> Sighting:
    return Sighting(np.array([x_m, y_m], np.float64), np.eye(2) * sigma_m**2, index * STEP_NS)


def tracker(confirm_frames: int = 2) -> Tracker:
    return Tracker(confirm_frames, SECOND)


def test_a_thing_is_believed_only_once_it_was_seen_often_enough() -> None:
    track = tracker(confirm_frames=3)
    assert track.at(0).state is PlanState.WAITING
    assert [track.see(sighting(10, 1, index)) for index in range(4)] == [False, False, True, True]
    believed = track.at(3 * STEP_NS)
    assert (believed.state, believed.track_id, believed.age_ns) == (PlanState.SEEN, 1, 0)
    assert believed.xy_m == pytest.approx([10, 1], abs=0.05)


def test_sightings_must_be_in_a_row() -> None:
    track = tracker()
    track.see(sighting(10, 1, 0))
    track.miss(STEP_NS)
    assert not track.see(sighting(10, 1, 2))
    assert track.see(sighting(10, 1, 3))


def test_one_answer_elsewhere_changes_nothing() -> None:
    track = tracker()
    for index in range(5):
        track.see(sighting(10, 1, index))
    before = track.at(4 * STEP_NS)
    assert not track.see(sighting(20, -4, 5))
    held = track.at(5 * STEP_NS)
    assert (held.state, held.track_id, held.age_ns) == (PlanState.HELD, before.track_id, STEP_NS)
    assert held.xy_m == pytest.approx(before.xy_m)
    assert track.see(sighting(10, 1, 6))
    assert track.at(6 * STEP_NS).state is PlanState.SEEN


def test_what_is_seen_elsewhere_again_and_again_is_another_thing() -> None:
    track = tracker()
    for index in range(5):
        track.see(sighting(10, 1, index))
    assert [track.see(sighting(20, -4, 5 + index)) for index in range(2)] == [False, True]
    changed = track.at(6 * STEP_NS)
    assert changed.track_id == 2
    assert changed.xy_m == pytest.approx([20, -4], abs=0.3)


def test_answers_that_jump_about_are_never_believed() -> None:
    track = tracker()
    for index in range(20):
        track.see(sighting(10 + 8 * (index % 3), 6 * (index % 2), index, sigma_m=0.05))
    assert track.at(19 * STEP_NS).state is PlanState.WAITING


def test_what_is_unseen_stays_where_it_was_and_is_lost_in_time() -> None:
    track = tracker()
    for index in range(5):
        track.see(sighting(10 + 0.3 * index, 1, index))
    last_ns = 4 * STEP_NS
    where = track.at(last_ns).xy_m
    for index in range(5, 14):
        track.miss(index * STEP_NS)
        held = track.at(index * STEP_NS)
        assert (held.state, held.age_ns) == (PlanState.HELD, index * STEP_NS - last_ns)
        assert held.xy_m == pytest.approx(where)
    lost = track.at(last_ns + SECOND + 1)
    assert lost.state is PlanState.LOST
    assert lost.xy_m is None


def test_silence_alone_loses_it_too() -> None:
    track = tracker()
    for index in range(3):
        track.see(sighting(10, 1, index))
    assert track.at(2 * STEP_NS + SECOND).state is PlanState.SEEN
    assert track.at(2 * STEP_NS + SECOND + 1).state is PlanState.LOST


def test_what_comes_back_after_it_was_lost_must_be_confirmed_and_is_a_new_track() -> None:
    track = tracker()
    for index in range(3):
        track.see(sighting(10, 1, index))
    assert not track.see(sighting(10, 1, 30))
    assert track.at(30 * STEP_NS).state is PlanState.LOST
    assert track.see(sighting(10, 1, 31))
    assert track.at(31 * STEP_NS).track_id == 2


@given(
    speed=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
    seed=st.integers(0, 1000),
    gap=st.integers(1, 5),
)
def test_what_moves_steadily_keeps_its_track_even_unseen_for_a_moment(
    speed: tuple[float, float], seed: int, gap: int
) -> None:
    rng = np.random.default_rng(seed)
    track = tracker()
    indices = [*range(10), *range(10 + gap, 20 + gap)]
    for index in indices:
        x, y = np.array([15.0, 0.0]) + np.array(speed) * index * 0.1 + rng.normal(0, 0.05, 2)
        track.see(sighting(x, y, index))
    assert track.at(indices[-1] * STEP_NS).track_id == 1


@given(seed=st.integers(0, 1000))
def test_smoothing_halves_the_error_of_what_stands_still(seed: int) -> None:
    rng = np.random.default_rng(seed)
    track = tracker()
    raw, smooth = [], []
    for index in range(60):
        x, y = np.array([12.0, -2.0]) + rng.normal(0, 0.5, 2)
        track.see(sighting(x, y, index, sigma_m=0.5))
        if index >= 20:
            raw.append(np.hypot(x - 12, y + 2))
            where = track.at(index * STEP_NS).xy_m
            assert where is not None
            smooth.append(np.hypot(where[0] - 12, where[1] + 2))
    assert np.sqrt(np.mean(np.square(smooth))) < 0.7 * np.sqrt(np.mean(np.square(raw)))


def test_a_camera_that_looks_the_other_way_takes_nothing_back() -> None:
    track = tracker()
    for index in range(6):
        track.see(Sighting(np.array([10.0, 1.0]), np.eye(2) * 0.04, index * STEP_NS, "front"))
        track.miss(index * STEP_NS, "rear")
    assert track.at(5 * STEP_NS).state is PlanState.SEEN
    track.miss(6 * STEP_NS, "front")
    assert track.at(6 * STEP_NS).state is PlanState.HELD


def test_what_another_camera_sees_elsewhere_does_not_oust_what_the_first_sees_still() -> None:
    track = tracker()
    for index in range(6):
        track.see(Sighting(np.array([10.0, 1.0]), np.eye(2) * 0.04, index * STEP_NS, "front"))
        track.see(Sighting(np.array([-9.0, 0.0]), np.eye(2) * 0.04, index * STEP_NS, "rear"))
        if index > 0:
            believed = track.at(index * STEP_NS)
            assert (believed.state, believed.track_id) == (PlanState.SEEN, 1)
            assert believed.xy_m == pytest.approx([10, 1], abs=0.1)


def test_a_thing_that_leaves_one_cameras_view_for_anothers_stays_the_same() -> None:
    track = tracker()
    for index in range(12):
        camera, other = ("left", "right") if index < 6 else ("right", "left")
        track.see(Sighting(np.array([10.0, 3.0 - 0.5 * index]), np.eye(2) * 0.04, index * STEP_NS, camera))
        track.miss(index * STEP_NS, other)
    believed = track.at(11 * STEP_NS)
    assert (believed.state, believed.track_id) == (PlanState.SEEN, 1)
