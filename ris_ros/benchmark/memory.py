"""Resident memory: its peak during a piece of work, and whether it grows over a long one."""

from __future__ import annotations

import contextlib
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_WARMED_UP = 0.2
"""Share of a run in which caches still fill and memory pools take their size."""
_PART = 0.2
LEAST_SAMPLES = 10
SOAK_FRAMES = 10_000
"""Fewer frames tell nothing of growth: what is kept of each may be small."""
MOST_GROWTH_MB = 10.0
"""Allocators give and take some megabytes. From the middle of the second fifth of 10,000 frames to that of the last are
6000, so this is 1.7 kilobytes a frame."""


def peak_mb(process: int | str = "self") -> float | None:
    """Highest resident memory of a process since its start, in MiB, as Linux keeps it.

    Args:
        process: Its number; this one by default.

    Returns:
        None where the system does not tell.
    """
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) / 1024.0 if found else None


def forget_peak() -> None:
    """Have :func:`peak_mb` of this process begin anew; where that is not allowed, the peak since its start stands."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of a process's memory over a run.

    Attributes:
        before_mb: Median after the warm-up (the second fifth of the run).
        after_mb: Median of the last fifth.
        grows: Whether the rise is more than :data:`MOST_GROWTH_MB`; None where so short a run cannot tell.
    """

    before_mb: float
    after_mb: float
    grows: bool | None

    @classmethod
    def of(cls, samples_mb: Sequence[float], frames: int) -> Growth:
        """Judge samples taken at even intervals over a run of so many frames.

        At least :data:`LEAST_SAMPLES` are needed to tell warm-up, middle and end apart.

        Raises:
            ValueError: There are fewer.
        """
        count = len(samples_mb)
        if count < LEAST_SAMPLES:
            raise ValueError(f"{count} samples cannot tell growth from warm-up")
        before = statistics.median(samples_mb[int(_WARMED_UP * count) : int((_WARMED_UP + _PART) * count)])
        after = statistics.median(samples_mb[int((1.0 - _PART) * count) :])
        return cls(before, after, None if frames < SOAK_FRAMES else after - before > MOST_GROWTH_MB)

    @property
    def verdict(self) -> str:
        """In words."""
        words = {True: "memory grows", False: "no growth", None: f"under {SOAK_FRAMES} frames tell nothing of growth"}
        return f"{words[self.grows]}: {self.before_mb:.0f} MB after the warm-up, {self.after_mb:.0f} MB at the end"
