"""Answers carried forward: from the newest frame that the model looked at to newer ones, by optical flow.

What is carried are the confidence maps; a mask is a comparison with its map, as in an answer of the model. Nothing is
invented: what the model did not find stays not found, a pixel whose way is not sure loses confidence, and no answer is
carried beyond the age that is stated.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.pipeline import masks
from ris_ros.pipeline.flow import Correspondence, Trail, flow_size
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Frame, Grounding, Mask, MaskAnswer, Target

_NS_PER_S = 1_000_000_000
_SAME_PLACE = 0.85
"""Of two images of a ride at least this much looks alike (measured: 0.97 and more), of two places less (up to 0.73)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Small:
    """A mask's confidence as it is carried.

    Attributes:
        confidence: uint8 [h, w], at the size of the flow.
        peak_xy: The place of the highest probability in it; the middle of its first pixel is (0, 0).
        size_px: (width, height) of the answer.
    """

    confidence: NDArray[np.uint8]
    peak_xy: tuple[float, float]
    size_px: tuple[int, int]

    @classmethod
    def of(cls, answer: Mask, size_px: tuple[int, int]) -> _Small:
        (x, y), (width, height) = answer.peak_xy, answer.size_px
        peak = (x + 0.5) * size_px[0] / width - 0.5, (y + 0.5) * size_px[1] / height - 0.5
        return cls(masks.confidence_at(answer, size_px), peak, (width, height))


class Propagator:
    """Carries the newest answers of one camera forward; belongs to one thread."""

    def __init__(self) -> None:
        self._trail = Trail()
        self._answers: tuple[tuple[Grounding, _Small, _Small], ...] = ()

    @property
    def key(self) -> Frame | None:
        """The frame that is carried from; None where there is none."""
        return self._answers[0][0].frame if self._answers else None

    def forget(self) -> None:
        """Forget answers and frames."""
        self._trail.forget()
        self._answers = ()

    def renew(self, groundings: Sequence[Grounding]) -> None:
        """Carry these answers from here on.

        Args:
            groundings: What the model answered on one frame, which may be older than those that were carried to.
        """
        if not groundings:
            self._answers = ()
            return
        frame = groundings[0].frame
        size_px = flow_size(frame.size_px)
        self._trail.begin_at(frame)
        self._answers = tuple(
            (grounding, _Small.of(grounding.object, size_px), _Small.of(grounding.region, size_px))
            for grounding in groundings
        )

    def carry(self, frame: Frame, thresholds: Thresholds, max_age_ns: int) -> list[Grounding]:
        """The answers on a newer frame. Frames between it and the last one make it better, and need no use of theirs.

        Args:
            frame: A frame of this camera, newer than all before.
            thresholds: Those that the answers were made with.
            max_age_ns: The most by which it may be newer than the frame that the model looked at.

        Returns:
            An answer for each that was given, in their order; nothing where there is none, where they are too old, and
            where the frame shows another place altogether.
        """
        start_ns = time.perf_counter_ns()
        end_ns = self._trail.end_ns
        if end_ns is not None and frame.stamp_ns <= end_ns:
            self.forget()  # the camera, or its clock, began anew
        self._trail.extend(frame)
        self._trail.forget_before(frame.stamp_ns - max_age_ns)
        key = self.key
        if key is None or self._trail.start_ns != key.stamp_ns or frame.stamp_ns <= key.stamp_ns:
            return []
        way = self._trail.since_start()
        if way.likeness < _SAME_PLACE:
            return []
        flow_ns = time.perf_counter_ns() - start_ns
        return [self._carried(answer, frame, way, thresholds, flow_ns) for answer in self._answers]

    def _carried(
        self,
        answer: tuple[Grounding, _Small, _Small],
        frame: Frame,
        way: Correspondence,
        thresholds: Thresholds,
        flow_ns: int,
    ) -> Grounding:
        start_ns = time.perf_counter_ns()
        was, small_object, small_region = answer
        is_region = was.command.target is Target.REGION
        asked, other = (small_region, small_object) if is_region else (small_object, small_region)
        levels = (thresholds.object, thresholds.region)
        asked_level, other_level = levels[::-1] if is_region else levels
        first = _warped(asked, way, asked_level if was.found else None)
        found = not first.empty
        second = _warped(other, way, other_level if found else None)
        age_ns = frame.stamp_ns - was.frame.stamp_ns
        reason = was.reason
        if was.found and not found:
            seconds = age_ns / _NS_PER_S
            reason = f"It has left the view or is hidden since the model saw it, {seconds:.2f} s before this image."
        return dataclasses.replace(
            was,
            frame=frame,
            found=found,
            score=first.score,
            object=second if is_region else first,
            region=first if is_region else second,
            candidates=was.candidates if found else 0,
            stage_ns=MappingProxyType({"flow": flow_ns, "warp": time.perf_counter_ns() - start_ns}),
            reason=reason,
            propagated_ns=age_ns,
        )


def _warped(small: _Small, way: Correspondence, threshold: float | None) -> MaskAnswer:
    moved = way.warp(small.confidence)
    confidence = np.asarray(cv2.resize(moved, small.size_px, interpolation=cv2.INTER_LINEAR), np.uint8)
    peak = way.where(small.peak_xy)
    if peak is not None:
        answer = masks.cut(confidence, _in_answer(peak, way.size_px, small.size_px), threshold)
        if answer.empty or answer.mask[answer.peak_xy[::-1]]:
            return answer
    # The place that was surest is out of sight: the surest of what is left.
    row, column = divmod(int(np.argmax(moved)), way.size_px[0])
    return masks.cut(confidence, _in_answer((column, row), way.size_px, small.size_px), threshold)


def _in_answer(xy: tuple[int, int], size_px: tuple[int, int], answer_size_px: tuple[int, int]) -> tuple[int, int]:
    """The pixel of an answer under the middle of a pixel of the flow."""
    x, y = (int((at + 0.5) * full / small) for at, full, small in zip(xy, answer_size_px, size_px, strict=True))
    return x, y
