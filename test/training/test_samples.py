from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from still import STILL
from toy_images import ToyEncoder, toy_image, toy_sentences

from ris_ros.config.training import TrainingSettings
from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.colours import COLOURS
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.errors import DataError
from ris_ros.training.augment import Variation, choose_window, cut, vary_light, whole_window
from ris_ros.training.samples import NO_COLOUR, Batch, Mixture, ReferringSamples, encode_sample
from ris_ros.training.text import TextMemo
from ris_ros.types import Target

INPUT = (96, 64)
STRONG = Variation(**TrainingSettings.model_validate({}).augment.model_dump())


def samples(seed: int = 0, variation: Variation = STRONG) -> ReferringSamples:
    pictures = [toy_image(number) for number in range(5)]
    return ReferringSamples(Mixture([pictures], [1.0]), toy_sentences, 4, INPUT, variation, seed, 100)


def test_a_sample_follows_from_seed_and_number_alone() -> None:
    first, again = samples(), samples()
    again[3], again[50]
    for name in ("images", "classes", "masks", "known", "present", "exists"):
        assert torch.equal(getattr(first[17], name), getattr(again[17], name))
    assert not torch.equal(first[17].images, first[18].images)
    assert not torch.equal(first[17].images, samples(seed=1)[17].images)


@given(st.integers(0, 10_000), st.integers(60, 700), st.integers(60, 500))
def test_windows_lie_inside_and_keep_the_aspect(seed: int, width: int, height: int) -> None:
    window = choose_window((width, height), INPUT, STRONG, np.random.default_rng(seed))
    x, y, w, h = window.source_xywh
    assert x >= 0 and y >= 0 and x + w <= width and y + h <= height and min(w, h) >= 1
    left, top, across, down = window.content_xywh
    assert left >= 0 and top >= 0 and left + across <= INPUT[0] and top + down <= INPUT[1]
    assert across == INPUT[0] or down == INPUT[1]
    # Whole pixels round a stretch of a few percent at these small sizes, never more.
    assert (across / w) / (down / h) == pytest.approx(1.0, abs=0.06)


def test_mirroring_moves_picture_and_maps_together() -> None:
    image = toy_image(0, (192, 128))
    plain = cut(image, whole_window((192, 128), INPUT))
    mirrored = cut(image, replace(whole_window((192, 128), INPUT), mirrored=True))
    np.testing.assert_array_equal(mirrored.image_rgb, plain.image_rgb[:, ::-1])
    np.testing.assert_array_equal(mirrored.class_map, plain.class_map[:, ::-1])
    np.testing.assert_array_equal(mirrored.instance_map, plain.instance_map[:, ::-1])


def test_light_changes_colours_but_not_which_is_which() -> None:
    image = toy_image(3)
    for seed in range(20):
        varied = vary_light(image.image_rgb, STRONG, np.random.default_rng(seed)).astype(int)
        for key, info in image.instances.items():
            red, _, blue = varied[image.instance_map == key].mean(axis=0)
            assert (red > blue) == (info.colour == "red")


def test_bars_are_grey_void_and_outside_every_mask() -> None:
    image = toy_image(1, (64, 64))
    window = whole_window((64, 64), INPUT)
    everything = np.ones((64, 64), bool)
    batch = encode_sample(
        cut(image, window), [Expression("all", "stuff", Target.OBJECT, True, everything, None)], window, INPUT
    )
    assert (batch.images[0, :, :16] == 114).all()
    assert (batch.classes[0, :, :4] == VOID).all()
    assert (batch.classes[0, :, 4:20] != VOID).all()
    assert (batch.masks[0, 0, :, :4] == 0).all()
    assert (batch.masks[0, 0, :, 4:20] == 255).all()


def test_masks_hold_the_share_that_is_covered() -> None:
    image = toy_image(1)
    mask = np.zeros((64, 96), bool)
    mask[8:12, 10:14] = True
    window = whole_window(INPUT, INPUT)
    batch = encode_sample(image, [Expression("it", "thing", Target.OBJECT, True, mask, None)], window, INPUT)
    np.testing.assert_allclose(batch.masks[0, 0, 2, 1:5], [0, 128, 128, 0], atol=1)


def test_what_is_known_and_what_holds_something() -> None:
    batch = samples(variation=STILL)[0]
    by_text = dict(zip(batch.texts, range(4), strict=True))
    assert batch.known[by_text["red"]].tolist() == [1, 1]
    assert batch.present[by_text["red"]].tolist() == [1, 0]
    assert batch.known[by_text["drive"]].tolist() == [0, 1]
    assert batch.present[by_text["drive"]].tolist() == [0, 1]
    assert batch.known[by_text["green"]].tolist() == [1, 1]
    assert batch.present[by_text["green"]].tolist() == [0, 0]
    assert batch.exists.tolist() == [float(text != "green") for text in batch.texts]
    assert batch.is_region.tolist() == [text == "drive" for text in batch.texts]


def test_colours_are_known_on_things_alone() -> None:
    image = toy_image(0)
    window = whole_window(INPUT, INPUT)
    colours = encode_sample(image, [], window, INPUT).colours[0].numpy()
    instances = image.instance_map[2::4, 2::4]
    assert (colours[instances == 0] == NO_COLOUR).all()
    for key, info in image.instances.items():
        assert {COLOURS[index] for index in colours[instances == key]} == {info.colour}


def test_joined_batches_keep_each_sentence_with_its_image() -> None:
    parts = [samples()[index] for index in range(3)]
    joined = Batch.join(parts)
    assert joined.camera_index.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert joined.texts == parts[0].texts + parts[1].texts + parts[2].texts
    assert torch.equal(joined.masks[4:8], parts[1].masks)


def test_sources_are_drawn_by_weight() -> None:
    road = BY_NAME["road"].id
    plain = [
        LabeledImage("a", np.zeros((4, 4, 3), np.uint8), np.full((4, 4), road, np.uint8), np.zeros((4, 4), np.int32))
    ]
    other = [replace(plain[0], id="b")]
    mixture = Mixture([plain, other], [3.0, 1.0], memory_px=1)
    rng = np.random.default_rng(0)
    drawn = [mixture.draw(rng).id for _ in range(2000)]
    assert drawn.count("a") == pytest.approx(1500, abs=80)


def test_as_many_images_are_kept_as_pixels_allow() -> None:
    class Counted(list[LabeledImage]):
        reads = 0

        def __getitem__(self, index: Any) -> Any:
            self.reads += 1
            return super().__getitem__(index)

    for memory_px, kept in ((2 * 96 * 64, True), (2 * 96 * 64 - 1, False)):
        images = Counted([toy_image(0), toy_image(1)])
        mixture, rng = Mixture([images], [1.0], memory_px), np.random.default_rng(0)
        for _ in range(50):
            mixture.draw(rng)
        assert (images.reads == 2) == kept


def test_images_that_nothing_can_be_said_about_are_an_error() -> None:
    silent = ReferringSamples(Mixture([[toy_image(0)]], [1.0]), lambda *_: [], 4, INPUT, STRONG, 0, 10)
    with pytest.raises(DataError, match="Nothing can be said"):
        silent[0]


def test_the_memo_asks_once_and_forgets_the_oldest() -> None:
    encoder = ToyEncoder()
    memo = TextMemo(encoder, capacity=2)
    memo.features(["red", "blue", "red"])
    memo.features(["red"])
    assert encoder.asked == ["red", "blue"]
    memo.features(["drive"])
    memo.features(["red", "blue"])
    assert encoder.asked == ["red", "blue", "drive", "blue"]


def test_the_memo_gives_what_the_encoder_gives() -> None:
    features = TextMemo(ToyEncoder(), 9).features(["blue", "a longer one"])
    expected = ToyEncoder().encode_many(["blue", "a longer one"])
    assert features.words.shape == (2, 8, 12)
    for row in range(2):
        np.testing.assert_allclose(features.words[row], expected[row].words, atol=2e-3)
        np.testing.assert_allclose(features.sentence[row], expected[row].sentence, atol=1e-3)
        np.testing.assert_array_equal(features.word_mask[row], expected[row].word_mask)
