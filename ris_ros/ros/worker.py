"""The one thread that owns engines and text encoder: a mailbox of jobs, and one slot for the newest image of a camera.

The executor's callbacks only put things here, so that inference never holds them up. Jobs (commands, requests) that
wait run before the images at hand, so that a command is answered on the first image after it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from ris_ros.ros.statistics import Drop, Fate

T = TypeVar("T")

_HAND_OVER_S = 50e-6
"""Sleep of the thread that offers an image to an idle worker: without it, it holds the interpreter on to the end of its
round through the executor, and the worker begins 0.2 to 0.5 ms later."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A camera message as it came.

    Attributes:
        camera: Its camera.
        message: A :data:`ris_ros.ros.serialized.CameraMessage`.
        time_ns: When it came, in the node's clock (simulated where ``use_sim_time`` is set).
        monotonic_ns: When it came, by ``time.monotonic_ns``; orders the images of a camera.
        fate: Takes what becomes of it.
    """

    camera: str
    message: Any
    time_ns: int
    monotonic_ns: int
    fate: Fate


class Worker:
    """A thread that by turns runs the jobs that wait, in order, and hands over the newest images.

    Args:
        on_images: Called with the images at hand, at most one of each camera, oldest first. It must not raise.
    """

    def __init__(self, on_images: Callable[[list[Arrival]], None]) -> None:
        self._on_images = on_images
        self._changed = threading.Condition()
        self._jobs: deque[tuple[Callable[[], Any], Future[Any], bool]] = deque()
        self._newest: dict[str, Arrival] = {}
        self._busy = False
        self._deciding = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ris-worker", daemon=True)
        self._thread.start()

    def offer(self, arrival: Arrival) -> bool:
        """Put an image into its camera's slot; one that still waits there is given up.

        Returns:
            Whether it has to wait, because the thread is at work.
        """
        with self._changed:
            displaced = self._newest.pop(arrival.camera, None)
            self._newest[arrival.camera] = arrival
            self._changed.notify()
            waits = self._busy
        if displaced is not None:
            displaced.fate.end(Drop.REPLACED)
        if not waits:
            time.sleep(_HAND_OVER_S)
        return waits

    def withdraw(self) -> list[Arrival]:
        """Take back the images that wait."""
        with self._changed:
            waiting = list(self._newest.values())
            self._newest.clear()
        return waiting

    @property
    def backlog(self) -> int:
        """How many jobs wait."""
        return len(self._jobs)

    @property
    def deciding(self) -> bool:
        """Whether a job waits or runs that decides on what is asked; what was asked before may be over."""
        return self._deciding > 0

    def submit(self, job: Callable[[], T], decides: bool = False) -> Future[T]:
        """Run ``job`` in the thread; what it returns or raises is the future's.

        Args:
            job: What to run.
            decides: Whether it may change what is asked; see :attr:`deciding`.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._stopping:
                future.set_exception(RuntimeError("the worker has stopped"))
                return future
            self._deciding += decides
            self._jobs.append((job, future, decides))
            self._changed.notify()
        return future

    def stop(self) -> None:
        """Finish the jobs that wait, give up the images, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping or self._jobs:
            with self._changed:
                self._busy = False
                while not (self._jobs or self._newest or self._stopping):
                    self._changed.wait()
                self._busy = True
                jobs, self._jobs = self._jobs, deque()
            for job, future, decides in jobs:
                _execute(job, future)
                with self._changed:
                    self._deciding -= decides
            # Taken only here: while the jobs ran, newer images may have come.
            images = [] if self._stopping else sorted(self.withdraw(), key=lambda arrival: arrival.monotonic_ns)
            if images:
                self._on_images(images)


def _execute(job: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = job()
    except BaseException as error:  # the caller, who awaits the future, decides what it means
        future.set_exception(error)
    else:
        future.set_result(result)
