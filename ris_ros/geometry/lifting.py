"""From the pixels of a mask and a depth image or a cloud to a thing in three dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """An upright box around a thing.

    Attributes:
        centre_m: float64 [3].
        size_m: (length, width, height) along its own axes; length is the longer of the two on the ground.
        yaw_rad: Direction of its length, -pi/2 to pi/2: what is its front is not known.
    """

    centre_m: NDArray[np.float64]
    size_m: tuple[float, float, float]
    yaw_rad: float

    def __post_init__(self) -> None:
        if self.centre_m.dtype != np.float64 or self.centre_m.shape != (3,):
            raise ValueError("centre_m must be float64 [3]")
        if min(self.size_m) < 0.0:
            raise ValueError("size_m must not be negative")


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """A referred object in three dimensions.

    Attributes:
        points_m: float64 [n, 3] of its surface, outliers left out.
        centroid_m: float64 [3], median of these points.
        box: Around them; the far side, which no camera sees, is not in it.
    """

    points_m: NDArray[np.float64]
    centroid_m: NDArray[np.float64]
    box: Box

    def __post_init__(self) -> None:
        if self.points_m.dtype != np.float64 or self.points_m.ndim != 2 or self.points_m.shape[1] != 3:
            raise ValueError("points_m must be float64 [n, 3]")
        if self.centroid_m.dtype != np.float64 or self.centroid_m.shape != (3,):
            raise ValueError("centroid_m must be float64 [3]")
