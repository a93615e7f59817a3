"""How far a build is, from what TensorRT reports of its phases, and the wish to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TOP = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a build.

    Attributes:
        stage: What is being done, for people.
        share: How much of the stage is done, 0 to 1; None where that is not known.
        left_s: Seconds that the stage will still take, estimated; None where nothing tells.
    """

    stage: str
    share: float | None = None
    left_s: float | None = None


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report to nobody."""


def never() -> bool:
    """Cancel never."""
    return False


@dataclass(slots=True)
class _Phase:
    parent: str
    steps: int
    done: int = 0


class BuildProgress:
    """Turns TensorRT's nested phases into one share, and cancels when asked; its threads may call it at once.

    Args:
        stage: What is being built, for people.
        report: Told when the share has grown by a hundredth.
        cancelled: Asked at each step.
        expected_s: How long an earlier build took; used until the share tells more.
        clock: Seconds, for the estimate.
    """

    def __init__(
        self,
        stage: str,
        report: Report = silent,
        cancelled: Callable[[], bool] = never,
        expected_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stage = stage
        self._report = report
        self._cancelled = cancelled
        self._expected_s = expected_s
        self._clock = clock
        self._start = clock()
        self._phases: dict[str, _Phase] = {}
        self._told = -1.0
        self._lock = threading.Lock()
        self.stopped = False

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase of ``steps`` steps begins, within the phase ``parent`` if there is one."""
        with self._lock:
            self._phases[name] = _Phase(parent or _TOP, max(1, steps))

    def step(self, name: str, step: int) -> bool:
        """Step number ``step``, from 0, is over; returns whether to go on."""
        with self._lock:
            if name in self._phases:
                self._phases[name].done = min(step + 1, self._phases[name].steps)
            self._tell()
            if self._cancelled():
                self.stopped = True
            return not self.stopped

    def finish(self, name: str) -> None:
        """A phase is over, whether or not each of its steps was told."""
        with self._lock:
            phase = self._phases.pop(name, None)
            if phase is not None and phase.parent == _TOP:
                self._told = -1.0  # phases at the top follow each other, each from its beginning

    def _tell(self) -> None:
        share = self._share()
        if share < self._told + 0.01 and share < 1.0:
            return
        self._told = share
        elapsed = self._clock() - self._start
        left = elapsed / share - elapsed if share > 0.05 else None
        if left is None and self._expected_s is not None:
            left = max(0.0, self._expected_s - elapsed)
        self._report(Progress(self._stage, share, left))

    def _share(self) -> float:
        inner = dict.fromkeys(self._phases, 0.0)
        share = 0.0
        # Children were started after their parents: walk from the innermost outwards.
        for name, phase in reversed(list(self._phases.items())):
            part = min(1.0, (phase.done + inner[name]) / phase.steps)
            if phase.parent in inner:
                inner[phase.parent] = max(inner[phase.parent], part)
            else:
                share = max(share, part)
        return share


def monitor(tensorrt: Any, progress: BuildProgress) -> Any:
    """TensorRT's ``IProgressMonitor`` that tells ``progress``."""

    class Monitor(tensorrt.IProgressMonitor):  # type: ignore[misc]  # its base is known when TensorRT is loaded
        def __init__(self) -> None:
            super().__init__()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            progress.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return progress.step(phase_name, step)

        def phase_finish(self, phase_name: str) -> None:
            progress.finish(phase_name)

    return Monitor()
