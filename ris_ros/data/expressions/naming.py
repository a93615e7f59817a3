"""Names of things: descriptions that mean one thing and nothing else in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ris_ros.data.expressions.attributes import garments_of
from ris_ros.data.expressions.describe import Description, Pick, fitting, select, single
from ris_ros.data.expressions.lexicon import TERMS, VEHICLES, Term
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import (
    AtEdge,
    FarAway,
    HasAttribute,
    HasColour,
    IsKind,
    OnSide,
    Predicate,
    SeenAgainst,
    Side,
    StandsOn,
)
from ris_ros.data.expressions.relations import InLineWith, NextTo, SideOf
from ris_ros.data.expressions.scene import Scene, Thing

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
# On one side people count by distance: "the second car on the right".
_SIDED_PICKS: tuple[Pick, ...] = (Pick("biggest"), Pick("furthest"), *(Pick("nearest", rank) for rank in range(3)))
_VEHICLE_OR_PERSON_WEIGHT = 4.0
_CLASS_WEIGHTS: dict[str, float] = {"traffic light": 2.5, "cone": 1.2, "sign": 1.2, "pole": 0.5}
_PICK_SHARE = 0.35
_ONE_MORE = 0.5
_OWN_NOUN_SHARE = 0.6
_NARROW_NOUN_SHARE = 0.4
_MIN_COLOUR_SHARE = 1e-3
# A target smaller than this share of the picture is too small to be meant, though it still makes others ambiguous.
MIN_TARGET_SHARE = 5e-4
_TRIES = 6


def name_thing(
    scene: Scene, phrasing: Phrasing, thing: Thing, most_claims: int = 3, *, related: bool = True
) -> Description | None:
    """A description that means this thing and nothing else; None when the tries found none.

    Args:
        scene: Where it stands.
        phrasing: Source of chance.
        thing: What to name.
        most_claims: Most modifiers to use.
        related: Whether it may be named by how it stands to others.
    """
    if not can_name(scene, thing):
        return None
    terms = terms_of(scene, thing)
    claims = claims_about(scene, thing)
    if not related:
        claims = [claim for claim in claims if claim.family != "relation"]
    if phrasing.plain:
        terms, most_claims = [term for term in terms if len(term.sure) == 1][:1], 1
        claims = [claim for claim in claims if isinstance(claim, (HasColour, OnSide))]
    # A narrower noun takes the place of another word and adds none.
    noun = [claim for claim in claims if isinstance(claim, IsKind)][:1]
    claims = [claim for claim in claims if not isinstance(claim, IsKind)]
    for attempt in range(_TRIES):
        # People say what is needed and now and then more: start short, and lengthen while the words fit others too.
        count = min(attempt // 2 + int(phrasing.chance(_ONE_MORE)), most_claims)
        drawn = _one_per_family(phrasing.shuffled(claims), count)
        if noun and (phrasing.chance(_NARROW_NOUN_SHARE) or not attempt):
            drawn = [*noun, *drawn]
        description = Description(_draw_term(phrasing, terms, drawn), tuple(drawn))
        if count < most_claims and phrasing.chance(_PICK_SHARE):
            description = _with_pick(scene, phrasing, description, thing) or description
        found = single(scene, description)
        if found is not None and found.key == thing.key:
            return description
    return None


def claims_about(scene: Scene, thing: Thing) -> list[Predicate]:
    """Every claim of the grammar that is surely true of the thing; what is said often is there several times."""
    if thing.key not in scene.claims:
        scene.claims[thing.key] = _find_claims(scene, thing)
    return list(scene.claims[thing.key])


def _find_claims(scene: Scene, thing: Thing) -> list[Predicate]:
    options: list[Predicate] = [OnSide(side) for side in (*_SIDES, *_SIDES)]
    options.extend([AtEdge("left"), AtEdge("right"), FarAway()])
    if thing.known.colour is not None and thing.class_name in _COLOURED and share_of(scene, thing) > _MIN_COLOUR_SHARE:
        # Colour is what people name first, and few things have one that is certain.
        options.extend([HasColour(thing.known.colour)] * 6)
    if thing.known.noun is not None:
        options.extend([IsKind(thing.known.noun)] * 4)
    for phrase in thing.known.phrases:
        if _can_see(scene, thing, phrase):
            options.extend([HasAttribute(phrase)] * 4)
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
    return share_of(scene, thing) >= least


def can_name(scene: Scene, thing: Thing) -> bool:
    """Whether a thing is one, and large enough to be meant."""
    return not thing.merged and share_of(scene, thing) >= MIN_TARGET_SHARE


def share_of(scene: Scene, thing: Thing) -> float:
    """The share of the picture that it fills."""
    return thing.area_px / (scene.content_width * scene.content_height)


def draw_thing(phrasing: Phrasing, things: Sequence[Thing]) -> Thing:
    """A thing, its class drawn first so that a street of poles still yields cars and people, large ones favoured."""
    names = sorted({thing.class_name for thing in things})
    weights = np.array([_CLASS_WEIGHTS.get(name, _VEHICLE_OR_PERSON_WEIGHT) for name in names])
    name = names[int(phrasing.rng.choice(len(names), p=weights / weights.sum()))]
    mine = [thing for thing in things if thing.class_name == name]
    sizes = np.sqrt(np.array([thing.area_px for thing in mine], float))
    return mine[int(phrasing.rng.choice(len(mine), p=sizes / sizes.sum()))]


def terms_of(scene: Scene, thing: Thing) -> list[Term]:
    """Nouns for one thing."""
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
    sided = any(isinstance(claim, (OnSide, AtEdge)) and claim.side != "ahead" for claim in description.claims)
    for pick in phrasing.shuffled(_SIDED_PICKS if sided else _PICKS):
        if pick.rank < len(fit) and select(scene, fit, pick) is thing:
            return replace(description, pick=pick)
    return None


def _one_per_family(claims: list[Predicate], count: int) -> list[Predicate]:
    chosen: dict[str, Predicate] = {}
    for claim in claims:
        if len(chosen) < count:
            chosen.setdefault(claim.family, claim)
    return list(chosen.values())
