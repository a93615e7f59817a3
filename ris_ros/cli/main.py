"""``ris``: one table of commands; each command's module is imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, cast

from ris_ros import __version__
from ris_ros.errors import RisError

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A row of the table.

    Attributes:
        module: Module that holds the command, see :class:`CommandModule`.
        help: One line for ``ris --help``.
    """

    module: str
    help: str


class CommandModule(Protocol):
    """What a command's module offers."""

    EXAMPLE: str
    """One or more command lines, shown at the end of the command's help."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


COMMANDS: Mapping[str, CommandEntry] = MappingProxyType(
    {
        "demo": CommandEntry("ris_ros.cli.demo", "play the sample drive to the node over ROS 2 and show its answers"),
        "predict": CommandEntry("ris_ros.cli.predict", "ground texts in pictures: one, or those of a manifest"),
        "eval": CommandEntry("ris_ros.cli.evaluate", "measure a model on a data set"),
        "plan": CommandEntry("ris_ros.cli.plan", "plan where to drive on a picture, or measure such plans"),
        "train": CommandEntry("ris_ros.cli.train", "train a model, or go on with a run that was interrupted"),
        "data": CommandEntry("ris_ros.cli.data", "list, check, show, render and annotate training data"),
        "export": CommandEntry("ris_ros.cli.export", "write a trained model as a bundle that every backend reads"),
        "build-engine": CommandEntry("ris_ros.cli.build_engine", "build a model's TensorRT engines and check them"),
        "bench": CommandEntry("ris_ros.cli.bench", "measure speed on this machine, and compare it with peers and bars"),
        "doctor": CommandEntry("ris_ros.cli.doctor", "say what is installed, what works and what to do"),
    }
)


def main(argv: Sequence[str] | None = None, commands: Mapping[str, CommandEntry] = COMMANDS) -> int:
    """Run ``ris``.

    Args:
        argv: Arguments after the program's name; the process's own by default.
        commands: The table.

    Returns:
        The command's exit code; 2 with one sentence on stderr for what the user can mend; 130 when
        interrupted; 141 when its output is cut off.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed, command = _parse(arguments, commands)
        if command is None:
            return 0
        code = command.run(parsed)
        sys.stdout.flush()
        return code
    except RisError as error:
        print(f"ris: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        print("ris: interrupted.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has read enough, as `head` does; Python must not complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE


def _parse(
    arguments: list[str], commands: Mapping[str, CommandEntry]
) -> tuple[argparse.Namespace, CommandModule | None]:
    parser = argparse.ArgumentParser(
        prog="ris",
        description="Referring perception for ROS 2: from a camera and a command in words to masks.",
        epilog="`ris COMMAND --help` shows a command's arguments and an example.",
    )
    parser.add_argument("--version", action="version", version=f"ris_ros {__version__}")
    rows = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    chosen = next((a for a in arguments if not a.startswith("-")), None)
    command: CommandModule | None = None
    for name, entry in commands.items():
        if name != chosen:
            rows.add_parser(name, help=entry.help)
            continue
        command = cast(CommandModule, importlib.import_module(entry.module))
        command.add_arguments(
            rows.add_parser(
                name,
                help=entry.help,
                description=f"{entry.help[0].upper()}{entry.help[1:]}.",
                epilog=f"example:\n{_indented(command.EXAMPLE)}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    parsed = parser.parse_args(arguments)
    if parsed.command is None:
        parser.print_help()
    return parsed, command


def _indented(example: str) -> str:
    return "\n".join(f"  {line}" for line in example.strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
