"""What one answer was worth: a few numbers per sentence, kept for every figure that is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.evaluation.metrics import Overlap, first_hit_rank
from ris_ros.pipeline.masks import threshold_level
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Grounding, Target

Wording = Literal["common", "held out"]
Size = Literal["small", "medium", "large"]

PRIOR_XY: tuple[float, float] = (0.5, 0.75)
"""The road before us, as shares of width and height: where somebody points who does not look."""

_SMALL_SHARE = 0.005
_LARGE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """One sentence, its truth and its answer.

    Attributes:
        image: Number of the image, from 0.
        image_id: Its name in the source.
        text: The sentence.
        kind: Its family.
        wording: Whether training could have seen its words.
        target: OBJECT or REGION.
        exists: Whether the thing is there.
        truth_share: Share of the image that the true mask covers; 0 for what is not there.
        found: Whether the answer says that it is there.
        existence: Its probability of that.
        predicted_px: Pixels of the answer's mask, 0 when rejected.
        overlap: Of the answer's mask with the truth; None for what is not there.
        ungated: The same for the mask as it would be without the existence gate.
        rank: How many pixels were believed more than the first in the truth; None for what is not there.
        prior_hit: Whether pointing at :data:`PRIOR_XY` without looking would have hit the truth.
    """

    image: int
    image_id: str
    text: str
    kind: str
    wording: Wording
    target: Target
    exists: bool
    truth_share: float
    found: bool
    existence: float
    predicted_px: int
    overlap: Overlap | None
    ungated: Overlap | None
    rank: int | None
    prior_hit: bool

    @property
    def size(self) -> Size:
        """Size of the true mask."""
        if self.truth_share < _SMALL_SHARE:
            return "small"
        return "medium" if self.truth_share < _LARGE_SHARE else "large"


def score(
    image: int, image_id: str, wording: Wording, expression: Expression, grounding: Grounding, thresholds: Thresholds
) -> Score:
    """Compare an answer with the truth at the image's own size.

    Args:
        image: Number of the image.
        image_id: Its name.
        wording: Whether training could have seen the sentence's words.
        expression: The sentence and its truth.
        grounding: The answer, its masks as large as the image.
        thresholds: Those that the answer was made with.
    """
    answer = grounding.asked
    is_region = expression.target is Target.REGION
    level = threshold_level(thresholds.region if is_region else thresholds.object)
    truth = (expression.region_mask if is_region else expression.object_mask) if expression.exists else None
    return Score(
        image=image,
        image_id=image_id,
        text=expression.text,
        kind=expression.kind,
        wording=wording,
        target=expression.target,
        exists=expression.exists,
        truth_share=0.0 if truth is None else float(np.count_nonzero(truth)) / truth.size,
        found=grounding.found,
        existence=grounding.existence,
        predicted_px=int(np.count_nonzero(answer.mask)),
        overlap=None if truth is None else Overlap.of(answer.mask, truth),
        ungated=None if truth is None else Overlap.of(answer.confidence >= level, truth),
        rank=None if truth is None else first_hit_rank(answer.confidence, truth, answer.peak_xy),
        prior_hit=truth is not None and _prior_hits(truth),
    )


def _prior_hits(truth: NDArray[np.bool_]) -> bool:
    height, width = truth.shape
    return bool(truth[int(PRIOR_XY[1] * height), int(PRIOR_XY[0] * width)])
