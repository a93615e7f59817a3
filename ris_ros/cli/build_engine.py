"""``ris build-engine``: build a bundle's TensorRT engines, check them against ONNX Runtime, and keep them."""

from __future__ import annotations

import argparse
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ris_ros.config.strict import parse_settings
from ris_ros.config.tensorrt import MAX_CAMERAS, MAX_COMMANDS, EnginePrecision, TensorRtSettings
from ris_ros.errors import BackendError

if TYPE_CHECKING:
    from ris_ros.runtime.tensorrt.progress import Progress

EXAMPLE = """\
ris build-engine --size 512x288
ris build-engine ris_ros/bundles/street --precision int8 --cameras 2 --commands 4 --force"""

_WIDTH = 78


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("bundle", type=Path, nargs="?", metavar="BUNDLE", help="a bundle; the shipped one by default")
    parser.add_argument(
        "--precision",
        choices=("auto", *get_args(EnginePrecision)),
        default="auto",
        help="arithmetic: auto (fp16), fp32, fp16, or int8, calibrated on the sample drive",
    )
    parser.add_argument(
        "--size",
        dest="size_px",
        default="",
        metavar="WxH",
        help="of the network's input, multiples of 32: 512x288 for 16:9 cameras (default: the bundle's largest)",
    )
    parser.add_argument(
        "--camera-size",
        dest="camera_size_px",
        default="",
        metavar="WxH",
        help="of the camera's images, such as 1280x720, which the GPU then shrinks (default: the processor does)",
    )
    parser.add_argument(
        "--cameras", type=int, default=MAX_CAMERAS, metavar="C", help="cameras at once, at most (default %(default)s)"
    )
    parser.add_argument(
        "--commands", type=int, default=MAX_COMMANDS, metavar="N", help="commands at once (default %(default)s)"
    )
    parser.add_argument(
        "--workspace-mib", type=int, metavar="M", help="scratch memory of the build (default: what is free, up to 1024)"
    )
    parser.add_argument("--dla", type=int, metavar="CORE", help="build vision for a DLA core (TensorRT 8.6 to 10.7)")
    parser.add_argument("--force", action="store_true", help="build even where the cache holds the engine")


def run(args: argparse.Namespace) -> int:
    """Build; returns 0.

    Raises:
        BackendError: There is no GPU, or the engines cannot be built or do not answer as they should.
        BundleError: The bundle cannot be used.
        ConfigError: A setting is out of range.
        KeyboardInterrupt: The user gave up; the build has ended.
        MissingExtraError: A library is not installed.
    """
    values = {name: getattr(args, name) for name in TensorRtSettings.model_fields}
    settings = parse_settings(TensorRtSettings, values, "ris build-engine")
    gave_up = threading.Event()
    # In a thread of its own: while TensorRT builds, this one must be free to hear Ctrl-C.
    with ThreadPoolExecutor(1, "build") as thread:
        building = thread.submit(_build, args.bundle, settings, args.force, gave_up)
        try:
            print(building.result())
        except KeyboardInterrupt:
            gave_up.set()
            print("\nris: stopping after the step at hand.", file=sys.stderr)
            with suppress(BackendError):
                building.result()
            raise
    return 0


def _build(bundle_path: Path | None, settings: TensorRtSettings, force: bool, gave_up: threading.Event) -> str:
    from ris_ros.runtime.bundle import Bundle, default_path
    from ris_ros.runtime.tensorrt.cuda import Cuda
    from ris_ros.runtime.tensorrt.engines import Workshop, open_engines
    from ris_ros.runtime.tensorrt.library import load_library

    bundle = Bundle.open(bundle_path or default_path())
    workshop = Workshop(load_library(), Cuda(), report=_show, cancelled=gave_up.is_set)
    opened = open_engines(bundle, settings, workshop, force)
    opened.runner.close()
    sys.stderr.write("\n" if opened.built else "")
    origin = f"built in {opened.report.seconds:.0f} s" if opened.built else "in the cache"
    return f"{bundle.label}: {origin}, TensorRT {opened.report.tensorrt} on {opened.report.gpu}\n{opened.report}"


def _show(progress: Progress) -> None:
    share = "" if progress.share is None else f" {progress.share:4.0%}"
    left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"{progress.stage}{share}{left}".ljust(_WIDTH), end=end, file=sys.stderr, flush=True)
