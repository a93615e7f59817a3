"""The way out for answers, from whichever thread: one at a time, and those of a camera in the order of its images."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ris_ros.ros.worker import Arrival
from ris_ros.types import Grounding


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """All answers on one frame.

    Attributes:
        groundings: One for each active command that concerns the frame, oldest command first.
        newest: The answer to the newest of them.
        stages_ns: Durations of the stages before perception, by name.
        image_time_ns: When the image was taken, in the node's clock.
        arrival: The image's message, for those who need more of it than was looked at.
    """

    groundings: Sequence[Grounding]
    newest: Grounding
    stages_ns: Mapping[str, int]
    image_time_ns: int
    arrival: Arrival


class Gate:
    """See the module. Thread-safe.

    Args:
        publish: Called with what may go out, in the thread that brought it.
    """

    def __init__(self, publish: Callable[[Answered], None]) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._latest: dict[str, int] = {}

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Nothing goes out meanwhile; what was on its way is out before it begins."""
        with self._lock:
            yield

    def let_out(self, camera: str, order_ns: int, make: Callable[[], Answered | None]) -> bool:
        """Publish an answer, unless one on a newer image of its camera is out.

        Args:
            camera: Its camera.
            order_ns: When its image came; see :attr:`Arrival.monotonic_ns`.
            make: Gives the answer, as things stand at that moment; None keeps it back.

        Returns:
            Whether it was published.
        """
        with self._lock:
            if order_ns <= self._latest.get(camera, -1):
                return False
            answered = make()
            if answered is None:
                return False
            self._latest[camera] = order_ns
            self._publish(answered)
            return True
