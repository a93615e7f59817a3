"""True names of things with exactly one slot turned false: what people ask for when they err, or test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ris_ros.data.colours import COLOURS, colours_differ
from ris_ros.data.expressions.attributes import garments_of
from ris_ros.data.expressions.describe import Description, Pick, absent, can_deny
from ris_ros.data.expressions.lexicon import TERMS, VEHICLES, Term
from ris_ros.data.expressions.naming import can_name, draw_thing, name_thing
from ris_ros.data.expressions.nouns import noun_fits
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import AtEdge, HasAttribute, HasColour, IsKind, OnSide, Predicate, StandsOn
from ris_ros.data.expressions.relating import relate_thing
from ris_ros.data.expressions.relations import InLineWith, NextTo, RelatedTo, SideOf
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.standing import OPPOSITE

PAINTS: tuple[str, ...] = ("white", "black", "red", "blue", "green", "yellow", "orange", "silver", "grey", "brown")
_CLOTH: tuple[str, ...] = (
    "white", "black", "red", "blue", "green", "yellow", "orange", "pink", "grey", "brown", "purple",
)  # fmt: skip
_LIGHTS: tuple[str, ...] = ("red", "green")
_NEIGHBOURS: tuple[str, ...] = ("car", "pedestrian", "bicyclist", "van", "truck", "bus", "cone", "traffic light")
# What is mistaken for what.
_SIBLINGS: dict[str, tuple[str, ...]] = {
    "car": ("van", "truck", "bus"), "van": ("truck", "car", "bus"), "truck": ("bus", "van", "car"),
    "bus": ("truck", "van", "car"), "pedestrian": ("bicyclist",), "bicyclist": ("pedestrian",),
    "sign": ("traffic light",), "traffic light": ("sign",), "pole": ("sign", "cone"), "cone": ("pole",),
}  # fmt: skip
_NOUN_SIBLINGS: tuple[frozenset[str], ...] = (
    frozenset({"man", "woman", "child"}),
    frozenset({"hatchback", "SUV", "sports car", "people carrier", "taxi", "estate car", "sedan"}),
    frozenset({"lorry", "pickup truck"}),
    frozenset({"coach", "double-decker bus"}),
    frozenset({"round sign", "triangle sign", "board sign"}),
    frozenset({"street lamp", "bollard"}),
)
_STATES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(VEHICLES, ("parked", "oncoming", "driving ahead")),
    "pedestrian": ("walking", "standing"),
    "bicyclist": ("oncoming", "riding ahead"),
    "traffic light": ("showing green", "showing red"),
}
_SIDE_TURNED = {"left": "right", "right": "left"}

NEAR_MISS_KINDS: tuple[str, ...] = ("wrong_class", "wrong_colour", "wrong_attribute", "wrong_place", "wrong_relation")
_NAMED_RELATION_SHARE = 0.4
_TRIES = 4


def near_miss(scene: Scene, phrasing: Phrasing, kind: str) -> Description | None:
    """A description that fits nothing in the scene, one slot away from what is true of something in it."""
    things = [
        thing
        for thing in scene.things
        if can_name(scene, thing)
        and (kind != "wrong_colour" or thing.class_name in _COLOURABLE)
        and (kind == "wrong_class" or can_deny(scene, _own_term(thing.class_name)))
    ]
    if not things:
        return None
    for _ in range(_TRIES):
        thing = draw_thing(phrasing, things)
        # Most are short: a long description has other true words to hide behind, a short one stands and falls with one.
        true = name_thing(scene, phrasing, thing, most_claims=2) or Description(_own_term(thing.class_name))
        if kind != "wrong_class" and true.term.lone:
            continue
        wrong = _TURNED[kind](scene, phrasing, thing, true)
        if wrong is not None and absent(scene, wrong):
            return wrong
    return None


def _wrong_class(scene: Scene, phrasing: Phrasing, thing: Thing, true: Description) -> Description | None:
    kind = next((claim for claim in true.claims if isinstance(claim, IsKind)), None)
    if kind is not None and phrasing.chance(0.7):
        other = _other_noun(phrasing, kind.kind)
        return _with_claim(true, kind, IsKind(other)) if other else None
    name = phrasing.one_of(_SIBLINGS[thing.class_name])
    kept = tuple(claim for claim in true.claims if not isinstance(claim, IsKind) and _suits(claim, name))
    return Description(_own_term(name), kept, None if true.pick and true.pick.rank else true.pick)


def _wrong_colour(scene: Scene, phrasing: Phrasing, thing: Thing, true: Description) -> Description | None:
    colour = phrasing.one_of(_LIGHTS if thing.class_name == "traffic light" else PAINTS)
    if thing.known.colour is not None and not colours_differ(thing.known.colour, colour):
        return None
    told = next((claim for claim in true.claims if isinstance(claim, HasColour)), None)
    return _with_claim(true, told, HasColour(colour))


def _wrong_attribute(scene: Scene, phrasing: Phrasing, thing: Thing, true: Description) -> Description | None:
    told = [claim for claim in true.claims if isinstance(claim, HasAttribute)]
    phrase = phrasing.one_of(thing.known.phrases) if thing.known.phrases else ""
    base = told[0] if told else None
    if garments_of(phrase) and any(word in COLOURS for word in phrase.split()) and phrasing.chance(0.75):
        return _with_claim(true, base, HasAttribute(_recoloured(phrasing, phrase)))
    states = _STATES.get(thing.class_name)
    return _with_claim(true, base, HasAttribute(phrasing.one_of(states))) if states else None


def _wrong_place(scene: Scene, phrasing: Phrasing, thing: Thing, true: Description) -> Description | None:
    if true.pick is not None and true.pick.by in ("from_left", "from_right"):
        count = len(scene.of_class(*true.term.sure))
        return replace(true, pick=Pick(true.pick.by, count)) if count <= 4 else None
    told = next((claim for claim in true.claims if isinstance(claim, (OnSide, AtEdge, StandsOn))), None)
    if isinstance(told, AtEdge):
        return _with_claim(true, told, AtEdge("right" if told.side == "left" else "left"))
    if isinstance(told, StandsOn):
        return _with_claim(true, told, StandsOn("sidewalk" if told.ground == "road" else "road"))
    if told is not None and told.side != "ahead":
        return _with_claim(true, told, OnSide("right" if told.side == "left" else "left"))
    return _with_claim(true, told, OnSide(phrasing.one_of(("left", "right", "ahead"))))


def _wrong_relation(scene: Scene, phrasing: Phrasing, thing: Thing, true: Description) -> Description | None:
    if phrasing.chance(_NAMED_RELATION_SHARE):
        related = relate_thing(scene, phrasing, thing, nested=False)
        claim = next((claim for claim in related.claims if isinstance(claim, RelatedTo)), None) if related else None
        if related is not None and claim is not None and claim.relation in OPPOSITE:
            return _with_claim(related, claim, replace(claim, relation=OPPOSITE[claim.relation]))
    told = next((claim for claim in true.claims if isinstance(claim, (NextTo, SideOf, InLineWith))), None)
    if isinstance(told, SideOf) and phrasing.chance(0.6):
        return _with_claim(true, told, SideOf(told.classes, "right" if told.side == "left" else "left"))
    if isinstance(told, InLineWith) and phrasing.chance(0.6):
        return _with_claim(true, told, InLineWith(told.classes, not told.behind))
    names = [name for name in _NEIGHBOURS if name != thing.class_name and can_deny(scene, _own_term(name))]
    if not names:
        return None
    classes = frozenset({phrasing.one_of(names)})
    if phrasing.chance(0.2) and not classes & {"traffic light"}:
        return _with_claim(true, told, InLineWith(classes, behind=phrasing.chance(0.5)))
    wrong = NextTo(classes) if phrasing.chance(0.65) else SideOf(classes, phrasing.one_of(("left", "right")))
    return _with_claim(true, told, wrong)


_TURNED: dict[str, Callable[[Scene, Phrasing, Thing, Description], Description | None]] = {
    "wrong_class": _wrong_class, "wrong_colour": _wrong_colour, "wrong_attribute": _wrong_attribute,
    "wrong_place": _wrong_place, "wrong_relation": _wrong_relation,
}  # fmt: skip
_COLOURABLE = VEHICLES | {"traffic light", "sign"}


def _with_claim(true: Description, told: Predicate | None, wrong: Predicate) -> Description:
    """The description with one claim in place of another, or of none."""
    return replace(true, claims=(wrong, *(claim for claim in true.claims if claim is not told)))


def _own_term(class_name: str) -> Term:
    return next(term for term in TERMS if term.sure == {class_name})


def _other_noun(phrasing: Phrasing, noun: str) -> str | None:
    for siblings in _NOUN_SIBLINGS:
        if noun in siblings:
            others = [other for other in sorted(siblings) if noun_fits(other, noun) is False]
            return phrasing.one_of(others) if others else None
    return None


def _suits(claim: Predicate, class_name: str) -> bool:
    """Whether a claim makes sense of a thing of another class."""
    if isinstance(claim, HasColour):
        return class_name in _COLOURABLE
    if isinstance(claim, HasAttribute):
        return class_name in VEHICLES and claim.attribute in _STATES["car"]
    return not (isinstance(claim, (NextTo, SideOf, InLineWith)) and class_name in claim.classes)


def _recoloured(phrasing: Phrasing, phrase: str) -> str:
    """The phrase with its colour words swapped: "wearing a red jacket" -> "wearing a green jacket"."""
    return " ".join(phrasing.one_of(_CLOTH) if word in COLOURS else word for word in phrase.split())
