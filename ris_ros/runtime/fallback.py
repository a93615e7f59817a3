"""A backend that keeps answering: where its engine fails at run time, the next one takes over within the same frame."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MisuseError, cause
from ris_ros.runtime.backend import Backend, ClosesOnExit, check_numbers
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

FELL_BACK = "fell back"
"""The note that says which backend failed and why; absent while the one that was chosen runs."""
_PATIENCE = 3  # failures of the last backend without an answer in between, before all are loaded anew
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A backend that could be made.

    Attributes:
        name: Its row in the registry.
        load: Makes it; raises :class:`~ris_ros.errors.RisError`, or what its library throws.
    """

    name: str
    load: Callable[[], Backend]


@dataclass(frozen=True, slots=True)
class _About:
    """What the backend in use says of itself, read in the thread that it belongs to."""

    name: str = "none"
    precision: str = "none"
    device: str = "none"
    notes: Mapping[str, str] = field(default_factory=dict)


class FallbackBackend(ClosesOnExit):
    """Runs one backend, and the next of a list when that one fails, with the same images and the same question.

    A failure is any exception but a caller's mistake (:class:`~ris_ros.errors.MisuseError`), and any answer that is no
    number. The backend that failed is closed and not tried again, because an engine or its driver seldom comes back;
    only the last of the list stays, so that one bad frame costs one frame. When it fails three times without an answer
    in between, or none can be loaded, all are loaded anew, from the first, after a pause that doubles from one second
    to a minute until there is an answer; frames in between are refused at once.

    Name, precision, device and notes are those of the backend in use, and may change with every look.

    Args:
        backend: The first, already made.
        candidates: All, best first; the first of them is what made ``backend``.
        notes: What else is to be told, as why this backend was chosen.
        clock_s: A steady clock.
    """

    def __init__(
        self,
        backend: Backend,
        candidates: Sequence[Candidate],
        notes: Mapping[str, str] = MappingProxyType({}),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend: Backend | None = None
        self._fixed_size_px: tuple[int, int] | None = None
        self._camera_size_px: tuple[int, int] | None = None
        self._about = _About()
        self._described_for: tuple[tuple[int, ...], int] = ((), 0)
        self._candidates = tuple(candidates)
        self._left = list(candidates[1:])
        self._notes = dict(notes)
        self._clock_s = clock_s
        self._failed: list[str] = []
        self._failures = 0
        self._pause_s = _FIRST_PAUSE_S
        self._resting_until_s = 0.0
        self._closed = False
        self._images = np.empty((0, 0, 0, 3), np.uint8)
        self._images_for_px: tuple[int, int] | None = None
        # What the caller was given for the images, and what the backend in use made of them: the same, until another
        # takes over between a look and a question.
        self._given: VisionFeatures | None = None
        self._seen: VisionFeatures | None = None
        self._take(backend)

    @property
    def name(self) -> str:
        """Name of the backend in use; ``none`` where none could be loaded. As the next three, for any thread to ask."""
        return self._about.name

    @property
    def precision(self) -> str:
        """See :attr:`Backend.precision`."""
        return self._about.precision

    @property
    def device(self) -> str:
        """See :attr:`Backend.device`."""
        return self._about.device

    @property
    def notes(self) -> Mapping[str, str]:
        """Those of the backend in use, those given at birth, and under :data:`FELL_BACK` what failed and why."""
        return self._about.notes

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """See :attr:`Backend.fixed_size_px`."""
        return self._fixed_size_px

    @property
    def camera_size_px(self) -> tuple[int, int] | None:
        """See :attr:`Backend.camera_size_px`."""
        return self._camera_size_px

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        self._run(lambda backend: backend.prepare(size_px, cameras, commands))
        self._describe(self._backend)

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        """See :meth:`Backend.see`; the images must stay as they are until the next look."""
        self._given = self._seen = None
        self._images, self._images_for_px = images_rgb, self._camera_size_px
        self._given = self._run(self._look)
        return self._given

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        if features is not self._given:
            raise MisuseError("These features are of an earlier look, or of another backend: look again first.")
        output = self._run(lambda backend: self._ask(backend, text))
        # Only here: one that looks and never answers is as good as broken.
        self._failures, self._pause_s = 0, _FIRST_PAUSE_S
        shapes = (self._images.shape, len(text.camera_index))
        if shapes != self._described_for:
            # Engines may be made for new shapes, and tell of them.
            self._describe(self._backend)
            self._described_for = shapes
        return output

    def close(self) -> None:
        self._closed = True
        self._given = None
        self._drop()

    def _look(self, backend: Backend) -> VisionFeatures:
        if backend.camera_size_px != self._images_for_px:
            # Their sides may suit it by chance, but masks would be laid over the image as if they had been fitted.
            raise MisuseError("The images were fitted for another backend: look again.")
        self._seen = backend.see(self._images)
        return self._seen

    def _ask(self, backend: Backend, text: TextBatch) -> GroundOutput:
        output = backend.ground(self._seen or self._look(backend), text)
        check_numbers(output)
        return output

    def _run(self, work: Callable[[Backend], T]) -> T:
        """Do something with the backend in use, and with those after it for as long as they fail.

        Raises:
            MisuseError: It was asked for what no backend could do.
            BackendError: None is left that works.
        """
        known = self._backend
        while True:
            backend = self._in_use()
            try:
                return work(backend)
            except MisuseError as error:
                if backend is known:
                    raise
                raise BackendError(
                    f"The backend {backend.name} took over and takes other images ({error}) This frame is given up."
                ) from None
            except Exception as error:  # whatever an engine throws: it is the engine's failure
                self._replace(backend, error)

    def _in_use(self) -> Backend:
        if self._closed:
            raise MisuseError("The backend is closed: load it again.")
        if self._backend is not None:
            return self._backend
        left_s = self._resting_until_s - self._clock_s()
        if left_s > 0:
            reasons = "; ".join(self._failed)
            raise BackendError(
                f"No backend works ({reasons}): all are tried again in {left_s:.0f} s; run `ris doctor`."
            )
        self._failed.clear()
        self._left = list(self._candidates)
        return self._load_next()

    def _replace(self, backend: Backend, error: Exception) -> None:
        """Put the next that can be loaded in place of the one that failed.

        Raises:
            BackendError: There is none.
        """
        reason = f"{backend.name}: {cause(error)}"
        if not self._left:
            self._failures += 1
            if self._failures >= _PATIENCE:
                self._failed.append(reason)
                self._give_up()
            if isinstance(error, BackendError):
                raise error
            raise BackendError(f"The backend failed ({reason}): run `ris doctor`.") from error
        _log.error("The backend %s failed at run time: %s", backend.name, cause(error))
        self._failed.append(reason)
        self._drop()
        self._load_next()

    def _load_next(self) -> Backend:
        while self._left:
            candidate = self._left.pop(0)
            try:
                backend = candidate.load()
            except Exception as error:  # whatever a library throws: the next may still be loaded
                _log.error("The backend %s cannot take over: %s", candidate.name, cause(error))
                self._failed.append(f"{candidate.name}: {cause(error)}")
                continue
            self._take(backend)
            _log.error("The backend %s (%s, %s) takes over", self.name, self.precision, self.device)
            return backend
        self._give_up()
        raise BackendError(f"No backend works ({'; '.join(self._failed)}): run `ris doctor`.")

    def _take(self, backend: Backend) -> None:
        self._backend = backend
        self._failures = 0
        self._fixed_size_px = backend.fixed_size_px
        self._camera_size_px = backend.camera_size_px
        self._describe(backend)

    def _describe(self, backend: Backend | None) -> None:
        failed = {FELL_BACK: "from " + "; from ".join(self._failed)} if self._failed else {}
        if backend is None:
            self._about = _About(notes={**self._notes, **failed})
        else:
            notes = {**backend.notes, **self._notes, **failed}
            self._about = _About(backend.name, backend.precision, backend.device, notes)

    def _give_up(self) -> None:
        self._drop()
        self._describe(None)
        self._resting_until_s = self._clock_s() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        self._failures = 0

    def _drop(self) -> None:
        backend, self._backend, self._seen = self._backend, None, None
        # An engine that failed may fail at its end, too.
        with contextlib.suppress(Exception):
            if backend is not None:
                backend.close()
