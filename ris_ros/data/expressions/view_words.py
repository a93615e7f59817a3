"""Phrases of a source that depend on how the picture was cut or mirrored after somebody wrote them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

ViewClaim = Literal["free", "left", "right", "ahead", "bound"]

# "right" as in "right behind": no side.
_RIGHT_AS_EXACTLY = re.compile(
    r"\bright (?=in front|behind|beside|next|by|at|ahead|up|outside|after|before|under|over|above|below|against|here)"
)
_SIDE = re.compile(r"\b(left|right)(?:-hand)?\b")
_ON_A_SIDE = re.compile(
    r"\b(?:on|at|along|up|down|in|to) (?:the|our) (?:far |very )?(left|right)(?:-hand)?\b(?! (?:of|lane|edge)\b)"
)
_RANKED = re.compile(
    r"\b(?:leftmost|rightmost|nearest|closest|nearer|closer|first|second|third|fourth|last|leading|edge|corner|middle|centre|center|other"
    r"|further|farther|furthest|farthest|frame|picture|view|photo)\b"
)
_AHEAD = re.compile(r"\b(?:in front of us|ahead of us|straight ahead|just ahead|right ahead|directly ahead)\b")


@lru_cache(maxsize=8192)
def view_claim(phrase: str) -> ViewClaim:
    """What a phrase says of the place in the picture.

    Returns:
        ``"free"`` if nothing, a side that can be checked against the picture as it stands, or ``"bound"`` for what
        cannot be checked ("facing left", "nearest to us", "second in the queue").
    """
    plain = _RIGHT_AS_EXACTLY.sub("", phrase.lower())
    sides = set(_SIDE.findall(plain))
    if _RANKED.search(plain) or len(sides) > 1:
        return "bound"
    if not sides:
        return "ahead" if _AHEAD.search(plain) else "free"
    told = _ON_A_SIDE.search(plain)
    if told is None:
        return "bound"
    return "left" if told[1] == "left" else "right"
