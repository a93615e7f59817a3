"""``ris predict``: ground texts in pictures, one or those of a manifest."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ris_ros.errors import CommandError, DataError, ImageError
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
    source.add_argument("--image", type=Path, metavar="I", help="one picture; needs --text; writes mask and overlay")
    parser.add_argument("--text", metavar="T", help="what to look for in --image")
    parser.add_argument(
        "--target", default="auto", metavar="KIND", help="object, region or auto (default), for --image"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the results; for --image the current one by default"
    )
    parser.add_argument("--model", type=Path, metavar="B", help="folder of a bundle; the shipped one by default")
    parser.add_argument("--backend", default="auto", metavar="NAME", help="auto (default), onnx, openvino or torch")
    parser.add_argument("--threads", type=int, default=_cores(), metavar="N", help="CPU threads (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Ground; returns 0, or 1 when a line of the manifest was bad."""
    if args.image is not None:
        if not args.text:
            raise CommandError("--image needs --text: say what to look for.")
        return _predict_one(args)
    if args.text is not None:
        raise CommandError("--text goes with --image: a manifest's lines hold their own texts.")
    if args.out is None:
        raise CommandError("--manifest needs --out: give the folder for its answers.")
    return _predict_manifest(args)


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a manifest.

    Attributes:
        id: Name of the answer, safe as a path below the output folder.
        image: The picture's file.
        text: The utterance, cleaned.
        target: As stated; AUTO where nothing is.
    """

    id: str
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
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise DataError("it is not JSON: write one object a line.") from None
    if not isinstance(values, dict):
        raise DataError("it is not a JSON object with id, image and text.")
    texts = {"target": "auto"}
    for key in ("id", "image", "text", "target"):
        value = values.get(key, texts.get(key))
        if key == "id" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise DataError(f"its '{key}' is {'missing' if value is None else 'not a text'}.")
        texts[key] = value
    if "\0" in texts["image"]:
        raise DataError("its 'image' is no path.")
    return Sample(_safe_id(texts["id"]), folder / texts["image"], clean(texts["text"]), Target.parse(texts["target"]))


def _safe_id(id_: str) -> str:
    """Refuse ids that would be written anywhere but below the output folder."""
    parts = id_.split("/")
    plain = id_.isprintable() and "\\" not in id_ and PurePosixPath(id_).as_posix() == id_
    if not plain or any(part in ("", ".", "..") or len(part.encode()) > 200 for part in parts):
        raise DataError(f"its id {id_!r} is no file name below the output folder: use letters, digits, '-' and '_'.")
    return id_


def _predict_one(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png, read_rgb
    from ris_ros.data.output_file import write_whole
    from ris_ros.language.utterance import clean
    from ris_ros.pipeline.overlay import draw

    sample = Sample(args.image.stem, args.image, clean(args.text), Target.parse(args.target))
    frame = Frame("image", read_rgb(sample.image), 0)
    perceiver = _load(args)
    _warn_if_cut(perceiver, sample.text, "the text")
    (grounding,) = perceiver.perceive([frame], [Command(sample.id, sample.text, sample.target, 0)])
    out = args.out or Path()
    overlay = out / f"{sample.id}.overlay.png"
    write_whole(out / f"{sample.id}.png", encode_png(_mask_image(grounding)))
    write_whole(overlay, encode_png(draw([grounding])))
    print(json.dumps(_record(sample.id, grounding)))
    print(f"{grounding.reason or 'Found.'} Overlay: {overlay}", file=sys.stderr)
    return 0


def _predict_manifest(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png
    from ris_ros.data.output_file import write_whole

    lines = _read_lines(args.manifest)
    # Tried before the long work, which would otherwise be lost at the end.
    write_whole(args.out / "predictions.jsonl", b"")
    looker = _Looker(_load(args))
    records: list[str] = []
    seen: dict[str, int] = {}
    bad = 0
    for number, line in _with_progress(lines):
        try:
            sample = parse_line(line, args.manifest.parent)
            if sample.id in seen:
                raise DataError(f"its id '{sample.id}' is that of line {seen[sample.id]}.")
            grounding = looker.answer(sample, f"line {number}")
        except (DataError, CommandError, ImageError) as error:
            bad += 1
            print(f"ris: {args.manifest}, line {number}: {error}", file=sys.stderr)
            continue
        seen[sample.id] = number
        write_whole(args.out / f"{sample.id}.png", encode_png(_mask_image(grounding)))
        records.append(json.dumps(_record(sample.id, grounding), ensure_ascii=False))
    write_whole(args.out / "predictions.jsonl", "".join(f"{record}\n" for record in records).encode())
    print(f"{len(records)} answers in {args.out}, {bad} bad lines.", file=sys.stderr)
    return EXIT_BAD_LINES if bad else 0


class _Looker:
    """Answers samples one by one; lines about one picture that follow each other share its reading and its features."""

    def __init__(self, perceiver: Perceiver) -> None:
        self._perceiver = perceiver
        self._path: Path | None = None
        self._view: View | None = None

    def answer(self, sample: Sample, where: str) -> Grounding:
        from ris_ros.data.image_file import read_rgb

        if self._view is None or sample.image != self._path:
            self._path = None
            frame = Frame("image", read_rgb(sample.image), 0)
            self._view = self._perceiver.look([frame])
            self._path = sample.image
        _warn_if_cut(self._perceiver, sample.text, where)
        # One command at a time: an answer must not depend on which others the manifest holds.
        (grounding,) = self._perceiver.answer(self._view, [Command(sample.id, sample.text, sample.target, 0)])
        return grounding


def _load(args: argparse.Namespace) -> Perceiver:
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.pipeline.thresholds import Thresholds
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    bundle = Bundle.open(args.model or default_path())
    backend = registry.load(args.backend, bundle, args.threads)
    print(f"{bundle.label} on {backend.name}, {backend.precision}, {backend.device}", file=sys.stderr)
    thresholds = Thresholds.of(bundle.settings.thresholds)
    return Perceiver(backend, bundle.load_text_encoder(), bundle.input_size_px, thresholds)


def _warn_if_cut(perceiver: Perceiver, text: str, where: str) -> None:
    dropped = perceiver.tokens_dropped(text)
    if dropped:
        print(
            f"ris: {where}: its last {dropped} tokens are beyond the model's limit and were not read.", file=sys.stderr
        )


def _mask_image(grounding: Grounding) -> Any:
    import numpy as np

    return grounding.asked.mask.view(np.uint8) * np.uint8(255)


def _record(id_: str, grounding: Grounding) -> dict[str, Any]:
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
        content = path.read_bytes()
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


def _cores() -> int:
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
