"""Draw answers on their frame, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.types import Grounding, Mask, Target

Colour = tuple[int, int, int]

OBJECT_COLOUR: Colour = (255, 92, 56)
REGION_COLOUR: Colour = (46, 196, 182)
_TEXT_COLOUR: Colour = (255, 255, 255)
_ABSENT_COLOUR: Colour = (255, 196, 84)
_BANNER_COLOUR: Colour = (18, 20, 24)
_BANNER_OPACITY = 0.72
_TINT = 0.42
_FONT = cv2.FONT_HERSHEY_DUPLEX
_MAX_LINES = 6


@dataclass(frozen=True, slots=True)
class _Scale:
    """Sizes that grow with the picture."""

    text: float
    line: int
    thickness: int
    margin: int

    @classmethod
    def of(cls, width: int, height: int) -> _Scale:
        # By the shorter of both, so that banners stay a like share of wide and of tall pictures.
        unit = max(0.5, min(width / 640.0, height / 400.0))
        return cls(
            text=0.5 * unit,
            line=max(1, round(2.0 * unit)),
            thickness=max(1, round(unit)),
            margin=max(3, round(8 * unit)),
        )


def draw(groundings: Sequence[Grounding], image_rgb: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Tint and outline the masks of answers on one frame, under a banner with what was asked and found.

    The referred object is orange and the referred region green; of each answer the mask that was asked for is filled,
    the other one outlined only. The newest answer is the last and lies on top.

    Args:
        groundings: At least one, all on the same frame.
        image_rgb: uint8 [H, W, 3], the frame at its camera's size; None for what the frame holds, enlarged to it.

    Returns:
        uint8 [H, W, 3] RGB of the camera's size.
    """
    frame = groundings[0].frame
    width, height = frame.size_px
    source = frame.image_rgb if image_rgb is None else image_rgb
    if source.shape[:2] == (height, width):
        picture = source.copy()
    else:
        picture = np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    scale = _Scale.of(width, height)
    for grounding in groundings:
        is_region = grounding.command.target is Target.REGION
        layers = [
            (grounding.object, OBJECT_COLOUR, not is_region),
            (grounding.region, REGION_COLOUR, is_region),
        ]
        for answer, colour, asked in sorted(layers, key=lambda layer: layer[2]):
            if not answer.empty:
                _paint(picture, answer, colour, asked, scale)
    _write_banner(picture, groundings, scale)
    return picture


def _paint(picture: NDArray[np.uint8], answer: Mask, colour: Colour, filled: bool, scale: _Scale) -> None:
    height, width = picture.shape[:2]
    mask = answer.mask.view(np.uint8)
    x, y, box_width, box_height = answer.roi_xywh
    if mask.shape != (height, width):
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
        x, y, box_width, box_height = cv2.boundingRect(mask)
    box = slice(y, y + box_height), slice(x, x + box_width)
    part, inside = picture[box], mask[box]
    if filled:
        tinted = cv2.addWeighted(part, 1.0 - _TINT, np.full_like(part, colour), _TINT, 0.0)
        cv2.copyTo(tinted, inside, part)
    contours, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    canvas = np.ascontiguousarray(part)
    cv2.drawContours(canvas, contours, -1, colour, scale.line, cv2.LINE_AA)
    # Only inside the mask: an overlay never marks what the answer does not hold.
    cv2.copyTo(canvas, inside, part)


def _write_banner(picture: NDArray[np.uint8], groundings: Sequence[Grounding], scale: _Scale) -> None:
    shown = list(groundings)[-_MAX_LINES:]
    text_height = cv2.getTextSize("Ag", _FONT, scale.text, scale.thickness)[0][1]
    line_height = text_height + scale.margin
    width = picture.shape[1]
    banner_height = min(picture.shape[0], line_height * len(shown) + scale.margin)
    banner = picture[:banner_height]
    dark = np.full_like(banner, _BANNER_COLOUR)
    banner[:] = cv2.addWeighted(banner, 1.0 - _BANNER_OPACITY, dark, _BANNER_OPACITY, 0.0)
    for row, grounding in enumerate(shown):
        base = scale.margin + text_height + row * line_height
        is_region = grounding.command.target is Target.REGION
        colour = REGION_COLOUR if is_region else OBJECT_COLOUR
        dot = max(2, text_height // 2)
        centre = (scale.margin + dot, base - text_height // 2)
        cv2.circle(
            banner,
            centre,
            dot,
            colour if grounding.found else _ABSENT_COLOUR,
            -1 if grounding.found else 1,
            cv2.LINE_AA,
        )
        verdict = _verdict(grounding)
        verdict_width = cv2.getTextSize(verdict, _FONT, scale.text, scale.thickness)[0][0]
        left = scale.margin * 2 + 2 * dot
        room = width - left - verdict_width - 2 * scale.margin
        _write(banner, _shorten(grounding.command.text, room, scale), (left, base), _TEXT_COLOUR, scale)
        shade = _TEXT_COLOUR if grounding.found else _ABSENT_COLOUR
        _write(banner, verdict, (width - verdict_width - scale.margin, base), shade, scale)


def _verdict(grounding: Grounding) -> str:
    if not grounding.found:
        return f"not there  {grounding.existence:.0%}"
    what = "region" if grounding.command.target is Target.REGION else "object"
    return f"{what}  {grounding.existence:.0%}"


def _write(picture: NDArray[np.uint8], text: str, origin: tuple[int, int], colour: Colour, scale: _Scale) -> None:
    cv2.putText(picture, text, origin, _FONT, scale.text, colour, scale.thickness, cv2.LINE_AA)


def _shorten(text: str, room_px: int, scale: _Scale) -> str:
    """As much of a text as fits; what the built-in font cannot draw becomes a question mark."""
    text = text.encode("ascii", "replace").decode("ascii")
    if cv2.getTextSize(text, _FONT, scale.text, scale.thickness)[0][0] <= room_px:
        return text
    while text and cv2.getTextSize(text + "...", _FONT, scale.text, scale.thickness)[0][0] > room_px:
        text = text[:-1]
    return text + "..." if text else ""
