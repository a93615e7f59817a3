"""How far a backend may stray from ONNX Runtime in single precision: one table for tests, builds and doctor."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.bundle import ThresholdSettings
from ris_ros.errors import BackendError
from ris_ros.types import GroundOutput

MASKS = ("object_logits", "region_logits")
_FEW_PIXELS = 50
"""Masks whose union is smaller are not compared by overlap: a pixel more or less would decide."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one arithmetic may change.

    Attributes:
        error: Largest difference of any pixel's or existence's probability.
        iou: What masks must share with the reference's, at least.
    """

    error: float
    iou: float


LIMITS = MappingProxyType(
    {"fp32": Limit(2e-3, 0.999), "fp16": Limit(2e-2, 0.98), "bf16": Limit(0.15, 0.9), "int8": Limit(0.5, 0.85)}
)
"""By precision. bfloat16 keeps 8 bits of a number; int8 has 255 levels for a whole map, and pixels at edges tip."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What was measured over a number of answers.

    Attributes:
        error: Largest difference of a probability.
        iou: Smallest overlap of a mask with the reference's; 1 where no mask was large enough to compare.
        answers: How many pairs of a command and an image.
    """

    error: float
    iou: float
    answers: int

    def within(self, limit: Limit) -> bool:
        """Whether the backend may be used. Numbers that are none never are."""
        return self.error <= limit.error and self.iou >= limit.iou

    def __str__(self) -> str:
        return f"largest error of a probability {self.error:.4f}, smallest IoU {self.iou:.3f}, {self.answers} answers"


def probability(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability of a logit."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -50, 50))))


def compare(reference: GroundOutput, other: GroundOutput, thresholds: ThresholdSettings | None = None) -> Parity:
    """Measure how far ``other`` strays from ``reference`` on the same commands and images.

    Args:
        reference: Answers of ONNX Runtime in single precision.
        other: Answers of the backend in question.
        thresholds: From which pixels belong to a mask; None for 0.5.
    """
    error, iou = 0.0, 1.0
    levels = {"object_logits": 0.5, "region_logits": 0.5}
    if thresholds is not None:
        levels = {"object_logits": thresholds.object, "region_logits": thresholds.region}
    for name in (*MASKS, "existence_logit"):
        expected, found = probability(getattr(reference, name)), probability(getattr(other, name))
        difference = np.abs(expected - found).max()
        error = float("inf") if not np.isfinite(difference) else max(error, float(difference))
        if name in MASKS:
            for one, two in zip(expected > levels[name], found > levels[name], strict=True):
                union = int((one | two).sum())
                if union >= _FEW_PIXELS:
                    iou = min(iou, int((one & two).sum()) / union)
    return Parity(error, iou, len(reference.existence_logit))


def worst(measured: list[Parity]) -> Parity:
    """Several measurements as one."""
    return Parity(
        max(one.error for one in measured), min(one.iou for one in measured), sum(one.answers for one in measured)
    )


def require(parity: Parity, precision: str, backend: str) -> None:
    """Refuse a backend that strays too far.

    Raises:
        BackendError: It does.
    """
    limit = LIMITS[precision]
    if not parity.within(limit):
        raise BackendError(
            f"{backend} in {precision} does not answer as ONNX Runtime does ({parity}; allowed {limit.error} and "
            f"{limit.iou}): choose another precision or backend, and report this."
        )
