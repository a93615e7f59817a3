"""The second thread: while the worker is busy with an older image, it carries the newest answers to those that come.

It never touches the engines. What it may say is narrower than what the model may: it answers only where it has an
answer of the model to every active command that concerns the camera, and none of them is about to change.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from ris_ros.config.node import NodeConfig
from ris_ros.errors import ImageError
from ris_ros.pipeline.flow import flow_size
from ris_ros.pipeline.propagate import Propagator
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.ros.gate import Answered, Gate
from ris_ros.ros.images import Images, Taken
from ris_ros.ros.stamps import NS_PER_S
from ris_ros.ros.statistics import Answer, Statistics
from ris_ros.ros.worker import Arrival
from ris_ros.types import Command, Grounding


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """What is asked, as any thread may read it.

    Attributes:
        commands: Reads the active commands, oldest first; where none are to be answered, none.
        deciding: Whether they are about to change.
    """

    commands: Callable[[], tuple[Command, ...]]
    deciding: Callable[[], bool]


class Carrier:
    """See the module.

    Args:
        config: Reads the settings as they are.
        clock_ns: The node's clock.
        statistics: Where everything is counted.
        gate: Where answers go out.
        asking: What is asked.
        problem: Takes the kind of a problem and a sentence about it.
    """

    def __init__(
        self,
        config: Callable[[], NodeConfig],
        clock_ns: Callable[[], int],
        statistics: Statistics,
        gate: Gate,
        asking: Asking,
        problem: Callable[[str, str], None],
    ) -> None:
        self._config = config
        self._clock_ns = clock_ns
        self._statistics = statistics
        self._gate = gate
        self._asking = asking
        self._problem = problem
        self._changed = threading.Condition()
        self._waiting: dict[str, Arrival] = {}
        self._fresh: dict[str, tuple[Answered, Thresholds]] = {}
        self._era = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ris-carrier", daemon=True)
        self._thread.start()

    def offer(self, arrival: Arrival) -> None:
        """Try to answer an image for which the worker has no time; one that still waits is passed over."""
        if not arrival.fate.share():
            return
        with self._changed:
            displaced = self._waiting.pop(arrival.camera, None)
            self._waiting[arrival.camera] = arrival
            self._changed.notify()
        if displaced is not None:
            displaced.fate.end(None)

    def renew(self, answered: Answered, thresholds: Thresholds) -> None:
        """Carry these answers of the model from here on.

        Args:
            answered: Fresh answers.
            thresholds: Those that they were made with.
        """
        with self._changed:
            self._fresh[answered.arrival.camera] = answered, thresholds

    def forget(self) -> None:
        """Forget answers and images: the clock jumped, or the node is deactivated. Nothing of before goes out after."""
        with self._changed:
            waiting, self._waiting = self._waiting, {}
            self._fresh.clear()
            self._era += 1
        for arrival in waiting.values():
            arrival.fate.end(None)
        with self._gate.closed():
            pass

    def stop(self) -> None:
        """Forget everything and end the thread."""
        self.forget()
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        memory = _Memory(self._config, self._statistics)
        while True:
            with self._changed:
                while not (self._waiting or self._stopping):
                    self._changed.wait()
                if self._stopping:
                    return
                if memory.era != self._era:
                    memory = _Memory(self._config, self._statistics, self._era)
                arrival = self._waiting.pop(min(self._waiting, key=lambda name: self._waiting[name].monotonic_ns))
                fresh = self._fresh.pop(arrival.camera, None)
            published = False
            try:
                if fresh is not None:
                    memory.renew(*fresh)
                published = self._carry(memory, arrival)
            except ImageError as error:
                self._problem(f"image/{arrival.camera}", str(error))
            except Exception as error:  # the thread must outlive any mistake of ours
                sentence = f"Carrying a mask forward failed ({type(error).__name__}: {error}): report this."
                self._problem("internal", sentence)
            arrival.fate.end(Answer.PROPAGATED if published else None)

    def _carry(self, memory: _Memory, arrival: Arrival) -> bool:
        """Answer one image, if that can be; returns whether it was."""
        if not self._concerned(arrival.camera):
            memory.forget(arrival.camera)
            return False
        taken = memory.take(arrival)
        if taken is None:
            return False
        max_age_ns = int(self._config().max_propagated_age_s * NS_PER_S)
        groundings = memory.carry(taken, max_age_ns)
        if not groundings:
            return False
        for stage, duration_ns in _stages(groundings).items():
            self._statistics.took(stage, duration_ns)
        return self._gate.let_out(
            arrival.camera, arrival.monotonic_ns, lambda: self._due(memory.era, taken, groundings)
        )

    def _concerned(self, camera: str) -> list[Command]:
        now_ns = self._clock_ns()
        return [
            command for command in self._asking.commands() if command.concerns(camera) and not command.expired(now_ns)
        ]

    def _due(self, era: int, taken: Taken, groundings: list[Grounding]) -> Answered | None:
        """What may be said of it at this moment: all that is asked, or nothing."""
        if era != self._era or self._asking.deciding():
            return None
        asked = self._concerned(taken.frame.camera)
        due = [grounding for grounding in groundings if grounding.command in asked]
        if not due or len(due) < len(asked):
            return None
        return Answered(due, due[-1], taken.stages_ns, taken.time_ns, taken.arrival)


class _Memory:
    """What the thread remembers of all cameras, until the next jump of the clock or deactivation.

    Args:
        config: Reads the settings as they are.
        statistics: Is told of cameras whose stamps are of another clock.
        era: How often everything was forgotten before.
    """

    def __init__(self, config: Callable[[], NodeConfig], statistics: Statistics, era: int = 0) -> None:
        self.era = era
        self._images = Images(config, statistics, flow_size)
        self._propagators = defaultdict[str, Propagator](Propagator)
        self._thresholds: dict[str, Thresholds] = {}

    def renew(self, answered: Answered, thresholds: Thresholds) -> None:
        camera = answered.arrival.camera
        self._propagators[camera].renew(answered.groundings)
        self._thresholds[camera] = thresholds

    def forget(self, camera: str) -> None:
        self._propagators.pop(camera, None)
        self._thresholds.pop(camera, None)

    def take(self, arrival: Arrival) -> Taken | None:
        """Decode an image, small, where there is something to be carried to it."""
        if arrival.camera not in self._thresholds:
            return None
        return self._images.decode(self._images.date(arrival))

    def carry(self, taken: Taken, max_age_ns: int) -> list[Grounding]:
        camera = taken.frame.camera
        return self._propagators[camera].carry(taken.frame, self._thresholds[camera], max_age_ns)


def _stages(groundings: list[Grounding]) -> dict[str, int]:
    """Durations of ``flow``, which all answers on an image share, and of ``warp``, which each has of its own."""
    return {
        "flow": groundings[0].stage_ns["flow"],
        "warp": sum(grounding.stage_ns["warp"] for grounding in groundings),
    }
