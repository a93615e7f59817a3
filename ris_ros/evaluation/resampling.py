"""Bootstrap intervals over frames, or over blocks of neighbouring frames.

Sentences of one frame stand or fall together, and so, a little less, do neighbouring frames of a drive: what is drawn
again and again, with replacement, is frames (or blocks), never sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS: int = 1000
LEVEL: float = 0.95

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""How often each unit was drawn, float64 [R, units] -> the figure of each draw, float64 [R]; NaN where it has none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval.

    Attributes:
        value: Of the data as they are; None when they say nothing of it.
        low: Lower end of the interval; None without a value.
        high: Upper end; None without a value.
    """

    value: float | None
    low: float | None
    high: float | None


class Units:
    """Which unit each image belongs to.

    Args:
        image_ids: In the order of the source, so that neighbours are neighbours.
        block_frames: Images per unit. A block never spans two drives; images whose ids agree up to their last
            underscore are of one drive.

    Raises:
        ValueError: ``block_frames`` is not positive.
    """

    def __init__(self, image_ids: Sequence[str], block_frames: int = 1) -> None:
        if block_frames < 1:
            raise ValueError("a block must hold at least one frame")
        self._unit_of: dict[str, int] = {}
        place_in_drive: dict[str, int] = {}
        blocks: dict[tuple[str, int], int] = {}
        for image_id in dict.fromkeys(image_ids):
            drive = image_id.rpartition("_")[0] or image_id
            place = place_in_drive.get(drive, 0)
            place_in_drive[drive] = place + 1
            self._unit_of[image_id] = blocks.setdefault((drive, place // block_frames), len(blocks))
        self.count = len(blocks)

    def of(self, image_ids: Sequence[str]) -> NDArray[np.int64]:
        """The unit of each image, int64 [N]."""
        return np.array([self._unit_of[image_id] for image_id in image_ids], np.int64)


class Resampling:
    """One set of draws for all figures of a run, so that they can be compared.

    Args:
        unit_count: Units to draw from, at least one.
        seed: The same seed draws the same.
        rounds: Draws.
    """

    def __init__(self, unit_count: int, seed: int, rounds: int = ROUNDS) -> None:
        self._once = np.ones((1, unit_count))
        chances = np.full(unit_count, 1.0 / unit_count)
        self._draws = np.random.default_rng(seed).multinomial(unit_count, chances, size=rounds).astype(np.float64)

    def estimate(self, statistic: Statistic) -> Estimate:
        """A figure with its percentile interval at :data:`LEVEL`.

        Draws that say nothing of the figure are left out.
        """
        value = float(statistic(self._once)[0])
        if not np.isfinite(value):
            return Estimate(None, None, None)
        drawn = statistic(self._draws)
        low, high = np.quantile(drawn[np.isfinite(drawn)], ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
        return Estimate(value, float(low), float(high))


def ratio(
    numerators: Sequence[float] | NDArray[np.float64],
    denominators: Sequence[float] | NDArray[np.float64],
    units: NDArray[np.int64],
    unit_count: int,
) -> Statistic:
    """A ratio of sums: of IoUs and ones for mIoU, of intersections and unions for oIoU.

    Args:
        numerators: [N], one a sample.
        denominators: [N].
        units: [N], the unit of each sample.
        unit_count: Units in all.
    """
    above = np.bincount(units, weights=np.asarray(numerators, np.float64), minlength=unit_count)
    below = np.bincount(units, weights=np.asarray(denominators, np.float64), minlength=unit_count)
    return lambda draws: divide(draws @ above, draws @ below)


def mean(values: Sequence[float], units: NDArray[np.int64], unit_count: int) -> Statistic:
    """A mean over samples; see :func:`ratio`."""
    return ratio(values, np.ones(len(values)), units, unit_count)


def divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Element by element; NaN for a division by 0."""
    quotients = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=quotients, where=below > 0)
    return quotients
