"""Which of the sentences that people said about a picture are still true after it was edited."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.edit.phrases import RELATED, colour_is_neither, colours_named, swapped, upper_garment_named
from ris_ros.data.saying import Saying
from ris_ros.types import Target

_VEHICLE = (
    r"cars?|vans?|trucks?|lorr(?:y|ies)|bus(?:es)?|vehicles?|taxis?|cabs?|traffic|motors?|saloons?|sedans?"
    r"|hatch\w*|estates?|suvs?|4x4|jeeps?|carriers?|coach(?:es)?|minibus\w*|pick-?ups?|bmw|volvo|peugeot|vw|ford|mini|audi|mercedes"
)
_PERSON = (
    r"m[ae]n|wom[ae]n|persons?|people|pedestrians?|some(?:one|body)|any(?:one|body)|guys?|blokes?|lad(?:y|ies)|boys?|girls?"
    r"|kids?|child(?:ren)?|lads?|walkers?|shoppers?|pair|couple|group|figures?|his|her|their|who|one|ones"
)
_CYCLIST = r"cycl\w+|bi(?:ke|cycle)\w*|riders?|riding"
_THING_WORDS = {
    **{name: re.compile(rf"\b(?:{_VEHICLE}|one|ones|it)\b|\w+(?:car|van|truck|lorry|bus)\b", re.IGNORECASE)
       for name in ("car", "van", "truck", "bus")},
    "pedestrian": re.compile(rf"\b(?:{_PERSON})\b", re.IGNORECASE),
    "bicyclist": re.compile(rf"\b(?:{_PERSON}|{_CYCLIST})\b", re.IGNORECASE),
    "cone": re.compile(r"\b(?:cones?|bollards?|one|ones|it)\b", re.IGNORECASE),
}  # fmt: skip
_MAX_REGION_LOST = 0.02
_MIN_THING_LEFT = 0.7


def after_recolouring(
    sayings: Iterable[Saying], key: int, before: str | None, colour: str, dressed: bool
) -> tuple[Saying, ...]:
    """The sayings that fit after one instance took another colour.

    A sentence that names the instance by its former colour names it by the present one; any other that could be about
    either colour falls away.

    Args:
        sayings: Those of the picture.
        key: The instance.
        before: Its former colour, None when not known.
        colour: Its present one.
        dressed: Whether the colour is of an upper garment rather than of paint.
    """
    kept = []
    for saying in sayings:
        named = colours_named(saying.text)
        alone = saying.exists and saying.keys == (key,) and saying.object_mask is None and len(named) == 1
        if alone and _is_of(saying, named[0], before, dressed):
            kept.append(replace(saying, text=swapped(saying.text, named[0], colour)))
        elif all(colour_is_neither(match["word"], colour, before if saying.exists else colour) for match in named):
            kept.append(saying)
    return tuple(kept)


def after_pasting(
    sayings: Iterable[Saying],
    class_name: str,
    visible: NDArray[np.bool_],
    kept_shares: dict[int, float],
    keys: Collection[int],
) -> tuple[Saying, ...]:
    """The sayings that fit after a thing came into the picture.

    Args:
        sayings: Those of the picture.
        class_name: What came.
        visible: bool [H, W], its pixels.
        kept_shares: How much is left to be seen of each instance that it hides.
        keys: The instances that are left.
    """
    kept = []
    for saying in sayings:
        if _THING_WORDS[class_name].search(saying.text):
            continue
        if any(key not in keys or kept_shares.get(key, 1.0) < _MIN_THING_LEFT for key in saying.keys):
            continue
        area, region = saying.object_mask, saying.region_mask
        if region is not None and np.count_nonzero(region & visible) > _MAX_REGION_LOST * np.count_nonzero(region):
            continue
        if area is not None:
            whole, area = np.count_nonzero(area), area & ~visible
            if np.count_nonzero(area) < _MIN_THING_LEFT * whole:
                continue
        kept.append(replace(saying, object_mask=area, region_mask=None if region is None else region & ~visible))
    return tuple(kept)


def _is_of(saying: Saying, match: re.Match[str], before: str | None, dressed: bool) -> bool:
    """Whether the one colour that a sentence names is that of the one thing it names."""
    before_it, after_it = saying.text[: match.start()], saying.text[match.end() :]
    if dressed:
        garment = upper_garment_named(after_it)
        return garment is not None and len(after_it[: garment.start()].split()) <= 1 and "and" not in after_it
    if before is None or match["word"] is None or match["word"].lower() != before:
        return False
    # In "park behind the blue car" the thing follows the relation, in "the car behind the blue van" it comes first.
    return len(RELATED.findall(before_it)) <= (1 if saying.target is Target.REGION else 0)
