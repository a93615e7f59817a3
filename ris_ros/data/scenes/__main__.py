"""Render random streets, or rides along them: ``python -m ris_ros.data.scenes --count 10 --sequence 20 --out DIR``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ris_ros.data.scenes.batch import SIZES_PX, render_many, render_sequences
from ris_ros.errors import RisError


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 60.0:
        raise argparse.ArgumentTypeError(f"'{text}' is no time of 0.01 to 60 seconds")
    return seconds


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    size = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0)
    if not (64 <= size[0] <= 4096 and 64 <= size[1] <= 4096):
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 480x288, of 64 to 4096 pixels a side")
    return size


def _show(done: int, total: int) -> None:
    print(f"{done}/{total}", end="\r" if done < total else "\n", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Render what the command line asks for; what is there already is kept."""
    parser = argparse.ArgumentParser(prog="python -m ris_ros.data.scenes", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the frames; made if it is missing")
    parser.add_argument("--count", type=_number, default=100, help="pictures, or rides (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="first seed; number k has seed + k (default %(default)s)")
    parser.add_argument("--size", type=_size, nargs="+", default=list(SIZES_PX), help="sizes, taken in turn")
    parser.add_argument("--jobs", type=_number, default=1, help="processes (default %(default)s)")
    parser.add_argument("--sequence", type=_number, metavar="N", help="rides of N consecutive frames, not pictures")
    parser.add_argument("--step", type=_seconds, default=0.25, help="seconds between frames (default %(default)s)")
    options = parser.parse_args(arguments)
    common = {"sizes_px": options.size, "jobs": options.jobs, "progress": _show}
    if options.sequence is None:
        render_many(options.out, options.count, options.seed, **common)
    else:
        render_sequences(options.out, options.count, options.seed, options.sequence, options.step, **common)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RisError as problem:
        sys.exit(f"error: {problem}")
