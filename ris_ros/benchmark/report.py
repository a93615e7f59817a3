"""The figures of a run as tables, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
_ENVIRONMENT = (
    "bundle",
    "backend",
    "precision",
    "device",
    "threads",
    "cpu",
    "board",
    "cores",
    "governor",
    "load_average",
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text; the first column is aligned to the left, the others to the right.

    Attributes:
        title: What it shows.
        header: Names of the columns; empty ones for a list of names and values, which is aligned to the left.
        rows: Cells.
        notes: Sentences below it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Aligned by spaces."""
        named = any(self.header)
        lines = (self.header, *self.rows) if named else self.rows
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        drawn = [
            "  ".join(
                cell.rjust(width) if column and named else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *(f"  {line}" for line in drawn), *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """For a page."""
        rule = ["---", *["---:" if any(self.header) else "---"] * (len(self.header) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.header, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines, *(f"\n{note}" for note in self.notes)])


def tables(run: Figures) -> list[Table]:
    """Every table that a run has figures for."""
    made = [_environment(run["environment"])]
    if stages := run.get("stages"):
        made += [_stages(stages, run["environment"]), _wholes(stages), *map(_parts, stages["whole"])]
    made += [_curve(curve) for curve in (run.get("scaling") or {}).values()]
    if peers := run.get("peers"):
        made.append(_peers(peers))
    if dds := run.get("dds"):
        made += [_dds(dds), _node_stages(dds)]
    if start := run.get("start"):
        made.append(_start(start))
    if propagation := run.get("propagation"):
        made.append(_propagation(propagation))
    if bars := run.get("bars"):
        made.append(_bars(bars, run.get("not_measured", {})))
    return made


def _environment(environment: Figures) -> Table:
    rows = [
        (name.replace("_", " "), _cell(environment[name])) for name in _ENVIRONMENT if environment[name] is not None
    ]
    rows.append(("libraries", ", ".join(f"{name} {version}" for name, version in environment["libraries"].items())))
    rows.append(("energy", environment["energy"]))
    return Table("Measured on", ("", ""), tuple(rows))


def _stages(stages: Figures, environment: Figures) -> Table:
    width, height = stages["input_size_px"]
    header = ("stage", "p50 ms", "p99 ms", "p99.9 ms", "per s", "CPU %", "peak MB", "mJ", "first ms", "runs")
    rows = tuple((name, *_timing(timing)) for name, timing in stages["stages"].items())
    collector = "on" if environment["garbage_collector"]["enabled"] else "off"
    notes = (
        "CPU in percent of one core; peak of the whole process; a percentile that so few runs cannot tell is left out.",
        f"Python's garbage collector is {collector}; it ran {_collections(stages)} times while stages were measured.",
    )
    return Table(f"Stages, network input {width}x{height}", header, rows, notes)


def _collections(stages: Figures) -> int:
    return sum(int(timing["gc_collections"]) for timing in stages["stages"].values())


def _wholes(stages: Figures) -> Table:
    header = (
        "image",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "per s",
        "CPU %",
        "peak MB",
        "mJ",
        "first ms",
        "runs",
        "not model",
    )
    rows = tuple(
        (_size(whole["image_size_px"]), *_timing(whole), f"{whole['not_model_share']:.0%}") for whole in stages["whole"]
    )
    return Table("Decoded image to the answer of one command, without ROS", header, rows)


def _parts(whole: Figures) -> Table:
    title = f"Its stages, {_size(whole['image_size_px'])} seen at {_size(whole['input_size_px'])}"
    rows = tuple(
        (name, *(_cell(part[key]) for key in ("p50_ms", "p99_ms", "p99_9_ms")))
        for name, part in whole["stages"].items()
    )
    return Table(title, ("stage", "p50 ms", "p99 ms", "p99.9 ms"), rows)


def _timing(timing: Figures) -> tuple[str, ...]:
    joules = timing["joules_per_call"]
    return (
        _cell(timing["p50_ms"]),
        _cell(timing["p99_ms"]),
        _cell(timing["p99_9_ms"]),
        _cell(timing["per_s"]),
        f"{timing['cpu_percent']:.0f}",
        "-" if timing["peak_mb"] is None else f"{timing['peak_mb']:.0f}",
        "-" if joules is None else f"{joules * 1e3:.1f}",
        _cell(timing["first_ms"]),
        str(timing["runs"]),
    )


def _curve(curve: Figures) -> Table:
    rows = tuple((str(p["at"]), _cell(p["p50_ms"]), f"{p['times_first']:.2f}") for p in curve["points"])
    return Table(curve["title"], (curve["axis"], "p50 ms", "times the first"), rows)


def _peers(peers: Sequence[Figures]) -> Table:
    header = ("peer", "runtime", "its ms", "our ms", "times faster", "95 %", "text ms", "tried")
    rows = tuple(
        (
            peer["peer"],
            peer["runtime"],
            _cell(peer["peer_ms"]),
            _cell(peer["ours_ms"]),
            f"{peer['times_faster']['median']:.1f}",
            f"{_cell(peer['times_faster']['low'])} to {_cell(peer['times_faster']['high'])}",
            _cell(peer["text_ms"]),
            ", ".join(f"{name} {taken:.0f}" for name, taken in peer["tried_ms"].items()),
        )
        for peer in peers
    )
    size = _size(peers[0]["input_size_px"])
    notes = [
        f"One image and one command: our vision and ground at {size} against the peer's graph for an image.",
        "A peer's text part runs once for each command, as ours does, and is not in its time.",
    ]
    for peer in peers:
        about = peer["about"]
        if about:
            size_ = f"{about['parameters'] / 1e6:.0f} M parameters, {about['gmacs']['image']:.0f} GMAC an image"
            notes.append(f"{peer['peer']}: {peer['help']}; {size_}. Only its speed means anything.")
    return Table("Against peers, by turns in one process", header, rows, tuple(notes))


def _dds(dds: Figures) -> Table:
    rows = (
        ("stamp to mask received, ms", _percentiles(dds)),
        ("masks received", f"{dds['frames']}, {dds['grounded_per_s']:.1f} a second"),
        ("images arrived, grounded", f"{dds['arrived']}, {dds['grounded']}"),
        ("dropped", ", ".join(f"{cause} {count}" for cause, count in dds["dropped"].items()) or "none"),
        ("not model, of stamp to published", _cell(dds["not_model_share"])),
        ("node's processor", f"{dds['cpu_percent']:.0f} % of one core"),
        ("node's memory, peak", f"{_cell(dds['memory_peak_mb'])} MB"),
    )
    notes = (f"Memory over {dds['frames']} frames: {dds['memory']['verdict']}.",) if dds["memory"] else ()
    return Table(f"Through DDS: {dds['label']}", ("", ""), rows, notes)


def _percentiles(timing: Figures) -> str:
    known = {"p50": timing["p50_ms"], "p99": timing["p99_ms"], "p99.9": timing["p99_9_ms"]}
    return ", ".join(f"{name} {_cell(value)}" for name, value in known.items() if value is not None)


def _node_stages(dds: Figures) -> Table:
    rows = tuple((name, _cell(p50), _cell(p99)) for name, (p50, p99) in dds["stages_ms"].items())
    return Table("The node's stages, its latest frames", ("stage", "p50 ms", "p99 ms"), rows)


def _start(start: Figures) -> Table:
    warm = ", ".join(f"{seconds:.2f}" for seconds in start["warm_starts_s"])
    rows = (("empty", f"{start['cold_s']:.2f}"), ("warm, median", f"{start['warm_s']:.2f}"))
    return Table("Node start to first mask", ("caches", "s"), rows, (f"Warm starts: {warm} s.",))


def _propagation(propagation: Figures) -> Table:
    header = ("age", "s", "pairs", "fresh", "carried", "kept", "carried to fresh", "kept to fresh")
    shares = ("fresh", "carried", "kept", "carried_to_fresh", "kept_to_fresh")
    rows = tuple(
        (str(age["frames"]), _cell(age["seconds"]), str(age["pairs"]), *(f"{age[name]:.3f}" for name in shares))
        for age in propagation["ages"]
    )
    note = (
        f"Mean intersection over union with the truth, or with fresh masks; kept: left where they were. Flow "
        f"{propagation['flow_ms']:.1f} ms an image, {propagation['warp_ms']:.1f} ms an answer (medians)."
    )
    return Table("Masks carried forward over the sample drive, by age in frames", header, rows, (note,))


def _bars(bars: Sequence[Figures], not_measured: Figures) -> Table:
    verdicts = {True: "met", False: "NOT MET", None: "not measured"}
    rows = tuple(
        (bar["what"], f"{bar['side']} {bar['limit']:g} {bar['unit']}", _cell(bar["value"]), verdicts[bar["met"]])
        for bar in bars
    )
    notes = tuple(f"{part} was not measured: {why}" for part, why in not_measured.items())
    return Table("Bars", ("what", "bar", "measured", ""), rows, notes)


def _size(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
