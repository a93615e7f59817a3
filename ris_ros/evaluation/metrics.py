"""Figures of referring segmentation, exactly as the published systems define them, with their slips put right.

Masks are compared at the image's own size, one sample per (image, sentence).

* oIoU, mIoU, P@X with ``>=``: LAVT (CVPR 2022) and its followers.
* mRR, rIoU per object: Wu et al., "Towards Robust Referring Image Segmentation" (TIP 2024), section IV.
* Pointing game, recall@k: Rufus et al., "Grounding Linguistic Commands to Navigable Regions" (IROS 2021), section IV.
* gIoU, cIoU, N-acc, T-acc: Liu et al., "GRES: Generalized Referring Expression Segmentation" (CVPR 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.evaluation.overlap import Overlap

PRECISION_LEVELS: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)
RECALL_RANKS: tuple[int, ...] = (1, 5, 10, 50)


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

    @property
    def mean_iou(self) -> float | None:
        """Mean IoU of the true sentences; None without any."""
        return float(np.mean([overlap.iou for overlap in self.positives])) if self.positives else None

    @property
    def rejection_rate(self) -> float | None:
        """Share of the false sentences answered with an empty mask; None without any."""
        return float(np.mean(np.equal(self.negative_predicted_px, 0))) if self.negative_predicted_px else None

    @property
    def robust_iou(self) -> float | None:
        """The true sentences' intersection over their union and all that was predicted for the false ones; None without
        a true one."""
        if not self.positives:
            return None
        area = sum(o.union_px for o in self.positives) + sum(self.negative_predicted_px)
        return sum(o.intersection_px for o in self.positives) / area if area else 0.0


@dataclass(frozen=True, slots=True)
class RobustFigures:
    """How well false sentences are rejected without losing the true ones.

    Attributes:
        objects: Objects with a true sentence.
        mean_iou: Mean over objects of :attr:`RobustSample.mean_iou`.
        mean_rejection_rate: mRR, mean over objects of :attr:`RobustSample.rejection_rate`.
        robust_iou: rIoU, mean over objects of :attr:`RobustSample.robust_iou`.
    """

    objects: int
    mean_iou: float
    mean_rejection_rate: float
    robust_iou: float

    @classmethod
    def of(cls, samples: Sequence[RobustSample]) -> RobustFigures:
        """Figures of objects; one that says nothing of a figure is left out of it."""
        return cls(
            objects=sum(bool(sample.positives) for sample in samples),
            mean_iou=_mean_of_known([sample.mean_iou for sample in samples]),
            mean_rejection_rate=_mean_of_known([sample.rejection_rate for sample in samples]),
            robust_iou=_mean_of_known([sample.robust_iou for sample in samples]),
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
    def of(cls, ranks: Sequence[int | None]) -> PointingFigures:
        """Figures of samples by :func:`~ris_ros.evaluation.pointing.first_hit_rank`; None points at nothing."""
        array = np.array([np.inf if rank is None else rank for rank in ranks])
        return cls(count=len(ranks), recall_at={k: _mean(array < k) for k in RECALL_RANKS})


@dataclass(frozen=True, slots=True)
class GeneralizedFigures:
    """Masks and rejections in one: sentences may mean nothing.

    Attributes:
        giou: Mean over all sentences of the IoU, a false one counting 1 when rejected and 0 when not.
        ciou: Sum of intersections over sum of unions, false sentences adding what was predicted for them.
        no_target_accuracy: N-acc: share of the false sentences that are rejected.
        target_accuracy: T-acc: share of the true sentences that are not.
        no_target_count: False sentences.
        target_count: True sentences.
    """

    giou: float
    ciou: float
    no_target_accuracy: float
    target_accuracy: float
    no_target_count: int
    target_count: int

    @classmethod
    def of(cls, true: Sequence[tuple[Overlap, bool]], false_predicted_px: Sequence[int]) -> GeneralizedFigures:
        """Compare truth and answer.

        Args:
            true: Of each true sentence, the overlap of its answer and whether it was answered at all.
            false_predicted_px: Of each false sentence, the predicted pixels; 0 is a rejection.
        """
        rejected = np.equal(np.asarray(false_predicted_px, np.int64), 0)
        ious = np.array([overlap.iou for overlap, _ in true])
        union = sum(overlap.union_px for overlap, _ in true) + sum(false_predicted_px)
        return cls(
            giou=_mean(np.concatenate([ious, rejected.astype(np.float64)])),
            ciou=sum(overlap.intersection_px for overlap, _ in true) / union if union else 0.0,
            no_target_accuracy=_mean(rejected),
            target_accuracy=_mean(np.array([found for _, found in true], np.bool_)),
            no_target_count=len(rejected),
            target_count=len(true),
        )


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _mean_of_known(values: Sequence[float | None]) -> float:
    return _mean(np.array([value for value in values if value is not None], np.float64))
