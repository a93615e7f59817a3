"""Which model a command runs and on what: the arguments that several commands share, and the perceiver they make."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ris_ros.config.backend import PRECISIONS
from ris_ros.config.image_size import stated_size
from ris_ros.errors import ConfigError
from ris_ros.runtime.devices import usable_cores

if TYPE_CHECKING:
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.runtime.bundle import Bundle

_MOST_THREADS = 8


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--model``, ``--backend``, ``--precision``, ``--size`` and ``--threads``."""
    parser.add_argument("--model", type=Path, metavar="B", help="folder of a bundle; the shipped one by default")
    parser.add_argument(
        "--backend", default="auto", metavar="NAME", help="auto (default), or one that `ris doctor` lists"
    )
    parser.add_argument(
        "--precision",
        default="auto",
        choices=PRECISIONS,
        help="arithmetic of the backend (default: auto, its own choice)",
    )
    parser.add_argument(
        "--size",
        default="",
        metavar="WxH",
        help="the network's largest input, such as 384x288: smaller is faster and less exact (default: the model's)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=min(_MOST_THREADS, usable_cores()),
        metavar="N",
        help="CPU threads (default %(default)s)",
    )


def load_model(args: argparse.Namespace) -> tuple[Bundle, Perceiver]:
    """Load what :func:`add_model_arguments` names, and say on stderr what it is.

    Raises:
        BundleError: The bundle or the text encoder's weights are missing, malformed or altered.
        BackendError: The backend is unknown, or cannot run the bundle, or not at this size.
        ConfigError: ``--size`` states no size.
        MissingExtraError: Its library is not installed.
    """
    from ris_ros.config.tensorrt import TensorRtSettings
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.pipeline.thresholds import Thresholds
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    bundle = Bundle.open(args.model or default_path())
    encoder = bundle.load_text_encoder()
    stated_px = stated_input_px(args)
    input_size_px = bundle.largest_input(stated_px)
    tensorrt = TensorRtSettings(size_px=stated_px)
    backend = registry.load(args.backend, bundle, args.threads, args.precision, tensorrt)
    choice = backend.notes.get(registry.CHOICE)
    why = f" (auto: {choice})" if choice else ""
    print(f"{bundle.label} on {backend.name}, {backend.precision}, {backend.device}{why}", file=sys.stderr)
    return bundle, Perceiver(backend, encoder, input_size_px, Thresholds.of(bundle.settings.thresholds))


def stated_input_px(args: argparse.Namespace) -> tuple[int, int] | None:
    """(width, height) that ``--size`` states; None where it leaves the model's own.

    Raises:
        ConfigError: It states no size.
    """
    try:
        return stated_size(args.size)
    except ValueError as error:
        raise ConfigError(f"--size {args.size}: {error}.") from None
