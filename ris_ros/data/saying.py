"""What a person said about an image, as against what a grammar writes about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.types import Target

_REGION_WEIGHT = 1.7
"""Places to drive to are fewer among what people say than things, and harder to learn."""

if TYPE_CHECKING:
    from ris_ros.data.labeled_image import LabeledImage


@dataclass(frozen=True, slots=True, eq=False)
class Saying:
    """A sentence that belongs to one image.

    Attributes:
        text: What was said.
        kind: Family, for figures by kind.
        target: OBJECT for a thing or an area, REGION for somewhere to drive to.
        exists: False for a sentence about something that is not there.
        keys: Instances that it names.
        object_mask: bool [H, W], what it names beside ``keys``; None where it names nothing else.
        region_mask: bool [H, W], where it sends the car; None when the sentence asks for no region.
    """

    text: str
    kind: str
    target: Target
    exists: bool = True
    keys: tuple[int, ...] = ()
    object_mask: NDArray[np.bool_] | None = None
    region_mask: NDArray[np.bool_] | None = None


def expression_of(saying: Saying, image: LabeledImage) -> Expression:
    """The sentence with the masks that it has on this image.

    Args:
        saying: One of ``image.sayings``.
        image: Its image.
    """
    object_mask = saying.object_mask
    if saying.keys:
        object_mask = np.isin(image.instance_map, saying.keys)
        if saying.object_mask is not None:
            object_mask |= saying.object_mask
    return Expression(saying.text, saying.kind, saying.target, saying.exists, object_mask, saying.region_mask)


def draw_sayings(image: LabeledImage, rng: np.random.Generator, count: int) -> list[Expression]:
    """Up to ``count`` of an image's sayings, each once, in an order of chance that puts regions sooner."""
    if not image.sayings:
        return []
    weights = np.array([_REGION_WEIGHT if saying.region_mask is not None else 1.0 for saying in image.sayings])
    # The first to arrive of exponential clocks is a draw by weight without replacement.
    order = np.argsort(rng.exponential(1.0, len(weights)) / weights)
    return [expression_of(image.sayings[index], image) for index in order[:count].tolist()]
