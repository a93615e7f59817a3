"""How what people said and what the grammar writes are mixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_images import toy_image

pytest.importorskip("torch")

from ris_ros.data.classes import VOID
from ris_ros.data.saying import Saying
from ris_ros.training.sentences import MixedSentences
from ris_ros.types import Target


def spoken_image():
    image = toy_image(0)
    sayings = tuple(Saying(f"saying {n}", "said_thing", Target.OBJECT, keys=(1,)) for n in range(9))
    return replace(image, sayings=sayings)


def kinds(image, share, seed=0, count=6):
    return [e.kind == "said_thing" for e in MixedSentences(share, "train")(image, np.random.default_rng(seed), count)]


def test_both_have_their_share():
    shares = [sum(kinds(spoken_image(), 0.5, seed)) / 6 for seed in range(20)]
    assert 0.3 < np.mean(shares) < 0.7
    assert all(kinds(spoken_image(), 1.0))
    assert not any(kinds(spoken_image(), 0.0))


def test_where_the_grammar_has_nothing_to_say_people_speak():
    image = spoken_image()
    nothing = np.full_like(image.class_map, VOID)
    unlabelled = replace(
        image,
        class_map=nothing,
        instance_map=(image.instance_map > 0).astype(np.int32),
        instances={},
        known_classes=frozenset(),
    )
    assert kinds(unlabelled, 0.5) == [True] * 6
