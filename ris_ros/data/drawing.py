"""Marks on pictures for people who look at data: outlines, tints, words, rulers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
OBJECT_COLOUR: Colour = (255, 92, 56)
REGION_COLOUR: Colour = (46, 196, 182)
ABSENT_COLOUR: Colour = (255, 196, 84)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TINT = 0.35


def tint(picture_rgb: NDArray[np.uint8], mask: NDArray[np.bool_], colour: Colour) -> None:
    """Tint and outline a mask bool [H, W] on a picture uint8 [H, W, 3], in place."""
    inside = mask.view(np.uint8)
    tinted = cv2.addWeighted(picture_rgb, 1.0 - _TINT, np.full_like(picture_rgb, colour), _TINT, 0.0)
    cv2.copyTo(tinted, inside, picture_rgb)
    outline(picture_rgb, mask, colour)


def outline(picture_rgb: NDArray[np.uint8], mask: NDArray[np.bool_], colour: Colour, thickness: int = 1) -> None:
    """Outline a mask bool [H, W] on a picture uint8 [H, W, 3], in place."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture_rgb, contours, -1, colour, thickness)


def write(
    picture_rgb: NDArray[np.uint8],
    text: str,
    origin_xy: tuple[int, int],
    colour: Colour = BLACK,
    size: float = 0.42,
    background: Colour | None = None,
) -> None:
    """Write a line, its left end on the base line at ``origin_xy``; what the font lacks becomes a question mark."""
    plain = _plain(text)
    if background is not None:
        width, height = text_size(plain, size)
        x, y = origin_xy
        cv2.rectangle(picture_rgb, (x - 1, y - height - 2), (x + width + 1, y + 2), background, -1)
    cv2.putText(picture_rgb, plain, origin_xy, _FONT, size, colour, 1, cv2.LINE_AA)


def text_size(text: str, size: float = 0.42) -> tuple[int, int]:
    """(width, height) in pixels of a line."""
    width, height = cv2.getTextSize(_plain(text), _FONT, size, 1)[0]
    return int(width), int(height)


def wrapped(text: str, width_px: int, lines: int, size: float = 0.42) -> list[str]:
    """A text in up to so many lines of that width; the last one ends in dots where more was to come."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if text_size(longer, size)[0] <= width_px or not rows[-1]:
            rows[-1] = longer
        elif len(rows) < lines:
            rows.append(word)
        else:
            rows[-1] += " ..."
            break
    return rows


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
