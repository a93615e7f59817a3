"""How a predicted mask lies on a true one, counted in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BOUNDARY_SHARE: float = 0.02
"""Width of a mask's boundary as a share of the image's diagonal, as Boundary IoU has it."""


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


def boundary_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a mask that lie close to its contour.

    Cheng et al., "Boundary IoU" (CVPR 2021), section 4 and its reference code: the mask less its erosion by a square,
    :data:`BOUNDARY_SHARE` of the diagonal (at least a pixel) deep; the image's edge counts as contour. The overlap of
    two boundaries is their Boundary IoU.

    Args:
        mask: bool [H, W].

    Returns:
        bool [H, W].
    """
    depth = max(1, round(BOUNDARY_SHARE * float(np.hypot(*mask.shape))))
    square = np.ones((2 * depth + 1, 2 * depth + 1), np.uint8)
    inner = cv2.erode(
        np.ascontiguousarray(mask).view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)
    )
    return np.asarray(mask & (inner == 0), np.bool_)
