"""``ris eval``: measure a model on a data set."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ris_ros.cli.model_choice import add_model_arguments, load_model
from ris_ros.errors import DataError

EXAMPLE = """\
ris eval --data camvid_notes --root data/camvid --out figures
ris eval --data scenes --root cache/scenes --model exports/street --count-per-image 16 --seed 3
ris eval --compare figures/metrics.json other/metrics.json"""
METRICS_FILE = "metrics.json"
REPORT_FILE = "report.html"
COMPARISON_FILE = "comparison.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--data", default="camvid", metavar="NAME", help="a source (default %(default)s); another word lists them"
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument("--split", default="val", metavar="PART", help="which part of it (default %(default)s)")
    add_model_arguments(parser)
    parser.add_argument(
        "--sentences",
        choices=("grammar", "said", "all"),
        help="said: every sentence that people said of an image; grammar: written ones; all: both; "
        "by default what was said of an image where anything was, else written ones",
    )
    parser.add_argument(
        "--count-per-image",
        type=int,
        default=16,
        metavar="K",
        help="written sentences per image, half in held-out wording (default %(default)s)",
    )
    parser.add_argument(
        "--target",
        default="own",
        choices=("own", "auto"),
        help="own (default): every command states whether it means an object or a region; "
        "auto: the pipeline decides by the words, as for a user who does not say",
    )
    parser.add_argument("--images", type=int, metavar="N", help="only N images, evenly spread")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed asks the same (default 0)")
    parser.add_argument(
        "--block-frames",
        type=int,
        default=1,
        metavar="N",
        help="intervals by resampling blocks of N neighbouring frames of a drive (default 1: single frames)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for report.html, metrics.json and scores.jsonl")
    parser.add_argument(
        "--compare",
        type=Path,
        nargs=2,
        metavar=("A", "B"),
        help="measure nothing: compare two runs by their metrics.json, sentence by sentence (scores.jsonl beside them)",
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate, or compare two evaluations; returns 0."""
    from ris_ros.data.output_file import check_writable

    counts = (args.count_per_image, args.block_frames, *([] if args.images is None else [args.images]))
    if min(counts) < 1:
        raise DataError("--count-per-image, --block-frames and --images must be at least 1.")
    if args.out is not None:
        check_writable(args.out)
    if args.compare is not None:
        _compare(args)
    else:
        _evaluate(args)
    return 0


def _evaluate(args: argparse.Namespace) -> None:
    from ris_ros.data.output_file import write_whole
    from ris_ros.data.sources import SOURCES
    from ris_ros.evaluation.evaluate import Plan, evaluate
    from ris_ros.evaluation.figures import figures
    from ris_ros.evaluation.html_report import html_report
    from ris_ros.evaluation.table import table
    from ris_ros.runtime.fallback import FELL_BACK

    if args.data not in SOURCES:
        raise DataError(f"--data {args.data}: use one of {', '.join(SOURCES)}.")
    if args.root is None:
        raise DataError("--root is missing: name the folder of the data set.")
    images = SOURCES[args.data](args.root, args.split)
    plan = Plan(args.sentences, args.count_per_image, args.seed, args.target, args.images)
    bundle, perceiver = load_model(args)
    backend = perceiver.backend
    try:
        evaluation = evaluate(perceiver, images, plan, _show)
    finally:
        perceiver.close()
    if not evaluation.results.scores:
        raise DataError(f"--sentences {args.sentences}: nothing was said of these images: use grammar.")
    about = {"bundle": bundle.label, "backend": backend.name, "precision": backend.precision}
    if FELL_BACK in backend.notes:  # then the figures are of two backends
        about[FELL_BACK] = backend.notes[FELL_BACK]
    about |= {"data": args.data, "split": args.split, "sentences": args.sentences, "target": args.target}
    about |= {"seed": args.seed, "command_line": shlex.join(["ris", *sys.argv[1:]])}
    metrics = {"about": about, **figures(evaluation.results, perceiver.thresholds, args.seed, args.block_frames)}
    print(table(metrics))
    if args.out is not None:
        write_whole(args.out / METRICS_FILE, json.dumps(metrics, indent=2).encode())
        evaluation.results.write(args.out)
        write_whole(args.out / REPORT_FILE, html_report(metrics, evaluation.gallery))
        print(f"Report: {args.out / REPORT_FILE}", file=sys.stderr)


def _compare(args: argparse.Namespace) -> None:
    from ris_ros.data.output_file import write_whole
    from ris_ros.evaluation.compare import compare, comparison_table
    from ris_ros.evaluation.results import Results

    first, second = args.compare
    about = _read_about(first), _read_about(second)
    runs = Results.read(first.parent), Results.read(second.parent)
    comparison = compare(*runs, args.seed, args.block_frames)
    names = [f"{path} ({made.get('bundle', 'unknown')})" for path, made in zip(args.compare, about, strict=True)]
    print(comparison_table(comparison, (names[0], names[1])))
    if args.out is not None:
        made = {"a": about[0], "b": about[1], "block_frames": args.block_frames, **asdict(comparison)}
        write_whole(args.out / COMPARISON_FILE, json.dumps(made, indent=2).encode())
        print(f"Comparison: {args.out / COMPARISON_FILE}", file=sys.stderr)


def _read_about(path: Path) -> dict[str, Any]:
    """The part ``about`` of a run's figures.

    Raises:
        DataError: The file is missing, or is not what this command writes.
    """
    try:
        about = json.loads(path.read_bytes())["about"]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): name a metrics.json of ris eval.") from None
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: is no metrics.json of ris eval: name one.") from None
    if not isinstance(about, dict):
        raise DataError(f"{path}: is no metrics.json of ris eval: name one.")
    return about


def _show(done: int, total: int) -> None:
    live = sys.stderr.isatty()
    if live or done == total or done % 20 == 0:
        print(f"{done} of {total} images", end="\r" if live and done < total else "\n", file=sys.stderr, flush=True)
