"""How long each stage takes by itself, and the whole from a decoded image to the answers, without ROS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ris_ros.benchmark.energy import EnergyMeter
from ris_ros.benchmark.inputs import MOST_CAMERAS, MOST_COMMANDS, TEXTS
from ris_ros.benchmark.subject import Size, Subject
from ris_ros.benchmark.timing import Plan, Ratio, Timing, measure, percentiles
from ris_ros.runtime.backend import Backend
from ris_ros.types import VisionFeatures

IMAGE_SIZES_PX: tuple[Size, ...] = ((640, 480), (1280, 720), (1920, 1080))
MODEL_STAGES = ("vision", "ground")
ONE_COMMAND = "vision and ground, 1 command"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """The way from a decoded image to the answer of one command.

    Attributes:
        image_size_px: (width, height) of the image.
        input_size_px: (width, height) at which the network saw it.
        timing: Of the whole.
        stages_ms: Stage -> its durations in the same calls, float64 [n] each, in the order in which they are passed.
        not_model: Share of each call's time that is neither vision nor ground.
    """

    image_size_px: Size
    input_size_px: Size
    timing: Timing
    stages_ms: Mapping[str, NDArray[np.float64]]
    not_model: Ratio

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "image_size_px": list(self.image_size_px),
            "input_size_px": list(self.input_size_px),
            **self.timing.figures(),
            "stages": {name: percentiles(taken) for name, taken in self.stages_ms.items()},
            "not_model_share": self.not_model.median,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What :func:`measure_stages` measured.

    Attributes:
        input_size_px: (width, height) of the network's input, of all but ``wholes``.
        timings: Stage -> its timing.
        wholes: One for each image size.
    """

    input_size_px: Size
    timings: Mapping[str, Timing]
    wholes: Sequence[Whole]

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "input_size_px": list(self.input_size_px),
            "stages": {name: timing.figures() for name, timing in self.timings.items()},
            "whole": [whole.figures() for whole in self.wholes],
        }


def measure_stages(subject: Subject, plan: Plan, energy: EnergyMeter | None, tell: Tell) -> Stages:
    """Measure every stage.

    Args:
        subject: The model.
        plan: How long each.
        energy: What measures energy.
        tell: Told what is being measured.
    """
    size = subject.reference_px
    rows: list[tuple[str, int, Callable[[], Callable[[], object]]]] = [
        *(
            (f"vision, {_many(cameras, 'camera')}", cameras, partial(subject.vision, size, cameras))
            for cameras in range(1, MOST_CAMERAS + 1)
        ),
        *(
            (f"ground, {_many(count, 'command')}", count, partial(subject.ground, size, count))
            for count in (1, 4, MOST_COMMANDS)
        ),
        (ONE_COMMAND, 1, partial(subject.model, size, 1)),
        ("text, 1 command", 1, lambda: partial(subject.encoder.encode, TEXTS[0])),
    ]
    timings = {}
    for name, per_call, make in rows:
        tell(name)
        timings[name] = measure(make(), plan, energy, per_call)
    wholes = []
    for image_size in IMAGE_SIZES_PX:
        tell(f"image to answer, {image_size[0]}x{image_size[1]}")
        wholes.append(measure_whole(subject, image_size, plan, energy))
    return Stages(size, timings, wholes)


def measure_whole(subject: Subject, image_size_px: Size, plan: Plan, energy: EnergyMeter | None = None) -> Whole:
    """Measure the way from a decoded image of this size to the answer of one command."""
    told: list[Mapping[str, int]] = []
    perceive = subject.whole(image_size_px, 1)
    timing = measure(lambda: told.append(perceive()[0].stage_ns), plan, energy)
    counted = told[-len(timing.durations_ms) :]
    stages_ms = {name: np.array([stage_ns[name] for stage_ns in counted]) / 1e6 for name in counted[0]}
    model_ms = np.sum([stages_ms[name] for name in MODEL_STAGES], axis=0)
    return Whole(
        image_size_px,
        subject.perceiver().input_for([image_size_px]),
        timing,
        stages_ms,
        Ratio.of(timing.durations_ms - model_ms, timing.durations_ms),
    )


def vision_looks(subject: Subject) -> int:
    """How often the pipeline asks the vision engine for one look at six cameras: once, where they share a batch."""
    counting = _CountedLooks(subject.backend)
    perceive = dataclasses.replace(subject, backend=cast(Backend, counting)).whole((1280, 720), 1, MOST_CAMERAS)
    before = counting.looks
    perceive()
    return counting.looks - before


class _CountedLooks:
    """A backend whose looks are counted."""

    def __init__(self, backend: Backend) -> None:
        self.looks = 0
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        self.looks += 1
        return self._backend.see(images_rgb)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
