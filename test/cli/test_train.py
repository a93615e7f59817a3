from __future__ import annotations

from pathlib import Path

import pytest

from ris_ros.cli.main import main

pytest.importorskip("torch")


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What ``ris`` says when it refuses."""
    assert main(list(arguments)) == 2
    return capsys.readouterr().err


def test_an_unknown_source_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refuse(capsys, "train", "--data", "moon=/x", "--out", str(tmp_path))
    assert "moon" in said and "camvid" in said


def test_unknown_settings_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.yaml").write_text("learning_rat: 0.1\n")
    config = str(tmp_path / "train.yaml")
    said = refuse(capsys, "train", "--config", config, "--data", "camvid=/x", "--out", str(tmp_path / "run"))
    assert "learning_rat" in said


def test_a_run_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checkpoint").mkdir()
    assert "--resume" in refuse(capsys, "train", "--data", "camvid=/x", "--out", str(tmp_path))


def test_nothing_to_resume_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refuse(capsys, "train", "--resume", "--data", "camvid=/x", "--out", str(tmp_path))
    assert "no checkpoint" in said


def test_nothing_to_export_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refuse(capsys, "export", "--checkpoint", str(tmp_path), "--out", str(tmp_path / "bundle"))
    assert "no checkpoint" in said
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [("--max-minutes", "0", "positive"), ("--max-minutes", "nan", "positive"), ("--device", "abacus", "abacus")],
)
def test_what_nobody_can_train_with_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, named: str
) -> None:
    assert named in refuse(capsys, "train", "--data", "camvid=/x", "--out", str(tmp_path / "run"), option, value)


def test_a_place_that_cannot_hold_the_run_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    said = refuse(capsys, "train", "--data", "camvid=/x", "--out", str(tmp_path / "file" / "run"))
    assert "cannot be written" in said
