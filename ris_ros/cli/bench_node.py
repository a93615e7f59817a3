"""The part of ``ris bench`` that needs ROS 2: the node, a camera and a listener, a process each."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_ros.cli.arguments import image_size, positive
from ris_ros.errors import CommandError
from ris_ros.ros import transport

if TYPE_CHECKING:
    from ris_ros.ros.latency import Latency, Trial

_FRAMES = 300
_MANY = 100
"""Progress is told each so many frames."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what concerns the node."""
    node = parser.add_argument_group("the node, through DDS")
    node.add_argument("--dds", action="store_true", help="measure image stamp to mask received, in separate processes")
    node.add_argument("--start", action="store_true", help="measure node start to first mask, cold and warm caches")
    node.add_argument(
        "--image-size",
        default=(1280, 720),
        type=image_size,
        metavar="WxH",
        help="of the camera's images (default 1280x720)",
    )
    node.add_argument("--rate", default=30, type=positive, metavar="HZ", help="images a second (default 30)")
    node.add_argument(
        "--frames",
        type=positive,
        metavar="N",
        help="how many masks count (default 300, with --bars 10000; 1000 tell p99.9, 10000 tell whether memory grows)",
    )
    node.add_argument("--compressed", action="store_true", help="send JPEG instead of raw bgr8")
    node.add_argument("--best-effort", action="store_true", help="a best-effort camera instead of a reliable one")
    node.add_argument(
        "--text", action="append", type=_command, metavar="T", help="a command (repeatable); 'the road' by default"
    )
    node.add_argument("--mask-size", default="image", choices=("image", "network"), help="the node's mask_size")


def dds_figures(args: argparse.Namespace, parameters: dict[str, str], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure through DDS.

    Args:
        args: Of :func:`add_arguments`.
        parameters: The node's, which name the model.
        say: Told how far it is.

    Raises:
        TransportError: ROS 2 is missing, or nothing arrives.
    """
    measure = _latency_module().measure
    trial = _trial(args, parameters)
    say(f"through DDS: {trial.label}")

    def tell(count: int, total: int) -> None:
        if count % _MANY == 0 or count == total:
            say(f"{count} of {total} masks")

    return figures_of(trial, measure(trial, tell))


def start_figures(args: argparse.Namespace, parameters: dict[str, str], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure node start to first mask.

    Raises:
        TransportError: See :func:`dds_figures`.
    """
    measure_start = _latency_module().measure_start
    say("node start to first mask, with empty and with warm caches")
    start = measure_start(_trial(args, parameters))
    return {
        "cold_s": start.cold_s,
        "warm_s": statistics.median(start.warm_s),
        "warm_starts_s": list(start.warm_s),
    }


def figures_of(trial: Trial, latency: Latency) -> dict[str, Any]:
    """A measurement as JSON takes it."""
    from ris_ros.benchmark.memory import LEAST_SAMPLES, Growth
    from ris_ros.benchmark.timing import percentiles

    memory: dict[str, Any] | None = None
    if len(latency.memory_mb) >= LEAST_SAMPLES:
        growth = Growth.of(latency.memory_mb, len(latency.ages_ms))
        memory = {**asdict(growth), "verdict": growth.verdict}
    return {
        "label": trial.label,
        "size_px": list(trial.size_px),
        "rate_hz": trial.rate_hz,
        "compressed": trial.compressed,
        "best_effort": trial.best_effort,
        "mask_size": trial.parameters["mask_size"],
        "texts": list(trial.texts),
        "node": dict(latency.engine),
        "frames": len(latency.ages_ms),
        **percentiles(latency.ages_ms),
        "grounded_per_s": latency.grounded_per_s,
        "arrived": latency.arrived,
        "grounded": latency.grounded,
        "dropped": dict(latency.dropped),
        "stages_ms": {name: list(both) for name, both in latency.stages_ms.items()},
        "not_model_share": latency.not_model,
        "start_s": latency.start_s,
        "cpu_percent": latency.cpu_percent,
        "memory_mb": [round(sample, 1) for sample in latency.memory_mb],
        "memory_peak_mb": latency.memory_peak_mb,
        "memory": memory,
    }


def _trial(args: argparse.Namespace, parameters: dict[str, str]) -> Trial:
    from ris_ros.benchmark.memory import SOAK_FRAMES

    trial: Trial = _latency_module().Trial(
        size_px=args.image_size,
        rate_hz=args.rate,
        frames=args.frames or (SOAK_FRAMES if args.bars else _FRAMES),
        compressed=args.compressed,
        best_effort=args.best_effort,
        texts=tuple(args.text or ["the road"]),
        parameters={**parameters, "mask_size": args.mask_size},
    )
    return trial


def require_ros() -> None:
    """Refuse to begin what needs ROS 2 where it is missing.

    Raises:
        TransportError: It is.
    """
    _latency_module()


def _latency_module() -> Any:
    """The measuring module, which needs ROS 2."""
    try:
        from ris_ros.ros import latency
    except ImportError as error:
        raise transport.ros_missing(error.name or "rclpy") from None
    return latency


def _command(text: str) -> str:
    from ris_ros.language.utterance import clean

    try:
        return clean(text)
    except CommandError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
