"""What ``auto`` measured is found again where nothing has changed, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.runtime.choose import Measured
from ris_ros.runtime.kept_choice import KeptChoice, choice_file, read_choice, write_choice

CHOICE = KeptChoice(
    (Measured("openvino", "bf16", 7.9), Measured("onnx", "fp32", 31.0), Measured("tensorrt", left_out="no GPU")),
    "2026-11-23",
)
NAMES = ["onnx", "openvino", "tensorrt"]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return choice_file({"cpu": "one"})


def test_what_was_written_is_read(path: Path) -> None:
    write_choice(path, CHOICE)
    assert read_choice(path, NAMES) == CHOICE
    assert str(CHOICE) == "openvino bf16 7.9 ms, onnx fp32 31.0 ms, not tensorrt: no GPU (measured 2026-11-23)"
    assert [file.name for file in path.parent.iterdir()] == [path.name], "nothing is left of the writing"


def test_another_situation_has_another_file(path: Path) -> None:
    assert choice_file({"cpu": "one"}) == path
    assert choice_file({"cpu": "two"}) != path
    assert choice_file({"cpu": "one", "threads": 2}) != path


def test_other_backends_are_measured_again(path: Path) -> None:
    write_choice(path, CHOICE)
    assert read_choice(path, ["onnx", "openvino"]) is None
    assert read_choice(path, [*NAMES, "torch"]) is None


def broken(**changes: Any) -> str:
    values = {
        "found": [
            {"name": "a", "precision": "fp32", "ms": 1.0, "left_out": ""},
            {"name": "b", "precision": "fp32", "ms": 2.0, "left_out": ""},
        ],
        "date": "2026-11-23",
    }
    values["found"][0].update(changes)  # type: ignore[attr-defined]
    return json.dumps(values)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"found": [], "date": "2026-11-23"}',
        '{"found": 3, "date": "2026-11-23"}',
        broken(ms=None),
        broken(ms="1"),
        broken(ms=-1.0),
        broken(ms=float("nan")),
        broken(ms=3.0),
        broken(left_out="why"),
        broken(name=1),
        broken(extra=1),
        "[" * 50_000,
        " " * 200_000,
    ],
)
def test_a_malformed_file_is_as_none(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_choice(path, ["a", "b"]) is None
    path.write_text(broken())
    assert read_choice(path, ["a", "b"]) is not None


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "choice.json"
    path.write_bytes(content)
    assert read_choice(path, ["a"]) is None


def test_old_situations_are_forgotten(path: Path) -> None:
    for number in range(40):
        write_choice(choice_file({"cpu": number}), CHOICE)
    write_choice(path, CHOICE)
    assert len(list(path.parent.iterdir())) == 32
    assert read_choice(path, NAMES) == CHOICE


def test_a_folder_that_cannot_be_written_is_only_told(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ris_ros").write_text("a file in the folder's place")
    write_choice(path, CHOICE)
    assert "cannot be kept" in caplog.text
    assert read_choice(path, NAMES) is None
