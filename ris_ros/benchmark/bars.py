"""What the project holds itself to, each bar with the figure of a run that tells whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ris_ros.benchmark.memory import MOST_GROWTH_MB
from ris_ros.benchmark.stages import ONE_COMMAND
from ris_ros.benchmark.subject import REFERENCE_PX

_DDS_TRIAL = {
    "size_px": [1280, 720],
    "rate_hz": 30,
    "compressed": False,
    "best_effort": False,
    "mask_size": "image",
}
Figures = Mapping[str, Any]
"""All figures of a run, as ``bench.json`` holds them (described in ``docs/benchmarks.md``)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        name: Short name.
        what: What is measured, for people.
        limit: What must be reached.
        unit: Of the limit and the value.
        side: Whether the value must be at most or at least the limit.
        read: The value in a run's figures; None where the run did not measure it.
    """

    name: str
    what: str
    limit: float
    unit: str
    side: Literal["at most", "at least"]
    read: Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class BarResult:
    """A bar held against a run; ``value`` and ``met`` are None where the run did not measure it."""

    name: str
    what: str
    limit: float
    unit: str
    side: str
    value: float | None
    met: bool | None

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def judge(run: Figures) -> list[BarResult]:
    """Hold every bar against a run."""
    results = []
    for bar in BARS:
        value = bar.read(run)
        met = None if value is None else value <= bar.limit if bar.side == "at most" else value >= bar.limit
        results.append(BarResult(bar.name, bar.what, bar.limit, bar.unit, bar.side, value, met))
    return results


def _model_ms(run: Figures) -> float | None:
    stages = run.get("stages")
    if not stages or stages["input_size_px"] != list(REFERENCE_PX):
        return None
    return _number(stages["stages"][ONE_COMMAND]["p50_ms"])


def _last_point(curve: str) -> Callable[[Figures], float | None]:
    def read(run: Figures) -> float | None:
        points = (run.get("scaling") or {}).get(curve, {}).get("points", [])
        return _number(points[-1]["times_first"]) if len(points) > 1 and points[-1]["at"] == "16" else None

    return read


def _dds(key: str) -> Callable[[Figures], float | None]:
    """A figure of a trial that was as the bars have it."""

    def read(run: Figures) -> float | None:
        dds = run.get("dds")
        if not dds or any(dds[name] != value for name, value in _DDS_TRIAL.items()):
            return None
        return _number(dds.get(key))

    return read


def _growth_mb(run: Figures) -> float | None:
    dds = run.get("dds")
    if not dds or not dds["memory"] or dds["memory"]["grows"] is None:
        return None
    return max(0.0, float(dds["memory"]["after_mb"]) - float(dds["memory"]["before_mb"]))


def _peer(name: str) -> Callable[[Figures], float | None]:
    def read(run: Figures) -> float | None:
        found = [peer for peer in run.get("peers", ()) if peer["peer"] == name]
        return _number(found[0]["times_faster"]["median"]) if found else None

    return read


def _not_model(run: Figures) -> float | None:
    wholes = (run.get("stages") or {}).get("whole", ())
    return next((_number(whole["not_model_share"]) for whole in wholes if whole["image_size_px"] == [1280, 720]), None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


BARS: tuple[Bar, ...] = (
    Bar("model", "vision and ground of one command at 480x288, p50", 25.0, "ms", "at most", _model_ms),
    Bar("dds_p50", "image stamp to mask received at 1280x720, 30 Hz, p50", 45.0, "ms", "at most", _dds("p50_ms")),
    Bar("dds_p99", "the same, p99", 90.0, "ms", "at most", _dds("p99_ms")),
    Bar("dds_rate", "masks received meanwhile", 20.0, "a second", "at least", _dds("grounded_per_s")),
    Bar("commands", "16 commands against one, vision and ground", 4.0, "times", "at most", _last_point("commands")),
    Bar(
        "commands_whole",
        "16 commands against one, 1280x720 image to answers",
        4.0,
        "times",
        "at most",
        _last_point("commands_whole"),
    ),
    Bar(
        "cameras",
        "looks of the vision engine for one picture of each of six cameras",
        1.0,
        "looks",
        "at most",
        lambda run: _number(run.get("vision_looks_at_6_cameras")),
    ),
    Bar("clipseg", "faster than CLIPSeg in its best runtime", 3.0, "times", "at least", _peer("clipseg")),
    Bar("lavt", "faster than LAVT in its best runtime", 10.0, "times", "at least", _peer("lavt")),
    Bar(
        "start",
        "node start to first mask, warm caches",
        3.0,
        "s",
        "at most",
        lambda run: _number((run.get("start") or {}).get("warm_s")),
    ),
    Bar(
        "memory", "resident memory of the node, highest since its start", 700.0, "MB", "at most", _dds("memory_peak_mb")
    ),
    Bar(
        "growth",
        "rise of the node's memory over 10,000 frames, after its warm-up",
        MOST_GROWTH_MB,
        "MB",
        "at most",
        _growth_mb,
    ),
    Bar("not_model", "share of 1280x720 image to answer that is not model", 0.25, "of it", "at most", _not_model),
    Bar(
        "not_model_dds",
        "share of 1280x720 image stamp to published mask that is not model",
        0.25,
        "of it",
        "at most",
        _dds("not_model_share"),
    ),
)
