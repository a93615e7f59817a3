"""How what people said and what the grammar writes are mixed."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from published_sets import annotation, reference, write_refer_set
from toy_images import toy_image

pytest.importorskip("torch")

from ris_ros.data.classes import VOID
from ris_ros.data.saying import Saying
from ris_ros.errors import ConfigError
from ris_ros.training.augment import Variation
from ris_ros.training.samples import Mixture, ReferringSamples
from ris_ros.training.sentences import MixedSentences
from ris_ros.training.sources import open_source, parse_roots
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


def test_published_sentences_become_samples(tmp_path):
    segmentation = [[5.0, 10.0, 25.0, 10.0, 25.0, 30.0, 5.0, 30.0]]
    references = [reference(1, 7, 70, "train", ["the car", "that one"])]
    write_refer_set(tmp_path, "refcoco", "refs(unc).p", references, [annotation(70, 7, segmentation)])
    images = Mixture([open_source("refcoco", tmp_path, "train")], [1.0])
    still = Variation(**{field.name: float(field.name in ("whole", "min_scale")) for field in fields(Variation)})
    samples = ReferringSamples(images, MixedSentences(0.5, "train"), 2, (96, 64), still, seed=0, count=4)
    batch = samples[0]
    assert sorted(batch.texts) == ["that one", "the car"]
    assert batch.present[:, 0].all() and not batch.present[:, 1].any()
    share = float(batch.masks[0, 0].float().mean()) / 255
    assert share == pytest.approx(400 / (60 * 40), rel=0.05)


def test_boxes_are_not_learnt_as_masks(tmp_path):
    with pytest.raises(ConfigError, match="boxes, which are no masks"):
        parse_roots([f"talk2car={tmp_path}"])
