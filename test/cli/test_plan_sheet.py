"""The sheet of ten plans: all of them, whatever came of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_bundle
from flat_scene import flat_scene

from ris_ros.cli import plan_sheet
from ris_ros.data.scenes.dataset import write_frame

ENGINE = ["--backend", "onnx", "--threads", "1", "--model", str(tiny_bundle.BUNDLE)]


def run(monkeypatch: pytest.MonkeyPatch, sample: Path, rides: Path, out: Path) -> int:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    arguments = ["--sample", str(sample), "--rides", str(rides), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["plan_sheet", *arguments, *ENGINE])
    return plan_sheet.main()


def test_ten_commands_make_ten_pictures_found_or_not(
    monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, geometry = flat_scene(((16.0, 1.0), (13.0, -3.2)))
    for ride in range(plan_sheet.RIDES):
        write_frame(tmp_path, f"{ride:05d}-{plan_sheet.RIDE_FRAME:03d}", image, {"seed": ride}, geometry)
    assert run(monkeypatch, repository / "sample", tmp_path, tmp_path / "sheet.jpg") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10  # the tiny model finds hardly anything, and each line says so
    assert [line.split(". ")[1].split(":")[0] for line in lines[:5]] == [text for _, text in plan_sheet.ON_THE_DRIVE]
    sheet = cv2.imread(str(tmp_path / "sheet.jpg"))
    assert sheet.shape[0] > 5 * 250 and sheet.shape[1] > 1500


def test_rides_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_frame(tmp_path, "00000", *flat_scene()[:1], {"seed": 0})
    assert run(monkeypatch, repository / "sample", tmp_path, tmp_path / "sheet.jpg") == 2
    assert "00000-012" in capsys.readouterr().err


def test_pictures_of_any_size_are_laid_out_in_two_columns() -> None:
    tall, wide = np.full((300, 400, 3), 10, np.uint8), np.full((200, 800, 3), 90, np.uint8)
    made = plan_sheet.sheet([tall, wide, wide])
    height = made.shape[0] // 2
    assert made[20, 20].tolist() == [10, 10, 10] and made[20, -20].tolist() == [90, 90, 90]
    assert made[height + 20, 20].tolist() == [90, 90, 90] and made[height + 20, -20].tolist() == [255, 255, 255]
