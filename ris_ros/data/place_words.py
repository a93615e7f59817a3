"""Words that say where in a picture something is: what mirroring swaps and what a crop may make false."""

from __future__ import annotations

import re

_SIDES = re.compile(
    r"\b(left|right)(?=\b(?!\s+(?:in front|behind|at|there|next|by|beside|ahead|up|before|after|now|here|above|under"
    r"|over|against|away|outside|underneath|where|opposite)\b))",
    re.IGNORECASE,
)
_OUTER = re.compile(r"\b(leftmost|rightmost)\b", re.IGNORECASE)
_SWAPPED = {"left": "right", "right": "left", "leftmost": "rightmost", "rightmost": "leftmost"}

_PLACES = re.compile(
    r"\b(left|right|leftmost|rightmost|left-hand|right-hand|middle|centre|center|central|edge|corner|bottom|top|side"
    r"|nearest|closest|furthest|farthest|first|second|third|fourth|fifth|last|next|far|near|only|biggest|largest"
    r"|smallest|tallest|front|ahead|distance|background|foreground|whole|both|all|every|each)\b",
    re.IGNORECASE,
)


def mirrored_text(text: str) -> str:
    """The sentence that is true of the mirrored picture: left and right change places.

    ``right`` as in "right behind" stays; case is kept.
    """
    return _OUTER.sub(_swap, _SIDES.sub(_swap, text))


def depends_on_frame(text: str) -> bool:
    """Whether the words may be false of a part of the picture though its thing is in it (order, side, distance)."""
    return _PLACES.search(text) is not None


def _swap(match: re.Match[str]) -> str:
    word = match.group(0)
    swapped = _SWAPPED[word.lower()]
    if word.isupper():
        return swapped.upper()
    return swapped.capitalize() if word[0].isupper() else swapped
