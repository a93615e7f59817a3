"""True sentences about what is there: single things, groups and areas, each checked to mean what it is paired with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import CLASSES
from ris_ros.data.expression import Expression
from ris_ros.data.expressions.contrasts import say_contrast
from ris_ros.data.expressions.describe import Description, group
from ris_ros.data.expressions.frames import frame_name
from ris_ros.data.expressions.lexicon import EVERYONE, STUFF, TERMS
from ris_ros.data.expressions.naming import MIN_TARGET_SHARE, can_name, claims_about, draw_thing, name_thing, share_of
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import IsKind, OnSide, Predicate
from ris_ros.data.expressions.realise import side_words
from ris_ros.data.expressions.relating import deny_thing, relate_thing
from ris_ros.data.expressions.relations import InLineWith, SideOf, relations_in
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.utter import say_description
from ris_ros.types import Target

OBJECT_KINDS: tuple[str, ...] = (
    "class", "colour", "side", "order", "size", "near", "far", "place", "relation", "attribute", "kind", "negation",
    "compound", "complex", "contrast",
    "group", "group_side", "group_claim", "stuff", "stuff_side",
)  # fmt: skip

_COUNT_SHARE = 0.4
_COUNT_WORDS: dict[int, tuple[str, ...]] = {
    2: ("two", "both", "pair of"), 3: ("three",), 4: ("four",), 5: ("five",), 6: ("six",),
}  # fmt: skip
_MIN_STUFF_SHARE = 4e-3
_RELATED_SHARE, _DENIED_SHARE, _CONTRAST_SHARE = 0.15, 0.05, 0.06


def thing_expression(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """A sentence about one thing."""
    things = [thing for thing in scene.things if can_name(scene, thing)]
    if not things:
        return None
    thing = draw_thing(phrasing, things)
    if phrasing.chance(_CONTRAST_SHARE):
        said = say_contrast(scene, phrasing, thing)
        if said:
            return _positive(said, "contrast", scene.mask(thing.key))
    description = None
    if phrasing.chance(_RELATED_SHARE):
        description = relate_thing(scene, phrasing, thing)
    elif phrasing.chance(_DENIED_SHARE):
        description = deny_thing(scene, phrasing, thing)
    description = description or name_thing(scene, phrasing, thing)
    if description is None:
        return None
    return _positive(say_description(phrasing, description), _kind_of(description), scene.mask(thing.key))


def _kind_of(description: Description) -> str:
    families = description.families
    if relations_in(description) > 1:
        return "complex"
    return "class" if not families else families[0] if len(families) == 1 else "compound"


def group_expression(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """A sentence about several things together."""
    if not scene.things:
        return None
    thing = draw_thing(phrasing, scene.things)
    terms = [t for t in TERMS if thing.class_name in t.sure and not t.lone]
    term = next(t for t in terms if len(t.sure) == 1) if phrasing.plain else phrasing.one_of(terms)
    claims = [claim for claim in claims_about(scene, thing) if not isinstance(claim, (SideOf, InLineWith, IsKind))]
    drawn: tuple[Predicate, ...] = (phrasing.one_of(claims),) if claims and phrasing.chance(0.55) else ()
    description = Description(term, drawn)
    chosen = group(scene, description)
    if chosen is None:
        return None
    kind = "group" if not drawn else "group_side" if isinstance(drawn[0], OnSide) else "group_claim"
    mask = scene.mask(*(member.key for member in chosen))
    if not drawn:
        # The smallest members of the class are in no instance, but "all the cars" means them too.
        mask = mask | scene.class_mask(*term.sure)
    if mask.sum() < MIN_TARGET_SHARE * scene.content_width * scene.content_height:
        return None
    if not drawn and term.sure == {"pedestrian"} and phrasing.chance(0.25):
        return _positive(frame_name(phrasing, phrasing.pick(EVERYONE), plural=True), kind, mask)
    lead = "all the " if phrasing.plain else phrasing.one_of(("", "", "all the ", "all "))
    counted = _count_word(scene, phrasing, chosen)
    if counted and phrasing.chance(_COUNT_SHARE):
        lead = counted + " "
    return _positive(say_description(phrasing, description, plural=True, lead=lead), kind, mask)


def _count_word(scene: Scene, phrasing: Phrasing, chosen: Sequence[Thing]) -> str:
    """ "two", "both" or "three" for things that can be counted; empty for more, for uncounted ones and for specks."""
    counts = [thing.known.count for thing in chosen]
    total = sum(count or 0 for count in counts)
    if None in counts or total not in _COUNT_WORDS or any(share_of(scene, t) < MIN_TARGET_SHARE for t in chosen):
        return ""
    return phrasing.one_of(_COUNT_WORDS[total])


def stuff_expression(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """A sentence about an area: road, pavement, buildings, trees, sky, fence."""
    present = [c.name for c in CLASSES if c.name in STUFF and scene.share(c.name) > _MIN_STUFF_SHARE]
    if not present:
        return None
    name = phrasing.one_of(present)
    kind, mask, where = "stuff", scene.class_mask(name), ""
    if name not in {"sky", "road"} and phrasing.chance(0.5):
        sides = scene.sides(name)
        if not sides:
            return None
        side = phrasing.one_of(sorted(sides))
        kind, mask, where = "stuff_side", sides[side], " " + side_words(phrasing, side)
    if mask.sum() < _MIN_STUFF_SHARE * scene.content_width * scene.content_height:
        return None
    stuff = phrasing.one_of(STUFF[name])
    return _positive(frame_name(phrasing, phrasing.pick(stuff.names) + where, plural=stuff.plural), kind, mask)


def _positive(text: str, kind: str, mask: NDArray[np.bool_]) -> Expression:
    return Expression(text=text, kind=kind, target=Target.OBJECT, exists=True, object_mask=mask, region_mask=None)
