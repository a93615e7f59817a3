"""How far a backend may stray from ONNX Runtime in single precision: one table for tests, builds and doctor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.bundle import ThresholdSettings
from ris_ros.errors import BackendError
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.samples import Sample
from ris_ros.types import GroundOutput

_PASSING = 1e-3
_FEW_PIXELS = 50
"""Masks whose union is smaller are not compared by overlap: a pixel more or less would decide."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one arithmetic may change.

    Attributes:
        error: Difference of a pixel's probability that one pixel in a thousand may pass.
        existence: Largest difference of the probability that the thing is there.
        iou: What the worst mask must share with the reference's.
        mean_iou: What masks must share on average.
    """

    error: float
    existence: float
    iou: float
    mean_iou: float


LIMITS = MappingProxyType(
    {
        "fp32": Limit(1e-3, 2e-3, 0.999, 0.9995),
        "fp16": Limit(5e-3, 1e-2, 0.98, 0.998),
        "bf16": Limit(0.05, 0.05, 0.95, 0.995),
        "int8": Limit(0.1, 0.15, 0.9, 0.98),
    }
)
"""By precision. bfloat16 keeps 8 bits of a number; int8 has 255 levels for a whole map, and pixels at edges tip.

Each allows about twice as much as the shipped model was measured to stray on the sample drive: docs/backends.md for
OpenVINO, docs/jetson.md for the graphs that TensorRT is given."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What was measured over a number of answers.

    Attributes:
        error: Difference of a pixel's probability that one pixel in a thousand passes. The largest of all would say
            what a single pixel at an edge does, and more of it the more images are compared.
        existence: Largest difference of the probability that the thing is there.
        iou: Smallest overlap of a mask with the reference's; 1 where no mask was large enough to compare.
        mean_iou: Mean overlap of the masks that were large enough; 1 where none was.
        masks: How many were.
        answers: How many pairs of a command and an image.
    """

    error: float
    existence: float
    iou: float
    mean_iou: float
    masks: int
    answers: int

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Parity:
        """From what ``dataclasses.asdict`` made.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        error, existence, iou, mean_iou = (float(values[name]) for name in ("error", "existence", "iou", "mean_iou"))
        return cls(error, existence, iou, mean_iou, int(values["masks"]), int(values["answers"]))

    def within(self, limit: Limit) -> bool:
        """Whether the backend may be used. Numbers that are none never are."""
        errors = self.error <= limit.error and self.existence <= limit.existence
        return errors and self.iou >= limit.iou and self.mean_iou >= limit.mean_iou

    def __str__(self) -> str:
        return (
            f"one pixel in 1000 is off by over {self.error:.4f}, existence by {self.existence:.4f} at most; IoU of "
            f"{self.masks} masks {self.iou:.3f} at least, {self.mean_iou:.4f} on average; {self.answers} answers"
        )


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
    levels = {"object_logits": 0.5, "region_logits": 0.5}
    if thresholds is not None:
        levels = {"object_logits": thresholds.object, "region_logits": thresholds.region}
    existence = np.abs(probability(reference.existence_logit) - probability(other.existence_logit)).max()
    differences, overlaps = [], []
    for name, level in levels.items():
        expected, found = probability(getattr(reference, name)), probability(getattr(other, name))
        differences.append(np.abs(expected - found))
        for one, two in zip(expected > level, found > level, strict=True):
            union = int((one | two).sum())
            if union >= _FEW_PIXELS:
                overlaps.append(int((one & two).sum()) / union)
    return Parity(
        error=_number(np.quantile(np.stack(differences), 1.0 - _PASSING)),
        existence=_number(existence),
        iou=min(overlaps, default=1.0),
        mean_iou=sum(overlaps) / len(overlaps) if overlaps else 1.0,
        masks=len(overlaps),
        answers=len(reference.existence_logit),
    )


def _number(error: np.floating[Any]) -> float:
    return float(error) if np.isfinite(error) else float("inf")


def worst(measured: Sequence[Parity]) -> Parity:
    """Several measurements as one: the worst of each figure, and the mean over all masks."""
    masks = sum(one.masks for one in measured)
    return Parity(
        error=max(one.error for one in measured),
        existence=max(one.existence for one in measured),
        iou=min(one.iou for one in measured),
        mean_iou=sum(one.mean_iou * one.masks for one in measured) / masks if masks else 1.0,
        masks=masks,
        answers=sum(one.answers for one in measured),
    )


def measure(bundle: Bundle, backend: Backend, samples: Sequence[Sample]) -> Parity:
    """How far a backend strays from ONNX Runtime on samples.

    Raises:
        BackendError: Either failed.
    """
    found = []
    with OnnxBackend(bundle, threads=2) as reference:
        for sample in samples:
            expected = reference.ground(reference.see(sample.images_rgb), sample.text)
            answers = backend.ground(backend.see(sample.images_rgb), sample.text)
            found.append(compare(expected, answers, bundle.settings.thresholds))
    return worst(found)


def require(parity: Parity, precision: str, backend: str) -> None:
    """Refuse a backend that strays too far.

    Raises:
        BackendError: It does.
    """
    limit = LIMITS[precision]
    if not parity.within(limit):
        raise BackendError(
            f"{backend} in {precision} does not answer as ONNX Runtime does ({parity}; allowed are {limit.error}, "
            f"{limit.existence}, {limit.iou} and {limit.mean_iou}): choose another precision or backend."
        )
