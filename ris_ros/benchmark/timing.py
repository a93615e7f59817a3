"""Durations of calls, what they cost in processor time, and ratios of two calls that hold on a noisy machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.benchmark.energy import EnergyMeter
from ris_ros.benchmark.memory import forget_peak, peak_mb

Call = Callable[[], object]

PERCENTILES: Mapping[str, float] = {"p50_ms": 0.5, "p99_ms": 0.99, "p99_9_ms": 0.999}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long something is measured.

    Attributes:
        runs: Calls that count, at most.
        seconds: After so many seconds no further call is made, but ``least`` are.
        warmup: Calls before, which do not count.
        least: Calls that count, at least.
    """

    runs: int
    seconds: float
    warmup: int = 5
    least: int = 3

    def __post_init__(self) -> None:
        if min(self.runs, self.warmup, self.least) < 1 or self.seconds <= 0.0:
            raise ValueError("a plan needs at least one run, one warm-up and some time")


def percentile(durations: NDArray[np.float64], share: float) -> float | None:
    """The duration that this share of the calls kept within; None where so few calls cannot tell."""
    if len(durations) * (1.0 - share) < 1.0 - 1e-9:
        return None
    return float(np.quantile(durations, share))


def percentiles(durations_ms: NDArray[np.float64]) -> dict[str, float | None]:
    """Those of :data:`PERCENTILES`, by name."""
    return {name: percentile(durations_ms, share) for name, share in PERCENTILES.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """What calls of one kind took.

    Attributes:
        durations_ms: float64 [n], in the order of the calls; the warm-up is not among them.
        first_ms: The first call of the warm-up; what its maker has prepared (compiled, looked at) comes before.
        per_call: Things done by one call, such as images.
        cpu_percent: Processor time of this process, all its threads, in percent of one core's.
        peak_mb: Highest resident memory of this process meanwhile; None where the system does not tell.
        joules_per_call: Energy of the whole board or processor; None where nothing measures it.
        collections: Runs of the garbage collector.
    """

    durations_ms: NDArray[np.float64]
    first_ms: float
    per_call: int = 1
    cpu_percent: float | None = None
    peak_mb: float | None = None
    joules_per_call: float | None = None
    collections: int = 0

    @property
    def median_ms(self) -> float:
        """The duration that half of the calls kept within."""
        return float(np.median(self.durations_ms))

    def figures(self) -> dict[str, Any]:
        """All but the single durations, as JSON takes it."""
        return {
            "runs": len(self.durations_ms),
            **percentiles(self.durations_ms),
            "max_ms": float(self.durations_ms.max()),
            "first_ms": self.first_ms,
            "per_s": self.per_call * 1e3 / float(self.durations_ms.mean()),
            "cpu_percent": self.cpu_percent,
            "peak_mb": self.peak_mb,
            "joules_per_call": self.joules_per_call,
            "gc_collections": self.collections,
        }


def measure(call: Call, plan: Plan, energy: EnergyMeter | None = None, per_call: int = 1) -> Timing:
    """Call something again and again.

    Args:
        call: What is measured.
        plan: How long.
        energy: Measures the energy; None where nothing can.
        per_call: Things done by one call.
    """
    first_ms = _took_ms(call)
    for _ in range(plan.warmup - 1):
        call()
    durations: list[float] = []
    forget_peak()
    collections = _collections()
    if energy is not None:
        energy.start()
    cpu_s, start_s = time.process_time(), time.perf_counter()
    while len(durations) < plan.runs:
        durations.append(_took_ms(call))
        if time.perf_counter() - start_s > plan.seconds and len(durations) >= plan.least:
            break
    wall_s = time.perf_counter() - start_s
    cpu_s = time.process_time() - cpu_s
    joules = None if energy is None else energy.stop()
    return Timing(
        np.array(durations),
        first_ms,
        per_call,
        cpu_percent=100.0 * cpu_s / wall_s,
        peak_mb=peak_mb(),
        joules_per_call=None if joules is None else joules / len(durations),
        collections=_collections() - collections,
    )


def interleave(calls: Mapping[str, Call], plan: Plan) -> dict[str, NDArray[np.float64]]:
    """Call several things by turns, so that what else the machine does falls on all of them alike.

    In each round each is called twice and the second call counts: the first brings back into the caches what the
    others have driven out, as it would be where the thing runs by itself.

    Returns:
        Name -> durations in milliseconds, float64 [rounds]; the same place belongs to the same round.
    """
    for call in calls.values():
        for _ in range(plan.warmup):
            call()
    durations: dict[str, list[float]] = {name: [] for name in calls}
    start_s = time.perf_counter()
    for done in range(1, plan.runs + 1):
        for name, call in calls.items():
            call()
            durations[name].append(_took_ms(call))
        if time.perf_counter() - start_s > plan.seconds and done >= plan.least:
            break
    return {name: np.array(taken) for name, taken in durations.items()}


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one call takes as another, called in the same rounds.

    Attributes:
        median: Of the rounds' ratios.
        low: Lower end of the median's 95 % interval; None where so few rounds (under six) have none.
        high: Upper end; None likewise.
        rounds: How many there were.
    """

    median: float
    low: float | None
    high: float | None
    rounds: int

    @classmethod
    def of(cls, above: NDArray[np.float64], below: NDArray[np.float64]) -> Ratio:
        """The ratio ``above / below`` of durations that belong together by round.

        The interval is that of order statistics (binomial), which asks nothing of how durations are distributed.
        """
        ratios = np.sort(above / below)
        count, rank = len(ratios), _rank(len(ratios))
        low, high = (float(ratios[rank - 1]), float(ratios[count - rank])) if rank else (None, None)
        return cls(float(np.median(ratios)), low, high, count)


def _rank(count: int) -> int:
    """Which of so many sorted values, counted from 1 at either end, bound their median's 95 % interval; 0: none do.

    The median is below the k-th lowest value as often as fewer than k of ``count`` fair coins show heads.
    """
    rank, ways, tail = 0, 1, 1
    while 40 * tail <= 2**count:  # at most 1 in 40 at each end
        rank += 1
        ways = ways * (count - rank + 1) // rank
        tail += ways
    return rank


def _took_ms(call: Call) -> float:
    start_ns = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start_ns) / 1e6


def _collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
