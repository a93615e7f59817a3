"""``ris bench``: how fast the package is on this machine, and how it compares."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_ros.cli import bench_node
from ris_ros.cli.model_choice import add_model_arguments, stated_input_px
from ris_ros.errors import DataError, MissingExtraError, RisError

if TYPE_CHECKING:
    from ris_ros.benchmark.compare import Comparison
    from ris_ros.benchmark.peers.table import Peer
    from ris_ros.benchmark.ratios import FreshRatio, RatiosFile
    from ris_ros.benchmark.scaling import Curve
    from ris_ros.benchmark.stages import Stages, Whole
    from ris_ros.benchmark.subject import Subject

EXAMPLE = """\
ris bench --out figures                         stages and scaling curves, a few minutes
ris bench --quick                               the same in half a minute
ris bench --only --dds --frames 10000           through DDS, and whether memory grows
ris bench --only --compare clipseg --compare lavt --compare other.onnx
ris bench --only --propagation                  masks carried forward, by their age
ris bench --quick --check benchmarks/ratios.json   have the ratios of this code become worse?
ris bench --bars --out figures                  everything, held against the project's bars; ten minutes"""

JSON_FILE, PAGE_FILE, PLOT_FILE = "bench.json", "bench.md", "bench.png"
SCHEMA = 1
BAR_PEERS = ("clipseg", "lavt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_model_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="fewer runs and points: ratios hold, tails do not")
    parser.add_argument("--seconds", type=float, metavar="S", help="time for each stage (default 10; quick 1)")
    parser.add_argument("--image", type=Path, action="append", default=[], metavar="I", help="show these pictures")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"folder for {JSON_FILE}, {PAGE_FILE} and {PLOT_FILE}")
    parser.add_argument(
        "--only", action="store_true", help="leave out stages and curves: measure only what other options name"
    )
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="PEER",
        help="clipseg or lavt (made once in the user's cache, 0.5 and 0.9 GB), or the path of an ONNX file; repeatable",
    )
    parser.add_argument(
        "--propagation", action="store_true", help="measure masks carried forward over the sample drive, by their age"
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="hold ratios against this file; exit code 1 if worse"
    )
    parser.add_argument("--write-ratios", type=Path, metavar="FILE", help="write this machine's ratios into this file")
    parser.add_argument(
        "--bars", action="store_true", help="measure all that the project's bars need; exit code 1 if one is not met"
    )
    bench_node.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure; returns 0, or 1 where a ratio has become worse or a bar is not met."""
    from ris_ros.benchmark.ratios import RatiosFile
    from ris_ros.data.output_file import check_writable

    if args.seconds is not None and not 0.0 < args.seconds <= 3600.0:
        raise DataError("--seconds must be more than 0 and at most 3600.")
    if args.only and not (args.dds or args.start or args.compare or args.propagation):
        raise DataError("--only leaves nothing to measure: add --dds, --start, --compare or --propagation.")
    if args.only and args.bars:
        raise DataError("--bars measures everything: leave --only out.")
    if args.only and not args.compare and (args.check or args.write_ratios):
        raise DataError("--only leaves no ratios for --check or --write-ratios: add --compare, or leave --only out.")
    if args.out is not None:
        check_writable(args.out)
    if args.write_ratios is not None:
        check_writable(args.write_ratios.parent)
        if args.write_ratios.exists():
            RatiosFile.read(args.write_ratios)
    measured = _Measured(args, None if args.check is None else RatiosFile.read(args.check))
    measured.all()
    return _finish(args, measured)


class _Measured:
    """What a run measures, part by part.

    Attributes:
        figures: As ``bench.json`` holds them.
        fresh: Its ratios by name.
    """

    def __init__(self, args: argparse.Namespace, file: RatiosFile | None) -> None:
        self.figures: dict[str, Any] = {"schema": SCHEMA, "command_line": shlex.join(["ris", *sys.argv[1:]])}
        self.fresh: dict[str, FreshRatio] = {}
        self._args = args
        self._file = file
        self._not_measured: dict[str, str] = {}
        self._begun_s = time.monotonic()

    def all(self) -> None:
        """Measure every part that was asked for."""
        from ris_ros.benchmark.energy import find_meter
        from ris_ros.benchmark.environment import environment
        from ris_ros.benchmark.ratios import require_kind

        args = self._args
        if args.dds or args.start:
            bench_node.require_ros()
        peers = self._find_peers()
        subject = _load_subject(args)
        with subject.backend:
            meter, energy = find_meter()
            self.figures["environment"] = environment(subject.bundle, subject.backend, args.threads, energy)
            self.figures["pictures"] = subject.pictures.source
            if self._file is not None:
                require_kind(self._file, _kind(self.figures))
            curves: dict[str, Curve] = {}
            whole: Whole | None = None
            if not args.only:
                stages, curves = self._in_process(subject, meter)
                whole = next(one for one in stages.wholes if one.image_size_px == (1280, 720))
            comparisons = self._compare(subject, peers)
            if args.propagation:
                self._propagation(subject)
        self._node()
        self._ratios(curves, whole, comparisons)
        if self._file is not None:
            self._check(self._file)
        if args.bars:
            self._bars()
        if self._not_measured:
            self.figures["not_measured"] = self._not_measured

    def _find_peers(self) -> list[Peer]:
        """Those that were asked for; their graphs are made now where they have not been before."""
        from ris_ros.benchmark.peers.table import find_peer

        args, found = self._args, []
        for name in dict.fromkeys([*args.compare, *(BAR_PEERS if args.bars else ())]):
            try:
                found.append(find_peer(name, self._say))
            except RisError as error:
                if name in args.compare:
                    raise
                self._pass_over(name, error)
        return found

    def _in_process(self, subject: Subject, meter: Any) -> tuple[Stages, dict[str, Curve]]:
        from ris_ros.benchmark.scaling import measure_scaling
        from ris_ros.benchmark.stages import measure_stages, vision_looks
        from ris_ros.benchmark.timing import Plan

        args = self._args
        seconds = args.seconds or (1.0 if args.quick else 10.0)
        stages = measure_stages(subject, Plan(runs=40 if args.quick else 10_000, seconds=seconds), meter, self._say)
        self.figures["stages"] = stages.figures()
        self.figures["vision_looks_at_6_cameras"] = vision_looks(subject)
        rounds = Plan(runs=8 if args.quick else 60, seconds=seconds, warmup=2)
        curves = measure_scaling(subject, rounds, ends_only=args.quick, tell=self._say)
        self.figures["scaling"] = {name: curve.figures() for name, curve in curves.items()}
        return stages, curves

    def _compare(self, subject: Subject, peers: list[Peer]) -> list[Comparison]:
        from ris_ros.benchmark.compare import compare
        from ris_ros.benchmark.timing import Plan

        plan = Plan(6, 8.0, 1, least=6) if self._args.quick else Plan(40, 30.0, 2, least=6)
        found: list[Comparison] = []
        for peer in peers:
            try:
                found.append(compare(subject, peer, self._args.threads, plan, self._say))
            except RisError as error:
                self._pass_over(peer.name, error)
        if found:
            self.figures["peers"] = [comparison.figures() for comparison in found]
        return found

    def _propagation(self, subject: Subject) -> None:
        from dataclasses import asdict

        from ris_ros.config.share import share_file
        from ris_ros.data.drive import SampleDrive
        from ris_ros.evaluation.propagation import by_model, measure_propagation, sample_clip

        self._say("masks carried forward over the sample drive, against fresh ones")
        clip, commands = sample_clip(SampleDrive(share_file("sample")))
        perceiver = subject.perceiver()
        figures = measure_propagation([clip], by_model(perceiver, commands), perceiver.thresholds)
        self.figures["propagation"] = asdict(figures)

    def _node(self) -> None:
        args = self._args
        # The node is started as its user would: where the backend is auto, it chooses by itself.
        parameters = {"backend": args.backend, "threads": str(args.threads)}
        if args.model is not None:
            parameters["bundle"] = str(args.model)
        if args.precision != "auto":
            parameters["precision"] = args.precision
        if args.size:
            parameters["input_size"] = args.size
        for part, asked, measure in (
            ("dds", args.dds, bench_node.dds_figures),
            ("start", args.start, bench_node.start_figures),
        ):
            if asked or args.bars:
                try:
                    self.figures[part] = measure(args, parameters, self._say)
                except RisError as error:
                    self._pass_over(part, error)

    def _ratios(self, curves: dict[str, Curve], whole: Whole | None, comparisons: list[Comparison]) -> None:
        from dataclasses import asdict

        from ris_ros.benchmark.ratios import fresh_ratios

        self.fresh = fresh_ratios(curves, whole, {one.peer: one.times_faster for one in comparisons})
        self.figures["ratios"] = {name: asdict(one.ratio) | {"what": one.what} for name, one in self.fresh.items()}

    def _check(self, file: RatiosFile) -> None:
        from ris_ros.benchmark.ratios import check

        try:
            verdicts = check(self.fresh, file, _kind(self.figures))
        except RisError as error:
            self._pass_over("check", error)
            return
        self.figures["check"] = [verdict.figures() for verdict in verdicts]

    def _bars(self) -> None:
        from ris_ros.benchmark.bars import judge

        self.figures["bars"] = [result.figures() for result in judge(self.figures)]

    def _pass_over(self, part: str, error: RisError) -> None:
        """Go on without a part: what took minutes to measure is not lost for another's sake."""
        self._not_measured[part] = str(error)
        self._say(f"{part} is passed over: {error}")

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun_s:6.1f} s  {text}", file=sys.stderr, flush=True)


def _load_subject(args: argparse.Namespace) -> Subject:
    from ris_ros.benchmark.inputs import pictures
    from ris_ros.benchmark.subject import Subject
    from ris_ros.config.tensorrt import TensorRtSettings
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    bundle = Bundle.open(args.model or default_path())
    stated_px = stated_input_px(args)
    largest_px, tensorrt = bundle.largest_input(stated_px), TensorRtSettings(size_px=stated_px)
    shown, encoder = pictures(args.image), bundle.load_text_encoder()
    name, precision = args.backend, args.precision
    if name == registry.AUTO:
        # The choice is the package's own; what is measured is the backend by itself, without its replacements.
        with registry.load(name, bundle, args.threads, precision, tensorrt) as chosen:
            name = chosen.name
    backend = registry.load_exact(name, bundle, args.threads, precision, tensorrt)
    print(f"{bundle.label} on {backend.name}, {backend.precision}, {backend.device}", file=sys.stderr)
    return Subject(bundle, backend, encoder, shown, largest_px)


def _finish(args: argparse.Namespace, measured: _Measured) -> int:
    from ris_ros.benchmark.ratios import updated
    from ris_ros.benchmark.report import tables
    from ris_ros.data.output_file import write_whole

    figures = measured.figures
    verdicts, bars = figures.get("check", []), figures.get("bars", [])
    code = int(not all(verdict["holds"] for verdict in verdicts) or any(bar["met"] is False for bar in bars))
    drawn = tables(figures)
    print("\n\n".join(table.text() for table in drawn))
    if verdicts:
        print("\n" + "\n".join(verdict["sentence"] for verdict in verdicts))
    if args.write_ratios is not None:
        kind = _kind(figures)
        write_whole(args.write_ratios, updated(args.write_ratios, kind, measured.fresh).dumped())
        print(f"Ratios of {kind}: {args.write_ratios}", file=sys.stderr)
    if args.out is not None:
        write_whole(args.out / JSON_FILE, json.dumps(figures, indent=2).encode())
        write_whole(args.out / PAGE_FILE, _page(figures, drawn).encode())
        print(f"Figures: {args.out / JSON_FILE}, {args.out / PAGE_FILE}{_draw(args.out, figures)}", file=sys.stderr)
    missing = figures.get("not_measured", {})
    if missing and (not args.bars or "check" in missing):
        raise DataError(" ".join(f"{part} was not measured: {why}" for part, why in missing.items()))
    return code


def _kind(figures: dict[str, Any]) -> str:
    return f"{figures['environment']['backend']}-{figures['environment']['precision']}"


def _page(figures: dict[str, Any], drawn: list[Any]) -> str:
    return "\n\n".join([f"`{figures['command_line']}`", *(table.markdown() for table in drawn)]) + "\n"


def _draw(out: Path, figures: dict[str, Any]) -> str:
    """Draw what can be drawn; what to add to the sentence that names the files."""
    from ris_ros.benchmark.plots import draw
    from ris_ros.data.output_file import write_whole

    try:
        picture = draw(figures)
    except MissingExtraError as error:
        return f"; no plot: {error}"
    if picture is None:
        return ""
    write_whole(out / PLOT_FILE, picture)
    return f", {out / PLOT_FILE}"
