"""Requests to ground one text on one image of a camera, from when they are made until that image comes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass

from ris_ros.types import Command, Grounding


@dataclass(frozen=True, slots=True, eq=False)
class OneTime:
    """One request.

    Attributes:
        command: What is asked, of one camera.
        answer: Takes the result or the error; abandoned once it is done.
    """

    command: Command
    answer: Future[Grounding]


class OneTimes:
    """The requests that wait for an image. Belongs to the worker's thread."""

    def __init__(self) -> None:
        self._waiting: list[OneTime] = []

    def add(self, request: OneTime) -> None:
        """Let it wait."""
        self._waiting.append(request)

    def wait_for(self, camera: str) -> bool:
        """Whether any waits for this camera's next image."""
        return any(camera in request.command.cameras for request in self._waiting)

    def of(self, cameras: set[str]) -> list[OneTime]:
        """Those that wait for an image of one of these cameras."""
        return [request for request in self._waiting if cameras.intersection(request.command.cameras)]

    def forget_abandoned(self) -> None:
        """Let go of those that nobody waits for any more."""
        self._waiting = [request for request in self._waiting if not request.answer.done()]

    def answer(self, requests: Sequence[OneTime], groundings: Sequence[Grounding]) -> None:
        """End requests, each with the first answer to its command."""
        for request in requests:
            self._waiting.remove(request)
            settle(request.answer, next(g for g in groundings if g.command is request.command))

    def refuse(self, error: Exception, requests: Sequence[OneTime] | None = None) -> None:
        """End requests with an error.

        Args:
            error: What they end with.
            requests: Which of them; all of them by default.
        """
        for request in list(self._waiting) if requests is None else requests:
            self._waiting.remove(request)
            settle(request.answer, error)


def settle(answer: Future[Grounding], result: Grounding | Exception) -> None:
    """Complete a future that the one who waits may have given up meanwhile."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)
