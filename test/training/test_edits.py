from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from still import STILL
from toy_street import empty_street, with_thing

from ris_ros.config.training import TrainingSettings
from ris_ros.data.edit.cutout import ThingBank
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.training.augment import Variation, choose_window, edit, vary_weather, whole_window
from ris_ros.training.samples import Mixture, ReferringSamples
from ris_ros.types import Target

INPUT = (240, 144)
STREET = with_thing(empty_street(), "car", 110, 100, (165, 168, 172), InstanceInfo("car", "silver"))
WINDOW = whole_window((240, 160), INPUT)


def bank() -> ThingBank:
    return ThingBank([with_thing(empty_street(), "bicyclist", 120, 120, (70, 60, 60), InstanceInfo("bicyclist"))])


def colours_said(image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
    """The colour of each car, and how many cyclists there are."""
    cyclists = sum(info.class_name == "bicyclist" for info in image.instances.values())
    cars = [(key, info) for key, info in image.instances.items() if info.class_name == "car"]
    texts = [(f"{info.colour} car, {cyclists} cyclists", image.instance_map == key) for key, info in cars]
    return [Expression(text, "colour", Target.OBJECT, True, mask, None) for text, mask in texts]


def test_by_default_nothing_of_a_still_picture_changes() -> None:
    assert edit(STREET, WINDOW, bank(), STILL, np.random.default_rng(0)) is STREET
    assert vary_weather(STREET, STILL, np.random.default_rng(0)).image_rgb is STREET.image_rgb


def test_a_chance_of_one_is_always_taken() -> None:
    for seed in range(5):
        recoloured = edit(STREET, WINDOW, None, replace(STILL, recolour=1.0), np.random.default_rng(seed))
        assert recoloured.instances[1].colour not in (None, "silver")
        filled = edit(STREET, WINDOW, bank(), replace(STILL, paste=1.0), np.random.default_rng(seed))
        assert [info.class_name for info in filled.instances.values()].count("bicyclist") >= 2


def test_things_are_put_inside_the_window_that_is_shown() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        window = choose_window((240, 160), INPUT, replace(STILL, whole=0.0, min_scale=0.6), rng)
        edited = edit(empty_street(), window, bank(), replace(STILL, paste=1.0), rng)
        x, y, width, height = window.source_xywh
        outside = edited.instance_map.copy()
        outside[y : y + height, x : x + width] = 0
        assert not outside.any()


def test_sentences_speak_of_the_edited_picture() -> None:
    variation = replace(STILL, recolour=1.0, paste=1.0)
    samples = ReferringSamples(Mixture([[STREET]], [1.0]), colours_said, 4, INPUT, variation, 0, 10, bank())
    texts = [samples[index].texts[0] for index in range(6)]
    assert not any("silver" in text or "0 cyclists" in text for text in texts)
    assert len({text.split()[0] for text in texts}) > 1


def test_an_edited_sample_follows_from_seed_and_number_alone() -> None:
    variation = Variation(**TrainingSettings.model_validate({}).augment.model_dump())
    strong = replace(variation, recolour=1.0, paste=0.9, night=0.5, rain=0.5)

    def samples() -> ReferringSamples:
        return ReferringSamples(Mixture([[STREET]], [1.0]), colours_said, 4, INPUT, strong, 3, 10, bank())

    first, again = samples(), samples()
    again[1], again[2]
    assert torch.equal(first[7].images, again[7].images)
    assert first[7].texts == again[7].texts


def test_weather_leaves_maps_and_facts() -> None:
    changed = vary_weather(STREET, replace(STILL, night=1.0, rain=1.0), np.random.default_rng(0))
    assert (changed.image_rgb != STREET.image_rgb).any()
    assert changed.class_map is STREET.class_map and changed.instance_map is STREET.instance_map
    assert changed.instances is STREET.instances
