"""A sentence about an image and the truth that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.types import Target


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """One sentence with its truth.

    Attributes:
        text: What a person would say.
        kind: Family of phrasing, for held-out families and for figures by kind.
        target: OBJECT for a thing or stuff, REGION for a manoeuvre.
        exists: False for a sentence about something that is not there (both masks then empty).
        object_mask: bool [H, W] of the referred object; None when the sentence names none or it is unknown.
        region_mask: bool [H, W] of the region to drive to; None when the sentence asks for none.
    """

    text: str
    kind: str
    target: Target
    exists: bool
    object_mask: NDArray[np.bool_] | None
    region_mask: NDArray[np.bool_] | None
