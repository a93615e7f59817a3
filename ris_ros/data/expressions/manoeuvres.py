"""Manoeuvre commands in a passenger's words, each with the road it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import regions
from ris_ros.data.expressions.attributes import phrase_holds
from ris_ros.data.expressions.frames import frame_command, spoken
from ris_ros.data.expressions.ground import GroundView, stands_on_ground
from ris_ros.data.expressions.lexicon import VEHICLES
from ris_ros.data.expressions.nouns import RIDERLESS
from ris_ros.data.expressions.objects import draw_thing, name_thing
from ris_ros.data.expressions.phrasing import Choice, Phrasing
from ris_ros.data.expressions.realise import noun_phrase
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.types import Target

_ANYTHING: frozenset[str] = VEHICLES | {"pedestrian", "bicyclist", "cone", "pole"}
_TRAFFIC: frozenset[str] = VEHICLES | {"bicyclist"}
_IN_THE_WAY: frozenset[str] = frozenset({"oncoming", "crossing"})
_SENTENCE_SHARE = 0.25
_PEOPLE: frozenset[str] = frozenset({"pedestrian", "bicyclist"})


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """One meaning and its wordings.

    Attributes:
        kind: Family, for figures by kind.
        region: Name in :mod:`~ris_ros.data.expressions.regions`.
        about: Whether the wording names a thing (``{x}``), a side (``{side}``), or neither.
        wordings: Verb phrases.
        classes: Classes of the thing that may be named.
        sentences: Whole utterances with the same meaning.
        not_when: Attributes of a thing that make no sense with it: nobody parks behind oncoming traffic.
    """

    kind: str
    region: str
    about: Literal["thing", "side", "us"]
    wordings: Choice
    classes: frozenset[str] = frozenset()
    sentences: Choice | None = None
    not_when: frozenset[str] = frozenset()


MANOEUVRES: tuple[Manoeuvre, ...] = (
    Manoeuvre(
        "park", "behind", "thing",
        Choice(
            ("park behind {x}", "park right behind {x}", "pull in behind {x}", "pull up behind {x}",
             "park just behind {x}", "get in the spot behind {x}"),
            ("find me a space at the back of {x}", "leave the car behind {x}", "tuck in behind {x}"),
        ),
        VEHICLES, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "park", "beyond", "thing",
        Choice(
            ("park in front of {x}", "drive past {x} and park in front of it", "pull in ahead of {x}",
             "pull over in front of {x}"),
            ("leave the car ahead of {x}", "go around and stop just past {x}"),
        ),
        VEHICLES, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "park", "beside", "thing",
        Choice(
            ("park next to {x}", "park beside {x}", "park near {x}", "park by {x}", "park close to {x}",
             "find a spot next to {x}"),
            ("leave the car alongside {x}", "find a place to park over by {x}"),
        ),
        _ANYTHING, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "beside", "thing",
        Choice(
            ("stop next to {x}", "stop near {x}", "stop beside {x}", "drop me off near {x}", "let me out next to {x}",
             "pull up next to {x}", "pull over by {x}", "pull over next to {x}"),
            ("drop me by {x}", "halt alongside {x}", "get me as close as you can to {x}"),
        ),
        _ANYTHING, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "beside", "thing",
        Choice(
            ("stop next to {x}", "pick up {x}", "stop by {x}", "pull over near {x}"),
            ("collect {x}", "let {x} get in"),
        ),
        frozenset({"pedestrian"}),
        Choice(
            ("{x} is waiting for me, stop there", "I know {x}, stop next to them",
             "I need to talk to {x}, pull over nearby",
             "there is my friend, {x}, stop near them", "{x} is who we are picking up, pull up there"),
            ("I see my brother, {x}, pick him up", "wait, {x} is my colleague, get close to her"),
        ),
    ),
    Manoeuvre(
        "stop", "short_of", "thing",
        Choice(
            ("stop before {x}", "stop in front of {x}", "come to a stop before you reach {x}", "halt before {x}"),
            ("brake ahead of {x}", "go no further than {x}"),
        ),
        _PEOPLE | {"cone"},
    ),
    Manoeuvre(
        "stop", "behind", "thing",
        Choice(
            ("stop behind {x}", "wait behind {x}", "queue behind {x}", "stay behind {x}"),
            ("hold back behind {x}", "line up after {x}"),
        ),
        _TRAFFIC, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "here", "us",
        Choice(
            ("stop here", "stop right here", "stop the car", "wait here", "stop now", "let me out here",
             "pull up right here", "brake"),
            ("halt", "come to a standstill", "hold it here"),
        ),
    ),
    Manoeuvre(
        "wait", "short_of", "thing",
        Choice(
            ("wait for {x}", "let {x} cross", "slow down for {x}", "give way to {x}", "let {x} go first",
             "wait until {x} has crossed", "yield to {x}"),
            ("hang on until {x} is gone", "ease off for {x}", "allow {x} to pass"),
        ),
        _PEOPLE | VEHICLES,
        Choice(
            ("careful, slow down, there is {x}", "watch out for {x}, brake", "slow down, {x} is in our way"),
            ("easy, mind {x}",),
        ),
        frozenset({"parked"}),
    ),
    Manoeuvre(
        "follow", "towards", "thing",
        Choice(
            ("follow {x}", "keep following {x}", "go after {x}", "drive behind {x}", "stay with {x}",
             "go the same way as {x}"),
            ("tail {x}", "stick with {x}", "trail {x}", "keep up with {x}"),
        ),
        _TRAFFIC,
        Choice(("{x} knows the way, follow it", "don't lose {x}"),
        ("the place is where {x} is heading, go after it",)),
        _IN_THE_WAY | {"parked", RIDERLESS},
    ),
    Manoeuvre(
        "overtake", "passing", "thing",
        Choice(
            ("overtake {x}", "pass {x}", "go around {x}", "get past {x}", "drive past {x}"),
            ("steer around {x}", "leave {x} behind us"),
        ),
        _TRAFFIC,
        Choice(("{x} is too slow, overtake it", "get around {x}, we are late"), ("{x} is holding us up, go past",)),
        _IN_THE_WAY,
    ),
    Manoeuvre(
        "pull_over", "kerb", "side",
        Choice(
            ("pull over on the {side}", "pull over to the {side}", "park on the {side}", "stop on the {side}",
             "stop at the {side} kerb", "park at the curb on the {side}", "park on the {side} side of the road",
             "pull up on the {side} hand side", "stop at the {side} side of the street"),
            ("drop me at the {side} edge of the road", "hug the {side} kerb and stop",
             "get off the road on the {side}"),
        ),
    ),
    Manoeuvre(
        "turn", "turn", "side",
        Choice(
            ("turn {side}", "make a {side} turn", "take the next {side}", "go {side} here",
             "turn {side} at the junction", "make a {side}", "take a {side} at the intersection"),
            ("hang a {side}", "swing {side}", "head off to the {side}"),
        ),
    ),
    Manoeuvre(
        "lane_change", "next_lane", "side",
        Choice(
            ("change to the {side} lane", "switch to the {side} lane", "move into the lane on the {side}",
             "change lanes to the {side}", "get in the {side} lane", "go to the {side} lane"),
            ("merge {side}", "slide over one lane to the {side}"),
        ),
    ),
    Manoeuvre(
        "straight", "straight", "us",
        Choice(
            ("go straight", "continue straight", "keep going straight ahead", "drive on", "continue ahead",
             "go straight on", "stay in this lane", "carry on down the road", "keep driving"),
            ("proceed", "just keep on going", "head on down this way"),
        ),
    ),
)  # fmt: skip

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
        if stands_on_ground(thing) and not _is_any(thing, manoeuvre.not_when)
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
