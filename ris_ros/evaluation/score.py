"""What one answer was worth: a few numbers per sentence, kept for every figure that is made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.evaluation.overlap import Overlap, boundary_of
from ris_ros.evaluation.pointing import first_hit_rank, prior_hits
from ris_ros.evaluation.questions import Question, Wording, truth_of
from ris_ros.evaluation.regions import clear_share, on_side
from ris_ros.language.intent import resolve_target
from ris_ros.pipeline.masks import threshold_level
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Grounding, Target

TargetName = Literal["object", "region"]
Size = Literal["small", "medium", "large"]
Length = Literal["1-3", "4-6", "7-10", "11+"]

_SMALL_SHARE = 0.005
_LARGE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Match:
    """How the place that an answer names lies on the true one, existence gate or not.

    Attributes:
        truth_key: Equal for two sentences of an image that mean exactly the same pixels.
        truth_px: Pixels of the truth.
        image_px: Pixels of the image.
        overlap: Of the mask with the truth.
        truth_boundary_px: Pixels of the truth's boundary.
        boundary: Overlap of both boundaries.
        rank: How many pixels were believed more than the first in the truth; 0 wins the pointing game.
        prior_hit: Whether pointing at the road before us without looking would have hit the truth.
    """

    truth_key: str
    truth_px: int
    image_px: int
    overlap: Overlap
    truth_boundary_px: int
    boundary: Overlap
    rank: int
    prior_hit: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One sentence, its truth and its answer.

    Attributes:
        image_id: Name of the image in its source.
        text: The sentence.
        kind: Its family.
        wording: Where it comes from.
        target: What it means, by its truth.
        auto_target: What the pipeline takes it for when nobody says.
        exists: Whether the thing is there.
        found: Whether the answer says that it is there.
        existence: Its probability of that.
        predicted_px: Pixels of the mask as it would be without the existence gate.
        road_share: Share of these that are labelled road, pixels of no class left out; None for an answer that is no
            region, or empty.
        match: None for what is not there.
        clear_share: Share of a predicted region that does not lie on the thing named; None where that thing is not
            known, and for an answer that is no region, or empty.
        on_side: Whether a predicted region lies on the side asked for; None where none is, see
            :func:`~ris_ros.evaluation.regions.on_side`.
    """

    image_id: str
    text: str
    kind: str
    wording: Wording
    target: TargetName
    auto_target: TargetName
    exists: bool
    found: bool
    existence: float
    predicted_px: int
    road_share: float | None
    match: Match | None
    clear_share: float | None = None
    on_side: bool | None = None

    @property
    def answered_px(self) -> int:
        """Pixels of the answer's mask: none when it was rejected."""
        return self.predicted_px if self.found else 0

    @property
    def size(self) -> Size | None:
        """Size of the true mask, by its share of the image; None for what is not there."""
        if self.match is None:
            return None
        share = self.match.truth_px / self.match.image_px
        if share < _SMALL_SHARE:
            return "small"
        return "medium" if share < _LARGE_SHARE else "large"

    @property
    def length(self) -> Length:
        """Words of the sentence."""
        count = len(self.text.split())
        if count <= 3:
            return "1-3"
        if count <= 6:
            return "4-6"
        return "7-10" if count <= 10 else "11+"

    def overlap(self, gated: bool) -> Overlap:
        """Overlap with the truth of what is there: of the answer as given, or of its mask without the existence gate.

        Raises:
            ValueError: The thing is not there, so that nothing can overlap it.
        """
        match = self._match()
        return match.overlap if self.found or not gated else Overlap(0, match.truth_px)

    def boundary(self, gated: bool) -> Overlap:
        """The same of the boundaries."""
        match = self._match()
        return match.boundary if self.found or not gated else Overlap(0, match.truth_boundary_px)

    def rank(self, gated: bool) -> int | None:
        """Rank of the first hit; None for a gated answer that points at nothing."""
        match = self._match()
        return match.rank if self.found or not gated else None

    def _match(self) -> Match:
        if self.match is None:
            raise ValueError(f"'{self.text}' means nothing in {self.image_id}")
        return self.match


def score(image: LabeledImage, question: Question, grounding: Grounding, thresholds: Thresholds) -> Score:
    """Compare an answer with the truth at the image's own size.

    Args:
        image: What was asked about.
        question: What was asked.
        grounding: The answer, its masks as large as the image.
        thresholds: Those that the answer was made with.
    """
    expression = question.expression
    predicted = ungated_mask(grounding, thresholds)
    answered_as = grounding.command.target
    truth = truth_of(expression) if expression.exists else None
    clear, side = None, None
    if answered_as is Target.REGION and expression.target is Target.REGION and truth is not None:
        clear = clear_share(predicted, expression.object_mask)
        side = on_side(expression.text, predicted, truth, expression.object_mask, image)
    return Score(
        image_id=image.id,
        text=expression.text,
        kind=expression.kind,
        wording=question.wording,
        target=_name(expression.target),
        auto_target=_name(resolve_target(grounding.command.text, Target.AUTO)),
        exists=expression.exists,
        found=grounding.found,
        existence=grounding.existence,
        predicted_px=int(np.count_nonzero(predicted)),
        road_share=_road_share(predicted, image.class_map) if answered_as is Target.REGION else None,
        match=None if truth is None else _match(predicted, grounding, truth),
        clear_share=clear,
        on_side=side,
    )


def ungated_mask(grounding: Grounding, thresholds: Thresholds) -> NDArray[np.bool_]:
    """The mask that was asked for as it would be without the existence gate, bool [H, W]."""
    is_region = grounding.command.target is Target.REGION
    level = threshold_level(thresholds.region if is_region else thresholds.object)
    return np.asarray(grounding.asked.confidence >= level, np.bool_)


def _match(predicted: NDArray[np.bool_], grounding: Grounding, truth: NDArray[np.bool_]) -> Match:
    edge = boundary_of(truth)
    return Match(
        truth_key=hashlib.sha256(np.packbits(truth).tobytes()).hexdigest()[:12],
        truth_px=int(np.count_nonzero(truth)),
        image_px=truth.size,
        overlap=Overlap.of(predicted, truth),
        truth_boundary_px=int(np.count_nonzero(edge)),
        boundary=Overlap.of(boundary_of(predicted), edge),
        rank=first_hit_rank(grounding.asked.confidence, truth, grounding.asked.peak_xy),
        prior_hit=prior_hits(truth),
    )


def _road_share(predicted: NDArray[np.bool_], class_map: NDArray[np.uint8]) -> float | None:
    classes = class_map[predicted]
    labelled = int(np.count_nonzero(classes != VOID))
    return int(np.count_nonzero(classes == BY_NAME["road"].id)) / labelled if labelled else None


def _name(target: Target) -> TargetName:
    return "region" if target is Target.REGION else "object"
