"""How the time grows, and the node's memory, as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ris_ros.errors import MissingExtraError


def draw(run: Mapping[str, Any]) -> bytes | None:
    """A PNG of a run's curves; None where it has none.

    Raises:
        MissingExtraError: ``matplotlib`` is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "train") from None
    curves = [curve for curve in (run.get("scaling") or {}).values() if len(curve["points"]) > 1]
    memory = (run.get("dds") or {}).get("memory_mb", [])
    panels = len(curves) + (len(memory) > 1)
    if not panels:
        return None
    columns = min(3, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for curve in curves:
        axis = axes.pop(0)
        at, taken = [point["at"] for point in curve["points"]], [point["p50_ms"] for point in curve["points"]]
        if all(name.isdecimal() for name in at):
            axis.plot([int(name) for name in at], taken, marker="o")
        else:
            axis.bar(at, taken, width=0.5)
        axis.set(title=curve["title"], xlabel=curve["axis"], ylabel="ms, p50")
        axis.title.set_fontsize("medium")
        axis.set_ylim(bottom=0.0)
        axis.tick_params(labelsize="small")
        axis.grid(alpha=0.3)
        axis.set_axisbelow(True)
    if len(memory) > 1:
        axis = axes.pop(0)
        axis.plot(range(len(memory)), memory)
        axis.set(title="memory of the node", xlabel="s", ylabel="MB", ylim=(0.0, 1.15 * max(memory)))
        axis.title.set_fontsize("medium")
        axis.grid(alpha=0.3)
    for axis in axes:
        axis.set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=100, format="png")
    return picture.getvalue()
