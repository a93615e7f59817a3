"""Render a data set of random street scenes: ``python -m ris_ros.data.scenes --count 2500 --out DIR --seed 1``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from ris_ros.data.scenes.dataset import write_frame
from ris_ros.data.scenes.layout import render
from ris_ros.errors import OutputError, RisError


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        size = int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 480x288") from None
    if not (64 <= size[0] <= 4096 and 64 <= size[1] <= 4096):
        raise argparse.ArgumentTypeError("width and height must lie in 64 to 4096")
    return size


def main(arguments: list[str] | None = None) -> int:
    """Render what the command line asks for; frames that are there already are kept."""
    parser = argparse.ArgumentParser(prog="python -m ris_ros.data.scenes", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="number of frames")
    parser.add_argument("--out", type=Path, required=True, help="folder for the frames; made if it is missing")
    parser.add_argument("--seed", type=int, default=1, help="first seed; frame k has seed + k")
    parser.add_argument("--size", type=_size, nargs="+", default=[(480, 288), (480, 360)], help="sizes, taken in turn")
    options = parser.parse_args(arguments)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{options.out}: cannot be made ({error.strerror}): choose another folder.") from None
    begin = time.monotonic()
    made = 0
    for index in range(options.count):
        name = f"{index:05d}"
        if (options.out / f"{name}.json").exists():
            continue
        size_px = options.size[index % len(options.size)]
        write_frame(options.out, name, render(options.seed + index, size_px), {"seed": options.seed + index})
        made += 1
        pace = (time.monotonic() - begin) / made
        rest = int(pace * (options.count - index - 1))
        ahead = f"{pace:.2f} s each, {rest // 60}:{rest % 60:02d} left"
        print(f"\r{index + 1}/{options.count} frames, {ahead}", end="", flush=True)
    print()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RisError as problem:
        sys.exit(f"error: {problem}")
