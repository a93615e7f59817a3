"""``ris demo``: the main job end to end on real ROS 2, in three processes: camera, node, and this client."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ris_ros.cli import demo_plans
from ris_ros.cli import demo_report as reports
from ris_ros.cli.children import ChildError, Children
from ris_ros.cli.demo_inputs import (
    CAMERA,
    MAX_COMMANDS,
    KnownDrive,
    Recording,
    TruthOf,
    nothing_known,
    read_commands,
    read_journal,
    read_recording,
)
from ris_ros.cli.demo_turns import SERVICE_S, Asked, ask, report_of
from ris_ros.cli.plan import camera_pose
from ris_ros.config.share import share_file
from ris_ros.data.output_file import write_whole
from ris_ros.errors import CommandError, DataError, OutputError, TransportError
from ris_ros.ros import transport
from ris_ros.runtime import registry
from ris_ros.runtime.bundle import Bundle, default_path

if TYPE_CHECKING:
    from ris_ros.ros.demo_client import Answer, DemoClient

EXAMPLE = """\
ris demo
ris demo --backend onnx --seconds 12 --out /tmp/demo
ris demo --bag my_drive/ --commands my_commands.txt"""

EXIT_FAILED = 1
SAMPLE_BAG = "sample/drive"

_START_UP_S = 60.0
_FIRST_IMAGE_S = 15.0
_LATE_S = 0.5  # for the last answers and the node's last counts
_PICTURES = 2
_WRITTEN = (
    *("[0-9][0-9][ab]-*.jpg", "all-together.jpg", "overlays.jpg", demo_plans.PICTURE_FILE),
    *("report.json", "logs/node.log", "logs/camera.*"),
)
_TOGETHER = "all together"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``ris demo``."""
    parser.add_argument("--model", type=Path, metavar="B", help="folder of a bundle (default: the shipped one)")
    parser.add_argument("--backend", default="auto", help="inference backend, one that `ris doctor` lists")
    parser.add_argument("--bag", type=Path, help="bag to play as the camera (default: the sample drive)")
    parser.add_argument("--commands", type=Path, metavar="FILE", help="what to ask, one command a line")
    parser.add_argument("--seconds", type=float, default=36.0, help="how long to ask, all commands together")
    parser.add_argument("--rate", type=float, default=1.0, help="speed of the bag; 1 is that of the recording")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for pictures, report and logs")
    parser.add_argument(
        "--pose",
        metavar="P",
        help="the camera over the ground, x y z roll pitch yaw as `ris plan` takes it: ask for plans too"
        " (default: that of the sample drive; without it nothing is planned on a bag of yours)",
    )
    parser.add_argument("--domain", type=int, help="ROS domain (default: ROS_DOMAIN_ID, or one that is free)")


def run(args: argparse.Namespace) -> int:
    """Play, ask, measure and report.

    Returns:
        0 if masks arrived and what is not there was refused, else 1 after saying what failed.

    Raises:
        RisError: An argument cannot be used, or ROS 2 is missing.
    """
    if not 0 < args.seconds < float("inf") or not 0 < args.rate < float("inf"):
        raise DataError("--seconds and --rate must be positive: leave them out for half a minute in real time.")
    # Asked here too, before anything starts: the node would tell it only in its log.
    registry.require_known(args.backend)
    Bundle.open(args.model or default_path())
    recording = read_recording(args.bag or share_file(SAMPLE_BAG))
    texts, truth_of = _what_to_ask(args, recording)
    pose = _camera_pose(args)
    logs = _make_folder(args.out)
    os.environ.update(transport.isolated(args.domain))
    for note in filter(None, (*transport.apply(transport.plan(processes=3)), transport.leftovers())):
        print(f"note: {note}")
    client_class = _client_class()
    with _ended_by_signals(), Children(logs, os.environ) as children:
        print(f"starting the node on ROS domain {os.environ['ROS_DOMAIN_ID']}; logs in {logs}", flush=True)
        node = children.start("node", _node_command(args.model, args.backend, pose))
        try:
            with client_class(children.check, CAMERA) as client:
                client.bring_up(_START_UP_S)
                command, journal = _camera_command(recording, args.rate, logs)
                camera = children.start("camera", command)
                _await_images(client)
                asked, together = ask(client, texts, args.seconds, with_plans=pose is not None)
                children.end(camera)
                client.spin(_LATE_S)
                return _conclude(client, asked, together, read_journal(journal), truth_of, pose, args.out)
        except TransportError as error:
            print(f"ris demo failed: {error} The node's log ends:\n{node.last_lines()}", file=sys.stderr)
        except ChildError as error:
            print(f"ris demo failed: {error}", file=sys.stderr)
    return EXIT_FAILED


def _what_to_ask(args: argparse.Namespace, recording: Recording) -> tuple[list[str], TruthOf]:
    known = KnownDrive.beside(recording.path)
    truth_of = nothing_known if known is None else known.truth_of
    if args.commands is not None:
        return read_commands(args.commands), truth_of
    if known is None:
        raise CommandError(f"Nobody knows what is on '{recording.path}': say what to ask with --commands FILE.")
    return known.texts(args.seconds * args.rate), truth_of


def _camera_pose(args: argparse.Namespace) -> str | None:
    """Where the camera is, as ``--pose`` has it; None where nobody knows."""
    pose: str | None = args.pose
    if pose is not None:
        camera_pose(pose)  # raises before anything is started
        return pose
    return demo_plans.SAMPLE_POSE if args.bag is None else None


def _client_class() -> type[DemoClient]:
    # After the transport is set: Fast DDS reads its profile when rclpy is first used.
    try:
        from ris_ros.ros.demo_client import DemoClient
    except ImportError as error:
        raise transport.ros_missing(error.name or "rclpy") from None
    return DemoClient


def _make_folder(out: Path) -> Path:
    logs = out / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        # What an earlier run left must not be taken for this one's.
        for pattern in _WRITTEN:
            for old in out.glob(pattern):
                old.unlink()
    except OSError as error:
        raise OutputError(f"'{out}' cannot be written ({error.strerror}): choose another folder with --out.") from None
    return logs


def _node_command(bundle: Path | None, backend: str, pose: str | None) -> list[str]:
    parameters = {"backend": backend, "diagnostics_period_s": "0.2", "max_commands": str(MAX_COMMANDS)}
    if pose is not None:
        parameters |= demo_plans.node_parameters(pose)
    if bundle is not None:
        parameters["bundle"] = str(bundle.resolve())
    command = [sys.executable, "-m", "ris_ros.ros.main", "--ros-args"]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={value}"]
    return command


def _camera_command(recording: Recording, rate: float, logs: Path) -> tuple[list[str], Path]:
    journal = logs / "camera.jsonl"
    command = [sys.executable, "-m", "ris_ros.ros.bag_camera", str(recording.path), "--loop", "--rate", str(rate)]
    command += ["--wait", str(_FIRST_IMAGE_S), "--journal", str(journal)]
    for topic in recording.remappings:
        command += ["--topic", topic]
    command.append("--ros-args")
    for topic, target in recording.remappings.items():
        command += ["-r", f"{topic}:={target}"]
    return command, journal


def _await_images(client: DemoClient) -> None:
    def heard() -> bool:
        return int(client.camera_counts.get("frames_in", "0")) > 0

    if not client.spin(_FIRST_IMAGE_S + SERVICE_S, heard):
        raise TransportError("No image reached the node: `ris doctor` says how images get from process to process.")


def _conclude(
    client: DemoClient,
    asked: Sequence[Asked],
    together: Sequence[Answer],
    recorded_ns: dict[int, int],
    truth_of: TruthOf,
    pose: str | None,
    out: Path,
) -> int:
    """Score, print the table, write pictures and report; returns the exit code."""
    report, full = report_of(client, asked, together, recorded_ns, truth_of)
    told = [told for one in asked for told in one.told]
    print(f"\n{reports.as_table(report)}")
    plans = [demo_plans.PlanReport.of(one.text, one.told) for one in asked if pose is not None]
    if plans:
        print(f"\n{demo_plans.as_table(plans)}\n")
    for name, path in _write_pictures(client, asked, report.commands, full, out).items():
        print(f"{name:<15}{path}")
    if pose is not None:
        print(f"{'a plan':<15}{demo_plans.write_picture(client.planner, told, client.overlays, pose, out)}")
    written = {**reports.as_json(report), "plans": demo_plans.as_json(plans)}
    write_whole(out / "report.json", (json.dumps(written, indent=2) + "\n").encode())
    print(f"{'report':<15}{out / 'report.json'}")
    failures = reports.failures(report)
    for sentence in failures:
        print(f"ris demo failed: {sentence}", file=sys.stderr)
    return EXIT_FAILED if failures else 0


def _write_pictures(
    client: DemoClient,
    asked: Sequence[Asked],
    commands: Sequence[reports.CommandReport],
    full: Sequence[int],
    out: Path,
) -> dict[str, str]:
    """Write the node's overlays, from evenly spread moments of each command; returns what to say of them."""
    sheet = []
    for number, (one, command) in enumerate(zip(asked, commands, strict=True), start=1):
        pictures = _spread([client.overlays[a.stamp_ns] for a in one.answers if a.stamp_ns in client.overlays])
        for letter, picture in zip("ab", pictures, strict=False):
            write_whole(out / f"{number:02d}{letter}-{_slug(one.text)}.jpg", picture)
        sheet.append((reports.caption(command), pictures))
    crowded = _spread([client.overlays[stamp_ns] for stamp_ns in full if stamp_ns in client.overlays])
    if crowded:
        write_whole(out / f"{_slug(_TOGETHER)}.jpg", crowded[-1])
        sheet.append((f"{len(asked)} commands at once", crowded))
    written = sorted(out.glob("*.jpg"))
    if not written:
        return {"pictures": "none: no overlay arrived"}
    reports.contact_sheet(sheet, out / "overlays.jpg")
    return {"all pictures": str(out / "overlays.jpg"), "one by one": f"{out}/*.jpg ({len(written)})"}


def _spread(pictures: Sequence[bytes]) -> list[bytes]:
    """Pictures from evenly spread moments, the very first and last left out."""
    if len(pictures) <= _PICTURES:
        return list(pictures)
    return [pictures[len(pictures) * part // (_PICTURES + 1)] for part in range(1, _PICTURES + 1)]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "command"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process like an exception, so that every ``with`` block is left in order."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
