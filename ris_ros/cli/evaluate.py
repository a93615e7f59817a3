"""``ris eval``: measure a model on a data set."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from ris_ros.errors import DataError

EXAMPLE = """\
ris eval --data camvid --root data/camvid --out figures
ris eval --data scenes --root cache/scenes --bundle exports/street --count-per-image 16 --seed 3"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--data", default="camvid", metavar="NAME", help="camvid (default) or scenes")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--split", default="val", choices=("train", "val"), help="which part (default %(default)s)")
    parser.add_argument("--bundle", type=Path, metavar="B", help="folder of a bundle; the shipped one by default")
    parser.add_argument("--backend", default="auto", metavar="NAME", help="auto (default), onnx, openvino or torch")
    parser.add_argument("--threads", type=int, default=_cores(), metavar="N", help="CPU threads (default %(default)s)")
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
    from ris_ros.data.output_file import write_whole
    from ris_ros.data.sources import SOURCES
    from ris_ros.evaluation.evaluate import evaluate
    from ris_ros.evaluation.report import report, table
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.pipeline.thresholds import Thresholds
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    if args.data not in SOURCES:
        raise DataError(f"--data {args.data}: use one of {', '.join(SOURCES)}.")
    if args.count_per_image < 1 or (args.images is not None and args.images < 1):
        raise DataError("--count-per-image and --images must be at least 1.")
    images = SOURCES[args.data](args.root, args.split)
    bundle = Bundle.open(args.bundle or default_path())
    if args.out is not None:
        # Tried before the long work, which would otherwise be lost at the end.
        write_whole(args.out / "metrics.json", b"")
    backend = registry.load(args.backend, bundle, args.threads)
    print(f"{bundle.label} on {backend.name}, {backend.precision}, {backend.device}", file=sys.stderr)
    thresholds = Thresholds.of(bundle.settings.thresholds)
    perceiver = Perceiver(backend, bundle.load_text_encoder(), bundle.input_size_px, thresholds)
    try:
        evaluation = evaluate(perceiver, images, args.count_per_image, args.seed, _show, args.images)
    finally:
        perceiver.close()
    figures = report(evaluation, thresholds, args.seed)
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


def _cores() -> int:
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
