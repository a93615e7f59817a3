"""The colour word that a person would use for a vehicle, or none where two people might disagree."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

COLOURS: tuple[str, ...] = (
    "white", "black", "grey", "silver", "red", "blue", "green", "yellow", "orange", "brown", "beige", "gold", "purple", "pink",
)  # fmt: skip

# Pairs that one person calls this and another that: neither a positive nor a negative may hang on the difference.
_ALIKE: tuple[frozenset[str], ...] = (
    frozenset({"white", "silver", "beige"}),
    frozenset({"grey", "silver"}),
    frozenset({"grey", "black"}),
    frozenset({"red", "orange"}),
    frozenset({"red", "brown"}),
    frozenset({"red", "pink"}),
    frozenset({"orange", "yellow", "brown"}),
    frozenset({"gold", "yellow", "beige", "brown", "orange"}),
    frozenset({"blue", "purple"}),
    frozenset({"pink", "purple"}),
    frozenset({"green", "yellow"}),
)

_MIN_BODY_PX = 120
# Hue in OpenCV's half degrees -> colour word; the gaps are hues that are left unnamed.
_HUES: tuple[tuple[int, int, str], ...] = ((0, 5, "red"), (23, 32, "yellow"), (42, 85, "green"), (98, 126, "blue"), (172, 180, "red"))
# Brightness over the road's -> colour word; the gaps are brightnesses that are left unnamed.
_GREYS: tuple[tuple[float, float, str], ...] = ((0.0, 0.62, "black"), (1.1, 1.5, "silver"), (1.8, 99.0, "white"))


def colours_differ(one: str, other: str) -> bool:
    """Whether no reasonable person would use both words for the same thing."""
    return one != other and not any(one in pair and other in pair for pair in _ALIKE)


def body_colour(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], road_brightness: float) -> str | None:
    """Colour of a car's body work.

    Windows, tyres, shadow and lamps are kept out: only the band of rows below the windows and above the wheels is read, away
    from the outline, and a majority of it has to agree.

    Args:
        crop_rgb: uint8 [h, w, 3], the car's box.
        inside: bool [h, w], the car's pixels.
        road_brightness: Median brightness of the road in the same picture, 0 to 255.

    Returns:
        A word of :data:`COLOURS`, or None when not certain.
    """
    height, width = inside.shape
    band = np.zeros_like(inside)
    band[int(0.45 * height) : int(0.8 * height), int(0.12 * width) : max(1, int(0.88 * width))] = True
    pixels = crop_rgb[band & inside]
    if len(pixels) < _MIN_BODY_PX:
        return None
    hsv = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV)[0].astype(np.int32)
    hue, saturation, value = hsv[:, 0], hsv[:, 1], hsv[:, 2]
    vivid = (saturation > 90) & (value > 40)
    if vivid.mean() > 0.5:
        return _majority([(name, float(((hue >= low) & (hue < high) & vivid).sum())) for low, high, name in _HUES], 0.75 * vivid.sum())
    if vivid.mean() > 0.2 or np.median(saturation) > 60:
        return None
    relative = value / max(road_brightness, 1.0)
    return _majority([(name, float(((relative >= low) & (relative < high)).sum())) for low, high, name in _GREYS], 0.6 * len(value))


def _majority(votes: Sequence[tuple[str, float]], needed: float) -> str | None:
    totals: dict[str, float] = {}
    for name, count in votes:
        totals[name] = totals.get(name, 0.0) + count
    name, count = max(totals.items(), key=lambda item: item[1])
    return name if count >= max(needed, 1.0) else None
