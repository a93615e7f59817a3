"""From camera frames and commands to groundings; read this file first.

    frames -> letterbox -> see (once for all frames) -> ground (once for all commands on all frames) -> masks

Everything between a camera message and an answer message happens here, without ROS and without knowing which
backend runs the network.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import Letterbox, smallest_input
from ris_ros.language.encoder import TextEncoder
from ris_ros.language.intent import names_one_thing, resolve_target
from ris_ros.pipeline import masks
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime.backend import SIDE_STEP, Backend, check_numbers
from ris_ros.types import Command, Frame, Grounding, GroundOutput, Target, TextBatch, TextFeatures, VisionFeatures

MaskSize = Literal["image", "network"]
_REMEMBERED_TEXTS = 256
_REMEMBERED_BATCHES = 4  # of the commands and of the surroundings, before and after a change
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Frames that the network has looked at; valid until it looks at others.

    Attributes:
        frames: C frames.
        letterboxes: How each lies in the network's input.
        features: What the network made of them.
        stage_ns: Durations of ``letterbox`` and ``vision``.
    """

    frames: tuple[Frame, ...]
    letterboxes: tuple[Letterbox, ...]
    features: VisionFeatures
    stage_ns: Mapping[str, int]


class Perceiver:
    """Answers commands on frames. Belongs to the thread that made its backend.

    Args:
        backend: Runs the vision and ground graphs.
        encoder: Reads commands.
        input_size_px: (width, height) of the network's largest input; images of another aspect take a smaller one. May
            be set anew between two looks.
        thresholds: Used where a call gives none.
        mask_size: Answers in pixels of the camera image, or of the image as the network sees it (smaller and cheaper).
    """

    def __init__(
        self,
        backend: Backend,
        encoder: TextEncoder,
        input_size_px: tuple[int, int],
        thresholds: Thresholds,
        mask_size: MaskSize = "image",
    ) -> None:
        self.backend = backend
        self.thresholds = thresholds
        self._encoder = encoder
        self.input_size_px = input_size_px
        self._mask_size = mask_size
        self._texts: OrderedDict[str, TextFeatures] = OrderedDict()
        self._batches: OrderedDict[tuple[tuple[int, str], ...], TextBatch] = OrderedDict()
        self._inputs = np.empty((0, 0, 0, 3), np.uint8)

    def close(self) -> None:
        """Release the engines."""
        self.backend.close()

    def encode(self, command: Command) -> TextFeatures:
        """Features of a command's text; computed once and remembered."""
        return self._features_of(command.text)

    def tokens_dropped(self, text: str) -> int:
        """How many tokens at the end of a text the encoder does not read, because it is too long."""
        return self._encoder.tokenize(text).dropped

    def input_for(self, image_sizes_px: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """(width, height) of the network's input for images that are looked at together.

        Raises:
            ImageError: An image has no pixels.
        """
        return self.backend.fixed_size_px or smallest_input(image_sizes_px, self.input_size_px, SIDE_STEP)

    def working_size(self, image_size_px: tuple[int, int]) -> tuple[int, int]:
        """(width, height) at which the backend takes an image: a decoder that shrinks to it loses nothing.

        Args:
            image_size_px: (width, height) of the camera image.

        Raises:
            ImageError: The image has no pixels, or another aspect than the engines were built for.
        """
        taken_px = self.backend.camera_size_px
        if taken_px is None:
            return Letterbox.fit(image_size_px, self.input_for([image_size_px])).content_xywh[2:]
        width, height = Letterbox.fit(image_size_px, taken_px).content_xywh[2:]
        if max(taken_px[0] - width, taken_px[1] - height) > 1:  # but for rounding
            raise ImageError(
                f"The image has {image_size_px[0]}x{image_size_px[1]} pixels, another aspect than the"
                f" {taken_px[0]}x{taken_px[1]} that the engines take: set tensorrt_camera_size to the camera's own."
            )
        return taken_px

    def prepare(self, image_sizes_px: Sequence[tuple[int, int]], commands: int) -> None:
        """Let the engines be made that looking at such images together takes, so that no frame waits for them.

        Args:
            image_sizes_px: (width, height) of at least one image.
            commands: How many commands may be answered at once.

        Raises:
            ImageError: An image has no pixels.
            BackendError: The engines failed.
        """
        self.backend.prepare(self.input_for(image_sizes_px), len(image_sizes_px), commands)

    def perceive(
        self, frames: Sequence[Frame], commands: Sequence[Command], thresholds: Thresholds | None = None
    ) -> list[Grounding]:
        """Answer every command on every frame whose camera it concerns.

        Whether a frame is too old for a command is the caller's to decide, who knows whose clock stamped it.

        Args:
            frames: At most one of each camera, of any sizes.
            commands: At least one; a command whose target is AUTO comes back with its target decided.
            thresholds: None for those given at birth.

        Returns:
            Frame by frame, the answers in the order of the commands.

        Raises:
            BackendError: The engines failed.
        """
        concerned = [frame for frame in frames if any(command.concerns(frame.camera) for command in commands)]
        if not concerned:
            return []
        return self.answer(self.look(concerned), commands, thresholds)

    def look(self, frames: Sequence[Frame]) -> View:
        """Run the vision graph, once for all frames.

        Raises:
            BackendError: The engine failed.
        """
        start_ns = time.perf_counter_ns()
        input_size_px = self.input_for([frame.size_px for frame in frames])
        letterboxes = tuple(Letterbox.fit(frame.size_px, input_size_px) for frame in frames)
        inputs = self._laid_out(frames, letterboxes)
        letterboxed_ns = time.perf_counter_ns()
        features = self.backend.see(inputs)
        stage_ns = {"letterbox": letterboxed_ns - start_ns, "vision": time.perf_counter_ns() - letterboxed_ns}
        return View(tuple(frames), letterboxes, features, stage_ns)

    def answer(self, view: View, commands: Sequence[Command], thresholds: Thresholds | None = None) -> list[Grounding]:
        """Run the ground graph, once for all commands on all frames of a view, and make masks of what it says.

        Args:
            view: The newest that :meth:`look` returned.
            commands: See :meth:`perceive`.
            thresholds: None for those given at birth.

        Raises:
            BackendError: The engine failed, or what it says are no numbers.
        """
        start_ns = time.perf_counter_ns()
        asked = [
            (index, _decided(command))
            for index, frame in enumerate(view.frames)
            for command in commands
            if command.concerns(frame.camera)
        ]
        if not asked:
            return []
        text = self._batch_of([(index, command.text) for index, command in asked])
        encoded_ns = time.perf_counter_ns()
        output = self.backend.ground(view.features, text)
        check_numbers(output)
        grounded_ns = time.perf_counter_ns()
        shared_ns = {"text": encoded_ns - start_ns, **view.stage_ns, "ground": grounded_ns - encoded_ns}
        return [
            self._grounding(view, index, command, output, row, shared_ns, thresholds or self.thresholds)
            for row, (index, command) in enumerate(asked)
        ]

    def survey(self, view: View, free_texts: Sequence[str], obstacle_texts: Sequence[str]) -> list[Surroundings]:
        """Run the ground graph once more on a view, for what nobody asked: where the ground is free.

        Args:
            view: The newest that :meth:`look` returned.
            free_texts: At least one; what may be driven on, such as "the road".
            obstacle_texts: At least one; what must not be touched, such as "all the cars".

        Returns:
            Frame by frame; of several texts the highest probability counts.

        Raises:
            BackendError: The engine failed, or what it says are no numbers.
        """
        start_ns = time.perf_counter_ns()
        texts = (*free_texts, *obstacle_texts)
        asked = [(index, text) for index in range(len(view.frames)) for text in texts]
        output = self.backend.ground(view.features, self._batch_of(asked))
        check_numbers(output)
        logits = output.object_logits.reshape(len(view.frames), len(texts), *output.object_logits.shape[1:])
        took_ns = time.perf_counter_ns() - start_ns
        return [
            Surroundings(
                frame,
                masks.highest(logits[index, : len(free_texts)], letterbox),
                masks.highest(logits[index, len(free_texts) :], letterbox),
                took_ns,
            )
            for index, (frame, letterbox) in enumerate(zip(view.frames, view.letterboxes, strict=True))
        ]

    def _laid_out(self, frames: Sequence[Frame], letterboxes: Sequence[Letterbox]) -> NDArray[np.uint8]:
        """What the backend takes, uint8 [C, h, w, 3]; a single image that is of this size already is not copied."""
        taken_px = self.backend.camera_size_px
        if taken_px is not None:
            letterboxes = [Letterbox.fit(taken_px, taken_px)] * len(frames)
        width, height = letterboxes[0].input_size_px
        only = frames[0].image_rgb
        # A view of a message's bytes cannot be written to, and not every engine takes what cannot.
        if len(frames) == 1 and only.shape[:2] == (height, width) and only.flags.c_contiguous and only.flags.writeable:
            return only[np.newaxis]
        if self._inputs.shape[:3] != (len(frames), height, width):
            self._inputs = np.empty((len(frames), height, width, 3), np.uint8)
        for row, (frame, letterbox) in enumerate(zip(frames, letterboxes, strict=True)):
            letterbox.apply(frame.image_rgb, out=self._inputs[row])
        return self._inputs

    def _features_of(self, text: str) -> TextFeatures:
        return _recalled(self._texts, text, lambda: self._encoder.encode(text), _REMEMBERED_TEXTS)

    def _batch_of(self, asked: Sequence[tuple[int, str]]) -> TextBatch:
        """The features of texts, each with its row of the vision batch; mostly those of the last frame."""

        def stacked() -> TextBatch:
            return TextBatch.stack([self._features_of(text) for _, text in asked], [index for index, _ in asked])

        return _recalled(self._batches, tuple(asked), stacked, _REMEMBERED_BATCHES)

    def _grounding(
        self,
        view: View,
        index: int,
        command: Command,
        output: GroundOutput,
        row: int,
        shared_ns: Mapping[str, int],
        thresholds: Thresholds,
    ) -> Grounding:
        """One answer.

        The thing is found when its existence passes its threshold *and* the mask that was asked for has a pixel:
        existence alone would be an answer without a place, a mask alone a place for what is not there.
        """
        start_ns = time.perf_counter_ns()
        letterbox = view.letterboxes[index]
        size_px = letterbox.image_size_px if self._mask_size == "image" else letterbox.content_xywh[2:]
        existence = 1.0 / (1.0 + math.exp(-min(max(float(output.existence_logit[row]), -30.0), 30.0)))
        is_region = command.target is Target.REGION
        other = Target.OBJECT if is_region else Target.REGION
        levels = {Target.OBJECT: thresholds.object, Target.REGION: thresholds.region}
        cells = {
            Target.OBJECT: masks.Cells.of(output.object_logits[row], letterbox),
            Target.REGION: masks.Cells.of(output.region_logits[row], letterbox),
        }
        parts = masks.Parts.of(cells[Target.OBJECT], thresholds.object)
        if names_one_thing(command.text):
            cells[Target.OBJECT] = parts.only_the_peaks()

        exists = existence >= thresholds.existence
        first = masks.answer(cells[command.target], size_px, levels[command.target] if exists else None)
        found = not first.empty
        second = masks.answer(cells[other], size_px, levels[other] if found else None)

        reason = ""
        if not exists:
            reason = f"It is probably not there: existence {existence:.0%}, needed {thresholds.existence:.0%}."
        elif not found:
            highest = cells[command.target].highest / 255.0
            reason = f"No pixel is certain enough: at most {highest:.0%}, needed {levels[command.target]:.0%}."
        return Grounding(
            command=command,
            frame=view.frames[index],
            found=found,
            existence=existence,
            score=first.score,
            object=second if is_region else first,
            region=first if is_region else second,
            candidates=parts.count_candidates() if found else 0,
            stage_ns=MappingProxyType({**shared_ns, "masks": time.perf_counter_ns() - start_ns}),
            reason=reason,
        )


def _recalled(remembered: OrderedDict[K, V], key: K, make: Callable[[], V], most: int) -> V:
    """What was made for a key before, or is made now; of more than ``most`` the longest unused is forgotten."""
    value = remembered.get(key)
    if value is None:
        value = remembered[key] = make()
        if len(remembered) > most:
            remembered.popitem(last=False)
    else:
        remembered.move_to_end(key)
    return value


def _decided(command: Command) -> Command:
    if command.target is not Target.AUTO:
        return command
    return dataclasses.replace(command, target=resolve_target(command.text, command.target))
