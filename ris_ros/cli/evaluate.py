"""``ris eval``: measure a model on a data set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ris_ros.cli.model_choice import add_model_arguments, load_model
from ris_ros.errors import DataError

EXAMPLE = """\
ris eval --data camvid --root data/camvid --out figures
ris eval --data scenes --root cache/scenes --model exports/street --count-per-image 16 --seed 3"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--data", default="camvid", metavar="NAME", help="camvid (default) or scenes")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--split", default="val", choices=("train", "val"), help="which part (default %(default)s)")
    add_model_arguments(parser)
    parser.add_argument(
        "--count-per-image",
        type=int,
        default=16,
        metavar="K",
        help="sentences per image, half in held-out wording (default %(default)s)",
    )
    parser.add_argument("--images", type=int, metavar="N", help="only N images, evenly spread")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed asks the same (default 0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for metrics.json and pictures")


def run(args: argparse.Namespace) -> int:
    """Evaluate; returns 0."""
    from ris_ros.data.image_file import encode_png
    from ris_ros.data.output_file import check_writable, write_whole
    from ris_ros.data.sources import SOURCES
    from ris_ros.evaluation.evaluate import evaluate
    from ris_ros.evaluation.report import report, table

    if args.data not in SOURCES:
        raise DataError(f"--data {args.data}: use one of {', '.join(SOURCES)}.")
    if args.count_per_image < 1 or (args.images is not None and args.images < 1):
        raise DataError("--count-per-image and --images must be at least 1.")
    images = SOURCES[args.data](args.root, args.split)
    if args.out is not None:
        check_writable(args.out)
    bundle, perceiver = load_model(args)
    backend = perceiver.backend
    try:
        evaluation = evaluate(perceiver, images, args.count_per_image, args.seed, _show, args.images)
    finally:
        perceiver.close()
    figures = report(evaluation, perceiver.thresholds, args.seed)
    print(table(figures))
    if args.out is not None:
        about = {"bundle": bundle.label, "backend": backend.name, "precision": backend.precision}
        about |= {"data": args.data, "split": args.split, "seed": args.seed}
        write_whole(args.out / "metrics.json", json.dumps({"about": about, **figures}, indent=2).encode())
        for name, picture in evaluation.extremes.pictures().items():
            write_whole(args.out / f"{name}.png", encode_png(picture))
        print(f"Figures and pictures: {args.out}", file=sys.stderr)
    return 0


def _show(done: int, total: int) -> None:
    live = sys.stderr.isatty()
    if live or done == total or done % 20 == 0:
        print(f"{done} of {total} images", end="\r" if live and done < total else "\n", file=sys.stderr, flush=True)
