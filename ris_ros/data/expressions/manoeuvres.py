"""Manoeuvre commands in a passenger's words, each with the road it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import regions
from ris_ros.data.expressions.ground import GroundView, stands_on_ground
from ris_ros.data.expressions.lexicon import VEHICLES
from ris_ros.data.expressions.objects import draw_thing, name_thing
from ris_ros.data.expressions.phrasing import Choice, Phrasing, wrap_command
from ris_ros.data.expressions.realise import noun_phrase
from ris_ros.data.expressions.scene import Scene
from ris_ros.types import Target

_ANYTHING: frozenset[str] = VEHICLES | {"pedestrian", "bicyclist", "cone", "pole"}
_TRAFFIC: frozenset[str] = VEHICLES | {"bicyclist"}
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
    """

    kind: str
    region: str
    about: Literal["thing", "side", "us"]
    wordings: Choice
    classes: frozenset[str] = frozenset()


MANOEUVRES: tuple[Manoeuvre, ...] = (
    Manoeuvre("park", "behind", "thing", Choice(
        ("park behind {x}", "park right behind {x}", "pull in behind {x}", "pull up behind {x}",
         "park just behind {x}", "get in the spot behind {x}"),
        ("find me a space at the back of {x}", "leave the car behind {x}", "tuck in behind {x}"),
    ), VEHICLES),
    Manoeuvre("park", "beyond", "thing", Choice(
        ("park in front of {x}", "drive past {x} and park in front of it", "pull in ahead of {x}",
         "pull over in front of {x}"),
        ("leave the car ahead of {x}", "go around and stop just past {x}"),
    ), VEHICLES),
    Manoeuvre("park", "beside", "thing", Choice(
        ("park next to {x}", "park beside {x}", "park near {x}", "park by {x}", "park close to {x}",
         "find a spot next to {x}"),
        ("leave the car alongside {x}", "find a place to park over by {x}"),
    ), _ANYTHING),
    Manoeuvre("stop", "beside", "thing", Choice(
        ("stop next to {x}", "stop near {x}", "stop beside {x}", "drop me off near {x}", "let me out next to {x}",
         "pull up next to {x}",
         "{x} is waiting for me, stop there", "I know {x}, stop next to them", "pull over by {x}",
         "I need to talk to {x}, pull over nearby"),
        ("drop me by {x}", "halt alongside {x}", "I see my friend, {x}, pick them up",
         "get me as close as you can to {x}"),
    ), _ANYTHING),
    Manoeuvre("stop", "short_of", "thing", Choice(
        ("stop before {x}", "stop in front of {x}", "come to a stop before you reach {x}", "halt before {x}"),
        ("brake ahead of {x}", "don't go further than {x}"),
    ), _PEOPLE | {"cone"}),
    Manoeuvre("stop", "behind", "thing", Choice(
        ("stop behind {x}", "wait behind {x}", "queue behind {x}", "stay behind {x}"),
        ("hold back behind {x}", "line up after {x}"),
    ), _TRAFFIC),
    Manoeuvre("stop", "here", "us", Choice(
        ("stop here", "stop right here", "stop the car", "wait here", "stop now", "let me out here",
         "pull up right here", "brake"),
        ("halt", "this is close enough, stop", "hold it here"),
    )),
    Manoeuvre("wait", "short_of", "thing", Choice(
        ("wait for {x}", "let {x} cross", "slow down for {x}", "give way to {x}", "let {x} go first",
         "wait until {x} has crossed",
         "careful, slow down, there is {x}", "yield to {x}"),
        ("hang on until {x} is gone", "mind {x}, ease off", "allow {x} to pass"),
    ), _PEOPLE | VEHICLES),
    Manoeuvre("follow", "towards", "thing", Choice(
        ("follow {x}", "keep following {x}", "go after {x}", "drive behind {x}", "stay with {x}", "drive towards {x}",
         "go the same way as {x}"),
        ("tail {x}", "don't lose {x}", "trail {x}", "keep up with {x}"),
    ), _TRAFFIC),
    Manoeuvre("overtake", "passing", "thing", Choice(
        ("overtake {x}", "pass {x}", "go around {x}", "get past {x}", "drive past {x}"),
        ("steer around {x}", "leave {x} behind us"),
    ), _TRAFFIC),
    Manoeuvre("pull_over", "kerb", "side", Choice(
        ("pull over on the {side}", "pull over to the {side}", "park on the {side}", "stop on the {side}",
         "stop at the {side} kerb",
         "park at the curb on the {side}", "park on the {side} side of the road", "pull up on the {side} hand side",
         "stop at the {side} side of the street"),
        ("drop me at the {side} edge of the road", "hug the {side} kerb and stop", "get off the road on the {side}"),
    )),
    Manoeuvre("turn", "turn", "side", Choice(
        ("turn {side}", "make a {side} turn", "take the next {side}", "go {side} here", "turn {side} at the junction",
         "make a {side}", "take a {side} at the intersection"),
        ("hang a {side}", "swing {side}", "head off to the {side}"),
    )),
    Manoeuvre("lane_change", "next_lane", "side", Choice(
        ("change to the {side} lane", "switch to the {side} lane", "move into the lane on the {side}",
         "change lanes to the {side}", "get in the {side} lane", "go to the {side} lane"),
        ("merge {side}", "slide over one lane to the {side}"),
    )),
    Manoeuvre("straight", "straight", "us", Choice(
        ("go straight", "continue straight", "keep going straight ahead", "drive on", "continue ahead",
         "go straight on", "stay in this lane", "carry on down the road", "keep driving"),
        ("proceed", "just keep on going", "head on down this way"),
    )),
)  # fmt: skip

REGION_KINDS: tuple[str, ...] = tuple(dict.fromkeys(manoeuvre.kind for manoeuvre in MANOEUVRES))


def region_expression(scene: Scene, phrasing: Phrasing, view: GroundView | None, kind: str) -> Expression | None:
    """A manoeuvre command of this kind and the road it asks for; None when the scene offers none."""
    if view is None:
        return None
    manoeuvre = phrasing.one_of([m for m in MANOEUVRES if m.kind == kind])
    if manoeuvre.about == "us":
        return _command(
            phrasing, manoeuvre, phrasing.pick(manoeuvre.wordings), regions.ABOUT_US[manoeuvre.region](view), None
        )
    if manoeuvre.about == "side":
        side = phrasing.one_of(("left", "right"))
        wording = phrasing.pick(manoeuvre.wordings).replace("{side}", side)
        return _command(phrasing, manoeuvre, wording, regions.ABOUT_A_SIDE[manoeuvre.region](view, side), None)
    things = [thing for thing in scene.of_class(*manoeuvre.classes) if stands_on_ground(thing)]
    if not things:
        return None
    thing = draw_thing(phrasing, things)
    region = regions.ABOUT_A_THING[manoeuvre.region](view, thing)
    description = name_thing(scene, phrasing, thing, most_claims=2) if region is not None else None
    if description is None:
        return None
    wording = name_in(phrasing, manoeuvre, noun_phrase(phrasing, description))
    return _command(phrasing, manoeuvre, wording, region, scene.mask(thing.key))


def name_in(phrasing: Phrasing, manoeuvre: Manoeuvre, noun_words: str) -> str:
    """One wording of the manoeuvre with the thing's name filled in."""
    article = "that" if phrasing.chance(0.25) else "the"
    return phrasing.pick(manoeuvre.wordings).replace("{x}", f"{article} {noun_words}")


def _command(
    phrasing: Phrasing,
    manoeuvre: Manoeuvre,
    wording: str,
    region: NDArray[np.bool_] | None,
    named: NDArray[np.bool_] | None,
) -> Expression | None:
    if region is None:
        return None
    text = wrap_command(phrasing, wording)
    return Expression(
        text=text, kind=manoeuvre.kind, target=Target.REGION, exists=True, object_mask=named, region_mask=region
    )
