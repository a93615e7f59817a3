"""Durations, percentiles and ratios."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.benchmark.timing import Plan, Ratio, Timing, interleave, measure


def test_the_warm_up_does_not_count_and_the_first_call_is_told_apart():
    calls = []

    def call():
        time.sleep(0.02 if not calls else 0.0)
        calls.append(None)

    timing = measure(call, Plan(runs=10, seconds=5.0, warmup=4), per_call=3)
    assert len(calls) == 14 and len(timing.durations_ms) == 10
    assert timing.first_ms >= 20.0 > timing.durations_ms.max()
    assert timing.figures()["per_s"] == pytest.approx(3e3 / timing.durations_ms.mean())


def test_time_ends_a_measurement_but_not_below_the_least_number_of_runs():
    timing = measure(lambda: time.sleep(0.002), Plan(runs=10_000, seconds=0.001, warmup=1, least=3))
    assert 3 <= len(timing.durations_ms) < 10


def test_processor_time_is_of_one_core():
    def work():
        end = time.process_time() + 0.01
        while time.process_time() < end:
            pass

    busy = measure(work, Plan(runs=5, seconds=5.0, warmup=1))
    idle = measure(lambda: time.sleep(0.01), Plan(runs=5, seconds=5.0, warmup=1))
    assert busy.cpu_percent > 3 * idle.cpu_percent
    assert busy.peak_mb is None or busy.peak_mb > 10


@pytest.mark.parametrize(
    ("runs", "told"), [(3, ["p50_ms"]), (100, ["p50_ms", "p99_ms"]), (1000, ["p50_ms", "p99_ms", "p99_9_ms"])]
)
def test_a_percentile_is_told_only_where_there_are_runs_beyond_it(runs, told):
    figures = Timing(np.arange(1.0, runs + 1.0), first_ms=1.0).figures()
    assert [name for name in ("p50_ms", "p99_ms", "p99_9_ms") if figures[name] is not None] == told


@given(st.lists(st.floats(0.1, 1e3), min_size=6, max_size=60), st.floats(0.5, 20.0))
def test_the_ratio_of_multiples_is_the_factor(durations, factor):
    below = np.array(durations)
    ratio = Ratio.of(below * factor, below)
    assert ratio.rounds == len(durations)
    assert ratio.low <= ratio.median <= ratio.high
    assert ratio.median == pytest.approx(factor)


@pytest.mark.parametrize(("rounds", "place"), [(6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (25, 7), (60, 21)])
def test_the_interval_has_the_ranks_of_the_binomial_tables(rounds, place):
    ratio = Ratio.of(np.arange(1.0, rounds + 1.0), np.ones(rounds))
    assert (ratio.low, ratio.high) == (1.0 + place, rounds - place)


def test_too_few_rounds_have_no_interval():
    ratio = Ratio.of(np.arange(1.0, 6.0), np.ones(5))
    assert ratio.median == 3.0 and ratio.low is None and ratio.high is None


def test_what_slows_the_machine_falls_on_all_that_take_turns():
    calls = []
    taken = interleave({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, Plan(3, 5.0, 2))
    assert "".join(calls) == "aabb" + "aabb" * 3
    assert {name: len(durations) for name, durations in taken.items()} == {"a": 3, "b": 3}


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"seconds": 0.0}, {"warmup": 0}, {"least": 0}])
def test_a_plan_without_runs_is_refused(wrong):
    with pytest.raises(ValueError):
        Plan(**{"runs": 1, "seconds": 1.0, **wrong})
