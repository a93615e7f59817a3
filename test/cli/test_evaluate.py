"""``ris eval`` with a whole (tiny) model."""

from __future__ import annotations

import json

import cv2
import pytest
from street import street
from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.cli.main import main
from ris_ros.data.labeled_image import InstanceInfo


@pytest.fixture
def tiny_camvid(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / "val" / folder).mkdir(parents=True)
    for number in range(3):
        image = street([((200 + 40 * number, 140, 260 + 40 * number, 180), InstanceInfo("car"))])
        cv2.imwrite(str(tmp_path / "val" / "images" / f"{number}.png"), image.image_rgb)
        cv2.imwrite(str(tmp_path / "val" / "labels" / f"{number}.png"), image.class_map)
    return tmp_path


@pytest.fixture
def options(tiny_camvid, monkeypatch):
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(TEXT_WEIGHTS))
    return ["--root", str(tiny_camvid), "--model", str(BUNDLE), "--backend", "onnx", "--count-per-image", "4"]


def test_the_command_line_measures_a_bundle(options, tmp_path, capsys):
    assert main(["eval", *options, "--out", str(tmp_path / "out"), "--images", "2", "--block-frames", "2"]) == 0
    made = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert made["about"]["backend"] == "onnx" and made["images"] == 2
    assert made["resampling"]["block_frames"] == 2
    assert len((tmp_path / "out" / "scores.jsonl").read_text().splitlines()) == made["sentences"]
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")
    assert "Semantic check by words" in capsys.readouterr().out


def test_a_run_compared_with_itself_differs_in_nothing(options, tmp_path, capsys):
    assert main(["eval", *options, "--out", str(tmp_path / "run"), "--images", "2"]) == 0
    metrics = str(tmp_path / "run" / "metrics.json")
    assert main(["eval", "--compare", metrics, metrics, "--out", str(tmp_path / "difference")]) == 0
    made = json.loads((tmp_path / "difference" / "comparison.json").read_text())
    assert made["only_a"] == made["only_b"] == 0 and made["a"] == made["b"]
    assert {part["verdict"] for part in made["headline"].values()} == {"open"}
    assert "B - A" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "name a metrics.json of ris eval"),
        ("[]", "is no metrics.json"),
        ('{"about": 3}', "is no metrics.json"),
        ("{", "is no metrics.json"),
        ('{"about": {}}', "keep it beside metrics.json"),
    ],
)
def test_what_cannot_be_compared_is_named(tmp_path, capsys, content, message):
    path = tmp_path / "metrics.json"
    if content is not None:
        path.write_text(content)
    assert main(["eval", "--compare", str(path), str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_sayings_that_nobody_said_cannot_be_asked(options, capsys):
    assert main(["eval", *options, "--images", "1", "--sentences", "said"]) == 2
    assert "nothing was said of these images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "nowhere"], "nowhere/val: is not there"),
        (["--root", "nowhere", "--data", "kitti"], "--data kitti: use one of camvid, "),
        ([], "--root is missing"),
        (["--root", "nowhere", "--count-per-image", "0"], "at least 1"),
        (["--root", "nowhere", "--block-frames", "0"], "at least 1"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(arguments, message, capsys):
    assert main(["eval", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
