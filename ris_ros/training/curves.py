"""The log of a run as a picture."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ris_ros.errors import DataError, MissingExtraError, OutputError

_LOSSES = ("mask", "dice", "pointing", "coarse", "absent", "existence", "semantic", "colour")
_FIGURES = (
    "object_miou",
    "object_pointing",
    "region_miou",
    "region_pointing",
    "kept",
    "rejected",
    "semantic_miou",
)
_DASHES = ("-", "--", ":", "-.")


def draw_curves(log: Path, picture: Path) -> None:
    """Draw losses, validation figures, learning rate and speed over the steps of a run.

    Args:
        log: ``log.jsonl`` of the run.
        picture: Where to write the PNG.

    Raises:
        DataError: The log cannot be read.
        OutputError: The picture cannot be written.
        MissingExtraError: The package ``matplotlib`` is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "train") from None
    try:
        lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"{log}: is not the log of a run ({error}): name another.") from None
    train = [line for line in lines if line["kind"] == "train"]
    validation = [line for line in lines if line["kind"] == "validation"]
    figure = Figure(figsize=(18, 5), layout="constrained")
    losses, figures, speed = figure.subplots(1, 3)
    for name in _LOSSES:
        _plot(losses, train, name)
    losses.set(title="losses, weighted", yscale="log", xlabel="step")
    watched = sorted(
        {key[: -len(name)] for line in validation for key in line for name in _FIGURES if key.endswith(name)}
    )
    for number, name in enumerate(_FIGURES):
        for source, dash in zip(watched, itertools.cycle(_DASHES), strict=False):
            _plot(figures, validation, source + name, marker=".", color=f"C{number}", linestyle=dash)
    figures.set(title="validation", ylim=(0, 1), xlabel="step")
    _plot(speed, train, "images_per_s")
    speed.set(title="images per second and learning rate", xlabel="step")
    rate = speed.twinx()
    _plot(rate, train, "learning_rate", color="grey", linestyle="--")
    for axes in (losses, figures):
        axes.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
        axes.grid(alpha=0.3)
    try:
        figure.savefig(picture, dpi=100)
    except OSError as error:
        raise OutputError(f"{picture}: cannot be written ({error.strerror}): choose another place.") from None


def _plot(axes: Any, lines: Sequence[Mapping[str, Any]], name: str, **style: str) -> None:
    known = [line for line in lines if name in line]
    axes.plot([line["step"] for line in known], [line[name] for line in known], label=name, linewidth=1, **style)
