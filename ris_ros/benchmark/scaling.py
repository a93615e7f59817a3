"""How the time grows with cameras, commands and the network's input: points of a curve, measured by turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ris_ros.benchmark.inputs import MOST_CAMERAS, MOST_COMMANDS
from ris_ros.benchmark.subject import Subject
from ris_ros.benchmark.timing import Call, Plan, Ratio, interleave

CAMERAS = tuple(range(1, MOST_CAMERAS + 1))
COMMANDS = (1, 2, 4, 8, MOST_COMMANDS)
WHOLE_PX = (1280, 720)
P = TypeVar("P")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Durations at several points, which belong together round by round.

    Attributes:
        title: What is measured.
        axis: What the points are.
        durations_ms: Point -> float64 [rounds]; at least two points, or the one that there is.
    """

    title: str
    axis: str
    durations_ms: Mapping[str, NDArray[np.float64]]

    def ratio(self, above: str, below: str) -> Ratio:
        """How many times as long one point takes as another."""
        return Ratio.of(self.durations_ms[above], self.durations_ms[below])

    def figures(self) -> dict[str, Any]:
        """As JSON takes it: medians, and the ratio of each to the first."""
        first = next(iter(self.durations_ms))
        return {
            "title": self.title,
            "axis": self.axis,
            "points": [
                {"at": at, "p50_ms": float(np.median(taken)), "times_first": self.ratio(at, first).median}
                for at, taken in self.durations_ms.items()
            ],
            "rounds": len(self.durations_ms[first]),
        }


def measure_scaling(subject: Subject, plan: Plan, ends_only: bool, tell: Callable[[str], None]) -> dict[str, Curve]:
    """Measure every curve.

    Args:
        subject: The model.
        plan: Rounds of each curve.
        ends_only: Only the first and the last point of each, which is all that ratios need.
        tell: Told what is being measured.

    Returns:
        Name -> curve: ``cameras`` (vision), ``commands`` (vision and ground), ``commands_whole`` (images to answers),
        ``ground`` (by itself), ``parts`` (vision and ground of one command), ``sizes`` (vision and ground of one
        command at several sizes of the network's input, largest first).
    """
    size = subject.reference_px
    at = f"network input {size[0]}x{size[1]}"
    cameras = _ends(CAMERAS) if ends_only else CAMERAS
    counts = _ends(COMMANDS) if ends_only else COMMANDS
    sizes = _ends(subject.sizes_px) if ends_only else subject.sizes_px

    def curve(title: str, axis: str, calls: Mapping[Any, Call]) -> Curve:
        tell(title)
        return Curve(title, axis, interleave({_named(point): call for point, call in calls.items()}, plan))

    return {
        "ground": curve(f"ground, {at}", "commands", subject.grounds(size, counts)),
        "cameras": curve(f"vision, {at}", "cameras", {count: subject.vision(size, count) for count in cameras}),
        "commands": curve(
            f"vision and ground, {at}", "commands", {count: subject.model(size, count) for count in counts}
        ),
        "commands_whole": curve(
            f"image of {WHOLE_PX[0]}x{WHOLE_PX[1]} to answers",
            "commands",
            {count: subject.whole(WHOLE_PX, count) for count in counts},
        ),
        "sizes": curve("vision and ground, 1 command", "network input", {px: subject.model(px, 1) for px in sizes}),
        "parts": _parts(subject, plan, tell),
    }


def _ends(points: Sequence[P]) -> tuple[P, ...]:
    return tuple(dict.fromkeys((points[0], points[-1])))


def _parts(subject: Subject, plan: Plan, tell: Callable[[str], None]) -> Curve:
    title = "vision against ground, 1 command"
    tell(title)
    backend, images, text = subject.backend, subject.inputs(subject.reference_px, 1), subject.text(1)
    seen = [backend.see(images)]

    def vision() -> None:
        seen[0] = backend.see(images)

    return Curve(title, "stage", interleave({"vision": vision, "ground": lambda: backend.ground(seen[0], text)}, plan))


def _named(point: int | tuple[int, int]) -> str:
    return str(point) if isinstance(point, int) else f"{point[0]}x{point[1]}"
