"""What ``ris demo`` found: figures from answers and truth, table, verdict and contact sheet. No ROS here."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import OutputError
from ris_ros.evaluation.overlap import Overlap

MAJORITY = 0.5
_PICTURE_WIDTH_PX = 480
_CAPTION_PX = 34
_NODE_STAGES = ("vision", "ground")


class Mask(Protocol):
    """An answer, as far as scoring needs it (see :class:`ris_ros.ros.demo_client.Answer`)."""

    @property
    def found(self) -> bool:
        """Whether the thing is there."""

    def mask(self) -> NDArray[np.bool_]:
        """bool [H, W]."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true of one command on one frame.

    Attributes:
        mask: bool [H, W] of what was asked for; None when it is not there.
    """

    mask: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How good the answers to one command were.

    Attributes:
        present: Answered frames in which the thing is there.
        found: Of these, how many said so.
        mean_iou: Over the present frames, a miss counting 0; None without such frames.
        absent: Answered frames in which it is not there.
        rejected: Of these, how many said so.
    """

    present: int
    found: int
    mean_iou: float | None
    absent: int
    rejected: int


@dataclass(frozen=True, slots=True, eq=False)
class CommandReport:
    """One row of the table.

    Attributes:
        text: The command.
        message: Type of the message that it was sent as.
        answered: Frames that were answered.
        found: Of these, how many with a mask.
        score: Against the truth; None where there is none.
        latency_ms: Image stamp to label mask, one for each answered frame on which nothing but masks was asked for.
        first_mask_ms: Sending to the first label mask; None when none came.
    """

    text: str
    message: str
    answered: int
    found: int
    score: Score | None
    latency_ms: Sequence[float]
    first_mask_ms: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that a run found.

    Attributes:
        commands: A row each.
        published: Images that the camera published.
        camera: The node's own counts of its camera, as its diagnostics give them.
        engine: What the node said of its engine.
        arrived: What the node publishes -> how many of it arrived.
        stages_ms: Stage -> duration on each of the frames of ``latency_ms``.
        planning_ms: Image stamp to label mask on the frames on which plans were asked for as well.
        together_ms: Image stamp to label mask on the frames on which all commands were active at once.
    """

    commands: Sequence[CommandReport]
    published: int
    camera: Mapping[str, str]
    engine: Mapping[str, str]
    arrived: Mapping[str, int]
    stages_ms: Mapping[str, Sequence[float]]
    planning_ms: Sequence[float] = ()
    together_ms: Sequence[float] = ()


def by_stage(frames: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    """Turn the stages of each frame into the durations of each stage, in the order in which stages are first seen."""
    durations: dict[str, list[float]] = {}
    for stages in frames:
        for stage, duration_ms in stages.items():
            durations.setdefault(stage, []).append(duration_ms)
    return durations


def score(pairs: Iterable[tuple[Mask, Truth]]) -> Score | None:
    """Compare answers with the truth of their frames; None where there is nothing to compare."""
    present = found = absent = rejected = 0
    ious: list[float] = []
    for answer, truth in pairs:
        if truth.mask is None:
            absent += 1
            rejected += not answer.found
        else:
            present += 1
            found += answer.found
            ious.append(Overlap.of(answer.mask(), truth.mask).iou)
    if not present and not absent:
        return None
    return Score(present, found, statistics.fmean(ious) if ious else None, absent, rejected)


def failures(report: Report) -> list[str]:
    """Sentences on what the node did not do; none when it did its job.

    Each command must be answered, and everything that the node publishes must have arrived; with truth, a thing that
    is there must be found in most of its frames by at least half of the commands, and one that is not there must be
    refused in most frames, by every command.
    """
    sentences = [f"Nothing was answered to '{c.text}'." for c in report.commands if not c.answered]
    sentences += [f"Not one of the {name} arrived." for name, count in report.arrived.items() if not count]
    scores = [(c.text, c.score) for c in report.commands if c.score is not None]
    findable = [s for _, s in scores if s.present > s.absent]
    if findable and sum(s.found > MAJORITY * s.present for s in findable) < MAJORITY * len(findable):
        sentences.append("Most of the things that are there were not found.")
    sentences += [
        f"'{text}' is not there, but was refused in only {s.rejected} of {s.absent} frames."
        for text, s in scores
        if not s.present and s.rejected <= MAJORITY * s.absent
    ]
    return sentences


def as_table(report: Report) -> str:
    """The report for a person."""
    rows: list[tuple[str, ...]] = [
        ("command", "sent as", "in view", "answered", "found", "refused", "IoU", "image to mask p50/p99")
    ]
    rows += [_row(command) for command in report.commands]
    return "\n".join([aligned(rows), "", *(f"{name:<15}{text}" for name, text in _totals(report))])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A part in percent, such as ``40 %``; ``-`` of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def as_json(report: Report) -> dict[str, Any]:
    """The report for programs: the same figures, unrounded."""
    return {
        "commands": [
            {
                "text": c.text,
                "message": c.message,
                "answered": c.answered,
                "found": c.found,
                "first_mask_ms": c.first_mask_ms,
                "image_to_mask_ms": _percentiles(c.latency_ms),
                "score": None
                if c.score is None
                else {
                    "present": c.score.present,
                    "found": c.score.found,
                    "mean_iou": c.score.mean_iou,
                    "absent": c.score.absent,
                    "rejected": c.score.rejected,
                },
            }
            for c in report.commands
        ],
        "published": report.published,
        "camera": dict(report.camera),
        "engine": dict(report.engine),
        "arrived": dict(report.arrived),
        "planning_ms": _percentiles(report.planning_ms),
        "together_ms": _percentiles(report.together_ms),
        "stages_ms": {stage: _percentiles(durations) for stage, durations in report.stages_ms.items()},
        "failures": failures(report),
    }


def contact_sheet(blocks: Sequence[tuple[str, Sequence[bytes]]], path: Path) -> None:
    """Put the overlays of all commands on one picture, a captioned block for each, two blocks side by side.

    Args:
        blocks: Caption and encoded pictures, all of one size, for each command.
        path: File to write; its ending decides the format.

    Raises:
        OutputError: It cannot be written.
    """
    columns = max((len(pictures) for _, pictures in blocks), default=0)
    drawn = [_block(caption, pictures, columns) for caption, pictures in blocks if pictures]
    if not drawn:
        return
    if len(drawn) % 2:
        drawn.append(np.zeros_like(drawn[0]))
    rows = [np.hstack(pair) for pair in zip(drawn[::2], drawn[1::2], strict=True)]
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise OutputError(f"'{path}' cannot be written: choose another folder with --out.")


def _block(caption: str, pictures: Sequence[bytes], columns: int) -> NDArray[np.uint8]:
    """uint8 [H, W, 3]: pictures side by side, in room for so many, under a band with the caption."""
    decoded = [np.asarray(cv2.imdecode(np.frombuffer(p, np.uint8), cv2.IMREAD_COLOR)) for p in pictures]
    height = round(decoded[0].shape[0] * _PICTURE_WIDTH_PX / decoded[0].shape[1])
    block = np.zeros((_CAPTION_PX + height, columns * _PICTURE_WIDTH_PX, 3), np.uint8)
    block[:_CAPTION_PX] = 24
    # OpenCV's own font has no letters beyond ASCII.
    text = caption.encode("ascii", "replace").decode()
    cv2.putText(block, text, (10, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (235, 235, 235), 1, cv2.LINE_AA)
    for column, picture in enumerate(decoded):
        resized = cv2.resize(picture, (_PICTURE_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        block[_CAPTION_PX:, column * _PICTURE_WIDTH_PX : (column + 1) * _PICTURE_WIDTH_PX] = resized
    return block


def caption(command: CommandReport) -> str:
    """One line on a command and how it was answered."""
    s = command.score
    if s is None:
        return f'"{command.text}": found in {command.found} of {command.answered} frames'
    if not s.present:
        return f'"{command.text}": not there, refused in {s.rejected} of {s.absent} frames'
    return f'"{command.text}": found in {s.found} of {s.present} frames, mean IoU {s.mean_iou:.2f}'


def _row(command: CommandReport) -> tuple[str, ...]:
    s = command.score
    in_view = "?" if s is None else f"{s.present} of {s.present + s.absent}"
    found = share(command.found, command.answered) if s is None else share(s.found, s.present)
    return (
        command.text,
        command.message,
        in_view,
        str(command.answered),
        found,
        "-" if s is None else share(s.rejected, s.absent),
        "-" if s is None or s.mean_iou is None else f"{s.mean_iou:.2f}",
        _p50_p99(command.latency_ms),
    )


def _totals(report: Report) -> list[tuple[str, str]]:
    camera = report.camera
    causes = ", ".join(
        f"{key.removeprefix('dropped_').replace('_', ' ')} {value}"
        for key, value in camera.items()
        if key.startswith("dropped_")
    )
    latency = [ms for command in report.commands for ms in command.latency_ms]
    first = [c.first_mask_ms for c in report.commands if c.first_mask_ms is not None]
    model = [sum(durations) for durations in zip(*(report.stages_ms.get(s, ()) for s in _NODE_STAGES), strict=False)]
    others = "".join(
        f", {stage} {statistics.median(durations):.1f}"
        for stage, durations in report.stages_ms.items()
        if durations and stage not in _NODE_STAGES
    )
    engine = " ".join(report.engine[key] for key in ("backend", "precision") if key in report.engine)
    totals = [
        (
            "frames",
            f"published {report.published}, heard {camera.get('frames_in', '?')},"
            f" grounded {camera.get('grounded', '?')}, dropped {camera.get('dropped', '?')}"
            + (f" ({causes})" if causes else ""),
        ),
        ("arrived", ", ".join(f"{count} {name}" for name, count in report.arrived.items())),
        ("image to mask", f"p50/p99 {_p50_p99(latency)} over {len(latency)} frames"),
    ]
    if first:
        totals.append(("first mask", f"{statistics.median(first):.0f} ms after a command was sent (median)"))
    if report.planning_ms:
        totals.append(("with plans", f"p50/p99 {_p50_p99(report.planning_ms)} over {len(report.planning_ms)} frames"))
    if report.together_ms:
        totals.append(
            ("together", f"p50/p99 {_p50_p99(report.together_ms)} with {len(report.commands)} commands at once")
        )
    if model:
        totals.append(("model", f"p50/p99 {_p50_p99(model)} on {engine or 'an unnamed engine'}"))
        totals.append(("around it", f"p50 in ms{others.replace(',', ':', 1)}"))
    return totals


def _p50_p99(durations_ms: Sequence[float]) -> str:
    percentiles = _percentiles(durations_ms)
    return f"{percentiles['p50']:.1f} / {percentiles['p99']:.1f} ms" if percentiles else "-"


def _percentiles(durations_ms: Sequence[float]) -> dict[str, float | int] | None:
    if not durations_ms:
        return None
    p50, p99 = np.percentile(durations_ms, (50, 99))
    return {"count": len(durations_ms), "p50": float(p50), "p99": float(p99)}
