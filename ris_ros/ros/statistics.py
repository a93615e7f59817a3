"""What happened to every frame and command, and how long each stage took. Thread-safe; needs no ROS."""

from __future__ import annotations

import enum
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

_ARRIVALS = 32
"""Over how many arrivals a camera's period is taken."""
WINDOW = 512
"""How many of the latest durations of a stage the percentiles are taken over."""


class Answer(enum.Enum):
    """How a frame was answered."""

    GROUNDED = "grounded"  # the model looked at it
    PROPAGATED = "propagated"  # the model did not, but the answers on an older frame were carried to it


class Drop(enum.Enum):
    """Why a frame was not answered."""

    REPLACED = "replaced"  # a newer one of its camera came before its turn
    NO_COMMAND = "no_command"
    OLDER_THAN_COMMAND = "older_than_command"
    BAD_IMAGE = "bad_image"
    BACKEND_ERROR = "backend_error"
    INACTIVE = "inactive"  # the node was deactivated while it waited


@dataclass(frozen=True, slots=True, eq=False)
class CameraCounts:
    """Totals of one camera: ``frames_in`` is ``grounded``, ``propagated``, all ``dropped`` and those still in work.

    Attributes:
        frames_in: Messages that arrived.
        grounded: Frames that the model looked at.
        propagated: Frames that it did not, but to which older answers were carried.
        dropped: Cause -> frames.
        lost: Images that were published and did not arrive, as far as the middleware noticed.
        silent_s: Seconds since the latest message, None before the first.
    """

    frames_in: int
    grounded: int
    propagated: int
    dropped: Mapping[Drop, int]
    lost: int
    silent_s: float | None


@dataclass(frozen=True, slots=True, eq=False)
class StageTimes:
    """Percentiles of one stage over its latest ``count`` durations, in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float


class Statistics:
    """Counts and durations since the node was configured.

    Args:
        quiet_s: A cause is logged again only after this many seconds.
        clock: Monotonic seconds.
    """

    def __init__(self, quiet_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._quiet_s = quiet_s
        self.reset()

    def reset(self) -> None:
        """Begin to count anew, and forget every problem."""
        with self._lock:
            self._frames_in: Counter[str] = Counter()
            self._latest: dict[str, float] = {}
            self._arrivals: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_ARRIVALS))
            self._answered: defaultdict[str, Counter[Answer]] = defaultdict(Counter)
            self._lost: Counter[str] = Counter()
            self._dropped: defaultdict[str, Counter[Drop]] = defaultdict(Counter)
            self._stages: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=WINDOW))
            self._events: Counter[str] = Counter()
            self._problems: dict[str, tuple[float, str]] = {}
            self._logged: dict[str, float] = {}

    def frame_in(self, camera: str) -> None:
        """Count a message that arrived."""
        with self._lock:
            self._frames_in[camera] += 1
            self._latest[camera] = self._clock()
            self._arrivals[camera].append(self._latest[camera])

    def frame_done(self, camera: str, outcome: Answer | Drop) -> None:
        """Count what became of a frame."""
        with self._lock:
            if isinstance(outcome, Answer):
                self._answered[camera][outcome] += 1
            else:
                self._dropped[camera][outcome] += 1

    def frame_lost(self, camera: str, count: int) -> None:
        """Count images that did not arrive."""
        with self._lock:
            self._lost[camera] += count

    def event(self, name: str) -> None:
        """Count anything else, such as a refused command."""
        with self._lock:
            self._events[name] += 1

    def took(self, stage: str, duration_ns: int) -> None:
        """Note how long a stage took."""
        with self._lock:
            self._stages[stage].append(duration_ns)

    def problem(self, key: str, sentence: str) -> bool:
        """Remember the latest problem of a kind.

        Returns:
            Whether it is time to log it: the same kind is logged once in ``quiet_s`` seconds.
        """
        now = self._clock()
        with self._lock:
            self._problems[key] = (now, sentence)
            if now - self._logged.get(key, -np.inf) < self._quiet_s:
                return False
            self._logged[key] = now
            return True

    def solved(self, key: str) -> None:
        """Forget the latest problem of a kind."""
        with self._lock:
            self._problems.pop(key, None)

    def recent_problem(self, key: str, within_s: float) -> str:
        """The latest problem of a kind, or nothing when the last is longer ago than ``within_s`` seconds."""
        with self._lock:
            when, sentence = self._problems.get(key, (-np.inf, ""))
        return sentence if self._clock() - when <= within_s else ""

    def camera(self, camera: str) -> CameraCounts:
        """Totals of a camera."""
        with self._lock:
            dropped = {cause: count for cause, count in self._dropped[camera].items() if count}
            latest = self._latest.get(camera)
            silent_s = None if latest is None else self._clock() - latest
            answered = self._answered[camera]
            return CameraCounts(
                self._frames_in[camera],
                answered[Answer.GROUNDED],
                answered[Answer.PROPAGATED],
                dropped,
                self._lost[camera],
                silent_s,
            )

    def period_s(self, camera: str) -> float | None:
        """Time between two of a camera's latest messages, the median; None before there are a few."""
        with self._lock:
            intervals = np.diff(self._arrivals[camera])
        return float(np.median(intervals)) if len(intervals) >= _ARRIVALS // 4 else None

    def events(self) -> dict[str, int]:
        """Totals of everything counted with :meth:`event`."""
        with self._lock:
            return dict(self._events)

    def stages(self) -> dict[str, StageTimes]:
        """Percentiles of every stage, in the order in which the stages were first seen."""
        with self._lock:
            windows = {stage: np.fromiter(window, np.int64) for stage, window in self._stages.items()}
        times = {}
        for stage, window in windows.items():
            p50, p99 = np.percentile(window, (50, 99)) / 1e6
            times[stage] = StageTimes(len(window), float(p50), float(p99))
        return times


class Fate:
    """What becomes of one image, which more than one thread may try to answer: counted once, when all are done with it.

    Grounded counts before propagated, and that before dropped. Thread-safe.

    Args:
        statistics: Takes the image's arrival and its end.
        camera: Its camera.
    """

    def __init__(self, statistics: Statistics, camera: str) -> None:
        statistics.frame_in(camera)
        self._statistics = statistics
        self._camera = camera
        self._lock = threading.Lock()
        self._trying = 1
        self._outcome: Answer | Drop = Drop.REPLACED

    def share(self) -> bool:
        """One thread more tries; returns False, and does not count it, where the image is done with."""
        with self._lock:
            if not self._trying:
                return False
            self._trying += 1
            return True

    def end(self, outcome: Answer | Drop | None) -> None:
        """A thread is done with the image.

        Args:
            outcome: What it made of it; None for nothing that counts.
        """
        with self._lock:
            if outcome is not None and _rank(outcome) >= _rank(self._outcome):
                self._outcome = outcome
            self._trying -= 1
            if self._trying:
                return
        self._statistics.frame_done(self._camera, self._outcome)


def _rank(outcome: Answer | Drop) -> int:
    return (Answer.PROPAGATED, Answer.GROUNDED).index(outcome) + 1 if isinstance(outcome, Answer) else 0
