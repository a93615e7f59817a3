"""``ris data``: list sources, check and show what is in them, render scenes, write and check notes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ris_ros.cli.arguments import image_size, positive
from ris_ros.errors import DataError

if TYPE_CHECKING:
    from ris_ros.data.pictures import Pictures

EXAMPLE = """\
ris data list
ris data check camvid=data/camvid --split train
ris data check refcoco=data/refer --split testA --images 100 --json
ris data preview cityscapes=data/cityscapes --out sheets --count 24
ris data sentences camvid_notes=data/camvid --count 20
ris data render --out cache/scenes --count 2500 --seed 1 --jobs 4
ris data sheets camvid=data/camvid --split val --out sheets
ris data notes notes.jsonl camvid=data/camvid --split val"""

_SHOWN_PROBLEMS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listing = _action(actions, "list", "the sources, what each offers, where to get it and where to put it")
    listing.set_defaults(act=_list)
    check = _action(actions, "check", "open everything, count it, and name what is wrong; exit code 1 if so")
    _add_source(check, _check)
    check.add_argument("--images", type=positive, metavar="N", help="only N images, evenly spread")
    check.add_argument("--json", action="store_true", help="print everything as JSON")
    preview = _action(actions, "preview", "contact sheets: sentences with their pictures and masks")
    _add_source(preview, _preview)
    _add_speech(preview, 24)
    preview.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for preview_NN.png")
    sentences = _action(actions, "sentences", "print sentences with their kinds")
    _add_source(sentences, _sentences)
    _add_speech(sentences, 20)
    render = _action(actions, "render", "render random streets (extra sim); frames that are there are kept")
    render.set_defaults(act=_render)
    render.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the frames")
    render.add_argument("--count", type=positive, default=100, metavar="N", help="frames (default %(default)s)")
    render.add_argument("--seed", type=int, default=1, metavar="S", help="frame k has seed S + k (default %(default)s)")
    render.add_argument(
        "--size", type=_rendered_size, nargs="+", metavar="WxH", help="sizes, taken in turn (480x288 480x360)"
    )
    render.add_argument("--sequence", type=positive, metavar="N", help="rides of N consecutive frames, not pictures")
    render.add_argument("--step", type=float, default=0.25, metavar="S", help="seconds between two frames of a ride")
    render.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes (default %(default)s)")
    sheets = _action(actions, "sheets", "numbered sheets of frames to write notes by, and index.json")
    _add_source(sheets, _sheets)
    sheets.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for NNN_<frame>.png")
    sheets.add_argument("--images", type=positive, metavar="N", help="only N images, evenly spread")
    sheets.add_argument("--scale", type=float, default=2.5, metavar="X", help="enlargement (default %(default)s)")
    notes = _action(actions, "notes", "check a file of notes against its frames; exit code 1 if anything is wrong")
    notes.add_argument("file", type=Path, metavar="FILE", help="notes, JSON Lines")
    _add_source(notes, _notes)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse.ArgumentParser:
    """An action's parser, whose help ends with the examples of that action."""
    own = [line for line in EXAMPLE.splitlines() if line.startswith(f"ris data {name}")]
    return actions.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog="example:\n" + "\n".join(f"  {line}" for line in own),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(args: argparse.Namespace) -> int:
    """Do what the action says; returns its exit code."""
    act: Callable[[argparse.Namespace], int] = args.act
    return act(args)


def _add_source(parser: argparse.ArgumentParser, act: Callable[[argparse.Namespace], int]) -> None:
    parser.set_defaults(act=act)
    parser.add_argument("source", metavar="NAME=DIR", help="a source (see `ris data list`) and its folder")
    parser.add_argument(
        "--split", default="train", metavar="PART", help="which part, by the source's own name (default %(default)s)"
    )


def _add_speech(parser: argparse.ArgumentParser, count: int) -> None:
    parser.add_argument("--count", type=positive, default=count, metavar="N", help="sentences (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="another seed, other sentences (default 0)")
    parser.add_argument(
        "--voice",
        default="both",
        choices=("said", "written", "both"),
        help="said by people, written by the grammar, or both (default)",
    )


def _rendered_size(text: str) -> tuple[int, int]:
    size = image_size(text)
    if not (64 <= size[0] <= 4096 and 64 <= size[1] <= 4096):
        raise argparse.ArgumentTypeError("width and height must lie in 64 to 4096")
    return size


def _open(args: argparse.Namespace) -> Pictures:
    from ris_ros.data.sources import SOURCES, parse_source

    name, root = parse_source(args.source)
    images = SOURCES[name](root, args.split)
    if not len(images):
        raise DataError(f"{root}: part '{args.split}' of {name} holds no image: choose another --split.")
    return images


def _list(args: argparse.Namespace) -> int:
    from ris_ros.data.sources import SOURCES

    for name, source in SOURCES.items():
        origin = source.origin
        parts = f"  parts: {', '.join(origin.splits)}" if origin.splits else ""
        print(f"{name}: {origin.offers}{'' if origin.has_masks else ' (not for training)'}.{parts}")
        print(f"    get {origin.title} from {origin.project}")
        print(f"    as  {origin.layout}")
    return 0


def _check(args: argparse.Namespace) -> int:
    from ris_ros.data.survey import survey

    found = survey(_open(args), args.images, _show)
    report = found.as_json()
    if args.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return 1 if found.problems else 0
    sizes = ", ".join(f"{size} ({count})" for size, count in list(report["sizes_px"].items())[:4])
    print(f"{found.images} images: {sizes}")
    for name, counts in report["instances"].items():
        print(f"  {counts['count']:7d} {name} ({counts['merged']} merged, {counts['colour_known']} of known colour)")
    for kind, count in report["sentences"].items():
        print(f"  {count:7d} sentences, {kind}")
    print("pixels: " + ", ".join(f"{name} {share:.1%}" for name, share in report["pixel_share"].items()))
    _print_problems(found.problems)
    return 1 if found.problems else 0


def _preview(args: argparse.Namespace) -> int:
    from ris_ros.data.contact_sheet import TILES_PER_SHEET, sheet, tile
    from ris_ros.data.image_file import encode_png
    from ris_ros.data.output_file import check_writable, write_whole
    from ris_ros.data.spoken import speak_of_many

    images = _open(args)
    check_writable(args.out)
    tiles = [tile(image, said) for image, said in speak_of_many(images, args.count, args.seed, args.voice)]
    for number, start in enumerate(range(0, len(tiles), TILES_PER_SHEET)):
        path = args.out / f"preview_{number:02d}.png"
        write_whole(path, encode_png(sheet(tiles[start : start + TILES_PER_SHEET])))
        print(path)
    return _enough(len(tiles), args)


def _sentences(args: argparse.Namespace) -> int:
    from ris_ros.data.spoken import speak_of_many

    count = 0
    for image, said in speak_of_many(_open(args), args.count, args.seed, args.voice):
        count += 1
        print(f"{image.id}  [{said.kind}{'' if said.exists else ': not there'}]  {said.text}")
    return _enough(count, args)


def _enough(made: int, args: argparse.Namespace) -> int:
    if made == 0:
        raise DataError(f"{args.source}: nothing can be said about its images with --voice {args.voice}.")
    if made < args.count:
        print(f"Only {made} of {args.count} sentences could be made.", file=sys.stderr)
    return 0


def _render(args: argparse.Namespace) -> int:
    from ris_ros.data.output_file import check_writable
    from ris_ros.data.scenes.batch import SIZES_PX, render_many, render_sequences

    if not 0.0 < args.step <= 10.0:
        raise DataError("--step must be more than 0 and at most 10 seconds.")
    check_writable(args.out)
    size = args.size or SIZES_PX
    if args.sequence is None:
        made, what = render_many(args.out, args.count, args.seed, size, args.jobs, _show), "frames"
    else:
        made = render_sequences(args.out, args.count, args.seed, args.sequence, args.step, size, args.jobs, _show)
        what = "rides"
    print(f"{args.out}: {made} {what} rendered, {args.count - made} were there.")
    return 0


def _sheets(args: argparse.Namespace) -> int:
    from ris_ros.data.image_file import encode_png
    from ris_ros.data.notes.sheet import components, draw_sheet
    from ris_ros.data.output_file import check_writable, write_whole
    from ris_ros.data.survey import spread

    if not 0.25 <= args.scale <= 10.0:
        raise DataError("--scale must lie in 0.25 to 10.")
    images = _open(args)
    check_writable(args.out)
    index = {}
    places = spread(len(images), args.images)
    for done, place in enumerate(places, start=1):
        image = images[place]
        frame = image.id.rpartition("/")[2]
        found = components(image)
        name = f"{place:03d}_{frame}.png"
        write_whole(args.out / name, encode_png(draw_sheet(image, found, args.scale)))
        index[name] = {
            "frame": frame,
            "components": {c.number: {"class": c.class_name, "area_px": c.area_px, "at": c.at} for c in found},
        }
        _show(done, len(places))
    write_whole(args.out / "index.json", json.dumps(index, indent=1).encode())
    print(f"{args.out}: {len(places)} sheets and index.json.")
    return 0


def _notes(args: argparse.Namespace) -> int:
    from ris_ros.data.notes.read import read_notes
    from ris_ros.data.notes.verify import verify_notes

    notes = read_notes(args.file)
    images = _open(args)
    problems = verify_notes(notes, images, images.frames, _show)
    sentences = sum(len(note.say) + len(note.absent) + len(note.go) for note in notes.values())
    things = sum(len(note.things) for note in notes.values())
    print(f"{len(notes)} frames, {things} things, {sentences} sentences")
    _print_problems(problems, len(problems))
    return 1 if problems else 0


def _print_problems(problems: Sequence[str], most: int = _SHOWN_PROBLEMS) -> None:
    print(f"{len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}")
    for problem in problems[:most]:
        print(f"  {problem}")
    if len(problems) > most:
        print(f"  ... and {len(problems) - most} more: --json prints all.")


def _show(done: int, total: int) -> None:
    live = sys.stderr.isatty()
    if live or done == total or done % 100 == 0:
        print(f"{done} of {total}", end="\r" if live and done < total else "\n", file=sys.stderr, flush=True)
