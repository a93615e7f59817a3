"""Sentences about what is not there, each checked against the scene.

After the five methods of Wu et al., "Towards Robust Referring Image Segmentation" (TIP 2024): a sentence that belongs
to another picture (``absent_class``), the noun exchanged (``wrong_class``), a colour or an attribute that contradicts
every thing of the class (``wrong_colour``, ``wrong_attribute``), a place or a count that nothing fits
(``wrong_place``), and a relation to what is not there (``wrong_relation``); ``absent_in_command`` is any of these in a
manoeuvre. All but the first are true names with one slot changed, and each is kept only when
:func:`~ris_ros.data.expressions.describe.absent` proves that nothing fits.
"""

from __future__ import annotations

import numpy as np

from ris_ros.data.classes import BY_NAME
from ris_ros.data.expression import Expression
from ris_ros.data.expressions.describe import Description, absent, can_deny, can_deny_anything
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
from ris_ros.data.expressions.manoeuvre_table import MANOEUVRES
from ris_ros.data.expressions.manoeuvres import say
from ris_ros.data.expressions.near_misses import NEAR_MISS_KINDS, PAINTS, near_miss
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import HasColour, IsKind, OnSide, Predicate
from ris_ros.data.expressions.realise import noun_phrase, side_words, stuff_name
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.expressions.utter import say_description
from ris_ros.types import Target

NEGATIVE_KINDS: tuple[str, ...] = ("absent_class", *NEAR_MISS_KINDS, "absent_in_command")

_STUFF_SHARE = 0.25
_PLURAL_SHARE = 0.15


def negative_expression(scene: Scene, phrasing: Phrasing, kind: str) -> Expression | None:
    """A sentence of this kind that is certainly false in the scene; None when none was found."""
    if not can_deny_anything(scene):
        return None
    if kind == "absent_class":
        return _absent_class(scene, phrasing)
    if kind == "absent_in_command":
        return _absent_in_command(scene, phrasing)
    if kind == "wrong_place" and phrasing.chance(_STUFF_SHARE):
        return _stuff_elsewhere(scene, phrasing)
    description = near_miss(scene, phrasing, kind)
    if description is None:
        return None
    named = any(isinstance(claim, IsKind) for claim in description.claims)
    plural = description.pick is None and not named and kind != "wrong_place" and phrasing.chance(_PLURAL_SHARE)
    return _negative(scene, say_description(phrasing, description, plural=plural), kind, Target.OBJECT)


def _absent_class(scene: Scene, phrasing: Phrasing) -> Expression | None:
    if phrasing.chance(0.3):
        name = absent_thing(scene, phrasing)
        if name is None:
            return None
        words = name if phrasing.chance(0.6) else f"{phrasing.one_of(PAINTS)} {name}"
        return _negative(
            scene, frame_name(phrasing, words, plural=False, definite=False), "absent_class", Target.OBJECT
        )
    if phrasing.chance(0.15):
        known = scene.image.known_classes - {"building"}
        gone = [name for name in STUFF if name in known and not scene.class_area_px[BY_NAME[name].id]]
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
        dress.append(HasColour(phrasing.one_of(PAINTS)))
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


def _absent_in_command(scene: Scene, phrasing: Phrasing) -> Expression | None:
    manoeuvre = phrasing.one_of([m for m in MANOEUVRES if m.about == "thing"])
    way = float(phrasing.rng.random())
    if way < 0.1:
        words = absent_thing(scene, phrasing)
    else:
        near = way > 0.25
        description = (
            near_miss(scene, phrasing, phrasing.one_of(NEAR_MISS_KINDS)) if near else _absent_term(scene, phrasing)
        )
        fits = description is not None and description.term.sure & manoeuvre.classes
        words = noun_phrase(phrasing, description) if description is not None and fits else None
    if words is None:
        return None
    return _negative(scene, say(phrasing, manoeuvre, words), "absent_in_command", Target.REGION)


def _negative(scene: Scene, text: str, kind: str, target: Target) -> Expression:
    nothing = np.zeros((scene.height, scene.width), np.bool_)
    return Expression(text=text, kind=kind, target=target, exists=False, object_mask=nothing, region_mask=nothing)
