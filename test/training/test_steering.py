"""What steers a run and judges it: schedule, running mean, settings, sources, figures, thresholds, card, curves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from torch import nn

from ris_ros.config.strict import parse_settings
from ris_ros.config.training import TrainingSettings
from ris_ros.errors import ConfigError, DataError
from ris_ros.training.average import WeightAverage
from ris_ros.training.calibrate import calibrate
from ris_ros.training.card import write_card
from ris_ros.training.checkpoint import Position
from ris_ros.training.curves import draw_curves
from ris_ros.training.schedule import Budget, learning_rate_factor
from ris_ros.training.sources import open_source, parse_roots
from ris_ros.training.validation import EVEN, Answers, figures, mean_class_iou


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [learning_rate_factor(progress, 0.1) for progress in np.linspace(0, 1, 101)]
    assert rates[0] > 0
    assert np.argmax(rates) == 10 and max(rates) == pytest.approx(1.0)
    assert (np.diff(rates[:11]) > 0).all() and (np.diff(rates[10:]) < 0).all()
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_the_budget_is_whichever_ends_first() -> None:
    budget = Budget(steps=100, minutes=10)
    assert budget.progress(50, 60.0) == 0.5
    assert budget.progress(10, 480.0) == 0.8
    assert budget.progress(500, 0.0) == 1.0
    assert Budget(steps=100).progress(1, 1e9) == 0.01


def test_the_running_mean_follows_slowly_and_forgets_the_start() -> None:
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.zeros_(network[0].weight)
    average = WeightAverage(network, decay=0.9)
    nn.init.ones_(network[0].weight)
    means = []
    for step in range(1, 60):
        average.update(network, step)
        means.append(float(average.network[0].weight))
    assert 0.5 < means[0] < 1.0
    assert (np.diff(means) >= 0).all()
    assert means[-1] == pytest.approx(1.0, abs=0.01)
    assert not any(parameter.requires_grad for parameter in average.network.parameters())


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"stepz": 3}, "stepz"),
        ({"steps": 0}, "steps"),
        ({"network": {"heads": 5}}, "heads"),
        ({"network": {"input_size_px": [100, 64]}}, "multiples of 32"),
        ({"network": {"std": [0, 1, 1]}}, "std"),
        ({"losses": {"dice": -1}}, "dice"),
        ({"source_weights": {"camvid": 0.0}}, "source_weights"),
        ({"precision": "fp8"}, "precision"),
    ],
)
def test_wrong_settings_are_refused_by_name(values: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        parse_settings(TrainingSettings, values, "test")


@pytest.mark.parametrize("given", ["camvid", "camvid=", "elsewhere=/x", "=/x"])
def test_wrong_sources_are_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="NAME=FOLDER"):
        parse_roots([given])


def test_a_source_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        parse_roots(["camvid=/a", "camvid=/b"])


def test_a_missing_source_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        open_source("camvid", tmp_path, "train")


def answers() -> Answers:
    """Two objects, one region, one negative; the objects believed with 0.3 and 0.9."""
    truth = np.zeros((4, 2, 4, 4), bool)
    probability = np.full((4, 2, 4, 4), 0.05, np.float32)
    truth[0, 0, :2] = truth[1, 0, 2:] = truth[2, 1, :, :2] = True
    probability[0, 0, :2], probability[1, 0, 2:], probability[2, 1, :, :2] = 0.3, 0.9, 0.9
    present = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], bool)
    exists = np.array([1, 1, 1, 0], bool)
    return Answers(probability, np.array([0.4, 0.6, 0.9, 0.2], np.float32), truth, present, exists)


def test_figures() -> None:
    found = figures(answers(), EVEN)
    assert found["object_miou"] == 0.5
    assert found["object_pointing"] == found["region_miou"] == found["region_pointing"] == 1.0
    assert found["kept"] == pytest.approx(2 / 3)
    assert found["rejected"] == 1.0


def test_calibration_finds_what_separates() -> None:
    thresholds = calibrate(answers())
    assert thresholds.object <= 0.3
    assert 0.2 < thresholds.existence <= 0.4
    better = figures(answers(), thresholds)
    assert better["object_miou"] == better["kept"] == better["rejected"] == 1.0


def test_class_iou_counts_only_classes_that_are_there() -> None:
    assert mean_class_iou(np.array([[8, 2, 0], [0, 10, 0], [0, 0, 0]])) == pytest.approx((0.8 + 10 / 12) / 2)


def test_the_card_says_what_was_measured_and_what_was_not() -> None:
    settings = TrainingSettings.model_validate({})
    position = Position(step=7, elapsed_s=3600.0, images=56, sentences=336)
    card = write_card("street 1", settings, position, EVEN, figures(answers(), EVEN), ["camvid_notes"], "For research.")
    assert "7 steps, 56 images and 336 sentences" in card
    assert "what people said" in card and "the grammar writes" not in card
    assert "1.00 hours" in card and "| 0.667 |" in card and "For research." in card
    assert "Not measured" in write_card("street 1", settings, position, EVEN, {}, [], "For research.")


def test_curves_are_drawn_from_a_log(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = [{"kind": "train", "step": s, "mask": 1 / s, "images_per_s": 5, "learning_rate": 0.1} for s in range(1, 9)]
    lines.append({"kind": "validation", "step": 8, "camvid_object_miou": 0.4})
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    draw_curves(tmp_path / "log.jsonl", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DataError):
        draw_curves(tmp_path / "none.jsonl", tmp_path / "curves.png")
