"""Sentences about what is not there, each checked against the scene.

The five kinds of Wu et al., "Towards Robust Referring Image Segmentation" (TIP 2024): an absent class, a colour that
contradicts every thing of the class, a place or a count that nothing fits, an attribute that nothing has, and a
relation to something that is not beside it. Each is made from a description that could be true and is kept only when
:func:`~ris_ros.data.expressions.describe.absent` proves that nothing fits.
"""

from __future__ import annotations

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.colours import COLOURS
from ris_ros.data.expression import Expression
from ris_ros.data.expressions.describe import Description, Pick, absent, can_deny
from ris_ros.data.expressions.frames import frame_name
from ris_ros.data.expressions.lexicon import (
    ABSENT_THINGS,
    HELD_OUT_ABSENT_THINGS,
    HIDES_UNDER,
    STUFF,
    TERMS,
    VEHICLES,
    Term,
)
from ris_ros.data.expressions.manoeuvres import MANOEUVRES, say
from ris_ros.data.expressions.objects import claims_about, draw_thing
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import (
    HasAttribute,
    HasColour,
    InLineWith,
    NextTo,
    OnSide,
    Predicate,
    SideOf,
    StandsOn,
)
from ris_ros.data.expressions.realise import noun_phrase, side_words, stuff_name
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.utter import say_description
from ris_ros.types import Target

NEGATIVE_KINDS: tuple[str, ...] = (
    "absent_class",
    "wrong_colour",
    "wrong_place",
    "wrong_attribute",
    "wrong_relation",
    "absent_in_command",
)

_PAINTS: tuple[str, ...] = ("white", "black", "red", "blue", "green", "yellow", "orange", "pink", "purple")
_NEIGHBOURS: tuple[str, ...] = ("car", "pedestrian", "bicyclist", "van", "truck", "bus", "cone")
_VEHICLE_STATES: tuple[str, ...] = ("parked", "oncoming", "driving ahead")
_GARMENT_SHARE = 0.3
_STUFF_SHARE = 0.25
_PLURAL_SHARE = 0.15


def negative_expression(scene: Scene, phrasing: Phrasing, kind: str) -> Expression | None:
    """A sentence of this kind that is certainly false in the scene; None when none was found."""
    if kind == "absent_class":
        return _absent_class(scene, phrasing)
    if kind == "absent_in_command":
        return _absent_in_command(scene, phrasing)
    if kind == "wrong_place" and phrasing.chance(_STUFF_SHARE):
        return _stuff_elsewhere(scene, phrasing)
    description = _false_description(scene, phrasing, kind)
    if description is None:
        return None
    plural = description.pick is None and kind != "wrong_place" and phrasing.chance(_PLURAL_SHARE)
    return _negative(scene, say_description(phrasing, description, plural=plural), kind, Target.OBJECT)


def _absent_class(scene: Scene, phrasing: Phrasing) -> Expression | None:
    if phrasing.chance(0.3):
        name = absent_thing(scene, phrasing)
        if name is None:
            return None
        words = name if phrasing.chance(0.6) else f"{phrasing.one_of(_PAINTS)} {name}"
        return _negative(
            scene, frame_name(phrasing, words, plural=False, definite=False), "absent_class", Target.OBJECT
        )
    if phrasing.chance(0.15):
        gone = [name for name in STUFF if not scene.class_area_px[BY_NAME[name].id] and name != "building"]
        if not gone:
            return None
        return _negative(
            scene,
            frame_name(phrasing, stuff_name(phrasing, phrasing.one_of(gone)), plural=False),
            "absent_class",
            Target.OBJECT,
        )
    description = _absent_term(scene, phrasing)
    if description is None:
        return None
    plural = phrasing.chance(_PLURAL_SHARE)
    return _negative(scene, say_description(phrasing, description, plural=plural), "absent_class", Target.OBJECT)


def absent_thing(scene: Scene, phrasing: Phrasing) -> str | None:
    """Something that no street shows, and that no class in this picture could hide."""
    held_out = phrasing.split == "heldout" or (phrasing.split == "all" and phrasing.chance(0.2))
    name = phrasing.one_of([n for n in ABSENT_THINGS if (n in HELD_OUT_ABSENT_THINGS) == held_out])
    if any(scene.class_area_px[BY_NAME[hidden].id] for hidden in ABSENT_THINGS[name]):
        return None
    phrasing.used_held_out = phrasing.used_held_out or held_out
    return name


def _absent_term(scene: Scene, phrasing: Phrasing) -> Description | None:
    """A noun whose classes are not there, with or without a modifier to dress it."""
    terms = [term for term in TERMS if not term.lone and not _present(scene, term) and can_deny(scene, term)]
    if not terms:
        return None
    term = phrasing.one_of(terms)
    dress: list[Predicate] = [OnSide("left"), OnSide("right"), OnSide("ahead")]
    if term.sure <= VEHICLES:
        dress.append(HasColour(phrasing.one_of(_PAINTS)))
    claims = (phrasing.one_of(dress),) if phrasing.chance(0.5) else ()
    description = Description(term, claims)
    return description if absent(scene, description) else None


def _present(scene: Scene, term: Term) -> bool:
    """Whether a pixel of the noun's classes is seen, or of one that could pass for it or hide it."""
    names = (
        term.sure
        | term.maybe
        | {HIDES_UNDER[name] for name in term.sure if name in HIDES_UNDER and name not in scene.image.known_classes}
    )
    return any(scene.class_area_px[BY_NAME[name].id] for name in names)


def _false_description(scene: Scene, phrasing: Phrasing, kind: str) -> Description | None:
    """A description of something present with one claim turned false."""
    things = [thing for thing in scene.things if _suits(thing, kind)]
    if not things:
        return None
    thing = draw_thing(phrasing, things)
    term = phrasing.one_of([t for t in TERMS if thing.class_name in t.sure and not t.lone])
    wrong = _wrong_claim(scene, phrasing, thing, kind)
    if wrong is None:
        return None
    if isinstance(wrong, Pick):
        description = Description(term, (), wrong)
    else:
        extra: tuple[Predicate, ...] = ()
        if phrasing.chance(0.25):
            true_ones = [claim for claim in claims_about(scene, thing) if claim.family != wrong.family]
            extra = (phrasing.one_of(true_ones),) if true_ones else ()
        description = Description(term, (wrong, *extra))
    return description if absent(scene, description) else None


def _stuff_elsewhere(scene: Scene, phrasing: Phrasing) -> Expression | None:
    """An area sought on the side where there is none of it, such as a pavement on the right."""
    name = phrasing.one_of(("building", "sidewalk", "tree", "fence"))
    side = phrasing.one_of(("left", "right"))
    sides = scene.sides(name)
    if side in sides or not sides or (scene.class_mask(name) & ~next(iter(sides.values()))).any():
        return None
    stuff = phrasing.one_of(STUFF[name])
    words = f"{phrasing.pick(stuff.names)} {side_words(phrasing, side)}"
    return _negative(scene, frame_name(phrasing, words, plural=stuff.plural), "wrong_place", Target.OBJECT)


def _wrong_claim(scene: Scene, phrasing: Phrasing, thing: Thing, kind: str) -> Predicate | Pick | None:
    if kind == "wrong_colour":
        return HasColour(phrasing.one_of(_PAINTS))
    if kind == "wrong_place":
        if phrasing.chance(0.35):
            count = len(scene.of_class(thing.class_name))
            return Pick(phrasing.one_of(("from_left", "from_right")), count) if 1 <= count <= 4 else None
        if phrasing.chance(0.3) and thing.class_name in VEHICLES | {"pedestrian", "bicyclist"}:
            return StandsOn(phrasing.one_of(("road", "sidewalk")))
        return OnSide(phrasing.one_of(("left", "right", "ahead")))
    if kind == "wrong_attribute":
        # A red jacket where all are blue, or something oncoming where all is parked.
        if phrasing.chance(_GARMENT_SHARE) or thing.class_name not in VEHICLES:
            return HasAttribute(_recoloured(phrasing, phrasing.one_of(thing.known.phrases)))
        return HasAttribute(phrasing.one_of(_VEHICLE_STATES))
    neighbours = [
        frozenset({name}) for name in _NEIGHBOURS if name != thing.class_name and can_deny(scene, _term_of(name))
    ]
    if not neighbours:
        return None
    classes = phrasing.one_of(neighbours)
    if phrasing.chance(0.25):
        return InLineWith(classes, behind=phrasing.chance(0.5))
    return NextTo(classes) if phrasing.chance(0.6) else SideOf(classes, phrasing.one_of(("left", "right")))


def _suits(thing: Thing, kind: str) -> bool:
    """Whether a false claim of this kind can be made of the thing."""
    if kind == "wrong_colour":
        return thing.class_name in VEHICLES and thing.info.colour is not None
    return kind != "wrong_attribute" or bool(thing.known.phrases)


def _recoloured(phrasing: Phrasing, attribute: str) -> str:
    """The attribute with its colour word swapped: "wearing a red jacket" -> "wearing a green jacket"."""
    words = attribute.split()
    return " ".join(phrasing.one_of(_PAINTS) if word in COLOURS else word for word in words)


def _term_of(class_name: str) -> Term:
    return next(term for term in TERMS if term.sure == {class_name})


def _absent_in_command(scene: Scene, phrasing: Phrasing) -> Expression | None:
    manoeuvre = phrasing.one_of([m for m in MANOEUVRES if m.about == "thing"])
    way = float(phrasing.rng.random())
    if way < 0.15:
        words = absent_thing(scene, phrasing)
    else:
        kinds = ("wrong_colour", "wrong_place", "wrong_attribute", "wrong_relation")
        description = _absent_term(scene, phrasing) if way < 0.5 else None
        if way >= 0.5:
            description = _false_description(scene, phrasing, phrasing.one_of(kinds))
        fits = description is not None and description.term.sure & manoeuvre.classes
        words = noun_phrase(phrasing, description) if description is not None and fits else None
    if words is None:
        return None
    return _negative(scene, say(phrasing, manoeuvre, words), "absent_in_command", Target.REGION)


def _negative(scene: Scene, text: str, kind: str, target: Target) -> Expression:
    nothing = np.zeros((scene.height, scene.width), np.bool_)
    return Expression(text=text, kind=kind, target=target, exists=False, object_mask=nothing, region_mask=nothing)
