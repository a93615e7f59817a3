"""Measures of a navigable region: is it clear of the thing that the command names, and on the side that it asks for?

Neither can be read off the overlap with the truth: a region that holds half of the right place and half of the van that
one is to park behind has the same IoU as one that is merely short. (Whether it lies on the road is
:attr:`ris_ros.evaluation.score.Score.road_share`.)

A side is judged by the *middle* of the region, the mean of its pixels, and by the words and the truth together. The
words say which way to look: along the road from the thing named ("behind the van", "in front of it"), across the road
from it ("next to the van"), or across the road from us ("on the left", "the right lane", "this lane"). The truth says
which side that way is the right one: "in front of the van" lies beyond it for who parks and short of it for who stops.
Where the true region itself does not lie clearly on a side, as the left kerb in a bend to the right may not, the
sentence is not judged.
"""

from __future__ import annotations

import re
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.labeled_image import LabeledImage

ENTIRELY_CLEAR: float = 0.98
"""An answer with at least this share off the thing named counts as entirely clear of it: masks are a few pixels
coarse, so that two that meet always share some."""

_HALF_LANE_M = 1.65


class Side(Enum):
    """Which way to look, by the words of a command."""

    ALONG_THING = "nearer to us than the thing named, or beyond it"
    ACROSS_THING = "to the left or to the right of the thing named"
    LEFT = "left of straight ahead"
    RIGHT = "right of straight ahead"
    LEFT_LANE = "half a lane or more to the left of straight ahead"
    RIGHT_LANE = "half a lane or more to the right of straight ahead"
    OUR_LANE = "within half a lane of straight ahead"


_THING = r"(?=\s+(?:(?:the|that|this|those|these|it|them|him|her)\b|you (?:reach|get to)\b))"
_FROM_THING: dict[Side, re.Pattern[str]] = {
    Side.ALONG_THING: re.compile(
        r"\b(?:behind|in front of|ahead of|in back of|at the back of|on the far side of|beyond|before|short of"
        r"|(?:just|right) (?:past|after))" + _THING
    ),
    Side.ACROSS_THING: re.compile(r"\b(?:next to|beside|alongside|to the (?:left|right) of)" + _THING),
}
_PRONOUN = re.compile(r"\s+(?:it|them|him|her)\b")
_OWN = re.compile(r"\b(?:the|a) (?:car|kerb|curb|space|spot|place|room|far side|back|road|street|left|right)\b")
_ARTICLE = re.compile(r"\b(?:the|that|this|a|an)\b")

_SIDE_OF_US = re.compile(
    r"\b(?:on|to|at|along|near) (?:the|your|my|our) (?:\w+ )?(left|right)\b(?! of)"
    r"|\b(?:a|next|that|the) (left|right)\b(?! of| behind| next| place)"
    r"|\b(?:turn|go|bear|keep|merge|swing|veer|head|over|in|lanes|lane) (left|right)\b"
    r"(?! behind| next| in\b| by| beside| after| before| up to| now| away)"
)
_THIS_LANE = re.compile(r"\b(?:this|our|your|my|the same) lane\b")
_LANE = re.compile(r"\blanes?\b")


def side_asked(text: str, names_thing: bool) -> Side | None:
    """The side that the words of a command ask for; None where they ask for none, or for two.

    Args:
        text: The command, as somebody said it.
        names_thing: Whether the thing that it names is known; then sides are those of the thing, else ours.
    """
    words = " ".join(text.lower().split())
    return _side_of_thing(words) if names_thing else _side_of_us(words)


def clear_share(predicted: NDArray[np.bool_], named: NDArray[np.bool_] | None) -> float | None:
    """Share of a predicted region that does not lie on the thing that its command names.

    Args:
        predicted: bool [H, W].
        named: bool [H, W], the thing; None where the command names none, or nobody knows its pixels.

    Returns:
        0 to 1; None without a prediction or a thing.
    """
    if named is None or not named.any() or not predicted.any():
        return None
    return 1.0 - np.count_nonzero(predicted & named) / np.count_nonzero(predicted)


def on_side(
    text: str,
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    named: NDArray[np.bool_] | None,
    image: LabeledImage,
) -> bool | None:
    """Whether the middle of a predicted region lies on the side that the command asks for.

    Args:
        text: The command.
        predicted: bool [H, W].
        truth: bool [H, W], the true region, with a pixel at least.
        named: bool [H, W], the thing that the command names, or None.
        image: The labels of the picture.

    Returns:
        None where nothing was predicted, where the words ask for no side, and where the truth lies on none.
    """
    names_thing = named is not None and bool(named.any())
    side = side_asked(text, names_thing)
    if side is None or not predicted.any():
        return None
    ours, right = _middle(predicted), _middle(truth)
    if side in (Side.ALONG_THING, Side.ACROSS_THING) and named is not None:
        rows, columns = np.flatnonzero(named.any(axis=1)), np.flatnonzero(named.any(axis=0))
        if side is Side.ALONG_THING:
            foot_y = float(rows[-1])
            return (ours[1] > foot_y) == (right[1] > foot_y)
        if columns[0] <= right[0] <= columns[-1]:
            return None
        centre_x = 0.5 * float(columns[0] + columns[-1])
        return (ours[0] > centre_x) == (right[0] > centre_x)
    view = GroundView.estimate(Scene(image))
    if view is None or not _lies(side, view.lateral_m(*right)):
        return None
    return _lies(side, view.lateral_m(*ours))


def _lies(side: Side, lateral_m: float) -> bool:
    """Whether a sideways offset, positive to the right, is one of the side."""
    if side is Side.OUR_LANE:
        return abs(lateral_m) < _HALF_LANE_M
    least_m = _HALF_LANE_M if side in (Side.LEFT_LANE, Side.RIGHT_LANE) else 0.0
    return (-lateral_m if side in (Side.LEFT, Side.LEFT_LANE) else lateral_m) > least_m


def _middle(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """(x, y), the mean of the mask's pixels."""
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def _side_of_thing(words: str) -> Side | None:
    found = [(match, side) for side, pattern in _FROM_THING.items() for match in pattern.finditer(words)]
    found.sort(key=lambda part: part[0].start())
    # "See the van on the left? Park behind it": what is said of a pronoun is said of where to go.
    for match, side in found:
        if _PRONOUN.match(words, match.end()):
            return side
    for match, side in found:
        # After another noun it tells that noun apart ("wait for the man next to the bus") and sends nobody anywhere.
        if not _ARTICLE.search(_OWN.sub("", words[: match.start()])):
            return side
    return None


def _side_of_us(words: str) -> Side | None:
    if _THIS_LANE.search(words):
        return Side.OUR_LANE
    named = {group for match in _SIDE_OF_US.finditer(words) for group in match.groups() if group}
    if len(named) != 1:
        return None
    is_lane = _LANE.search(words) is not None
    if named == {"left"}:
        return Side.LEFT_LANE if is_lane else Side.LEFT
    return Side.RIGHT_LANE if is_lane else Side.RIGHT
