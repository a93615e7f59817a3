"""Which sentences are asked of an image: what people said about it, and what the grammar writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.expressions.phrasing import Split, Style
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import draw_sayings


@dataclass(frozen=True, slots=True)
class MixedSentences:
    """Sentences of both sorts; an object and no closure, because the processes that prepare samples are sent it.

    Attributes:
        said_share: Expected share of what people said, where they said enough about the image; they say more where the
            grammar can say too little.
        split: Phrasings that the grammar may use.
        style: ``"plain"`` for one template per meaning, to compare with.
    """

    said_share: float
    split: Split
    style: Style = "free"

    def __call__(self, image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
        """Up to ``count`` sentences about an image."""
        share = int(rng.binomial(count, self.said_share))
        said = draw_sayings(image, rng, count if self.said_share else 0)
        if min(share, len(said)) == count:
            return said
        rest = count - len(said[:share])
        written = generate(image, rng, rest, split=self.split, style=self.style)
        return said[:share] + written + said[share:][: rest - len(written)]
