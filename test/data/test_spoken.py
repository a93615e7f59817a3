"""Sentences of people and of the grammar side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from toy_images import toy_image

from ris_ros.data.saying import Saying
from ris_ros.data.spoken import speak, speak_of_many
from ris_ros.types import Target


def spoken(seed: int = 0, count: int = 6):
    image = toy_image(seed, (192, 128))
    sayings = tuple(Saying(f"saying {n}", "said_thing", Target.OBJECT, keys=(1,)) for n in range(count))
    return replace(image, sayings=sayings)


def share(voice: str, image) -> tuple[int, int]:
    """(how many sentences of people, how many in all)"""
    made = speak(image, np.random.default_rng(0), 6, voice)
    return sum(e.kind == "said_thing" for e in made), len(made)


def test_voices():
    assert share("said", spoken()) == (6, 6)
    assert share("written", spoken())[0] == 0
    assert share("both", spoken()) == (3, 6)
    assert share("both", spoken(count=1))[0] == 1
    assert share("said", spoken(count=0)) == (0, 0)


def test_many_images_take_turns_and_the_seed_decides():
    images = [spoken(seed) for seed in range(8)]
    made = list(speak_of_many(images, 8, 3, "both"))
    assert len(made) == 8 and len({image.id for image, _ in made}) == 8
    assert {e.exists for _, e in made} == {True, False}
    again = [e.text for _, e in speak_of_many(images, 8, 3, "both")]
    assert again == [e.text for _, e in made]
    assert [e.text for _, e in speak_of_many(images, 8, 4, "both")] != again


def test_one_image_can_give_many():
    assert len(list(speak_of_many([spoken(count=30)], 12, 0, "said"))) == 12
