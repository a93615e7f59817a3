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
