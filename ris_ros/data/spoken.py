"""What can be said of an image: what people said, what the grammar writes, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import Split, Style, generate
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import draw_sayings
from ris_ros.types import Target

Voice = Literal["said", "written", "both"]

_LEAST_DRAWN = 8


def said_and_written(
    image: LabeledImage,
    rng: np.random.Generator,
    count: int,
    said: Sequence[Expression],
    share: int,
    split: Split = "all",
    style: Style = "free",
) -> list[Expression]:
    """Up to ``count`` sentences: the first ``share`` that people said, the grammar's, then more of the first sort.

    Args:
        image: What they are about.
        rng: Source of chance.
        count: How many are wanted.
        said: What people said, best first.
        share: How many of that come before the grammar has its say.
        split: Phrasings that the grammar may use.
        style: See :func:`ris_ros.data.expressions.generate`.
    """
    first = list(said[: min(share, count)])
    if len(first) == count:
        return first
    written = generate(image, rng, count - len(first), split=split, style=style)
    return (first + written + list(said[len(first) :]))[:count]


def speak(image: LabeledImage, rng: np.random.Generator, count: int, voice: Voice = "both") -> list[Expression]:
    """Up to ``count`` sentences about an image.

    Args:
        image: What they are about.
        rng: Source of chance.
        count: How many are wanted.
        voice: ``"said"``: by people; ``"written"``: by the grammar; ``"both"``: half of each, and more of one where
            the other has too little to say.
    """
    said = draw_sayings(image, rng, count) if voice != "written" else []
    if voice == "said":
        return said
    return said_and_written(image, rng, count, said, (count + 1) // 2)


def speak_of_many(
    images: Sequence[LabeledImage], count: int, seed: int, voice: Voice = "both"
) -> Iterator[tuple[LabeledImage, Expression]]:
    """Up to ``count`` sentences about many images, with the image of each.

    Images come in random order, one sentence each where there are enough of them; sentences that are true of a thing,
    that ask for a region, and that name what is not there take turns as far as they can be had.

    Raises:
        DataError: An image cannot be read.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))
    each = -(-count // max(1, len(images)))
    made = 0
    for place in order.tolist():
        image = images[place]
        for expression in _varied(speak(image, rng, max(_LEAST_DRAWN, 2 * each), voice), each, made):
            yield image, expression
            made += 1
            if made == count:
                return


def _varied(expressions: Sequence[Expression], count: int, turn: int) -> list[Expression]:
    """The first ones of each sort, sorts by turns: true of a thing, a region, not there."""
    sorts = (
        [e for e in expressions if e.exists and e.target is Target.OBJECT],
        [e for e in expressions if e.exists and e.target is Target.REGION],
        [e for e in expressions if not e.exists],
    )
    waiting = [list(sort) for sort in (*sorts[turn % 3 :], *sorts[: turn % 3])]
    chosen: list[Expression] = []
    while len(chosen) < count and any(waiting):
        for sort in waiting:
            if sort and len(chosen) < count:
                chosen.append(sort.pop(0))
    return chosen
