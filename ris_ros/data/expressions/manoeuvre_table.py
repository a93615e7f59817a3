"""Manoeuvres of a passenger's commands: what each is called, in many words, and the road that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ris_ros.data.expressions.lexicon import VEHICLES
from ris_ros.data.expressions.nouns import RIDERLESS
from ris_ros.data.expressions.phrasing import Choice

_ANYTHING: frozenset[str] = VEHICLES | {"pedestrian", "bicyclist", "cone", "pole"}
_TRAFFIC: frozenset[str] = VEHICLES | {"bicyclist"}
_IN_THE_WAY: frozenset[str] = frozenset({"oncoming", "crossing"})
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
            ("park behind {x}", "park behind {x}", "park right behind {x}", "pull in behind {x}", "pull up behind {x}",
             "park just behind {x}", "get in the spot behind {x}", "pull over behind {x}", "park up behind {x}",
             "take the space behind {x}", "find a spot behind {x}", "stop at the kerb behind {x}",
             "park in back of {x}", "slow down and park behind {x}", "go and park behind {x}",
             "park the car behind {x}",
             "try to park behind {x}", "pull in right behind {x}"),
            ("find me a space at the back of {x}", "leave the car behind {x}", "tuck in behind {x}"),
        ),
        VEHICLES,
        Choice(
            ("there is a space behind {x}, park there", "see {x}? park behind it", "{x} over there, park behind it",
             "I think there is room behind {x}, pull in there"),
            ("behind {x} would be fine, park there",),
        ),
        _IN_THE_WAY,
    ),
    Manoeuvre(
        "park", "beyond", "thing",
        Choice(
            ("park in front of {x}", "drive past {x} and park in front of it", "pull in ahead of {x}",
             "pull over in front of {x}", "park ahead of {x}", "pass {x} and park in front of it",
             "pull in in front of {x}", "park just past {x}", "stop just past {x}", "pull up in front of {x}",
             "find a space in front of {x}", "park on the far side of {x}", "pull over just after {x}",
             "go past {x} and pull in"),
            ("leave the car ahead of {x}", "go around and stop just past {x}"),
        ),
        VEHICLES, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "park", "beside", "thing",
        Choice(
            ("park next to {x}", "park beside {x}", "park near {x}", "park by {x}", "park close to {x}",
             "find a spot next to {x}", "park right next to {x}", "find a place to park near {x}", "park over by {x}",
             "go over there and park by {x}", "park as close as you can to {x}", "pull in next to {x}",
             "drive up to {x} and park", "park where {x} is"),
            ("leave the car alongside {x}", "find a place to park around {x}"),
        ),
        _ANYTHING, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "beside", "thing",
        Choice(
            ("stop next to {x}", "stop near {x}", "stop beside {x}", "drop me off near {x}", "let me out next to {x}",
             "pull up next to {x}", "pull over by {x}", "pull over next to {x}", "drop me off by {x}", "stop by {x}",
             "drop me off next to {x}", "let me off at {x}", "pull up by {x}", "stop close to {x}", "stop at {x}",
             "drive over to {x} and stop", "pull up alongside {x}", "pull over near {x}", "get close to {x} and stop",
             "let me out by {x}", "slow down and stop next to {x}"),
            ("drop me by {x}", "halt alongside {x}", "get me as close as you can to {x}"),
        ),
        _ANYTHING,
        Choice(("I want to get out at {x}, stop there", "I need to go to {x}, pull over near it",
                "see {x}? drop me off there"), ("{x} is where I get out, pull over there",)),
        _IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "beside", "thing",
        Choice(
            ("stop next to {x}", "pick up {x}", "stop by {x}", "pull over near {x}", "pull over for {x}",
             "go and pick up {x}", "stop where {x} is", "get closer to {x} and stop", "pull up to {x}",
             "give {x} a lift"),
            ("collect {x}", "let {x} get in"),
        ),
        frozenset({"pedestrian"}),
        Choice(
            ("{x} is waiting for me, stop there", "I know {x}, stop next to them",
             "I need to talk to {x}, pull over nearby", "I want to speak to {x}, stop beside them",
             "there is my friend, {x}, stop near them", "{x} is who we are picking up, pull up there",
             "that's my sister, {x}, pull over", "let's ask {x} for directions, stop there",
             "my colleague is {x}, pick them up"),
            ("I see my brother, {x}, pick him up", "wait, {x} is my colleague, get close to her"),
        ),
    ),
    Manoeuvre(
        "stop", "short_of", "thing",
        Choice(
            ("stop before {x}", "stop in front of {x}", "come to a stop before you reach {x}", "halt before {x}",
             "stop short of {x}", "brake before {x}", "stop before you get to {x}",
             "slow down and stop before {x}"),
            ("brake ahead of {x}", "go no further than {x}"),
        ),
        _PEOPLE | {"cone"},
        Choice(("don't hit {x}, stop", "watch out for {x}, stop", "stop, there is {x}"), ("easy, stop, mind {x}",)),
    ),
    Manoeuvre(
        "stop", "behind", "thing",
        Choice(
            ("stop behind {x}", "wait behind {x}", "queue behind {x}", "stay behind {x}", "pull up behind {x}",
             "stop right behind {x}", "come to a stop behind {x}", "stop and wait behind {x}", "line up behind {x}",
             "slow down and stop behind {x}"),
            ("hold back behind {x}", "join the queue after {x}"),
        ),
        _TRAFFIC, not_when=_IN_THE_WAY,
    ),
    Manoeuvre(
        "stop", "here", "us",
        Choice(
            ("stop here", "stop right here", "stop the car", "wait here", "stop now", "let me out here", "stop",
             "pull up right here", "brake", "drop me off here", "stop the car here", "wait a moment here",
             "stay where you are", "let me get out here"),
            ("halt", "come to a standstill", "hold it here"),
        ),
    ),
    Manoeuvre(
        "wait", "short_of", "thing",
        Choice(
            ("wait for {x}", "let {x} cross", "slow down for {x}", "give way to {x}", "let {x} go first",
             "wait until {x} has crossed", "yield to {x}", "let {x} pass", "stop and let {x} cross",
             "wait for {x} to pass", "stop for {x}", "wait until {x} is past", "let {x} go", "wait for {x} to cross",
             "slow down and let {x} through", "give {x} some room", "wait till {x} has gone"),
            ("hang on until {x} is gone", "ease off for {x}", "allow {x} to pass"),
        ),
        _PEOPLE | VEHICLES,
        Choice(
            ("careful, slow down, there is {x}", "watch out for {x}, brake", "slow down, {x} is in our way",
             "{x} is about to cross, wait", "{x} wants to cross, let them", "careful, {x} is close, slow down"),
            ("easy, mind {x}",),
        ),
        frozenset({"parked", RIDERLESS}),
    ),
    Manoeuvre(
        "follow", "towards", "thing",
        Choice(
            ("follow {x}", "follow {x}", "keep following {x}", "go after {x}", "drive behind {x}", "stay with {x}",
             "go the same way as {x}", "follow behind {x}", "keep behind {x}", "go where {x} is going",
             "drive after {x}", "catch up with {x}", "stay behind {x}", "get behind {x} and follow it",
             "take the same road as {x}"),
            ("tail {x}", "stick with {x}", "trail {x}", "keep up with {x}"),
        ),
        _TRAFFIC,
        Choice(("{x} knows the way, follow it", "don't lose {x}", "I know {x}, follow it",
                "my friend is in front of us, follow {x}", "they are in {x}, go after it"),
               ("the place is where {x} is heading, go after it",)),
        _IN_THE_WAY | {"parked", RIDERLESS},
    ),
    Manoeuvre(
        "overtake", "passing", "thing",
        Choice(
            ("overtake {x}", "pass {x}", "go around {x}", "get past {x}", "drive past {x}", "drive around {x}",
             "go past {x}", "move around {x}", "pull out and pass {x}", "overtake {x} when it is clear",
             "get around {x}", "go round {x}", "pass by {x}", "steer clear of {x} and pass it"),
            ("steer around {x}", "leave {x} behind us"),
        ),
        _TRAFFIC,
        Choice(("{x} is too slow, overtake it", "get around {x}, we are late", "{x} is in the way, go around it",
                "{x} is not moving, drive around it"), ("{x} is holding us up, go past",)),
        _IN_THE_WAY,
    ),
    Manoeuvre(
        "pull_over", "kerb", "side",
        Choice(
            ("pull over on the {side}", "pull over to the {side}", "park on the {side}", "stop on the {side}",
             "stop at the {side} kerb", "park at the curb on the {side}", "park on the {side} side of the road",
             "pull up on the {side} hand side", "stop at the {side} side of the street", "pull in on the {side}",
             "pull over here on the {side}", "drop me off on the {side}", "let me out on the {side}",
             "park along the {side} kerb", "find a spot on the {side}", "stop over on the {side}",
             "pull in to the {side}", "park somewhere on the {side}", "pull over at the {side} curb"),
            ("drop me at the {side} edge of the road", "hug the {side} kerb and stop",
             "get off the road on the {side}"),
        ),
    ),
    Manoeuvre(
        "turn", "turn", "side",
        Choice(
            ("turn {side}", "make a {side} turn", "take the next {side}", "go {side} here", "turn {side} here",
             "turn {side} at the junction", "make a {side}", "take a {side} at the intersection", "take a {side}",
             "turn to the {side}", "go {side}", "take a {side} turn", "turn off to the {side}", "turn {side} up ahead",
             "take the road on the {side}", "turn into the street on the {side}"),
            ("hang a {side}", "swing {side}", "head off to the {side}"),
        ),
    ),
    Manoeuvre(
        "lane_change", "next_lane", "side",
        Choice(
            ("change to the {side} lane", "switch to the {side} lane", "move into the lane on the {side}",
             "change lanes to the {side}", "get in the {side} lane", "go to the {side} lane", "move over to the {side}",
             "move to the {side} lane", "get over to the {side} lane", "use the {side} lane",
             "switch lanes to the {side}", "change into the {side}-hand lane", "take the {side} lane"),
            ("merge {side}", "slide over one lane to the {side}"),
        ),
    ),
    Manoeuvre(
        "straight", "straight", "us",
        Choice(
            ("go straight", "continue straight", "keep going straight ahead", "drive on", "continue ahead",
             "go straight on", "stay in this lane", "carry on down the road", "keep driving", "keep going", "carry on",
             "go straight ahead", "drive straight on", "continue down the road", "follow the road", "keep straight",
             "stay on this road", "keep in this lane", "drive straight ahead"),
            ("proceed", "just keep on going", "head on down this way"),
        ),
    ),
)  # fmt: skip
