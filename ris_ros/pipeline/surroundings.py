"""What the network says, unasked by anybody, of the ground around: where it is free, and where something stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.types import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """One frame's.

    Attributes:
        frame: The frame.
        free: uint8 [h, w] over the whole camera image, at about the network's stride: probability times 255 that a
            pixel shows what the robot may drive on.
        obstacle: uint8 [h, w], the same for what it must not touch.
        took_ns: How long the network took to say so, in nanoseconds.
    """

    frame: Frame
    free: NDArray[np.uint8]
    obstacle: NDArray[np.uint8]
    took_ns: int = 0

    def __post_init__(self) -> None:
        for name, values in (("free", self.free), ("obstacle", self.obstacle)):
            if values.dtype != np.uint8 or values.ndim != 2:
                raise ValueError(f"{name} must be uint8 [h, w]")
        if self.free.shape != self.obstacle.shape:
            raise ValueError("free and obstacle must be of one size")
