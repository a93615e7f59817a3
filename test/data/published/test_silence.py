"""What nobody labelled, the grammar does not deny."""

from __future__ import annotations

import numpy as np

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.expressions import generate
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

SIZE = (96, 160)


def written(image: LabeledImage) -> list:
    return [e for seed in range(12) for e in generate(image, np.random.default_rng(seed), 6, split="all")]


def test_nothing_is_said_of_a_picture_without_labels():
    nothing = np.full(SIZE, VOID, np.uint8), np.zeros(SIZE, np.int32)
    assert written(LabeledImage("x", np.zeros((*SIZE, 3), np.uint8), *nothing, known_classes=frozenset())) == []


def test_where_only_things_and_road_are_labelled_nothing_is_denied():
    class_map = np.full(SIZE, VOID, np.uint8)
    class_map[50:, 10:150] = BY_NAME["road"].id
    class_map[45:65, 60:100] = BY_NAME["car"].id
    instance_map = (class_map == BY_NAME["car"].id).astype(np.int32)
    image_rgb = np.full((*SIZE, 3), 100, np.uint8)
    known = frozenset({"road", "car", "pedestrian"})
    said = written(LabeledImage("x", image_rgb, class_map, instance_map, {1: InstanceInfo("car", "red")}, known))
    assert said and all(e.exists for e in said)
