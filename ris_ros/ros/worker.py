"""The one thread that owns engines and text encoder: a mailbox of jobs, and one slot for the newest image of a camera.

The executor's callbacks only put things here, so that inference never holds them up. Jobs (commands, requests) that
wait run before the images at hand, so that a command is answered on the first image after it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A camera message as it came.

    Attributes:
        camera: Its camera.
        message: ``sensor_msgs`` Image or CompressedImage.
        time_ns: When it came, in the node's clock (simulated where ``use_sim_time`` is set).
        monotonic_ns: When it came, by ``time.monotonic_ns``.
    """

    camera: str
    message: Any
    time_ns: int
    monotonic_ns: int


class Worker:
    """A thread that by turns runs the jobs that wait, in order, and hands over the newest images.

    Args:
        on_images: Called with the images at hand, at most one of each camera, oldest first. It must not raise.
        on_replaced: Called, in the thread that offers, with an image that a newer one displaces.
    """

    def __init__(self, on_images: Callable[[list[Arrival]], None], on_replaced: Callable[[Arrival], None]) -> None:
        self._on_images = on_images
        self._on_replaced = on_replaced
        self._changed = threading.Condition()
        self._jobs: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._newest: dict[str, Arrival] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ris-worker", daemon=True)
        self._thread.start()

    def offer(self, arrival: Arrival) -> None:
        """Put an image into its camera's slot; one that still waits there is given up."""
        with self._changed:
            displaced = self._newest.pop(arrival.camera, None)
            self._newest[arrival.camera] = arrival
            self._changed.notify()
        if displaced is not None:
            self._on_replaced(displaced)

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

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run ``job`` in the thread; what it returns or raises is the future's."""
        future: Future[T] = Future()
        with self._changed:
            if self._stopping:
                future.set_exception(RuntimeError("the worker has stopped"))
                return future
            self._jobs.append((job, future))
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
                while not (self._jobs or self._newest or self._stopping):
                    self._changed.wait()
                jobs, self._jobs = self._jobs, deque()
            for job, future in jobs:
                _execute(job, future)
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
