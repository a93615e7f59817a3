"""Which backend is the fastest here: all that load answer the same question by turns, and the medians decide."""

from __future__ import annotations

import contextlib
import logging
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ris_ros.errors import BackendError, RisError, cause
from ris_ros.runtime.backend import Backend, check_numbers
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.fallback import Candidate
from ris_ros.runtime.parity import LIMITS, compare
from ris_ros.types import GroundOutput, TextBatch, TextFeatures

_log = logging.getLogger(__name__)
_BUDGET_S = 2.0
_WARM_UPS = 2
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 50


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one backend.

    Attributes:
        name: Its row in the registry.
        precision: What it computes in; empty where it could not be loaded.
        ms: Median of a look at one image and the answer to one command, in milliseconds; None where it is left out.
        left_out: Why ``auto`` does not take it, empty where it may.
    """

    name: str
    precision: str = ""
    ms: float | None = None
    left_out: str = ""

    def __str__(self) -> str:
        if self.ms is None:
            return f"not {self.name}: {self.left_out}"
        return f"{self.name} {self.precision} {self.ms:.1f} ms"


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of every backend.

    Attributes:
        image_rgb: uint8 [1, H, W, 3].
        text: One command on it.
        real: Whether both are real, so that answers can be held to the parity table.
    """

    image_rgb: np.ndarray
    text: TextBatch
    real: bool


def question(bundle: Bundle, size_px: tuple[int, int]) -> Question:
    """An image of the sample drive with its first command, or a made-up one where the sample is not installed."""
    from ris_ros.runtime.samples import read_samples

    try:
        (sample,) = read_samples(bundle, size_px, 1, 0)
    except RisError as error:
        _log.info("backends are measured on a made-up image: %s", error)
        return _made_up(bundle, size_px)
    text = sample.text
    first = TextBatch(text.words[:1], text.word_mask[:1], text.sentence[:1], text.camera_index[:1])
    return Question(sample.images_rgb[:1], first, real=True)


def _made_up(bundle: Bundle, size_px: tuple[int, int]) -> Question:
    width, height = size_px
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (1, height, width, 3), np.uint8)
    tokens, width_text = bundle.settings.text.max_tokens, bundle.settings.text.width
    words = random.standard_normal((tokens, width_text), np.float32)
    sentence = random.standard_normal(width_text, np.float32)
    sentence /= np.linalg.norm(sentence)
    features = TextFeatures(words, np.ones(tokens, np.float32), sentence)
    return Question(image, TextBatch.stack([features], [0]), real=False)


class Contest:
    """Loads candidates, checks their answers, measures those that pass, and closes all.

    Args:
        bundle: What they run.
        size_px: (width, height) of the input for those that take any.
        ask: Makes the question for an input size; :func:`question` but in tests.
        clock_s: A steady clock.
    """

    def __init__(
        self,
        bundle: Bundle,
        size_px: tuple[int, int],
        ask: Callable[[Bundle, tuple[int, int]], Question] = question,
        clock_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._bundle = bundle
        self._size_px = size_px
        self._ask = ask
        self._clock_s = clock_s
        self._questions: dict[tuple[int, int], Question] = {}
        self._left_out: list[Measured] = []
        self._loaded: dict[str, Backend] = {}

    def run(self, candidates: Sequence[Candidate], reference: Candidate | None) -> list[Measured]:
        """Measure.

        Args:
            candidates: Whom to measure.
            reference: What answers are held against: single precision on the processor; None for no such check.

        Returns:
            Everything that was found, the fastest first and those left out last.
        """
        for candidate in candidates:
            self._load(candidate)
        if reference is not None:
            self._check(reference)
        for name in list(self._loaded):
            self._try(name, self._warm_up)
        found = self._measure()
        for name in list(self._loaded):
            self._close(name)
        return [*found, *self._left_out]

    def _load(self, candidate: Candidate) -> None:
        try:
            self._loaded[candidate.name] = candidate.load()
        except Exception as error:  # whatever a library throws: this one is out, the others are not
            self._left_out.append(Measured(candidate.name, left_out=cause(error)))

    def _check(self, reference: Candidate) -> None:
        """Leave out who strays from the reference."""
        judge = self._loaded.get(reference.name)
        try:
            with contextlib.nullcontext(judge) if judge is not None else reference.load() as own:
                # Who shrinks camera images itself was held to the table when its engine was built.
                sizes = {self._size_of(one) for one in self._loaded.values() if one.camera_size_px is None}
                asked = {size: self._question(size) for size in sizes}
                expected = {size: _answer(own, asked[size]) for size in sizes if asked[size].real}
        except Exception as error:  # whatever an engine throws: who is measured is not to blame
            _log.warning("answers are not compared: %s", cause(error))
            return

        def agree(backend: Backend) -> None:
            size_px = self._size_of(backend)
            if backend is judge or backend.camera_size_px is not None or size_px not in expected:
                return
            parity = compare(expected[size_px], self._answer(backend), self._bundle.settings.thresholds)
            if not parity.within(LIMITS[backend.precision]):
                raise BackendError(f"it strays from {reference.name} ({parity})")

        for name in list(self._loaded):
            self._try(name, agree)

    def _measure(self) -> list[Measured]:
        times: dict[str, list[float]] = {name: [] for name in self._loaded}
        start_s = self._clock_s()
        for done in range(_MOST_ROUNDS):
            if done >= _FEWEST_ROUNDS and self._clock_s() - start_s > _BUDGET_S:
                break
            for name in list(self._loaded):
                begin_s = self._clock_s()
                self._try(name, self._answer)
                times[name].append(self._clock_s() - begin_s)
        found = [
            Measured(name, backend.precision, statistics.median(times[name]) * 1e3)
            for name, backend in self._loaded.items()
        ]
        return sorted(found, key=lambda measured: measured.ms or 0.0)

    def _try(self, name: str, work: Callable[[Backend], object]) -> None:
        """Do something with a backend, and leave it out where it fails."""
        try:
            work(self._loaded[name])
        except Exception as error:  # whatever an engine throws
            self._left_out.append(Measured(name, self._loaded[name].precision, left_out=cause(error)))
            self._close(name)

    def _close(self, name: str) -> None:
        try:
            self._loaded.pop(name).close()
        except Exception as error:
            _log.warning("backend %s could not be closed: %s", name, cause(error))

    def _size_of(self, backend: Backend) -> tuple[int, int]:
        return backend.camera_size_px or backend.fixed_size_px or self._size_px

    def _question(self, size_px: tuple[int, int]) -> Question:
        if size_px not in self._questions:
            self._questions[size_px] = self._ask(self._bundle, size_px)
        return self._questions[size_px]

    def _warm_up(self, backend: Backend) -> None:
        for _ in range(_WARM_UPS):
            self._answer(backend)

    def _answer(self, backend: Backend) -> GroundOutput:
        return _answer(backend, self._question(self._size_of(backend)))


def _answer(backend: Backend, asked: Question) -> GroundOutput:
    output = backend.ground(backend.see(asked.image_rgb), asked.text)
    check_numbers(output)
    return output
