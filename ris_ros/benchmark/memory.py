"""Resident memory: its peak during a piece of work, and whether it grows over a long one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_WARMED_UP = 0.2
"""Share of a run in which caches still fill and memory pools take their size."""
_PART = 0.2
MOST_GROWTH_MB = 10.0
"""Allocators give and take some megabytes; over 10,000 frames this is one kilobyte a frame."""


class MemoryPeak:
    """Highest resident memory of this process from now on, as Linux keeps it."""

    def __init__(self) -> None:
        # Where the peak cannot be forgotten, the one since the process's start stands, which is no lower.
        with contextlib.suppress(OSError):
            _CLEAR.write_text(_RESET_PEAK, encoding="ascii")

    def read_mb(self) -> float | None:
        """MiB; None where the system does not tell."""
        try:
            found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
        except OSError:
            return None
        return int(found[1]) / 1024.0 if found else None


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of a process's memory over a run.

    Attributes:
        before_mb: Median after the warm-up (the second fifth of the run).
        after_mb: Median of the last fifth.
        peak_mb: Highest sample.
        grows: Whether the rise is more than :data:`MOST_GROWTH_MB`.
    """

    before_mb: float
    after_mb: float
    peak_mb: float
    grows: bool

    @classmethod
    def of(cls, samples_mb: Sequence[float]) -> Growth:
        """Judge samples taken at even intervals; at least ten are needed to tell warm-up, middle and end apart.

        Raises:
            ValueError: There are fewer.
        """
        if len(samples_mb) < 10:
            raise ValueError(f"{len(samples_mb)} samples cannot tell growth from warm-up")
        values = np.asarray(samples_mb, np.float64)
        count = len(values)
        before = float(np.median(values[int(_WARMED_UP * count) : int((_WARMED_UP + _PART) * count)]))
        after = float(np.median(values[int((1.0 - _PART) * count) :]))
        return cls(before, after, float(values.max()), after - before > MOST_GROWTH_MB)

    @property
    def verdict(self) -> str:
        """In words."""
        change = f"{self.before_mb:.0f} MB after the warm-up, {self.after_mb:.0f} MB at the end"
        return f"memory grows: {change}" if self.grows else f"no growth: {change}"
