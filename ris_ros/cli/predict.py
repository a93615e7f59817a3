"""``ris predict``: ground texts in pictures, one or those of a manifest."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ris_ros.cli.model_choice import add_model_arguments, load_model
from ris_ros.errors import CommandError, DataError, ImageError, OutputError
from ris_ros.types import Command, Frame, Grounding, Target

if TYPE_CHECKING:
    from ris_ros.pipeline.perceive import Perceiver, View

EXAMPLE = """\
ris predict --image street.jpg --text "the red car on the left"
ris predict --manifest val.jsonl --out answers --backend onnx"""

EXIT_BAD_LINES = 1
_PROGRESS_PERIOD_S = 0.2
_PROGRESS_PERIOD_LOGGED_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--manifest",
        type=Path,
        metavar="F",
        help='JSON lines {"id", "image", "text", "target": "object"|"region"|"auto"}, image paths relative to F; '
        "writes DIR/ID.png (0 or 255, of the image's size) and DIR/predictions.jsonl "
        '{"id", "found", "existence", "score", "target", "peak": [x, y], "latency_ms"}, the latency from the decoded '
        "image to the masks; bad lines are reported and skipped, and the exit code is then 1",
    )
    source.add_argument(
        "--image", type=Path, metavar="I", help="one picture; needs --text; writes NAME.mask.png and NAME.overlay.png"
    )
    parser.add_argument("--text", metavar="T", help="what to look for in --image")
    parser.add_argument("--target", metavar="KIND", help="object, region or auto (default), for --image")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the results; for --image the current one by default"
    )
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ground; returns 0, or 1 when a line of the manifest was bad."""
    if args.image is not None:
        if not args.text:
            raise CommandError("--image needs --text: say what to look for.")
        return _predict_one(args)
    for name in ("text", "target"):
        if getattr(args, name) is not None:
            raise CommandError(f"--{name} goes with --image: a manifest's lines hold their own.")
    if args.out is None:
        raise CommandError("--manifest needs --out: give the folder for its answers.")
    return _predict_manifest(args)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a manifest.

    Attributes:
        id: As it is stated, safe as a path below the output folder.
        image: The picture's file.
        text: The utterance, cleaned.
        target: As stated; AUTO where nothing is.
    """

    id: str | int
    image: Path
    text: str
    target: Target


def parse_line(line: bytes, folder: Path) -> Sample:
    """Read a line of a manifest.

    Args:
        line: JSON.
        folder: What image paths are relative to.

    Raises:
        DataError: It is no JSON object with the right keys, or the id is no safe file name.
        CommandError: The text or the target cannot be used.
    """
    from ris_ros.language.utterance import clean

    try:
        values = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or a number of more digits than Python reads
        raise DataError("it is not JSON: write one object a line.") from None
    if not isinstance(values, dict):
        raise DataError("it is not a JSON object with id, image and text.")
    id_ = values.get("id")
    if isinstance(id_, bool) or not isinstance(id_, int):
        id_ = _text(values, "id")
    _check_id(str(id_))
    image = _text(values, "image")
    if not _can_be_path(image):
        raise DataError("its 'image' is no path.")
    target = Target.parse(_text({"target": "auto", **values}, "target"))
    return Sample(id_, folder / image, clean(_text(values, "text")), target)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str):
        raise DataError(f"its '{key}' is {'missing' if value is None else 'not a text'}.")
    return value


def _can_be_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # JSON can hold half a surrogate pair
        return False


def _check_id(id_: str) -> None:
    """Refuse ids that would be written anywhere but below the output folder."""
    parts = id_.split("/")
    plain = id_.isprintable() and "\\" not in id_ and PurePosixPath(id_).as_posix() == id_
    if not plain or any(part in ("", ".", "..") or len(part.encode()) > 200 for part in parts):
        raise DataError(f"its id {id_!r} is no file name below the output folder: use letters, digits, '-' and '_'.")
    # A folder must not take the place of another line's answer.
    if any(folder.endswith((".png", ".jsonl")) for folder in parts[:-1]):
        raise DataError(f"its id {id_!r} has a folder named as an answer's file: leave the folder's ending out.")


def _predict_one(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png, read_rgb
    from ris_ros.data.output_file import write_whole
    from ris_ros.language.utterance import clean
    from ris_ros.pipeline.overlay import draw

    sample = Sample(args.image.stem, args.image, clean(args.text), Target.parse(args.target or "auto"))
    frame = Frame("image", read_rgb(sample.image), 0)
    _, perceiver = load_model(args)
    _warn_if_cut(perceiver, sample.text, "the text")
    perceiver.prepare([frame.size_px], 1)  # the latency is not that of making engines
    (grounding,) = perceiver.perceive([frame], [_command(sample)])
    out = args.out or Path()
    # Never NAME.png: that may be the picture itself.
    mask, overlay = out / f"{sample.id}.mask.png", out / f"{sample.id}.overlay.png"
    write_whole(mask, encode_png(_mask_image(grounding)))
    write_whole(overlay, encode_png(draw([grounding])))
    print(json.dumps(_record(sample.id, grounding)))
    print(f"{grounding.reason or 'Found.'} Mask: {mask} Overlay: {overlay}", file=sys.stderr)
    return 0


def _predict_manifest(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png
    from ris_ros.data.output_file import check_writable, write_whole

    predictions = args.out / "predictions.jsonl"
    if os.path.realpath(predictions) == os.path.realpath(args.manifest):
        raise OutputError(f"The answers would overwrite {args.manifest}: choose another folder with --out.")
    lines = _read_lines(args.manifest)
    check_writable(args.out)
    _, perceiver = load_model(args)
    looker = _Looker(perceiver)
    write_whole(predictions, b"")  # what an earlier run left is not of this one
    folder = args.manifest.parent
    pictures = _pictures(lines, folder)
    answered: dict[str, int] = {}
    records: list[str] = []
    bad = 0
    try:
        for number, line in _with_progress(lines):
            try:
                sample = parse_line(line, folder)
                if str(sample.id) in answered:
                    raise DataError(f"its id '{sample.id}' is that of line {answered[str(sample.id)]}.")
                path = args.out / f"{sample.id}.png"
                if os.path.realpath(path) in pictures:
                    raise DataError(f"its mask would overwrite the picture {path}: choose another folder with --out.")
                grounding = looker.answer(sample, f"line {number}")
            except (DataError, CommandError, ImageError) as error:
                bad += 1
                print(f"ris: {args.manifest}, line {number}: {error}", file=sys.stderr)
                continue
            write_whole(path, encode_png(_mask_image(grounding)))
            answered[str(sample.id)] = number
            records.append(json.dumps(_record(sample.id, grounding), ensure_ascii=False))
    finally:
        # Also when the work is cut short: what was answered stays answered.
        write_whole(predictions, "".join(f"{record}\n" for record in records).encode())
    print(f"{len(records)} answers in {args.out}, {bad} bad lines.", file=sys.stderr)
    return EXIT_BAD_LINES if bad else 0


def _pictures(lines: list[tuple[int, bytes]], folder: Path) -> set[str]:
    """Where the pictures of a manifest lie, which no answer may overwrite."""
    found = set()
    for _, line in lines:
        with suppress(DataError, CommandError):
            found.add(os.path.realpath(parse_line(line, folder).image))
    return found


class _Looker:
    """Answers samples one by one; lines about one picture that follow each other share its reading and its features."""

    def __init__(self, perceiver: Perceiver) -> None:
        self._perceiver = perceiver
        self._path: Path | None = None
        self._view: View | None = None
        self._prepared_px: set[tuple[int, int]] = set()

    def answer(self, sample: Sample, where: str) -> Grounding:
        from ris_ros.data.image_file import read_rgb

        if self._view is None or sample.image != self._path:
            self._path = None
            frame = Frame("image", read_rgb(sample.image), 0)
            input_px = self._perceiver.input_for([frame.size_px])
            if input_px not in self._prepared_px:
                self._perceiver.prepare([frame.size_px], 1)  # the latency is not that of making engines
                self._prepared_px.add(input_px)
            self._view = self._perceiver.look([frame])
            self._path = sample.image
        _warn_if_cut(self._perceiver, sample.text, where)
        # One command at a time: an answer must not depend on which others the manifest holds.
        (grounding,) = self._perceiver.answer(self._view, [_command(sample)])
        return grounding


def _command(sample: Sample) -> Command:
    return Command(str(sample.id), sample.text, sample.target, 0)


def _warn_if_cut(perceiver: Perceiver, text: str, where: str) -> None:
    dropped = perceiver.tokens_dropped(text)
    if dropped:
        print(
            f"ris: {where}: its last {dropped} tokens are beyond the model's limit and were not read.", file=sys.stderr
        )


def _mask_image(grounding: Grounding) -> Any:
    import numpy as np

    return grounding.asked.mask.view(np.uint8) * np.uint8(255)


def _record(id_: str | int, grounding: Grounding) -> dict[str, Any]:
    return {
        "id": id_,
        "found": grounding.found,
        "existence": round(grounding.existence, 6),
        "score": round(grounding.score, 6),
        "target": grounding.command.target.name.lower(),
        "peak": list(grounding.asked.peak_xy),
        "latency_ms": round(sum(grounding.stage_ns.values()) / 1e6, 3),
    }


def _read_lines(path: Path) -> list[tuple[int, bytes]]:
    """The lines of a manifest that are not blank, with their numbers, from 1."""
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise DataError(f"{path}: holds no lines: write one JSON object a line.")
    return lines


def _with_progress(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Show on stderr how far it is: in place on a terminal, seldom in a log."""
    live = sys.stderr.isatty()
    period_s = _PROGRESS_PERIOD_S if live else _PROGRESS_PERIOD_LOGGED_S
    start = shown = time.monotonic()
    for done, line in enumerate(lines):
        now = time.monotonic()
        if now - shown >= period_s:
            shown = now
            left_s = (now - start) / max(done, 1) * (len(lines) - done)
            print(
                f"{done} of {len(lines)}, {left_s:.0f} s left", end="\r" if live else "\n", file=sys.stderr, flush=True
            )
        yield line
