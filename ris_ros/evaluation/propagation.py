"""How good masks are that were carried forward, by their age: beside the model's own, and beside masks that were kept.

    python -m ris_ros.evaluation.propagation --sample sample --rides DIR --step 0.0333

A *key* is a frame with answers, from the model or from the truth; they are carried to each of the frames after it.
Compared are the masks that were carried, the same masks kept where they were (what a node without propagation leaves
its listeners with), and fresh ones. docs/propagation.md has the figures.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.drive import SampleDrive
from ris_ros.data.scenes.dataset import SceneSet
from ris_ros.errors import RisError
from ris_ros.evaluation.overlap import Overlap
from ris_ros.pipeline import masks
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.propagate import Propagator
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

AGES = range(1, 9)
SMALLEST_SHARE = 0.001
"""A true mask of fewer pixels, as a share of the image's, is not asked for: a pixel more or less decides there."""
_STRIDE_CELLS = 128
"""Cells of a map of the network along the longer side."""
_TRUTH_THRESHOLDS = Thresholds(0.5, 0.5, 0.5)
_MAX_AGE_NS = 60 * 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame of a clip and what is true of it.

    Attributes:
        frame: The frame.
        truth: Id of a command -> bool [h, w], its true mask, of the frame's aspect.
    """

    frame: Frame
    truth: Mapping[str, NDArray[np.bool_]]


Answerer = Callable[[Moment], list[Grounding]]
"""Gives the answers on a frame, each to a command whose id is one of the truth's."""


@dataclass(frozen=True, slots=True)
class AtAge:
    """Masks of one age. Intersections over union are means over pairs of a key's answer and a later frame.

    Attributes:
        frames: How many frames after their key.
        seconds: The same in seconds, the mean.
        pairs: How many pairs; the thing was found in the key and is there in the later frame, and it was carried there.
        fresh: Fresh masks, against the truth.
        carried: Masks carried to the frame, against the truth.
        kept: Masks kept from the key, against the truth.
        carried_to_fresh: Carried against fresh masks, of the pairs of which the fresh one found something.
        kept_to_fresh: Kept against fresh masks, likewise.
    """

    frames: int
    seconds: float
    pairs: int
    fresh: float
    carried: float
    kept: float
    carried_to_fresh: float
    kept_to_fresh: float


@dataclass(frozen=True, slots=True)
class PropagationFigures:
    """What :func:`measure_propagation` gives.

    Attributes:
        ages: By age, youngest first; an age of which there is no pair is left out.
        flow_ms: Median time of the flow to a frame.
        warp_ms: Median time of carrying one answer.
    """

    ages: tuple[AtAge, ...]
    flow_ms: float
    warp_ms: float

    def table(self) -> str:
        """As a table in Markdown."""
        lines = [
            "| age | pairs | fresh | carried | kept | carried to fresh | kept to fresh |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {age.frames} ({age.seconds * 1000:.0f} ms) | {age.pairs} | {age.fresh:.3f} | {age.carried:.3f} "
            f"| {age.kept:.3f} | {age.carried_to_fresh:.3f} | {age.kept_to_fresh:.3f} |"
            for age in self.ages
        ]
        return "\n".join(
            [*lines, "", f"Flow {self.flow_ms:.1f} ms a frame, {self.warp_ms:.1f} ms an answer (medians)."]
        )


@dataclass(frozen=True, slots=True)
class _Pair:
    seconds: float
    fresh: float
    carried: float
    kept: float
    carried_to_fresh: float | None
    kept_to_fresh: float | None


def measure_propagation(
    clips: Iterable[Sequence[Moment]],
    answer: Answerer,
    thresholds: Thresholds = _TRUTH_THRESHOLDS,
    ages: Sequence[int] = AGES,
    key_every: int = 8,
) -> PropagationFigures:
    """Carry answers forward and compare.

    Args:
        clips: Consecutive frames of one camera each.
        answer: Gives the answers to be carried, and the fresh ones.
        thresholds: Those that the answers are made with.
        ages: How many frames to carry to.
        key_every: Every so manieth frame of a clip is a key.

    Raises:
        BackendError: The engines failed.
    """
    pairs: defaultdict[int, list[_Pair]] = defaultdict(list)
    flow_ns: list[int] = []
    warp_ns: list[int] = []
    for clip in clips:
        answers = [answer(moment) for moment in clip]
        for start in range(0, len(clip) - 1, key_every):
            propagator = Propagator()
            propagator.renew(answers[start])
            for age in range(1, min(max(ages), len(clip) - 1 - start) + 1):
                now = clip[start + age]
                carried = propagator.carry(now.frame, thresholds, _MAX_AGE_NS)
                flow_ns += [one.stage_ns["flow"] for one in carried[:1]]
                warp_ns += [one.stage_ns["warp"] for one in carried]
                if age in ages:
                    fresh = {one.command.id: one for one in answers[start + age]}
                    pairs[age] += _pairs(clip[start], answers[start], carried, fresh, now)
    return PropagationFigures(
        tuple(_at_age(age, pairs[age]) for age in ages if pairs[age]),
        float(np.median(flow_ns)) / 1e6 if flow_ns else 0.0,
        float(np.median(warp_ns)) / 1e6 if warp_ns else 0.0,
    )


def _pairs(
    key: Moment,
    was: Sequence[Grounding],
    carried: Sequence[Grounding],
    fresh: Mapping[str, Grounding],
    now: Moment,
) -> Iterator[_Pair]:
    if not carried:  # another place: nothing is published then
        return
    for old, moved in zip(was, carried, strict=True):
        id_ = old.command.id
        truth = now.truth[id_]
        if not old.found or not (_is_seen(truth) and _is_seen(key.truth[id_])):
            continue
        new = fresh[id_]
        yield _Pair(
            seconds=moved.propagated_ns / 1e9,
            fresh=_iou(new, truth),
            carried=_iou(moved, truth),
            kept=_iou(old, truth),
            carried_to_fresh=_iou(moved, new.asked.mask) if new.found else None,
            kept_to_fresh=_iou(old, new.asked.mask) if new.found else None,
        )


def _is_seen(truth: NDArray[np.bool_]) -> bool:
    return bool(np.count_nonzero(truth) >= SMALLEST_SHARE * truth.size)


def _iou(grounding: Grounding, truth: NDArray[np.bool_]) -> float:
    mask = grounding.asked.mask
    if mask.shape != truth.shape:
        size_px = truth.shape[1], truth.shape[0]
        mask = cv2.resize(mask.view(np.uint8), size_px, interpolation=cv2.INTER_NEAREST).view(np.bool_)
    return Overlap.of(mask, truth).iou


def _at_age(age: int, pairs: Sequence[_Pair]) -> AtAge:
    def mean(values: Iterable[float | None]) -> float:
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else float("nan")

    return AtAge(
        frames=age,
        seconds=mean(pair.seconds for pair in pairs),
        pairs=len(pairs),
        fresh=mean(pair.fresh for pair in pairs),
        carried=mean(pair.carried for pair in pairs),
        kept=mean(pair.kept for pair in pairs),
        carried_to_fresh=mean(pair.carried_to_fresh for pair in pairs),
        kept_to_fresh=mean(pair.kept_to_fresh for pair in pairs),
    )


def by_model(perceiver: Perceiver, commands: Sequence[Command]) -> Answerer:
    """The model answers."""
    return lambda moment: perceiver.perceive([moment.frame], commands)


def by_truth(moment: Moment) -> list[Grounding]:
    """The answers of an ideal network: the truth, as coarse as a network's map."""
    return [_ideal(moment.frame, id_, truth) for id_, truth in moment.truth.items()]


def _ideal(frame: Frame, id_: str, truth: NDArray[np.bool_]) -> Grounding:
    height, width = truth.shape
    cell = max(1.0, max(truth.shape) / _STRIDE_CELLS)
    cells_px = max(1, round(width / cell)), max(1, round(height / cell))
    cells = cv2.resize(truth.astype(np.uint8) * np.uint8(255), cells_px, interpolation=cv2.INTER_AREA)
    confidence = np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    row, column = divmod(int(np.argmax(confidence)), width)
    mask = masks.cut(confidence, (column, row), 0.5)
    nothing = MaskAnswer(np.zeros_like(confidence), np.zeros_like(truth), (0, 0, 0, 0), (0, 0), 0.0)
    command = Command(id_, id_, Target.OBJECT, uttered_ns=0)
    found = not mask.empty
    return Grounding(command, frame, found, float(found), mask.score, mask, nothing, candidates=int(found))


def sample_clip(drive: SampleDrive) -> tuple[list[Moment], list[Command]]:
    """The sample drive, and those of its commands whose thing is ever there."""
    asked = [command for command in drive.commands if command.bit is not None]
    moments = [
        Moment(
            Frame("camera", frame.rgb(), frame.stamp_ns, frame.frame_id),
            {command.id: drive.truth(command.id, frame.index) for command in asked},
        )
        for frame in drive.frames()
    ]
    return moments, [Command(command.id, command.text, command.target, uttered_ns=0) for command in asked]


def ride_clips(folder: Path, step_s: float) -> Iterator[list[Moment]]:
    """Rides of ``ris data render --sequence``: every countable thing of a ride's frames is asked for.

    Args:
        folder: Where they were rendered to.
        step_s: Seconds between two frames.
    """
    scenes = SceneSet(folder)
    rides: defaultdict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(scenes.frames):
        rides[name.rpartition("-")[0]].append(index)
    for indices in rides.values():
        images = [scenes.read(index) for index in indices]
        ids = sorted({int(key) for image in images for key in np.unique(image.instance_map) if key})
        yield [
            Moment(
                Frame("camera", image.image_rgb, stamp_ns=int((1 + number) * step_s * 1e9)),
                {f"{id_}": image.instance_map == id_ for id_ in ids},
            )
            for number, image in enumerate(images)
        ]


def main() -> int:
    """Measure on the sample drive, with the shipped model and with the truth, and on rendered rides with the truth."""
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    parser = argparse.ArgumentParser(prog="python -m ris_ros.evaluation.propagation", description=__doc__)
    parser.add_argument("--sample", type=Path, metavar="DIR", help="the sample drive")
    parser.add_argument("--rides", type=Path, metavar="DIR", help="rides of `ris data render --sequence`")
    parser.add_argument("--step", type=float, default=0.25, metavar="S", help="seconds between their frames")
    parser.add_argument("--model", type=Path, metavar="DIR", help="bundle (the shipped one)")
    parser.add_argument("--backend", default=registry.AUTO, help="inference backend (default %(default)s)")
    args = parser.parse_args()
    try:
        if args.sample is not None:
            clip, commands = sample_clip(SampleDrive(args.sample))
            bundle = Bundle.open(args.model or default_path())
            thresholds = Thresholds.of(bundle.settings.thresholds)
            with registry.load(args.backend, bundle) as backend:
                perceiver = Perceiver(backend, bundle.load_text_encoder(), bundle.input_size_px, thresholds)
                figures = measure_propagation([clip], by_model(perceiver, commands), thresholds)
            print(f"Sample drive, {bundle.label}:\n\n{figures.table()}\n")
            print(f"Sample drive, truth:\n\n{measure_propagation([clip], by_truth).table()}\n")
        if args.rides is not None:
            print(f"Rides, truth:\n\n{measure_propagation(ride_clips(args.rides, args.step), by_truth).table()}")
    except RisError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
