"""The peak of a piece of work, and growth over a long one."""

from __future__ import annotations

import mmap
import os

import numpy as np
import pytest

from ris_ros.benchmark.memory import MOST_GROWTH_MB, SOAK_FRAMES, Growth, forget_peak, peak_mb


def touch_64_mb():
    """Straight from the system, to which it goes back at once: malloc may keep what was freed."""
    with mmap.mmap(-1, 64 * 2**20) as block:
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1


def test_the_peak_is_that_of_the_work_and_not_of_what_was_before():
    touch_64_mb()
    highest_mb = peak_mb()
    if highest_mb is None:
        pytest.skip("this system does not tell a process's peak")
    forget_peak()
    before_mb = peak_mb()
    assert before_mb <= highest_mb
    touch_64_mb()
    assert peak_mb() >= before_mb + 48
    assert peak_mb(os.getpid()) == peak_mb()
    assert peak_mb(2**22 + 1) is None  # more processes than Linux counts


def test_filling_caches_at_the_beginning_is_no_growth():
    growth = Growth.of([100.0, 200.0] + [400.0] * 18, SOAK_FRAMES)
    assert growth.grows is False and growth.verdict.startswith("no growth")


def test_a_steady_rise_is_growth_and_a_single_peak_is_not():
    rise = np.linspace(400.0, 400.0 + 4 * MOST_GROWTH_MB, 100).tolist()
    assert Growth.of(rise, SOAK_FRAMES).grows
    assert "memory grows" in Growth.of(rise, SOAK_FRAMES).verdict
    peak = [400.0] * 100
    peak[60] = 900.0
    assert Growth.of(peak, SOAK_FRAMES).grows is False


@pytest.mark.parametrize(("kilobytes_a_frame", "grows"), [(1.6, False), (1.9, True)])
def test_a_soak_tells_leaks_from_two_kilobytes_a_frame(kilobytes_a_frame, grows):
    frames = np.linspace(0, SOAK_FRAMES, 334)
    leak = 500.0 + frames * kilobytes_a_frame / 1024.0
    assert Growth.of(leak.tolist(), SOAK_FRAMES).grows is grows


def test_a_short_run_does_not_claim_that_nothing_grows():
    growth = Growth.of([500.0] * 20, SOAK_FRAMES - 1)
    assert growth.grows is None and "tell nothing of growth" in growth.verdict


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="9 samples"):
        Growth.of([1.0] * 9, SOAK_FRAMES)
