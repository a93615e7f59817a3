"""``ris export``: write a trained model as a bundle that every backend reads."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from ris_ros.errors import MissingExtraError

EXAMPLE = "ris export --checkpoint runs/street/checkpoint --out ris_ros/bundles/street --data camvid_notes=data/camvid"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="C", help="checkpoint of `ris train`")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="B", help="folder of the bundle, replaced if there is one"
    )
    parser.add_argument("--name", default="street", help="name of the model (default street)")
    parser.add_argument("--version", dest="model_version", default="1", metavar="V", help="version of the model")
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="validation data that calibrates the thresholds (camvid, camvid_notes; repeatable); else they are 0.5",
    )
    parser.add_argument("--torch", action="store_true", help="also store the weights for the backend torch (11 MB)")
    parser.add_argument(
        "--start-weights",
        type=Path,
        metavar="DIR",
        help="also write the weights that `ris train --start-from` begins with",
    )


def run(args: argparse.Namespace) -> int:
    """Export; returns 0."""
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "train")
    from ris_ros.training.export import export_bundle

    bundle = export_bundle(
        args.checkpoint, args.out, args.name, args.model_version, args.data, args.torch, args.start_weights
    )
    size = sum(file.stat().st_size for file in bundle.path.iterdir()) / 1e6
    thresholds = bundle.settings.thresholds
    print(
        f"{bundle.path}: {bundle.label}, {size:.1f} MB; thresholds: object {thresholds.object:.2f}, "
        f"region {thresholds.region:.2f}, existence {thresholds.existence:.2f}"
    )
    return 0
