"""Figures of referring segmentation, exactly as the published systems define them, with their slips put right.

Masks are compared at the image's own size, one sample per (image, sentence). Every figure is made of per-sample numbers
of a few bytes, so a whole data set can be kept and resampled.

* oIoU, mIoU, P@X with ``>=``: LAVT (CVPR 2022) and its followers.
* mRR, rIoU per object: Wu et al., "Towards Robust Referring Image Segmentation" (TIP 2024), section IV.
* Pointing game, recall@k: Rufus et al., "Grounding Linguistic Commands to Navigable Regions" (IROS 2021), section IV.
* N-acc, T-acc: Liu et al., "GRES: Generalized Referring Expression Segmentation" (CVPR 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRECISION_LEVELS: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)
RECALL_RANKS: tuple[int, ...] = (1, 10, 100, 1000)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a predicted mask lies on a true one, in pixels.

    Attributes:
        intersection_px: Pixels of both.
        union_px: Pixels of either.
    """

    intersection_px: int
    union_px: int

    def __post_init__(self) -> None:
        if not 0 <= self.intersection_px <= self.union_px:
            raise ValueError(f"an intersection of {self.intersection_px} px in a union of {self.union_px} px cannot be")

    @classmethod
    def of(cls, predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
        """Compare two bool masks [H, W].

        Raises:
            ValueError: They differ in shape.
        """
        if predicted.shape != truth.shape:
            raise ValueError(f"masks of {predicted.shape} and {truth.shape} cannot be compared")
        return cls(int(np.count_nonzero(predicted & truth)), int(np.count_nonzero(predicted | truth)))

    @property
    def iou(self) -> float:
        """Intersection over union, 0 where both are empty."""
        return self.intersection_px / self.union_px if self.union_px else 0.0


@dataclass(frozen=True, slots=True)
class MaskFigures:
    """Quality of masks over samples whose thing is there.

    Attributes:
        count: Samples.
        overall_iou: Sum of intersections over sum of unions; dominated by large things.
        mean_iou: Mean of each sample's IoU.
        precision_at: IoU -> share of samples with at least that IoU.
    """

    count: int
    overall_iou: float
    mean_iou: float
    precision_at: Mapping[float, float]

    @classmethod
    def of(cls, overlaps: Sequence[Overlap]) -> MaskFigures:
        """Figures of samples; all zero where there is none."""
        ious = np.array([overlap.iou for overlap in overlaps])
        union = sum(overlap.union_px for overlap in overlaps)
        return cls(
            count=len(overlaps),
            overall_iou=sum(overlap.intersection_px for overlap in overlaps) / union if union else 0.0,
            mean_iou=_mean(ious),
            precision_at={level: _mean(ious >= level) for level in PRECISION_LEVELS},
        )


@dataclass(frozen=True, slots=True)
class RobustSample:
    """The sentences that belong to one object, true and false.

    Attributes:
        positives: Overlaps of the sentences that mean it; a rejected one has an empty prediction.
        negative_predicted_px: Predicted pixels of each sentence about what is not there; 0 is a rejection.
    """

    positives: tuple[Overlap, ...]
    negative_predicted_px: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RobustFigures:
    """How well false sentences are rejected without losing the true ones.

    Attributes:
        mean_iou: Mean over objects of the mean IoU of their true sentences.
        mean_rejection_rate: mRR: mean over objects of the share of their false sentences answered with an empty mask.
        robust_iou: rIoU: mean over objects of the true sentences' intersection over their union plus everything
            predicted for the false ones.
    """

    mean_iou: float
    mean_rejection_rate: float
    robust_iou: float

    @classmethod
    def of(cls, samples: Sequence[RobustSample]) -> RobustFigures:
        """Figures of objects; one without false sentences says nothing of rejection, one without true ones nothing of
        overlap, and each is left out of the figure that it says nothing of."""
        true = [sample for sample in samples if sample.positives]
        false = [sample for sample in samples if sample.negative_predicted_px]
        robust = []
        for sample in true:
            area = sum(o.union_px for o in sample.positives) + sum(sample.negative_predicted_px)
            robust.append(sum(o.intersection_px for o in sample.positives) / area if area else 0.0)
        return cls(
            mean_iou=_mean(np.array([np.mean([overlap.iou for overlap in sample.positives]) for sample in true])),
            mean_rejection_rate=_mean(
                np.array([np.mean(np.equal(sample.negative_predicted_px, 0)) for sample in false])
            ),
            robust_iou=_mean(np.array(robust)),
        )


@dataclass(frozen=True, slots=True)
class PointingFigures:
    """Whether the place believed most is right.

    Attributes:
        count: Samples.
        recall_at: k -> share of samples of which at least one of the k most probable pixels lies in the truth; 1 is the
            pointing game.
    """

    count: int
    recall_at: Mapping[int, float]

    @classmethod
    def of(cls, ranks: Sequence[int]) -> PointingFigures:
        """Figures of samples by :func:`first_hit_rank`."""
        array = np.array(ranks)
        return cls(count=len(ranks), recall_at={k: _mean(array < k) for k in RECALL_RANKS})


@dataclass(frozen=True, slots=True)
class ExistenceFigures:
    """Whether "it is there" and "it is not there" are said rightly.

    Attributes:
        no_target_accuracy: N-acc: share of the false sentences that are rejected.
        target_accuracy: T-acc: share of the true sentences that are not.
        no_target_count: False sentences.
        target_count: True sentences.
    """

    no_target_accuracy: float
    target_accuracy: float
    no_target_count: int
    target_count: int

    @classmethod
    def of(cls, exists: Sequence[bool], found: Sequence[bool]) -> ExistenceFigures:
        """Compare truth and answer, sample by sample."""
        truth, answer = np.array(exists, bool), np.array(found, bool)
        return cls(
            no_target_accuracy=_mean(~answer[~truth]),
            target_accuracy=_mean(answer[truth]),
            no_target_count=int((~truth).sum()),
            target_count=int(truth.sum()),
        )


def first_hit_rank(
    probability: NDArray[np.generic], truth: NDArray[np.bool_], peak_xy: tuple[int, int] | None = None
) -> int:
    """How many pixels are believed more than the first one that lies in the truth.

    Args:
        probability: [H, W], any order-preserving measure of belief.
        truth: bool [H, W], not empty.
        peak_xy: The (x, y) of the highest belief where it is known better than ``probability`` tells, which may be
            quantised; that pixel then ranks first.

    Returns:
        0 for a hit at once. Pixels of equal belief count in row order.

    Raises:
        ValueError: The truth is empty, so that nothing can hit it.
    """
    if not truth.any():
        raise ValueError("nothing can hit an empty truth")
    if peak_xy is not None and truth[peak_xy[1], peak_xy[0]]:
        return 0
    flat, inside = probability.ravel(), np.flatnonzero(truth)
    best = inside[int(np.argmax(flat[inside]))]
    before = flat > flat[best]
    before[:best] |= flat[:best] == flat[best]
    if peak_xy is not None:
        before[peak_xy[1] * probability.shape[1] + peak_xy[0]] = True
    return int(np.count_nonzero(before))


class ClassOverlaps:
    """Gathers per-class intersections and unions over a data set, for the semantic check by words."""

    def __init__(self) -> None:
        self._intersection: dict[str, int] = {}
        self._union: dict[str, int] = {}

    def add(self, class_name: str, predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
        """Count one image's masks of a class; leave out pixels of no class before."""
        overlap = Overlap.of(predicted, truth)
        self._intersection[class_name] = self._intersection.get(class_name, 0) + overlap.intersection_px
        self._union[class_name] = self._union.get(class_name, 0) + overlap.union_px

    def ious(self) -> dict[str, float]:
        """IoU of each class over all images; classes never seen nor predicted are left out."""
        return {name: self._intersection[name] / union for name, union in self._union.items() if union}

    def mean_iou(self) -> float:
        """Mean over the classes."""
        return _mean(np.array(list(self.ious().values())))


def bootstrap_interval(
    numerators: NDArray[np.float64],
    denominators: NDArray[np.float64],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
    rounds: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Confidence interval of a ratio of sums, by resampling groups with replacement.

    Every figure here is such a ratio: mIoU has the IoUs over ones, oIoU the intersections over the unions. Sentences of
    one image stand or fall together, so images are resampled, not sentences.

    Args:
        numerators: [N].
        denominators: [N].
        groups: [N], the image of each sample, as numbers from 0.
        rng: Source of chance.
        rounds: Resamplings.
        level: Share of them inside the interval.

    Returns:
        Its lower and upper end; (0, 0) without samples.
    """
    if not len(groups):
        return 0.0, 0.0
    count = int(groups.max()) + 1
    above = np.bincount(groups, weights=numerators, minlength=count)
    below = np.bincount(groups, weights=denominators, minlength=count)
    present = np.bincount(groups, minlength=count) > 0
    above, below = above[present], below[present]
    weights = rng.multinomial(len(above), np.full(len(above), 1.0 / len(above)), size=rounds)
    ratios = (weights @ above) / np.maximum(weights @ below, 1e-12)
    low, high = np.quantile(ratios, ((1.0 - level) / 2, (1.0 + level) / 2))
    return float(low), float(high)


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
