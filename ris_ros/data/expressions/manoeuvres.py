"""Manoeuvre commands in a passenger's words, each with the road it asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import regions
from ris_ros.data.expressions.attributes import phrase_holds
from ris_ros.data.expressions.frames import frame_command, spoken
from ris_ros.data.expressions.ground import GroundView, stands_on_ground
from ris_ros.data.expressions.manoeuvre_table import MANOEUVRES, Manoeuvre
from ris_ros.data.expressions.naming import can_name, draw_thing, name_thing
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.realise import noun_phrase
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.types import Target

_SENTENCE_SHARE = 0.22
REGION_KINDS: tuple[str, ...] = tuple(dict.fromkeys(manoeuvre.kind for manoeuvre in MANOEUVRES))


def region_expression(scene: Scene, phrasing: Phrasing, view: GroundView | None, kind: str) -> Expression | None:
    """A manoeuvre command of this kind and the road it asks for; None when the scene offers none."""
    if view is None:
        return None
    manoeuvre = phrasing.one_of([m for m in MANOEUVRES if m.kind == kind])
    if manoeuvre.about == "us":
        return _command(manoeuvre, say(phrasing, manoeuvre), regions.ABOUT_US[manoeuvre.region](view), None)
    if manoeuvre.about == "side":
        side = phrasing.one_of(("left", "right"))
        return _command(
            manoeuvre, say(phrasing, manoeuvre, side=side), regions.ABOUT_A_SIDE[manoeuvre.region](view, side), None
        )
    things = [
        thing
        for thing in scene.of_class(*manoeuvre.classes)
        if can_name(scene, thing) and stands_on_ground(thing) and not _is_any(thing, manoeuvre.not_when)
    ]
    if not things:
        return None
    thing = draw_thing(phrasing, things)
    region = regions.ABOUT_A_THING[manoeuvre.region](view, thing)
    description = name_thing(scene, phrasing, thing, most_claims=2) if region is not None else None
    if description is None:
        return None
    text = say(phrasing, manoeuvre, noun_phrase(phrasing, description))
    return _command(manoeuvre, text, region, scene.mask(thing.key))


def _is_any(thing: Thing, states: frozenset[str]) -> bool:
    return any(thing.known.noun == state or phrase_holds(state, thing.known.phrases) for state in states)


def say(phrasing: Phrasing, manoeuvre: Manoeuvre, noun_words: str = "", side: str = "") -> str:
    """One utterance of the manoeuvre, with the thing's name (without article) or the side filled in."""
    named = f"{'that' if phrasing.chance(0.25) else 'the'} {noun_words}"
    if manoeuvre.sentences is not None and phrasing.chance(_SENTENCE_SHARE):
        return spoken(phrasing, phrasing.pick(manoeuvre.sentences).replace("{x}", named))
    return frame_command(phrasing, phrasing.pick(manoeuvre.wordings).replace("{x}", named).replace("{side}", side))


def _command(
    manoeuvre: Manoeuvre, text: str, region: NDArray[np.bool_] | None, named: NDArray[np.bool_] | None
) -> Expression | None:
    if region is None:
        return None
    return Expression(
        text=text, kind=manoeuvre.kind, target=Target.REGION, exists=True, object_mask=named, region_mask=region
    )
