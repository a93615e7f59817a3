"""The dispatcher: its table, its lazy imports, its exit codes."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from ris_ros.cli.main import COMMANDS, CommandEntry, main
from ris_ros.errors import DataError


@pytest.fixture
def greet(monkeypatch: pytest.MonkeyPatch) -> dict[str, CommandEntry]:
    """A table with one command, which greets, fails or is interrupted, and one whose module does not exist."""

    def add_arguments(parser):
        parser.add_argument("--name", default="you")
        parser.add_argument("--raises", choices=["data", "interrupt"])

    def run(args):
        if args.raises == "data":
            raise DataError("The bag is cut short: record it again.")
        if args.raises == "interrupt":
            raise KeyboardInterrupt
        print(f"hello {args.name}")
        return 3

    module = ModuleType("greeting_command")
    vars(module).update(add_arguments=add_arguments, run=run, EXAMPLE="ris greet --name Ann")
    monkeypatch.setitem(sys.modules, "greeting_command", module)
    return {
        "greet": CommandEntry("greeting_command", "say hello"),
        "broken": CommandEntry("no_such_module_anywhere", "is never imported"),
    }


def test_a_command_gets_its_arguments_and_gives_the_exit_code(greet, capsys):
    assert main(["greet", "--name", "Ann"], greet) == 3
    assert capsys.readouterr().out == "hello Ann\n"


def test_an_error_of_the_user_is_one_sentence_and_exit_code_2(greet, capsys):
    assert main(["greet", "--raises", "data"], greet) == 2
    assert capsys.readouterr().err == "ris: The bag is cut short: record it again.\n"


def test_an_interrupt_is_130_without_a_traceback(greet, capsys):
    assert main(["greet", "--raises", "interrupt"], greet) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_has_read_enough_is_no_error(repository):
    program = (
        "import sys; from types import ModuleType; from ris_ros.cli.main import CommandEntry, main\n"
        "module = sys.modules['talk'] = ModuleType('talk')\n"
        "module.add_arguments, module.run, module.EXAMPLE = lambda p: None, lambda a: print('x' * 10**6) or 0, ''\n"
        "sys.exit(main(['talk'], {'talk': CommandEntry('talk', 'talk')}))"
    )
    talker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert talker.stdout is not None
    talker.stdout.close()
    _, complaint = talker.communicate(timeout=30)
    assert talker.returncode == 141
    assert complaint == ""


def test_help_lists_every_command_and_imports_none(greet, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"], greet)
    out = capsys.readouterr().out
    assert "greet" in out and "say hello" in out and "is never imported" in out


def test_no_command_shows_the_help(greet, capsys):
    assert main([], greet) == 0
    assert "say hello" in capsys.readouterr().out


def test_a_commands_help_ends_with_its_example(greet, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["greet", "--help"], greet)
    assert capsys.readouterr().out.rstrip().endswith("ris greet --name Ann")


@pytest.mark.parametrize("argv", [["frobnicate"], ["greet", "--frobnicate"]])
def test_an_unknown_argument_is_refused_with_code_2(greet, capsys, argv):
    with pytest.raises(SystemExit, match="2"):
        main(argv, greet)
    assert "frobnicate" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_shows_its_help_with_an_example(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    out = capsys.readouterr().out
    assert f"ris {name}" in out.split("example:")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_module_imports_without_torch_and_ros(name, repository):
    program = f"import {COMMANDS[name].module}, sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"torch", "rclpy"} & set(done.stdout.split())


def test_the_module_runs_as_a_program(repository):
    version = importlib.import_module("ris_ros").__version__
    done = subprocess.run(
        [sys.executable, "-m", "ris_ros.cli.main", "--version"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == f"ris_ros {version}"
