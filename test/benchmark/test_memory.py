"""The peak of a piece of work, and growth over a long one."""

from __future__ import annotations

import numpy as np
import pytest

from ris_ros.benchmark.memory import MOST_GROWTH_MB, Growth, MemoryPeak


def test_the_peak_is_that_of_the_work_and_not_of_what_was_before():
    block = np.ones(64 * 2**20, np.uint8)
    del block
    quiet = MemoryPeak()
    before_mb = quiet.read_mb()
    if before_mb is None:
        pytest.skip("this system does not tell a process's peak")
    block = np.ones(64 * 2**20, np.uint8)
    del block
    assert quiet.read_mb() >= before_mb + 48


def test_filling_caches_at_the_beginning_is_no_growth():
    growth = Growth.of([100.0, 200.0] + [400.0] * 18)
    assert not growth.grows and growth.verdict.startswith("no growth")
    assert growth.peak_mb == 400.0


def test_a_steady_rise_is_growth_and_a_single_peak_is_not():
    rise = np.linspace(400.0, 400.0 + 4 * MOST_GROWTH_MB, 100)
    assert Growth.of(rise).grows
    assert "memory grows" in Growth.of(rise).verdict
    peak = np.full(100, 400.0)
    peak[60] = 900.0
    assert not Growth.of(peak).grows


def test_a_leak_of_a_kilobyte_a_frame_shows_within_the_soak():
    frames = np.linspace(0, 10_000, 334)
    leak = 500.0 + frames * 2.0 / 1024.0
    assert Growth.of(leak).grows


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="9 samples"):
        Growth.of([1.0] * 9)
