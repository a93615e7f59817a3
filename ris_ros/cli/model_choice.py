"""Which model a command runs and on what: the arguments that several commands share, and the perceiver they make."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ris_ros.config.backend import PRECISIONS
from ris_ros.runtime.devices import usable_cores

if TYPE_CHECKING:
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.runtime.bundle import Bundle

_MOST_THREADS = 8


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--model``, ``--backend``, ``--precision`` and ``--threads``."""
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
        BackendError: The backend is unknown, or cannot run the bundle.
        MissingExtraError: Its library is not installed.
    """
    from ris_ros.pipeline.perceive import Perceiver
    from ris_ros.pipeline.thresholds import Thresholds
    from ris_ros.runtime import registry
    from ris_ros.runtime.bundle import Bundle, default_path

    bundle = Bundle.open(args.model or default_path())
    encoder = bundle.load_text_encoder()
    backend = registry.load(args.backend, bundle, args.threads, args.precision)
    choice = backend.notes.get(registry.CHOICE)
    why = f" (auto: {choice})" if choice else ""
    print(f"{bundle.label} on {backend.name}, {backend.precision}, {backend.device}{why}", file=sys.stderr)
    return bundle, Perceiver(backend, encoder, bundle.input_size_px, Thresholds.of(bundle.settings.thresholds))
