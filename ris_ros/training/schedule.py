"""How far a run is and what the learning rate is there."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """When a run ends: after so many steps or, if that is earlier, so many minutes.

    Attributes:
        steps: Optimiser steps.
        minutes: Minutes of training in all, resumed parts included; None for no limit.
    """

    steps: int
    minutes: float | None = None

    def progress(self, step: int, elapsed_s: float) -> float:
        """Share of the run that is over, 0 to 1: of the steps or of the minutes, whichever is further."""
        done = step / self.steps
        if self.minutes is not None:
            done = max(done, elapsed_s / (60.0 * self.minutes))
        return min(done, 1.0)


def learning_rate_factor(progress: float, warm_up: float) -> float:
    """Linear rise, then half a cosine down to zero.

    Args:
        progress: Share of the run that is over, 0 to 1.
        warm_up: Share of the run in which the rate rises.
    """
    if progress < warm_up:
        return max(progress / warm_up, 1e-3)
    return 0.5 * (1.0 + math.cos(math.pi * (progress - warm_up) / (1.0 - warm_up)))
