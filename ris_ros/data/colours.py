"""The colour word that a person would use for a vehicle, or none where two people might disagree."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

COLOURS: tuple[str, ...] = (
    "white", "black", "grey", "silver", "red", "blue", "green", "yellow", "orange", "brown", "beige", "gold",
    "purple", "pink",
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
_MIN_TORSO_PX = 30
_DUSK = 45.0
# Darker pixels have no hue, neither to tell a colour by nor to rule one out by.
_LIT = 35
# All thresholds were read off 110 cars and 130 people of CamVid by eye; between them lie those nobody can be sure of.
# (first hue, last hue, word, smallest share of the body), hues in OpenCV's half degrees counted from -20.
_PAINTS: tuple[tuple[int, int, str, float], ...] = (
    (-10, 8, "red", 0.18), (22, 32, "yellow", 0.4), (35, 96, "green", 0.35), (98, 126, "blue", 0.5),
)  # fmt: skip
_CLOTHES: tuple[tuple[int, int, str, float], ...] = (
    (-14, 7, "red", 0.25), (21, 46, "yellow", 0.27), (100, 122, "blue", 0.5),
)  # fmt: skip

# (first hue, last hue, word, least saturation): what somebody might call so, far wider than what is certain.
_POSSIBLE_HUES: tuple[tuple[int, int, str, int], ...] = (
    (-14, 12, "red", 60), (16, 38, "yellow", 60), (4, 24, "orange", 60), (30, 115, "green", 30),
    (88, 135, "blue", 60), (-20, -4, "pink", 60), (125, 160, "purple", 60),
)  # fmt: skip
_NEXT_TO_NOTHING = 0.06
# Tyres, glass and shadow are dark on every car.
_DARK_OF_ANY = 0.06


def colours_differ(one: str, other: str) -> bool:
    """Whether no reasonable person would use both words for the same thing."""
    return one != other and not any(one in pair and other in pair for pair in _ALIKE)


def body_colour(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], road_brightness: float) -> str | None:
    """Colour of a car's body work.

    Roof, tyres and ground shadow are kept out by reading the middle rows only, away from the outline. Paint is judged
    by the share of vivid pixels of one hue, the rest by brightness against the road in the same picture.

    Args:
        crop_rgb: uint8 [h, w, 3], the car's box.
        inside: bool [h, w], the car's pixels.
        road_brightness: Median brightness of the road in the same picture, 0 to 255.

    Returns:
        A word of :data:`COLOURS`, or None when not certain.
    """
    height, width = inside.shape
    rows, columns = slice(int(0.3 * height), int(0.78 * height)), slice(int(0.12 * width), max(1, int(0.88 * width)))
    pixels = crop_rgb[rows, columns][inside[rows, columns]]
    if len(pixels) < _MIN_BODY_PX or 2 * width < height:
        return None
    hue, saturation, value = _hue_saturation_value(pixels)
    vivid = (saturation > 80) & (value > _LIT)
    dark, middle, bright = (float(v) / max(road_brightness, 1.0) for v in np.percentile(value, (25, 50, 75)))
    for first, last, word, least in _PAINTS:
        share = float(((hue >= first) & (hue <= last) & vivid).mean())
        if share >= least and share >= 0.6 * float(vivid.mean()):
            # Dusk tints everything blue, and dark paint mirrors the sky: neither is a blue or a green car.
            certain = word == "red" or (road_brightness >= _DUSK and (word != "blue" or middle >= 0.8))
            return word if certain else None
    if road_brightness < _DUSK or vivid.mean() > 0.2:
        return None
    grey = _grey(dark, middle, bright, float(np.median(saturation)))
    # Silver mirrors the sky (hues about 108); a greener cast is pale paint.
    return None if grey == "silver" and 86 <= float(np.median(hue)) <= 103 else grey


def ruled_out_colours(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], road_brightness: float) -> frozenset[str]:
    """Colours that nobody would give a vehicle, because next to nothing of it looks so; lamps and glass do not count.

    Args:
        crop_rgb: uint8 [h, w, 3], the vehicle's box.
        inside: bool [h, w], the vehicle's pixels.
        road_brightness: Median brightness of the road in the same picture, 0 to 255.

    Returns:
        Words of :data:`COLOURS`; none where it is too small or the light too poor to tell.
    """
    pixels = crop_rgb[inside]
    if len(pixels) < _MIN_BODY_PX or road_brightness < _DUSK:
        return frozenset()
    hue, saturation, value = _hue_saturation_value(pixels[:: max(1, len(pixels) // 2000)])
    shares = {
        word: float(((value > _LIT) & (saturation > least) & (hue >= first) & (hue <= last)).mean())
        for first, last, word, least in _POSSIBLE_HUES
    }
    relative = value / road_brightness
    plain = saturation < 90
    shares["white"] = float((plain & (relative > 1.1)).mean())
    shares["black"] = float((relative < 0.5).mean()) - _DARK_OF_ANY
    return frozenset(word for word, share in shares.items() if share < _NEXT_TO_NOTHING)


def clothes_colour(crop_rgb: NDArray[np.uint8], inside: NDArray[np.bool_], road_brightness: float) -> str | None:
    """Colour of what a person wears above the waist, read between neck and hips.

    Args:
        crop_rgb: uint8 [h, w, 3], the person's (or cyclist's) box.
        inside: bool [h, w], the person's pixels.
        road_brightness: Median brightness of the road in the same picture, 0 to 255.

    Returns:
        A word of :data:`COLOURS`, or None when not certain.
    """
    height, width = inside.shape
    rows, columns = slice(int(0.2 * height), int(0.45 * height)), slice(int(0.2 * width), max(1, int(0.8 * width)))
    pixels = crop_rgb[rows, columns][inside[rows, columns]]
    if len(pixels) < _MIN_TORSO_PX:
        return None
    hue, saturation, value = _hue_saturation_value(pixels)
    vivid = (saturation > 80) & (value > _LIT)
    for first, last, word, least in _CLOTHES:
        if float(((hue >= first) & (hue <= last) & vivid).mean()) >= max(least, 0.6 * float(vivid.mean())):
            return word if word != "blue" or road_brightness >= _DUSK else None
    if road_brightness < _DUSK or vivid.mean() > 0.1:
        return None
    dark, middle, bright = (float(v) / road_brightness for v in np.percentile(value, (25, 50, 75)))
    if middle < 0.4 and bright < 0.5:
        return "black"
    if dark >= 1.8:
        return "white"
    warm = np.median(hue) < 60 and np.median(saturation) > 25
    plain = bright < 1.4 * dark and np.median(saturation) < 60 and not warm
    return "grey" if 0.7 <= middle <= 1.3 and plain else None


def _hue_saturation_value(pixels_rgb: NDArray[np.uint8]) -> tuple[NDArray[np.int32], ...]:
    """Of pixels uint8 [n, 3]: three int32 [n], hues in OpenCV's half degrees counted from -20, so that red is whole."""
    hsv = cv2.cvtColor(pixels_rgb[None], cv2.COLOR_RGB2HSV)[0].astype(np.int32)
    return (hsv[:, 0] + 20) % 180 - 20, hsv[:, 1], hsv[:, 2]


def _grey(dark: float, middle: float, bright: float, saturation: float) -> str | None:
    """Word for unpainted brightness: quartiles over the road's, and the median saturation of 255."""
    if bright < 0.75 and middle < 0.55:
        return "black"
    if dark >= 1.4 or (dark >= 1.1 and middle >= 1.3 and saturation < 25):
        return "white"
    if 1.15 <= middle <= 1.9 and dark >= 0.6 and saturation < 70:
        return "silver"
    return None
