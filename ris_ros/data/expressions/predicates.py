"""What can be claimed of a thing, judged in three values: true, false, or not certain enough to claim either."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from ris_ros.data.colours import colours_differ
from ris_ros.data.expressions.attributes import Truth, phrase_holds
from ris_ros.data.expressions.nouns import noun_fits
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.view_words import view_claim

Side = Literal["left", "right", "ahead"]

_EDGE_SHARE = 0.16
_METRES_TALL: dict[str, float] = {
    "car": 1.5, "van": 2.1, "truck": 3.0, "bus": 3.2, "pedestrian": 1.7, "bicyclist": 1.7,
}  # fmt: skip


class Predicate(Protocol):
    """A claim about one thing."""

    @property
    def family(self) -> str:
        """Kind of claim, for figures by kind."""

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        """True, False, or None when people could disagree."""


@dataclass(frozen=True, slots=True)
class HasColour:
    """Its paint has this colour."""

    colour: str

    @property
    def family(self) -> str:
        return "colour"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        if thing.known.colour is None:
            return False if self.colour in scene.ruled_out_colours(thing) else None
        if thing.known.colour == self.colour:
            return True
        return False if colours_differ(thing.known.colour, self.colour) else None


def _across_from(side: Side, scene: Scene, thing: Thing) -> float:
    """Where a thing's middle lies across the picture, 0 to 1, from its right edge if that is the side."""
    centre = round(scene.across(thing.centre_x), 6)
    return round(1.0 - centre, 6) if side == "right" else centre


@dataclass(frozen=True, slots=True)
class OnSide:
    """It is on the left, on the right, or straight ahead, in the picture."""

    side: Side

    @property
    def family(self) -> str:
        return "side"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        centre = _across_from(self.side, scene, thing)
        if self.side == "ahead":
            spread = round(abs(centre - 0.5), 6)
            return True if spread < 0.12 else (False if spread > 0.27 else None)
        if centre < 0.40:
            return True
        return False if centre > 0.53 else None


@dataclass(frozen=True, slots=True)
class AtEdge:
    """It is at the very left or right of the picture, as "on the far left" says."""

    side: Literal["left", "right"]

    @property
    def family(self) -> str:
        return "side"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        centre = _across_from(self.side, scene, thing)
        if centre < _EDGE_SHARE:
            return True
        return False if centre > 2.0 * _EDGE_SHARE else None


@dataclass(frozen=True, slots=True)
class FarAway:
    """It is in the distance."""

    @property
    def family(self) -> str:
        return "far"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        height = thing.height / scene.content_height / _METRES_TALL.get(thing.class_name, 1.6)
        if thing.info.distance_m is not None:
            return True if thing.info.distance_m >= 40.0 else (False if thing.info.distance_m < 22.0 else None)
        if thing.class_name not in _METRES_TALL or thing.merged:
            return None
        return True if height < 0.045 else (False if height > 0.09 else None)


@dataclass(frozen=True, slots=True)
class HasAttribute:
    """One of the source's further words is true of it, such as "parked" or "wearing a red jacket"."""

    attribute: str

    @property
    def family(self) -> str:
        return "attribute"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        truth = phrase_holds(self.attribute, thing.known.phrases)
        claim = view_claim(self.attribute)
        if not truth or claim == "free":
            return truth
        if claim == "bound":
            return None
        # What was written before the picture was cut and mirrored must be true of it still.
        placed = OnSide(claim).holds(scene, thing)
        return True if placed or (claim == "ahead" and placed is None) else None


@dataclass(frozen=True, slots=True)
class IsKind:
    """It is of a narrower kind than its class, such as an SUV; the noun itself says so (canonical)."""

    kind: str

    @property
    def family(self) -> str:
        return "kind"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        return noun_fits(self.kind, thing.known.noun)


@dataclass(frozen=True, slots=True)
class StandsOn:
    """It stands on this class of ground."""

    ground: str

    @property
    def family(self) -> str:
        return "place"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        if thing.cut_below or thing.merged:
            return None
        share = scene.below(thing).get(self.ground, 0.0)
        return True if share > 0.65 else (False if share < 0.05 else None)


@dataclass(frozen=True, slots=True)
class SeenAgainst:
    """It is in front of this class of background."""

    background: str

    @property
    def family(self) -> str:
        return "place"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        share = scene.around(thing).get(self.background, 0.0)
        return True if share > 0.6 else (False if share < 0.08 else None)


@dataclass(frozen=True, slots=True)
class Not:
    """What another claim says is not so."""

    claim: Predicate

    @property
    def family(self) -> str:
        return "negation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        truth = self.claim.holds(scene, thing)
        return None if truth is None else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is, else None if one is uncertain, else False."""
    uncertain = False
    for truth in truths:
        if truth:
            return True
        uncertain = uncertain or truth is None
    return None if uncertain else False


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is, else None if one is uncertain, else True."""
    uncertain = False
    for truth in truths:
        if truth is False:
            return False
        uncertain = uncertain or truth is None
    return None if uncertain else True
