"""Which sentences are asked of an image: what people said about it, and what the grammar writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import Split, Style
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.saying import draw_sayings
from ris_ros.data.spoken import said_and_written


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
        return said_and_written(image, rng, count, said, share, self.split, self.style)
