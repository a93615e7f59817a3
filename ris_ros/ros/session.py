"""What the worker thread owns while the node is configured: engines, active commands, searches, one-time requests.

Every method is called in the worker thread. Nothing here imports ROS but :mod:`ris_ros.ros.convert`: messages come in
as :class:`Arrival`, and answers go out through :class:`Sink`.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from ris_ros.config.node import NodeConfig
from ris_ros.errors import TransportError, cause
from ris_ros.language.intent import is_plural
from ris_ros.pipeline.commands import ActiveCommands
from ris_ros.pipeline.perceive import Perceiver, View
from ris_ros.pipeline.search import Outcome, Progress, Search, Verdict
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.ros.convert import to_frame
from ris_ros.ros.gate import Answered, Gate
from ris_ros.ros.images import Images, Taken
from ris_ros.ros.intake import OWN_ID, Asked, to_command
from ris_ros.ros.one_time import OneTime, OneTimes, settle
from ris_ros.ros.sizing import Sizing
from ris_ros.ros.statistics import Answer, Drop, Statistics
from ris_ros.ros.worker import Arrival
from ris_ros.types import Command, Grounding


class Sink(Protocol):
    """Where a session's results go."""

    @property
    def gate(self) -> Gate:
        """The way out for answers."""
        ...

    def answered(self, answered: Answered, thresholds: Thresholds) -> None:
        """Take note of fresh answers, whether they were published or came too late for that."""
        ...

    def wants_survey(self, camera: str) -> bool:
        """Whether the surroundings on this camera's next image are to be told."""
        ...

    def surveyed(self, taken: Taken, groundings: Sequence[Grounding], surroundings: Surroundings) -> None:
        """Take what the model says of the surroundings on an image, with its fresh answers to what was asked."""
        ...

    def problem(self, kind: str, sentence: str) -> None:
        """Tell people about a problem."""
        ...


class Session:
    """See the module.

    Args:
        perceiver: The engines.
        cameras: The configured cameras.
        config: Reads the settings as they are.
        clock_ns: The node's clock.
        statistics: Where everything is counted.
        sink: Where results go.

    Attributes:
        commands: The active commands, oldest first; a snapshot that any thread may read.
    """

    def __init__(
        self,
        perceiver: Perceiver,
        cameras: Sequence[str],
        config: Callable[[], NodeConfig],
        clock_ns: Callable[[], int],
        statistics: Statistics,
        sink: Sink,
    ) -> None:
        self._perceiver = perceiver
        self._cameras = tuple(cameras)
        self._config = config
        self._clock_ns = clock_ns
        self._statistics = statistics
        self._sink = sink
        self._active = ActiveCommands()
        self.commands: tuple[Command, ...] = ()
        self._standing: tuple[Command, ...] = ()
        self._searches: dict[str, tuple[Search, Callable[[Progress | Verdict], None]]] = {}
        self._once = OneTimes()
        self._images = Images(config, statistics, perceiver.working_size)
        settings = config()
        self._sizing = Sizing(perceiver, settings.adaptive_size, settings.max_commands, statistics, sink.problem)
        self._numbers = itertools.count(1)

    @property
    def input_size_px(self) -> tuple[int, int] | None:
        """(width, height) of what the network looked at last, None before; any thread may read it."""
        return self._sizing.input_size_px

    def followed(self, now_ns: int) -> Command | None:
        """The command that plans are made for: the newest that is no search and not over; any thread may ask."""
        return next((command for command in reversed(self._standing) if not command.expired(now_ns)), None)

    def close(self) -> None:
        """End every search and request, and release the engines."""
        self.pause()
        self._perceiver.close()

    def pause(self) -> None:
        """The node is deactivated: forget images and requests that wait, end searches, keep the commands."""
        self._images.forget()
        self._once.refuse(TransportError("The node was deactivated: activate it and ask again."))
        if self._searches:
            self._active.clear(list(self._searches))
            self._changed("The node was deactivated.")

    def add(self, asked: Asked) -> Command:
        """Take a command; one of the same id is replaced, and beyond the limit the oldest is forgotten.

        Raises:
            CommandError: It cannot be used.
            BackendError: Its text cannot be encoded.
        """
        command = self._read(asked, self._own_id("command"))
        self._activate(command)
        return command

    def clear(self, ids: Sequence[str]) -> int:
        """Forget commands; returns how many there were.

        Args:
            ids: Their ids; empty for all.
        """
        count = self._active.clear(ids)
        self._changed("The command was cleared.")
        return count

    def rewind(self, now_ns: int) -> None:
        """The node's clock jumped back (a bag began again): no active command counts as uttered later than now."""
        self._images.forget_clocks()
        for command in self.commands:
            self._active.add(dataclasses.replace(command, uttered_ns=min(command.uttered_ns, now_ns)))
        self._changed("")

    def begin_search(self, asked: Asked, own_id: str, tell: Callable[[Progress | Verdict], None]) -> Command:
        """Look for something until frames agree; it is an active command for as long.

        Args:
            asked: What to look for.
            own_id: The id of its command; begins with :data:`ris_ros.ros.intake.OWN_ID` and is used once.
            tell: Takes the progress at each frame, and at the end the verdict.

        Raises:
            CommandError: It cannot be used.
            BackendError: Its text cannot be encoded.
        """
        # A search ends by its deadline, not by the lifetime that commands have by default.
        command = dataclasses.replace(self._read(asked, own_id), time_to_live_ns=0)
        # Known as a search before it is active: plans are made for other commands.
        self._searches[command.id] = Search(command, is_plural(command.text), self._config().refer_frames), tell
        self._activate(command)
        return command

    def end_search(self, id_: str) -> None:
        """Stop looking, without a verdict; harmless when it has ended."""
        if self._searches.pop(id_, None) is not None:
            self._active.clear([id_])
            self._changed("")

    def ground_image(self, asked: Asked, camera: str, message: Any) -> Grounding:
        """Ground one text on one image, once.

        Raises:
            RisError: Text or image cannot be used, or the engines failed.
        """
        command = self._read(asked, self._own_id("request"))
        frame = to_frame(camera, message, self._config().max_image_pixels, self._perceiver.working_size)
        return self._perceiver.perceive([frame], [command], self._thresholds())[0]

    def ground_camera(self, asked: Asked, camera: str, answer: Future[Grounding]) -> None:
        """Ground one text on the newest image of a camera, or on its next one where that is too old.

        Args:
            asked: The text.
            camera: The camera.
            answer: Takes the result or the error; abandoned once it is done.
        """
        try:
            command = self._read(dataclasses.replace(asked, cameras=(camera,)), self._own_id("request"))
            frame = self._images.newest(camera)
            if frame is None:
                self._once.add(OneTime(command, answer))
                return
            grounding = self._perceiver.perceive([frame], [command], self._thresholds())[0]
        except Exception as error:
            settle(answer, error)
        else:
            settle(answer, grounding)

    def on_images(self, arrivals: Sequence[Arrival]) -> None:
        """Answer everything that is asked, on the newest image of each camera."""
        self._answer_images(arrivals)
        for arrival in arrivals:
            self._sizing.meet(arrival.camera, arrival.message)
        self._sizing.prepare_next()

    def _answer_images(self, arrivals: Sequence[Arrival]) -> None:
        begin_ns = time.monotonic_ns()
        self._expire()
        self._once.forget_abandoned()
        taken = [one for one in map(self._take, arrivals) if one is not None]
        if not taken:
            return
        once = self._once.of({one.frame.camera for one in taken})
        commands = [*self.commands, *(request.command for request in once)]
        thresholds = self._thresholds()
        try:
            view = self._perceiver.look([one.frame for one in taken])
            groundings = self._perceiver.answer(view, commands, thresholds)
        except Exception as error:  # whatever an engine throws, the next frame gets its chance
            self._failed(taken, once, error)
            return
        self._once.answer(once, groundings)
        due = [self._answer(one, view, [g for g in groundings if g.frame is one.frame], thresholds) for one in taken]
        self._survey(view, taken, due)
        self._sizing.looked([one.frame for one in taken], time.monotonic_ns() - begin_ns)

    def _take(self, arrival: Arrival) -> Taken | None:
        """Decode an image if anything is asked of it; count it as dropped if not."""
        camera = arrival.camera
        dated = self._images.date(arrival)
        concerning = [command for command in self.commands if command.concerns(camera)]
        if not (self._sink.wants_survey(camera) or self._once.wait_for(camera)):
            if not concerning:
                arrival.fate.end(Drop.NO_COMMAND)
                return None
            if all(command.uttered_ns > dated.time_ns for command in concerning):
                arrival.fate.end(Drop.OLDER_THAN_COMMAND)
                return None
        try:
            return self._images.decode(dated)
        except Exception as error:  # also what a library throws at an image that nobody thought of
            arrival.fate.end(Drop.BAD_IMAGE)
            self._sink.problem(f"image/{camera}", f"{cause(error)}.")
            return None

    def _answer(
        self, one: Taken, view: View, groundings: Sequence[Grounding], thresholds: Thresholds
    ) -> Sequence[Grounding]:
        """Publish the answers on one frame to the commands that are not younger than it, and return them."""
        one.arrival.fate.end(Answer.GROUNDED)
        stages_ns = {**one.stages_ns, **view.stage_ns}
        if groundings:
            stages_ns |= groundings[0].stage_ns
            stages_ns["masks"] = sum(grounding.stage_ns["masks"] for grounding in groundings)
        for stage, duration_ns in stages_ns.items():
            self._statistics.took(stage, duration_ns)
        due = [g for g in groundings if g.command in self.commands and g.command.uttered_ns <= one.time_ns]
        if not due:
            return due
        answered = Answered(due, due[-1], one.stages_ns, one.time_ns, one.arrival)
        self._statistics.took("answer_age", max(0, self._clock_ns() - one.time_ns))
        self._sink.gate.let_out(one.frame.camera, one.arrival.monotonic_ns, lambda: answered)
        self._sink.answered(answered, thresholds)
        for grounding in due:
            self._inform_search(grounding)
        return due

    def _survey(self, view: View, taken: Sequence[Taken], due: Sequence[Sequence[Grounding]]) -> None:
        """Ask for the surroundings where they are wanted, after the answers are out."""
        if not any(self._sink.wants_survey(one.frame.camera) for one in taken):
            return
        config = self._config()
        try:
            surveyed = self._perceiver.survey(view, config.free_texts, config.obstacle_texts)
        except Exception as error:  # the answers are out, and the next frame gets its chance
            self._sink.problem("backend", f"The inference backend failed on the surroundings: {cause(error)}.")
            return
        self._statistics.took("survey", surveyed[0].took_ns)
        for one, groundings, surroundings in zip(taken, due, surveyed, strict=True):
            self._sink.surveyed(one, groundings, surroundings)

    def _failed(self, taken: Sequence[Taken], once: Sequence[OneTime], error: Exception) -> None:
        for one in taken:
            one.arrival.fate.end(Drop.BACKEND_ERROR)
        self._once.refuse(error, once)
        self._sink.problem("backend", f"The inference backend failed on a frame: {cause(error)}.")

    def _own_id(self, kind: str) -> str:
        return f"{OWN_ID}{kind}-{next(self._numbers)}"

    def _read(self, asked: Asked, own_id: str) -> Command:
        command = to_command(asked, own_id, self._cameras, self._config())
        self._perceiver.encode(command)
        return command

    def _activate(self, command: Command) -> None:
        limit = self._config().max_commands
        self._active.add(command)
        for old in self._active.all[:-limit]:
            self._active.clear([old.id])
            self._sink.problem("command", f"Over {limit} commands are active: '{old.text}' ({old.id}) was forgotten.")
        self._changed("Another command took its place.")

    def _changed(self, reason: str) -> None:
        """The active commands are others: show them, and end the searches whose command is gone, with a reason."""
        with self._sink.gate.closed():  # once it is said that a command is gone, no answer to it goes out
            self.commands = self._active.all
            self._standing = tuple(command for command in self.commands if command.id not in self._searches)
        active = {command.id for command in self.commands}
        for id_ in [id_ for id_ in self._searches if id_ not in active]:
            search, tell = self._searches.pop(id_)
            tell(Verdict(Outcome.CANCELLED, reason, search.progress.best))

    def _expire(self) -> None:
        if self._active.expire(self._clock_ns()):
            self._changed("Its time to live was over.")

    def _inform_search(self, grounding: Grounding) -> None:
        search, tell = self._searches.get(grounding.command.id, (None, None))
        if search is None or tell is None:
            return
        verdict = search.see(grounding)
        tell(search.progress)
        if verdict is not None:
            self.end_search(grounding.command.id)
            tell(verdict)

    def _thresholds(self) -> Thresholds:
        """Those that are set, and the model's where none is."""
        config, model = self._config(), self._perceiver.thresholds
        return Thresholds(
            object=config.threshold_object or model.object,
            region=config.threshold_region or model.region,
            existence=config.threshold_existence or model.existence,
        )
