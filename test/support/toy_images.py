"""Labelled images of coloured boxes and sentences about them, for tests of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.types import Target, TextFeatures

WIDTH = 12
_COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220)}


def toy_image(seed: int, size_px: tuple[int, int] = (96, 64)) -> LabeledImage:
    """A red and a blue box on grey, one on the left and one on the right."""
    rng = np.random.default_rng(seed)
    width, height = size_px
    image = np.full((height, width, 3), 120, np.uint8)
    classes = np.full((height, width), BY_NAME["road"].id, np.uint8)
    instances = np.zeros((height, width), np.int32)
    names = list(rng.permutation(list(_COLOURS)))
    for key, name in enumerate(names, start=1):
        left = int(rng.integers(4, width // 2 - 24)) + (key - 1) * width // 2
        top = int(rng.integers(4, height - 24))
        box = (slice(top, top + 20), slice(left, left + 20))
        image[box], classes[box], instances[box] = _COLOURS[name], BY_NAME["car"].id, key
    info = {key: InstanceInfo("car", colour=name) for key, name in enumerate(names, start=1)}
    return LabeledImage(f"toy/{seed}", image, classes, instances, info)


def toy_sentences(image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
    """Red, blue, the road ahead as a region, and a green one that is not there."""
    colours = {info.colour: image.instance_map == key for key, info in image.instances.items()}
    road = image.class_map == BY_NAME["road"].id
    every = [
        Expression("red", "colour", Target.OBJECT, True, colours["red"], None),
        Expression("drive", "straight", Target.REGION, True, None, road),
        Expression("green", "wrong_colour", Target.OBJECT, False, None, None),
        Expression("blue", "colour", Target.OBJECT, True, colours["blue"], None),
    ]
    return every[:count]


class ToyEncoder:
    """Text features from the letters of a text alone; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_many(self, texts: Sequence[str], batch: int = 16) -> list[TextFeatures]:
        self.asked += texts
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> TextFeatures:
        rng = np.random.default_rng([ord(letter) for letter in text])
        mask = np.zeros(8, np.float32)
        mask[: min(len(text), 8)] = 1.0
        words = rng.standard_normal((8, WIDTH)).astype(np.float32) * mask[:, None]
        sentence = rng.standard_normal(WIDTH).astype(np.float32)
        return TextFeatures(words, mask, sentence / np.linalg.norm(sentence))
