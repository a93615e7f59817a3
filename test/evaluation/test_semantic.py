"""The semantic check by words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored import mask_answer
from street import street

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.resampling import Resampling, Units
from ris_ros.evaluation.semantic import (
    CLASS_WORDS,
    ClassScore,
    check_classes,
    class_ious,
    common_classes,
    mean_class_iou,
)
from ris_ros.types import Command, Frame, Grounding

SCORES = (
    ClassScore("a", "road", Overlap(2, 4)),
    ClassScore("b", "road", Overlap(1, 1)),
    ClassScore("a", "fence", Overlap(0, 0)),
    ClassScore("b", "fence", Overlap(0, 0)),
    ClassScore("a", "car", Overlap(0, 2)),
    ClassScore("b", "car", Overlap(0, 0)),
    ClassScore("a", "van", Overlap(5, 5)),
)


def test_class_iou_pools_pixels_over_images():
    assert class_ious(SCORES) == {"road": pytest.approx(3 / 5), "car": 0.0, "van": 1.0}


def test_the_mean_is_over_the_classes_that_every_image_tells_apart():
    assert common_classes(SCORES) == ["car", "fence", "road"]
    units = Units(["a", "b"])
    statistic = mean_class_iou(SCORES, units.of([s.image_id for s in SCORES]), units.count)
    assert Resampling(2, 0).estimate(statistic).value == pytest.approx(0.3)
    np.testing.assert_allclose(statistic(np.array([[0.0, 1.0], [2.0, 0.0]])), [1.0, 0.25])


def test_every_known_class_is_asked_for_and_pixels_of_no_class_count_for_nothing():
    image = street(id="a")
    class_map = image.class_map.copy()
    class_map[:60] = VOID
    image = replace(image, class_map=class_map, known_classes=frozenset({"road", "sky", "bus"}))
    everything = np.ones(class_map.shape, np.bool_)
    texts = []

    def ask(asked):
        frame = Frame("image", image.image_rgb, 0)
        for text, target in asked:
            texts.append(text)
            yield Grounding(Command("1", text, target, 0), frame, True, 1.0, 1.0, *[mask_answer(everything)] * 2)

    scores = {scored.class_name: scored.overlap for scored in check_classes(image, ask)}
    labelled = int((class_map != VOID).sum())
    assert texts == [CLASS_WORDS[name] for name in ("sky", "road", "bus")]
    assert scores["road"] == Overlap(int((class_map == BY_NAME["road"].id).sum()), labelled)
    assert scores["sky"] == scores["bus"] == Overlap(0, labelled)
