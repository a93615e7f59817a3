"""What a frame's answer owes to a backend that fails under it: the next one gives it, and everybody is told."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
from fake_backend import FakeBackend, one_command

from ris_ros.errors import BackendError, MisuseError
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.fallback import FELL_BACK, Candidate, FallbackBackend

BROKEN = BackendError("The driver is gone: restart it.")
IMAGES = np.full((1, 64, 96, 3), 7, np.uint8)


class Clock:
    """Stands still until it is set."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def wrapped(*loads: Backend | Exception, clock: Clock | None = None) -> FallbackBackend:
    """A fallback over backends, or over what loading them raises; the first is loaded."""

    def candidate(position: int, made: Backend | Exception) -> Candidate:
        def load() -> Backend:
            if isinstance(made, Exception):
                raise made
            if isinstance(made, FakeBackend):
                made.closed = False
            return made

        return Candidate(made.name if isinstance(made, FakeBackend) else f"number {position}", load)

    candidates = [candidate(position, made) for position, made in enumerate(loads)]
    return FallbackBackend(candidates[0].load(), candidates, {"choice": "measured"}, clock or Clock())


def answer(backend: Backend) -> float:
    return float(backend.ground(backend.see(IMAGES), one_command()).existence_logit[0])


def test_while_nothing_fails_it_is_the_first() -> None:
    first, second = FakeBackend("first"), FakeBackend("second")
    with wrapped(first, second) as backend:
        assert answer(backend) == 7
        assert (backend.name, backend.precision, backend.device) == ("first", "fp32", "device of first")
        assert backend.notes == {"of": "first", "choice": "measured"}
    assert first.closed and not second.looks


def test_what_an_engine_tells_after_a_new_shape_is_told() -> None:
    class Talkative(FakeBackend):
        @property
        def notes(self) -> dict[str, str]:
            return {"looks": str(self.looks)}

    backend = wrapped(Talkative("first"))
    answer(backend)
    assert backend.notes["looks"] == "1"


@pytest.mark.parametrize(
    "failing",
    [
        FakeBackend("first", see_fails=BROKEN),
        FakeBackend("first", ground_fails=BROKEN),
        FakeBackend("first", see_fails=MemoryError("the engine fell over")),
        FakeBackend("first", answer=float("nan")),
        FakeBackend("first", answer=float("inf")),
    ],
    ids=["look", "question", "foreign exception", "no number", "infinity"],
)
def test_the_frame_on_which_it_fails_is_answered_by_the_next(
    failing: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    second = FakeBackend("second", precision="bf16")
    backend = wrapped(failing, second)
    with caplog.at_level(logging.ERROR):
        assert answer(backend) == 7
    assert failing.closed
    assert (second.looks, second.questions) == (1, 1)
    assert (backend.name, backend.precision) == ("second", "bf16")
    assert backend.notes[FELL_BACK].startswith("from first: ")
    assert "first" in caplog.text and "second" in caplog.text
    looks = failing.looks
    answer(backend)
    assert failing.looks == looks, "what failed is not tried again"


def test_a_view_outlives_the_backend_that_looked_at_it() -> None:
    first, second = FakeBackend("first"), FakeBackend("second")
    backend = wrapped(first, second)
    view = backend.see(IMAGES)
    first.ground_fails = BROKEN
    for _ in range(3):
        assert backend.ground(view, one_command()).existence_logit[0] == 7
    assert second.looks == 1, "the second looks once for all questions about the view"


def test_those_that_cannot_be_loaded_or_fail_too_are_passed_over() -> None:
    third = FakeBackend("third", ground_fails=RuntimeError("CUDA error: unspecified\nlaunch failure"))
    backend = wrapped(FakeBackend("first", see_fails=BROKEN), ImportError("no library"), third, FakeBackend("fourth"))
    assert answer(backend) == 7
    assert backend.name == "fourth"
    told = backend.notes[FELL_BACK]
    assert "first: The driver is gone" in told and "number 1: ImportError: no library" in told
    assert "third: RuntimeError: CUDA error: unspecified" in told and "launch failure" not in told


@pytest.mark.parametrize(
    "misuse",
    [
        lambda backend: backend.see(np.zeros((1, 64, 97, 3), np.uint8)),
        lambda backend: backend.ground(FakeBackend().see(IMAGES), one_command()),
    ],
    ids=["size", "features of another"],
)
def test_a_callers_mistake_is_no_failure_of_the_engine(misuse: Callable[[Backend], object]) -> None:
    first = FakeBackend("first", fixed_size_px=(96, 64))
    backend = wrapped(first, FakeBackend("second"))
    with pytest.raises(MisuseError):
        misuse(backend)
    assert backend.name == "first" and not first.closed and FELL_BACK not in backend.notes


def test_features_of_an_earlier_look_are_refused() -> None:
    backend = wrapped(FakeBackend("first"))
    old = backend.see(IMAGES)
    backend.see(IMAGES)
    with pytest.raises(MisuseError, match="look again"):
        backend.ground(old, one_command())


def test_one_that_takes_other_images_costs_the_frame_and_answers_the_next() -> None:
    backend = wrapped(FakeBackend("first", see_fails=BROKEN), FakeBackend("second", fixed_size_px=(64, 64)))
    with pytest.raises(BackendError, match="took over") as refused:
        backend.see(IMAGES)
    assert not isinstance(refused.value, MisuseError)
    assert backend.fixed_size_px == (64, 64)
    assert backend.see(np.zeros((1, 64, 64, 3), np.uint8)).camera_count == 1


def test_the_last_stays_so_that_a_bad_frame_costs_one_frame() -> None:
    last = FakeBackend("last", see_fails=BROKEN)
    backend = wrapped(last)
    with pytest.raises(BackendError, match="driver is gone"):
        answer(backend)
    last.see_fails = None
    assert answer(backend) == 7
    assert FELL_BACK not in backend.notes


def test_a_foreign_exception_of_the_last_becomes_a_sentence() -> None:
    backend = wrapped(FakeBackend("last", see_fails=MemoryError("the engine fell over")))
    with pytest.raises(BackendError, match=r"last: MemoryError: the engine fell over"):
        answer(backend)


def test_when_all_keep_failing_they_are_loaded_anew_after_a_pause_that_grows() -> None:
    clock = Clock()
    first, last = FakeBackend("first", see_fails=BROKEN), FakeBackend("last", see_fails=BROKEN)
    backend = wrapped(first, last, clock=clock)

    def fail_until_given_up() -> None:
        while backend.name != "none":
            with pytest.raises(BackendError):
                answer(backend)

    fail_until_given_up()
    assert first.closed and last.closed
    for pause_s in (1.0, 2.0, 4.0):
        looks = first.looks + last.looks
        clock.now_s += pause_s * 0.9
        for _ in range(10):
            with pytest.raises(BackendError, match="tried again"):
                answer(backend)
        assert first.looks + last.looks == looks, "between two attempts nothing is loaded or asked"
        clock.now_s += pause_s * 0.2
        with pytest.raises(BackendError, match="driver is gone"):
            answer(backend)
        assert first.looks + last.looks > looks
        fail_until_given_up()
    first.see_fails = None
    clock.now_s += 60.0
    assert answer(backend) == 7
    assert backend.name == "first" and FELL_BACK not in backend.notes


def test_one_that_looks_but_never_answers_is_given_up_too() -> None:
    last = FakeBackend("last", answer=float("nan"))
    backend = wrapped(last)
    for _ in range(3):
        assert backend.name == "last"
        with pytest.raises(BackendError, match="no numbers"):
            answer(backend)
    assert backend.name == "none" and last.closed
    with pytest.raises(BackendError, match="tried again"):
        answer(backend)


def test_after_a_pause_one_that_takes_other_images_costs_a_frame_and_is_no_misuse() -> None:
    clock = Clock()
    first = FakeBackend("first", fixed_size_px=(64, 64), see_fails=BROKEN)
    backend = wrapped(first, FakeBackend("last", see_fails=BROKEN), clock=clock)
    while backend.name != "none":
        with pytest.raises(BackendError):
            backend.see(np.zeros((1, 64, 64, 3), np.uint8))
    first.see_fails = None
    clock.now_s += 60.0
    with pytest.raises(BackendError, match="took over") as refused:
        backend.see(IMAGES)
    assert not isinstance(refused.value, MisuseError)
    assert backend.fixed_size_px == (64, 64)


def test_camera_images_are_not_shown_to_one_that_takes_any_but_does_not_shrink_them() -> None:
    """It would answer, and its masks would be laid over the image as if it had been shrunk."""
    first = FakeBackend("first", fixed_size_px=(64, 32), camera_size_px=(96, 64))
    second = FakeBackend("second")
    backend = wrapped(first, second)
    view = backend.see(IMAGES)
    first.ground_fails = BROKEN
    with pytest.raises(BackendError, match="took over"):
        backend.ground(view, one_command())
    assert second.looks == 0
    assert backend.camera_size_px is None
    assert answer(backend) == 7


def test_one_that_was_closed_is_not_loaded_again() -> None:
    first = FakeBackend("first")
    backend = wrapped(first)
    backend.close()
    with pytest.raises(MisuseError, match="closed"):
        answer(backend)
    assert first.closed


def test_one_whose_end_fails_too_is_replaced_all_the_same() -> None:
    class Stuck(FakeBackend):
        def close(self) -> None:
            raise RuntimeError("cannot unload")

    backend = wrapped(Stuck("first", see_fails=BROKEN), FakeBackend("second"))
    assert answer(backend) == 7


def test_preparing_falls_back_too() -> None:
    backend = wrapped(FakeBackend("first", see_fails=BROKEN), FakeBackend("second"))
    backend.prepare((96, 64), 1, 1)
    assert backend.name == "second"
