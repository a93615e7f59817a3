"""What can be claimed of a thing, judged in three values: true, false, or not certain enough to claim either."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from ris_ros.data.colours import COLOURS, colours_differ
from ris_ros.data.expressions.lexicon import KIND_NOUNS
from ris_ros.data.expressions.scene import Scene, Thing

Side = Literal["left", "right", "ahead"]
Truth = bool | None

_CLEARLY_FURTHER = 1.0


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
        if thing.info.colour is None:
            return None
        if thing.info.colour == self.colour:
            return True
        return False if colours_differ(thing.info.colour, self.colour) else None


@dataclass(frozen=True, slots=True)
class OnSide:
    """It is on the left, on the right, or straight ahead, in the picture."""

    side: Side

    @property
    def family(self) -> str:
        return "side"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        centre = round(scene.across(thing.centre_x), 6)
        if self.side == "right":
            centre = round(1.0 - centre, 6)
        if self.side == "ahead":
            spread = round(abs(centre - 0.5), 6)
            return True if spread < 0.12 else (False if spread > 0.27 else None)
        if centre < 0.40:
            return True
        return False if centre > 0.53 else None


@dataclass(frozen=True, slots=True)
class HasAttribute:
    """One of the source's further words is true of it, such as "parked" or "wearing a red jacket"."""

    attribute: str

    @property
    def family(self) -> str:
        return "attribute"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        return attribute_holds(self.attribute, thing.info.attributes)


@dataclass(frozen=True, slots=True)
class IsKind:
    """It is of a narrower kind than its class, such as an SUV; the noun itself says so."""

    kind: str

    @property
    def family(self) -> str:
        return "kind"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        if self.kind in thing.info.attributes:
            return True
        noun = KIND_NOUNS[self.kind]
        other = thing.class_name != noun.class_name or noun.differs_from.intersection(thing.info.attributes)
        return False if other else None


@dataclass(frozen=True, slots=True)
class StandsOn:
    """It stands on this class of ground."""

    ground: str

    @property
    def family(self) -> str:
        return "place"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        if thing.cut_below or thing.info.merged:
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
class NextTo:
    """It is beside at least one thing of these classes."""

    classes: frozenset[str]

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        others = (other for other in scene.of_class(*self.classes) if other.key != thing.key)
        return any_of(_beside(thing, other) for other in others)


@dataclass(frozen=True, slots=True)
class SideOf:
    """It is left or right of the one thing of these classes."""

    classes: frozenset[str]
    side: Literal["left", "right"]

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        others = [other for other in scene.of_class(*self.classes) if other.key != thing.key]
        if len(others) != 1 or others[0].info.merged:
            return None
        gap = others[0].box[0] - thing.box[2] if self.side == "left" else thing.box[0] - others[0].box[2]
        if gap >= -0.1 * min(thing.width, others[0].width):
            return True
        centres = others[0].centre_x - thing.centre_x if self.side == "left" else thing.centre_x - others[0].centre_x
        return False if centres < 0.0 else None


@dataclass(frozen=True, slots=True)
class InLineWith:
    """It is behind (further than) or in front of (nearer than) the one thing of these classes, in one line with it."""

    classes: frozenset[str]
    behind: bool

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        others = [other for other in scene.of_class(*self.classes) if other.key != thing.key]
        if len(others) != 1 or others[0].info.merged or thing.info.merged:
            return None
        other = others[0]
        shared = min(thing.box[2], other.box[2]) - max(thing.box[0], other.box[0])
        if shared < -0.5 * max(thing.width, other.width):
            return False
        further = _further_by(thing, other)
        if further is None or abs(further) < _CLEARLY_FURTHER:
            return None
        if (further > 0.0) != self.behind:
            return False
        return True if shared > 0.3 * min(thing.width, other.width) else None


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


def attribute_holds(attribute: str, known: tuple[str, ...]) -> Truth:
    """Whether an attribute is true of something of which ``known`` is all that a source tells."""
    if attribute in known:
        return True
    if attribute in _STATES:
        others = _STATES.intersection(known)
        return False if others and not any(frozenset({attribute, other}) in _LIKE_STATES for other in others) else None
    asked = garment_of(attribute)
    if asked is None or not known:
        return None
    worn = [garment for garment in map(garment_of, known) if garment is not None and garment.part == asked.part]
    if not worn:
        # What is asked of one is told of another in the same picture, so the source would have told it here too.
        return False if any(garment_of(other) for other in known) else None
    return any_of(None if not colours_differ(asked.colour, garment.colour) else False for garment in worn)


@dataclass(frozen=True, slots=True)
class Garment:
    """Something worn or carried.

    Attributes:
        colour: Its colour word, empty when not told.
        name: What it is called.
        part: What it covers; names of one part are often confused (jacket, coat).
    """

    colour: str
    name: str
    part: str


_PARTS: dict[str, str] = {
    "jacket": "top", "coat": "top", "shirt": "top", "top": "top", "sweater": "top", "hoodie": "top", "dress": "top",
    "backpack": "bag", "bag": "bag", "helmet": "helmet",
}  # fmt: skip
_STATES = frozenset(
    {"parked", "driving ahead", "riding ahead", "oncoming", "crossing", "crossing the road", "standing", "walking"}
)
_LIKE_STATES = frozenset({frozenset({"crossing the road", "walking"}), frozenset({"crossing", "driving ahead"})})


def garment_of(attribute: str) -> Garment | None:
    """The garment that "wearing a red jacket" or "with a blue backpack" tells of; None for other attributes."""
    words = attribute.split()
    if words[0] not in {"wearing", "with"} or words[-1] not in _PARTS:
        return None
    colour = words[-2] if len(words) > 2 and words[-2] in COLOURS else ""
    return Garment(colour, words[-1], _PARTS[words[-1]])


def _beside(thing: Thing, other: Thing) -> Truth:
    """Whether two things stand side by side: close across the picture and about equally far away."""
    if thing.info.merged or other.info.merged or thing.cut_below or other.cut_below:
        return None
    gap = max(thing.box[0], other.box[0]) - min(thing.box[2], other.box[2])
    reach = max(thing.width, other.width)
    depth = _depth_gap(thing, other)
    if gap > 1.8 * reach or depth > 1.6:
        return False
    return True if -0.3 * min(thing.width, other.width) < gap < 0.7 * reach and depth < 0.6 else None


def _further_by(thing: Thing, other: Thing) -> float | None:
    """How much further one thing stands than another: above 1 clearly, below -1 clearly nearer; None if unseen."""
    if thing.info.distance_m is not None and other.info.distance_m is not None:
        return (thing.info.distance_m - other.info.distance_m) / 3.0
    if thing.cut_below or other.cut_below:
        return None
    return (other.foot_y - thing.foot_y) / (0.3 * max(1, min(thing.height, other.height)))


def _depth_gap(thing: Thing, other: Thing) -> float:
    """How unlike their distances are: below 0.6 alike, above 1.6 surely unlike."""
    if thing.info.distance_m is not None and other.info.distance_m is not None:
        return abs(thing.info.distance_m - other.info.distance_m) / 4.0
    return abs(thing.foot_y - other.foot_y) / (0.35 * max(1, min(thing.height, other.height)))
