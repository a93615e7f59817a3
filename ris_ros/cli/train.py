"""``ris train``: train a model, or go on with a run that was interrupted."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from ris_ros.errors import ConfigError, MissingExtraError

EXAMPLE = """\
ris train --config train.yaml --data camvid=data/camvid --data scenes=cache/scenes --out runs/street --max-minutes 75
ris train --resume --data camvid=data/camvid --out runs/street --max-minutes 120
ris train --start-from runs/street/checkpoint --config finer.yaml --data camvid=data/camvid --out runs/finer"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--config", type=Path, metavar="F", help="YAML of TrainingSettings; without it, the defaults")
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="NAME=FOLDER",
        help="a source of images (`ris data list` names all) and its folder; repeat it to mix several",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run: checkpoint and log")
    parser.add_argument(
        "--resume", action="store_true", help="go on with DIR's run; --config may change all but the network"
    )
    parser.add_argument(
        "--start-from", type=Path, metavar="C", help="begin with the weights of another run's checkpoint folder"
    )
    parser.add_argument(
        "--max-minutes", type=float, metavar="M", help="time budget of the whole run; the schedule ends with it"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")


def run(args: argparse.Namespace) -> int:
    """Train; returns 0 when the budget is spent."""
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "train")
    if args.max_minutes is not None and not 0 < args.max_minutes < float("inf"):
        raise ConfigError("--max-minutes must be positive: leave it out for the budget of the settings.")
    from ris_ros.training.session import train

    train(
        out=args.out,
        data=args.data,
        config=args.config,
        resume=args.resume,
        max_minutes=args.max_minutes,
        device=args.device,
        start=args.start_from,
    )
    return 0
