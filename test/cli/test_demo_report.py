"""Figures, verdict and table of the demo, on answers and truths that can be counted by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ris_ros.cli import demo_report as reports
from ris_ros.errors import OutputError


@dataclass
class Said:
    """An answer: its mask, or nothing found."""

    pixels: NDArray[np.bool_]
    found: bool = True

    def mask(self) -> NDArray[np.bool_]:
        return self.pixels


def pixels(count: int) -> NDArray[np.bool_]:
    """The first ``count`` pixels of ten."""
    return (np.arange(10) < count).reshape(2, 5)


def report(*commands: reports.CommandReport, **changes: Any) -> reports.Report:
    values: dict[str, Any] = {
        "commands": commands,
        "published": 100,
        "camera": {
            "frames_in": "98",
            "grounded": "90",
            "dropped": "8",
            "dropped_no_command": "6",
            "dropped_replaced": "2",
        },
        "engine": {"backend": "onnx", "precision": "fp32"},
        "arrived": {"label masks": 90, "overlays": 88},
        "stages_ms": {"decode": [1.0] * 3, "vision": [10.0, 20.0, 30.0], "ground": [5.0] * 3},
    }
    return reports.Report(**{**values, **changes})


def command(text: str, score: reports.Score | None, answered: int = 10) -> reports.CommandReport:
    return reports.CommandReport(text, "std_msgs/String", answered, answered // 2, score, [20.0] * answered, 40.0)


HERE, ABSENT = reports.Score(10, 9, 0.5, 0, 0), reports.Score(0, 0, None, 10, 9)


def test_a_miss_counts_as_zero_and_absent_frames_count_apart() -> None:
    pairs = [
        (Said(pixels(8)), reports.Truth(pixels(10))),
        (Said(pixels(0), found=False), reports.Truth(pixels(10))),
        (Said(pixels(0), found=False), reports.Truth(None)),
        (Said(pixels(1)), reports.Truth(None)),
    ]
    score = reports.score(pairs)

    assert score is not None
    assert (score.present, score.found, score.absent, score.rejected) == (2, 1, 2, 1)
    assert score.mean_iou == pytest.approx(0.4)


def test_without_truth_there_is_no_score() -> None:
    assert reports.score([]) is None
    assert reports.failures(report(command("the car", None))) == []


def test_a_run_that_did_its_job_has_no_failures() -> None:
    assert reports.failures(report(command("the car", HERE), command("the bus", ABSENT))) == []


@pytest.mark.parametrize(
    ("commands", "changes", "sentence"),
    [
        ([command("the car", HERE, answered=0)], {}, "Nothing was answered to 'the car'"),
        ([command("the car", HERE)], {"arrived": {"label masks": 9, "overlays": 0}}, "Not one of the overlays"),
        (
            [command("the bus", reports.Score(0, 0, None, 10, 5))],
            {},
            "'the bus' is not there, but was refused in only 5",
        ),
        (
            [command("a", reports.Score(10, 5, 0.1, 0, 0)), command("b", reports.Score(9, 2, 0.1, 0, 0))],
            {},
            "not found",
        ),
    ],
)
def test_a_run_that_did_not_says_what_failed(commands: list[Any], changes: dict[str, Any], sentence: str) -> None:
    (failure,) = reports.failures(report(*commands, **changes))

    assert sentence in failure


def test_the_table_says_what_is_known_and_leaves_the_rest_open() -> None:
    known = reports.as_table(report(command("the car", HERE), command("the bus", ABSENT), together_ms=[30.0]))
    car, bus = known.splitlines()[2:4]

    assert car.split("  ")[0] == "the car" and "10 of 10" in car and "90 %" in car and "0.50" in car
    assert "0 of 10" in bus and "90 %" in bus
    assert "published 100, heard 98, grounded 90, dropped 8 (no command 6, replaced 2)" in known
    assert "p50/p99 25.0 / 34.8 ms on onnx fp32" in known
    assert "2 commands at once" in known
    assert "90 label masks, 88 overlays" in known
    assert "p50 in ms: decode 1.0" in known
    unknown = reports.as_table(report(command("the car", None), stages_ms={}, camera={}, engine={}))
    assert "?" in unknown


def test_the_report_is_json() -> None:
    loaded = json.loads(json.dumps(reports.as_json(report(command("the car", HERE), command("the bus", None)))))

    assert loaded["commands"][0]["score"]["mean_iou"] == 0.5
    assert loaded["commands"][1]["score"] is None
    assert loaded["stages_ms"]["vision"] == {"count": 3, "p50": 20.0, "p99": pytest.approx(29.8)}


def test_the_contact_sheet_holds_every_picture(tmp_path: Path) -> None:
    jpegs = [cv2.imencode(".jpg", np.full((90, 160, 3), shade, np.uint8))[1].tobytes() for shade in (60, 200)]
    path = tmp_path / "sheet.jpg"
    reports.contact_sheet([("both", jpegs), ("none", []), ("one", jpegs[1:]), ("both again", jpegs)], path)
    sheet = cv2.imread(str(path))

    assert sheet.shape == (2 * (34 + 270), 4 * 480, 3)
    shades = [[int(sheet[y, x, 0]) for x in (240, 720, 1200, 1680)] for y in (170, 474)]
    assert np.allclose(shades, [[60, 200, 200, 0], [60, 200, 0, 0]], atol=5)
    reports.contact_sheet([("none", [])], tmp_path / "empty.jpg")
    assert not (tmp_path / "empty.jpg").exists()
    with pytest.raises(OutputError, match="--out"):
        reports.contact_sheet([("both", jpegs)], tmp_path / "absent" / "sheet.jpg")
