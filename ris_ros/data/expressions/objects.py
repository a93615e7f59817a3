"""True sentences about what is there: single things, groups and areas, each checked to mean what it is paired with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import CLASSES
from ris_ros.data.expression import Expression
from ris_ros.data.expressions.attributes import garments_of
from ris_ros.data.expressions.describe import Description, Pick, fitting, group, select, single
from ris_ros.data.expressions.frames import frame_name
from ris_ros.data.expressions.lexicon import EVERYONE, STUFF, TERMS, VEHICLES, Term
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import (
    AtEdge,
    FarAway,
    HasAttribute,
    HasColour,
    InLineWith,
    IsKind,
    NextTo,
    OnSide,
    Predicate,
    SeenAgainst,
    Side,
    SideOf,
    StandsOn,
)
from ris_ros.data.expressions.realise import side_words
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.utter import say_description
from ris_ros.types import Target

OBJECT_KINDS: tuple[str, ...] = (
    "class", "colour", "side", "order", "size", "near", "far", "place", "relation", "attribute", "kind", "compound",
    "group", "group_side", "group_claim", "stuff", "stuff_side",
)  # fmt: skip

_SIDES: tuple[Side, ...] = ("left", "right", "ahead")
_BACKGROUNDS: tuple[str, ...] = ("building", "tree", "fence")
_GROUNDS: tuple[str, ...] = ("road", "sidewalk")
_NEIGHBOURS: tuple[frozenset[str], ...] = tuple(
    frozenset({name})
    for name in ("car", "pedestrian", "bicyclist", "sign", "pole", "van", "truck", "bus", "cone", "traffic light")
)
_ON_THE_GROUND: frozenset[str] = VEHICLES | {"pedestrian", "bicyclist"}
_COLOURED: frozenset[str] = VEHICLES | {"sign", "traffic light"}
# The wearer's share of the picture from which on a garment can be made out.
_MIN_GARMENT_SHARE: dict[str, float] = {"top": 8e-4, "legs": 1.2e-3, "bag": 2.5e-3, "head": 2.5e-3}
_PICKS: tuple[Pick, ...] = (
    Pick("biggest"),
    Pick("smallest"),
    Pick("nearest"),
    Pick("furthest"),
    *(Pick(by, rank) for by in ("from_left", "from_right") for rank in range(4)),
)
_VEHICLE_OR_PERSON_WEIGHT = 4.0
_CLASS_WEIGHTS: dict[str, float] = {"traffic light": 2.5, "cone": 1.2, "sign": 1.2, "pole": 0.5}
_PICK_SHARE = 0.35
_ONE_MORE = 0.5
_OWN_NOUN_SHARE = 0.6
_COUNT_SHARE = 0.4
_COUNT_WORDS: dict[int, tuple[str, ...]] = {
    2: ("two", "both", "pair of"), 3: ("three",), 4: ("four",), 5: ("five",), 6: ("six",),
}  # fmt: skip
_MIN_COLOUR_SHARE = 1e-3
# A target smaller than this share of the picture is too small to be meant, though it still makes others ambiguous.
_MIN_TARGET_SHARE = 5e-4
_MIN_STUFF_SHARE = 4e-3
_TRIES = 6


def name_thing(scene: Scene, phrasing: Phrasing, thing: Thing, most_claims: int = 3) -> Description | None:
    """A description that means this thing and nothing else; None when the tries found none.

    Args:
        scene: Where it stands.
        phrasing: Source of chance.
        thing: What to name.
        most_claims: Most modifiers to use.
    """
    if thing.merged or _share(scene, thing) < _MIN_TARGET_SHARE:
        return None
    terms = _terms_of(scene, thing)
    claims = claims_about(scene, thing)
    if phrasing.plain:
        terms, most_claims = [term for term in terms if len(term.sure) == 1][:1], 1
        claims = [claim for claim in claims if isinstance(claim, (HasColour, OnSide))]
    for attempt in range(_TRIES):
        # People say what is needed and now and then more: start short, and lengthen while the words fit others too.
        count = min(attempt // 2 + int(phrasing.chance(_ONE_MORE)), most_claims)
        drawn = _one_per_family(phrasing.shuffled(claims), count)
        description = Description(_draw_term(phrasing, terms, drawn), tuple(drawn))
        if count < most_claims and phrasing.chance(_PICK_SHARE):
            description = _with_pick(scene, phrasing, description, thing) or description
        found = single(scene, description)
        if found is not None and found.key == thing.key:
            return description
    return None


def claims_about(scene: Scene, thing: Thing) -> list[Predicate]:
    """Every claim of the grammar that is surely true of the thing."""
    options: list[Predicate] = [OnSide(side) for side in (*_SIDES, *_SIDES)]
    options.extend([AtEdge("left"), AtEdge("right"), FarAway()])
    if thing.known.colour is not None and thing.class_name in _COLOURED and _share(scene, thing) > _MIN_COLOUR_SHARE:
        # Colour is what people name first, and few things have one that is certain.
        options.extend([HasColour(thing.known.colour)] * 6)
    if thing.known.noun is not None:
        options.extend([IsKind(thing.known.noun)] * 4)
    for phrase in thing.known.phrases:
        if _can_see(scene, thing, phrase):
            options.extend([HasAttribute(phrase)] * 3)
    if thing.class_name in _ON_THE_GROUND:
        options.extend(StandsOn(ground) for ground in _GROUNDS)
    options.extend(SeenAgainst(background) for background in _BACKGROUNDS)
    present = {other.class_name for other in scene.things}
    for classes in _NEIGHBOURS:
        if classes & present and thing.class_name not in classes:
            options.append(NextTo(classes))
            options.extend([SideOf(classes, "left"), SideOf(classes, "right")])
            if classes <= _ON_THE_GROUND and thing.class_name in _ON_THE_GROUND:
                options.extend([InLineWith(classes, behind=True), InLineWith(classes, behind=False)])
    return [claim for claim in options if claim.holds(scene, thing)]


def _can_see(scene: Scene, thing: Thing, phrase: str) -> bool:
    """Whether the thing is large enough in the picture to tell the phrase."""
    least = max((_MIN_GARMENT_SHARE[garment.part] for garment in garments_of(phrase)), default=3e-4)
    return _share(scene, thing) >= least


def _share(scene: Scene, thing: Thing) -> float:
    """The share of the picture that it fills."""
    return thing.area_px / (scene.content_width * scene.content_height)


def thing_expression(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """A sentence about one thing."""
    if not scene.things:
        return None
    thing = draw_thing(phrasing, scene.things)
    description = name_thing(scene, phrasing, thing)
    if description is None:
        return None
    families = description.families
    kind = "class" if not families else families[0] if len(families) == 1 else "compound"
    return _positive(say_description(phrasing, description), kind, scene.mask(thing.key))


def draw_thing(phrasing: Phrasing, things: Sequence[Thing]) -> Thing:
    """A thing, its class drawn first so that a street of poles still yields cars and people, large ones favoured."""
    names = sorted({thing.class_name for thing in things})
    weights = np.array([_CLASS_WEIGHTS.get(name, _VEHICLE_OR_PERSON_WEIGHT) for name in names])
    name = names[int(phrasing.rng.choice(len(names), p=weights / weights.sum()))]
    mine = [thing for thing in things if thing.class_name == name]
    sizes = np.sqrt(np.array([thing.area_px for thing in mine], float))
    return mine[int(phrasing.rng.choice(len(mine), p=sizes / sizes.sum()))]


def group_expression(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """A sentence about several things together."""
    if not scene.things:
        return None
    thing = phrasing.one_of(scene.things)
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
    if mask.sum() < _MIN_TARGET_SHARE * scene.content_width * scene.content_height:
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
    if None in counts or total not in _COUNT_WORDS or any(_share(scene, t) < _MIN_TARGET_SHARE for t in chosen):
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


def _terms_of(scene: Scene, thing: Thing) -> list[Term]:
    terms = [term for term in TERMS if thing.class_name in term.sure]
    return [
        term for term in terms if not term.lone or (thing.known.noun is None and len(scene.of_class(*term.sure)) == 1)
    ]


def _draw_term(phrasing: Phrasing, terms: list[Term], claims: Sequence[Predicate]) -> Term:
    """A noun; the one that spans several classes is rarer, and cannot carry a narrower one."""
    own = [term for term in terms if len(term.sure) == 1]
    named = any(isinstance(claim, IsKind) for claim in claims)
    return phrasing.one_of(own if named or phrasing.chance(_OWN_NOUN_SHARE) else terms)


def _with_pick(scene: Scene, phrasing: Phrasing, description: Description, thing: Thing) -> Description | None:
    """The description narrowed by a size, a distance or an order that selects the thing among several."""
    fit = fitting(scene, description)
    if fit is None or len(fit) < 2:
        return None
    for pick in phrasing.shuffled(_PICKS):
        if pick.rank < len(fit) and select(scene, fit, pick) is thing:
            return replace(description, pick=pick)
    return None


def _one_per_family(claims: list[Predicate], count: int) -> list[Predicate]:
    chosen: dict[str, Predicate] = {}
    for claim in claims:
        if len(chosen) < count:
            chosen.setdefault(claim.family, claim)
    return list(chosen.values())


def _positive(text: str, kind: str, mask: NDArray[np.bool_]) -> Expression:
    return Expression(text=text, kind=kind, target=Target.OBJECT, exists=True, object_mask=mask, region_mask=None)
