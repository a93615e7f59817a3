"""What a model is asked about an image: what people said of it, or what the grammar writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import expression_of
from ris_ros.types import Target

Sentences = Literal["grammar", "said", "all"]
Wording = Literal["common", "held out", "said"]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A sentence with its truth, and where it comes from.

    Attributes:
        expression: Its truth has a pixel where it says that something is there.
        wording: ``said`` by a person; written by the grammar in ``common`` wording or in wording that is ``held out``
            of training.
    """

    expression: Expression
    wording: Wording


def questions(
    image: LabeledImage, sentences: Sentences | None, rng: np.random.Generator, count: int
) -> Iterator[Question]:
    """What to ask about an image; true sentences whose truth nobody can tell are left out.

    Args:
        image: What to ask about.
        sentences: ``said`` for every saying of the image, ``grammar`` for written sentences, ``all`` for both; None for
            its sayings where it has any, else written ones.
        rng: Source of the written ones.
        count: How many of these, half of them in held-out wording.
    """
    if sentences in ("said", "all") or (sentences is None and image.sayings):
        for saying in image.sayings:
            yield from _checked(expression_of(saying, image), "said")
    if sentences in ("grammar", "all") or (sentences is None and not image.sayings):
        for expression in generate(image, rng, (count + 1) // 2, split="train"):
            yield from _checked(expression, "common")
        for expression in generate(image, rng, count // 2, split="heldout"):
            yield from _checked(expression, "held out")


def truth_of(expression: Expression) -> NDArray[np.bool_]:
    """The mask that a true sentence asks for, bool [H, W].

    Raises:
        ValueError: It has none.
    """
    mask = _asked_mask(expression)
    if mask is None:
        raise ValueError(f"'{expression.text}' has no {expression.target.name.lower()} mask")
    return mask


def _asked_mask(expression: Expression) -> NDArray[np.bool_] | None:
    return expression.region_mask if expression.target is Target.REGION else expression.object_mask


def _checked(expression: Expression, wording: Wording) -> Iterator[Question]:
    mask = _asked_mask(expression)
    if not expression.exists or (mask is not None and mask.any()):
        yield Question(expression, wording)
