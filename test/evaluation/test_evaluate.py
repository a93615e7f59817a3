"""Evaluation from end to end, with answers known beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scored import mask_answer
from street import busy_street, street

from ris_ros.data.classes import BY_NAME
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.saying import Saying
from ris_ros.evaluation import evaluate as module
from ris_ros.evaluation.evaluate import Evaluation, Plan, evaluate
from ris_ros.evaluation.figures import figures
from ris_ros.evaluation.questions import questions
from ris_ros.evaluation.semantic import CLASS_WORDS
from ris_ros.evaluation.table import table
from ris_ros.language.intent import resolve_target
from ris_ros.language.utterance import clean
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, Target

THRESHOLDS = Thresholds(0.5, 0.5, 0.5)


def said_street() -> LabeledImage:
    busy = busy_street()
    region = np.zeros(busy.class_map.shape, np.bool_)
    region[200:240, 220:260] = True
    sayings = (
        Saying("that\tbig red bus", "said_thing", Target.OBJECT, keys=(1,)),
        Saying("the two cars on the right", "said_group", Target.OBJECT, keys=(4, 5)),
        Saying("a tram", "said_absent", Target.OBJECT, exists=False),
        Saying("stop just here", "said_region", Target.REGION, region_mask=region),
        Saying("the spot just ahead", "said_region", Target.REGION, region_mask=region),
    )
    return replace(busy, id="said", sayings=sayings)


class Oracle:
    """A perceiver that knows the truth, or knows nothing."""

    thresholds = THRESHOLDS

    def __init__(self, images: Sequence[LabeledImage], blind: bool) -> None:
        self._images = {id(image.image_rgb): image for image in images}
        self.truth: dict[tuple[str, str], Expression] = {}
        self._blind = blind

    def look(self, frames: Sequence[Frame]) -> Frame:
        return frames[0]

    def answer(self, frame: Frame, commands: Sequence[Command]) -> list[Grounding]:
        return [self._answer(frame, command) for command in commands]

    def _answer(self, frame: Frame, command: Command) -> Grounding:
        assert command.text == clean(command.text)
        command = replace(command, target=resolve_target(command.text, command.target))
        image = self._images[id(frame.image_rgb)]
        nothing = np.zeros(image.class_map.shape, np.bool_)
        masks = [nothing, nothing]
        known = self.truth.get((image.id, command.text))
        if known is None:
            name = next(name for name, words in CLASS_WORDS.items() if words == command.text)
            masks[0] = image.class_map == BY_NAME[name].id
        elif known.exists:
            masks = [nothing if m is None else m for m in (known.object_mask, known.region_mask)]
        found = bool(masks[1 if command.target is Target.REGION else 0].any()) and not self._blind
        answers = [mask_answer(mask if found else nothing) for mask in masks]
        return Grounding(command, frame, found, float(found), 1.0, answers[0], answers[1])


def run(monkeypatch: pytest.MonkeyPatch, *images: LabeledImage, blind: bool = False, **plan: object) -> Evaluation:
    oracle = Oracle(images, blind)

    def remembered(image, *options):
        made = list(questions(image, *options))
        oracle.truth.update({(image.id, clean(q.expression.text)): q.expression for q in made})
        return made

    monkeypatch.setattr(module, "questions", remembered)
    return evaluate(oracle, images, Plan(seed=1, **plan))  # type: ignore[arg-type]


def written(monkeypatch: pytest.MonkeyPatch, blind: bool = False) -> Evaluation:
    quiet = street([((300, 125, 360, 168), InstanceInfo("car", "red", 15.0))], "quiet")
    return run(monkeypatch, busy_street(), quiet, blind=blind)


def test_perfect_answers_score_full(monkeypatch):
    made = figures(written(monkeypatch).results, THRESHOLDS)
    assert made["sentences"] == 32
    for name in ("object_mean_iou", "object_overall_iou", "object_boundary_iou", "object_pointing", "region_mean_iou",
                 "region_pointing", "negatives_rejected", "positives_kept", "robust_iou", "existence_roc_auc",
                 "semantic_mean_iou"):  # fmt: skip
        part = made["headline"][name]
        assert (part["value"], part["low"], part["high"]) == (1.0, 1.0, 1.0), name
    for target in ("object", "region"):
        gated = made["targets"][target]["gated"]
        assert gated == made["targets"][target]["ungated"]
        assert set(gated["precision_at"].values()) == set(gated["recall_at"].values()) == {1.0}
        assert made["targets"][target]["iou_histogram"][-1] == gated["count"]
    assert made["generalized"]["giou"] == made["generalized"]["ciou"] == 1.0
    assert made["existence"]["brier"] == made["existence"]["expected_calibration_error"] == 0.0
    assert {"common", "held out"} == set(made["slices"]["wording"]["object"])


def test_silence_rejects_everything_and_finds_nothing(monkeypatch):
    evaluation = written(monkeypatch, blind=True)
    made = figures(evaluation.results, THRESHOLDS)
    values = {name: part["value"] for name, part in made["headline"].items()}
    assert values["negatives_rejected"] == values["mean_rejection_rate"] == 1.0
    assert values["positives_kept"] == values["object_mean_iou"] == values["robust_iou"] == 0.0
    assert values["region_on_road"] is None
    assert not evaluation.gallery.shelf("false_find") and evaluation.gallery.shelf("false_refusal")


def test_what_people_said_is_asked_where_they_said_anything(monkeypatch):
    evaluation = run(monkeypatch, said_street(), street(id="quiet"))
    wordings = {scored.image_id: scored.wording for scored in evaluation.results.scores}
    assert wordings["said"] == "said" and wordings["quiet"] != "said"
    made = figures(evaluation.results, THRESHOLDS)
    assert made["slices"]["kind"]["object"]["said_group"]["mean_iou"]["value"] == 1.0


def test_a_target_left_to_the_pipeline_is_measured_against_what_was_meant(monkeypatch):
    own = figures(run(monkeypatch, said_street(), sentences="said").results, THRESHOLDS)
    auto = figures(run(monkeypatch, said_street(), sentences="said", target="auto").results, THRESHOLDS)
    # "the spot just ahead" sounds like a thing, and the oracle knows of no object there.
    assert own["auto_target"] == auto["auto_target"] == {"object": 1.0, "region": 0.5}
    assert own["headline"]["region_mean_iou"]["value"] == 1.0
    assert auto["headline"]["region_mean_iou"]["value"] == 0.5
    assert own["headline"]["object_mean_iou"]["value"] == auto["headline"]["object_mean_iou"]["value"] == 1.0


def test_figures_are_plain_json_and_a_table(monkeypatch):
    made = figures(written(monkeypatch).results, THRESHOLDS)
    text = table(json.loads(json.dumps(made, allow_nan=False)))
    assert "rIoU, per object" in text and "object held out" in text


def test_few_images_are_evenly_spread(monkeypatch):
    images = [street(id=str(number)) for number in range(7)]
    seen: list[tuple[int, int]] = []
    oracle = Oracle(images, blind=True)
    monkeypatch.setattr(module, "questions", lambda *_: [])
    plan = Plan(most_images=3)
    results = evaluate(oracle, images, plan, lambda *counts: seen.append(counts)).results  # type: ignore[arg-type]
    assert results.image_ids == ["0", "3", "6"]
    assert seen == [(1, 3), (2, 3), (3, 3)]
