"""Which sentences are asked of an image: what people said about it, and what the grammar writes."""

from __future__ import annotations

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.expressions.phrasing import Split
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import draw_sayings
from ris_ros.training.samples import Write


def mixed_sentences(said_share: float, split: Split) -> Write:
    """Sentences of both sorts.

    Args:
        said_share: Expected share of what people said, where they said enough about the image.
        split: Phrasings that the grammar may use.
    """

    def write(image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
        said = draw_sayings(image, rng, int(rng.binomial(count, said_share)))
        written = generate(image, rng, count - len(said), split=split) if len(said) < count else []
        return said + written

    return write


def said_sentences(image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
    """Only what people said about the image."""
    return draw_sayings(image, rng, count)
