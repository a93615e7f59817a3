"""Evaluation from end to end: with answers known beforehand, and with a whole (tiny) model."""

from __future__ import annotations

import json
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from street import busy_street, street
from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.cli.main import main
from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.evaluation import evaluate as module
from ris_ros.evaluation.evaluate import CLASS_WORDS, Evaluation, evaluate
from ris_ros.evaluation.report import report, table
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

THRESHOLDS = Thresholds(0.5, 0.5, 0.5)


def mask_answer(mask: np.ndarray) -> MaskAnswer:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return MaskAnswer(np.zeros(mask.shape, np.uint8), mask, (0, 0, 0, 0), (0, 0), 0.0)
    x, y = int(columns.min()), int(rows.min())
    roi = (x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1)
    return MaskAnswer(mask.astype(np.uint8) * 255, mask, roi, (int(columns[0]), int(rows[0])), 1.0)


class Oracle:
    """A perceiver that knows the truth, or knows nothing."""

    thresholds = THRESHOLDS

    def __init__(self, images: Sequence[LabeledImage], truth: dict[tuple[int, str], Expression], blind: bool) -> None:
        self._images = {id(image.image_rgb): image for image in images}
        self._truth, self._blind = truth, blind

    def look(self, frames: Sequence[Frame]) -> Frame:
        return frames[0]

    def answer(self, frame: Frame, commands: Sequence[Command]) -> list[Grounding]:
        return [self._answer(frame, command) for command in commands]

    def _answer(self, frame: Frame, command: Command) -> Grounding:
        image = self._images[id(frame.image_rgb)]
        nothing = np.zeros(image.class_map.shape, np.bool_)
        masks = [nothing, nothing]
        known = self._truth.get((id(frame.image_rgb), command.text))
        if known is None:
            name = next(name for name, words in CLASS_WORDS.items() if words == command.text)
            masks[0] = module.CLASSES[[c.name for c in module.CLASSES].index(name)].id == image.class_map
        elif known.exists:
            masks = [nothing if m is None else m for m in (known.object_mask, known.region_mask)]
        if self._blind:
            masks = [nothing, nothing]
        answers = [mask_answer(mask) for mask in masks]
        found = not answers[1 if command.target is Target.REGION else 0].empty
        return Grounding(command, frame, found, float(found), 1.0, answers[0], answers[1])


def run(blind: bool, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    images = [busy_street(), street([((300, 125, 360, 168), InstanceInfo("car", "red", 15.0))], "quiet")]
    truth: dict[tuple[int, str], Expression] = {}

    def remembered(image, rng, count, **options):
        made = generate(image, rng, count, **options)
        truth.update({(id(image.image_rgb), e.text): e for e in made})
        return made

    monkeypatch.setattr(module, "generate", remembered)
    return evaluate(Oracle(images, truth, blind), images, 16, seed=1)  # type: ignore[arg-type]


def test_perfect_answers_score_full(monkeypatch):
    figures = report(run(False, monkeypatch), THRESHOLDS)
    assert figures["sentences"] == 32
    for name in ("object", "region"):
        assert figures[name]["masks"]["mean_iou"] == figures[name]["masks"]["overall_iou"] == 1.0
        assert figures[name]["pointing"]["recall_at"]["1"] == 1.0
        assert figures[name]["mean_iou_interval"] == (1.0, 1.0)
    assert figures["existence"]["target_accuracy"] == figures["existence"]["no_target_accuracy"] == 1.0
    assert figures["robust"] == {"mean_iou": 1.0, "mean_rejection_rate": 1.0, "robust_iou": 1.0}
    assert figures["semantic"]["mean_iou"] == 1.0
    assert {"common", "held out"} == set(figures["by_wording"])


def test_silence_rejects_everything_and_finds_nothing(monkeypatch):
    evaluation = run(True, monkeypatch)
    figures = report(evaluation, THRESHOLDS)
    assert figures["existence"]["no_target_accuracy"] == 1.0
    assert figures["existence"]["target_accuracy"] == 0.0
    assert figures["object"]["masks"]["mean_iou"] == figures["robust"]["robust_iou"] == 0.0
    assert figures["robust"]["mean_rejection_rate"] == 1.0
    assert "false_find_0" not in evaluation.extremes.pictures()


def test_figures_are_plain_json_and_a_table(monkeypatch):
    figures = report(run(False, monkeypatch), THRESHOLDS)
    assert json.loads(json.dumps(figures))["images"] == 2
    text = table(json.loads(json.dumps(figures)))
    assert "mRR 1.000" in text and "held out" in text


def test_pictures_show_truth_beside_answer(monkeypatch):
    pictures = run(False, monkeypatch).extremes.pictures()
    assert any(name.startswith("best_object") for name in pictures)
    assert all(picture.shape == (288, 960, 3) for picture in pictures.values())


@pytest.fixture
def tiny_camvid(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / "val" / folder).mkdir(parents=True)
    for number in range(3):
        image = street([((200 + 40 * number, 140, 260 + 40 * number, 180), InstanceInfo("car"))])
        cv2.imwrite(str(tmp_path / "val" / "images" / f"{number}.png"), image.image_rgb)
        cv2.imwrite(str(tmp_path / "val" / "labels" / f"{number}.png"), image.class_map)
    return tmp_path


def test_the_command_line_measures_a_bundle(tiny_camvid, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(TEXT_WEIGHTS))
    options = ["--root", str(tiny_camvid), "--model", str(BUNDLE), "--backend", "onnx", "--count-per-image", "4"]
    assert main(["eval", *options, "--out", str(tmp_path / "out"), "--images", "2"]) == 0
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert figures["about"]["backend"] == "onnx" and figures["images"] == 2
    assert "semantic mIoU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--root", "nowhere"], "CamVid is not there"),
        (["--root", "nowhere", "--data", "kitti"], "use one of camvid, scenes"),
        (["--root", "nowhere", "--count-per-image", "0"], "at least 1"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(arguments, message, capsys):
    assert main(["eval", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
