"""What the README promises to a stranger: its links, its commands and its Python are real."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ris_ros.cli.main import COMMANDS
from ris_ros.errors import RisError
from ris_ros.runtime.bundle import Bundle, default_path

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_table_of_commands_is_that_of_the_command_line() -> None:
    rows = dict(re.findall(r"^\| `ris ([\w-]+)` \| (.+) \|$", README, re.MULTILINE))

    assert rows == {name: entry.help for name, entry in COMMANDS.items()}


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        Bundle.open(default_path()).load_text_encoder()
    except RisError as error:
        pytest.skip(f"the shipped model is not whole here: {error}")
    shutil.copy(REPOSITORY / "docs" / "images" / "demo.jpg", tmp_path / "street.jpg")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})

    assert capsys.readouterr().out.split()[0] in ("True", "False")
