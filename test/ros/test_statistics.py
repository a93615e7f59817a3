"""Counts, percentiles, and how often a problem is worth a line in the log."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.ros.statistics import WINDOW, Answer, Drop, Fate, Statistics


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=WINDOW))
def test_percentiles_are_those_of_the_durations(durations_ns: list[int]) -> None:
    statistics = Statistics()
    for duration_ns in durations_ns:
        statistics.took("vision", duration_ns)
    times = statistics.stages()["vision"]
    assert times.count == len(durations_ns)
    assert np.isclose(times.p50_ms, np.percentile(durations_ns, 50) / 1e6)
    assert min(durations_ns) / 1e6 <= times.p50_ms <= times.p99_ms <= max(durations_ns) / 1e6 + 1e-9


def test_only_the_latest_durations_count() -> None:
    statistics = Statistics()
    for duration_ns in [10**9] * 10 + [10**6] * WINDOW:
        statistics.took("vision", duration_ns)
    assert statistics.stages()["vision"].p99_ms == 1.0


def test_a_problem_is_logged_once_in_a_while_and_remembered_for_a_while() -> None:
    now = [100.0]
    statistics = Statistics(quiet_s=5.0, clock=lambda: now[0])
    assert statistics.problem("image", "one")
    assert not statistics.problem("image", "two")
    assert statistics.problem("command", "other")
    now[0] += 4.0
    assert statistics.recent_problem("image", within_s=5.0) == "two"
    now[0] += 1.5
    assert statistics.recent_problem("image", within_s=5.0) == ""
    assert statistics.problem("image", "three")
    statistics.solved("image")
    assert statistics.recent_problem("image", within_s=5.0) == ""


def test_a_fresh_start_forgets_problems_and_logs_them_again() -> None:
    statistics = Statistics(quiet_s=5.0, clock=lambda: 100.0)
    assert statistics.problem("backend", "The engine fell over.")
    statistics.reset()
    assert statistics.recent_problem("backend", within_s=5.0) == ""
    assert statistics.problem("backend", "It fell over once more.")


def test_nothing_is_lost_between_threads() -> None:
    statistics = Statistics()

    def work() -> None:
        for _ in range(1000):
            statistics.frame_in("front")
            statistics.frame_done("front", Drop.REPLACED)
            statistics.event("commands_in")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = statistics.camera("front")
    assert (counts.frames_in, counts.grounded, counts.dropped) == (4000, 0, {Drop.REPLACED: 4000})
    assert statistics.events() == {"commands_in": 4000}
    statistics.reset()
    assert statistics.camera("front").frames_in == 0
    assert statistics.camera("front").silent_s is None


OUTCOMES = [*Answer, *Drop, None]


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4))
def test_a_frame_counts_once_however_many_threads_tried_it(outcomes: list[Answer | Drop | None]) -> None:
    statistics = Statistics()
    fate = Fate(statistics, "front")
    for _ in outcomes[1:]:
        assert fate.share()
    for index, outcome in enumerate(outcomes):
        counts = statistics.camera("front")
        assert (counts.frames_in, counts.grounded + counts.propagated + sum(counts.dropped.values())) == (1, 0)
        fate.end(outcome)
        assert fate.share() == (index < len(outcomes) - 1)
        if index < len(outcomes) - 1:
            fate.end(None)
    counts = statistics.camera("front")
    assert counts.grounded == (Answer.GROUNDED in outcomes)
    assert counts.propagated == (Answer.PROPAGATED in outcomes and Answer.GROUNDED not in outcomes)
    assert sum(counts.dropped.values()) == (not counts.grounded and not counts.propagated)
