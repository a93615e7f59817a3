"""How large the network's input may be, when the machine cannot keep up with the cameras: a policy, and nothing else.

There is a ladder of sizes. A look is everything that is done with one set of images; it keeps up if it takes no longer
than the time between two images of a camera, for otherwise images are replaced before their turn.

- **Down** one step: the median look of a window took longer than the cameras' period.
- **Up** one step: the median look, scaled by the ratio of the areas, would take at most :data:`MARGIN` of the period.
- After each step the window begins anew. A step up that has to be taken back within a pause is not tried again before
  the pause is over, and each time that this happens in a row the pause doubles.

A look takes a fixed time and one that grows at most with the area. For any such load that is constant, the policy
settles: what fits after a step up by the rule above is never too long. For any other load it tries ever more seldom.
"""

from __future__ import annotations

import math
import statistics
from collections import deque

SHARES = (1.0, 0.8125, 0.625)
"""Sides of the sizes of the ladder, as shares of the largest."""
WINDOW = 15
"""Looks that are taken together, of which the first after a step is none: engines may be made in it."""
MARGIN = 0.8
FIRST_PAUSE_S = 30.0


def ladder(largest_px: tuple[int, int], step_px: int) -> tuple[tuple[int, int], ...]:
    """(width, height) of the sizes to choose from, largest first.

    Args:
        largest_px: (width, height) of the largest, multiples of ``step_px``.
        step_px: What sides are multiples of.
    """
    sizes = [tuple(max(step_px, step_px * round(side * share / step_px)) for side in largest_px) for share in SHARES]
    return tuple((size[0], size[1]) for size in dict.fromkeys(sizes))


class InputSize:
    """The policy; see the module. Belongs to one thread.

    Args:
        sizes_px: (width, height) of the sizes to choose from, largest first; at least one.
    """

    def __init__(self, sizes_px: tuple[tuple[int, int], ...]) -> None:
        if not sizes_px:
            raise ValueError("there must be a size to choose")
        self._sizes_px = sizes_px
        self._step = 0
        self._looks_s: deque[float] = deque(maxlen=WINDOW)
        self._to_skip = 1
        self._went_up_s = -math.inf
        self._pause_s = FIRST_PAUSE_S
        self._not_before_s = -math.inf

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the size in use."""
        return self._sizes_px[self._step]

    def looked(self, look_s: float, period_s: float, now_s: float) -> bool:
        """Take note of a look.

        Args:
            look_s: How long it took.
            period_s: Time between two images of the camera that gives most.
            now_s: Any steady clock.

        Returns:
            Whether the size is another from here on.
        """
        if self._to_skip:
            self._to_skip -= 1
            return False
        self._looks_s.append(look_s)
        if len(self._looks_s) < WINDOW:
            return False
        median_s = statistics.median(self._looks_s)
        if median_s > period_s:
            return self._down(now_s)
        return self._up(median_s, period_s, now_s)

    def _down(self, now_s: float) -> bool:
        if self._step == len(self._sizes_px) - 1:
            return False
        if now_s - self._went_up_s < self._pause_s:
            self._not_before_s = now_s + self._pause_s
            self._pause_s *= 2.0
        else:
            self._pause_s = FIRST_PAUSE_S
        self._move(1)
        return True

    def _up(self, median_s: float, period_s: float, now_s: float) -> bool:
        if self._step == 0 or now_s < self._not_before_s:
            return False
        (width, height), (larger_width, larger_height) = self._sizes_px[self._step], self._sizes_px[self._step - 1]
        if median_s * (larger_width * larger_height) / (width * height) > MARGIN * period_s:
            return False
        self._move(-1)
        self._went_up_s = now_s
        return True

    def _move(self, by: int) -> None:
        self._step += by
        self._looks_s.clear()
        self._to_skip = 1
