"""Claims about how a thing stands to others: beside, left, right, behind or in front of one, by class or by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ris_ros.data.expressions.attributes import Truth
from ris_ros.data.expressions.describe import Description
from ris_ros.data.expressions.predicates import any_of
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.standing import RelationName, relation_holds


@dataclass(frozen=True, slots=True)
class NextTo:
    """It is beside at least one thing of these classes."""

    classes: frozenset[str]

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        others = (other for other in scene.of_class(*self.classes) if other.key != thing.key)
        return any_of(relation_holds("beside", thing, other) for other in others)


@dataclass(frozen=True, slots=True)
class SideOf:
    """It is left or right of the one thing of these classes."""

    classes: frozenset[str]
    side: Literal["left", "right"]

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        other = _the_only(scene, self.classes, thing)
        return None if other is None else relation_holds(self.side, thing, other)


@dataclass(frozen=True, slots=True)
class InLineWith:
    """It is behind (further than) or in front of (nearer than) the one thing of these classes, in one line with it."""

    classes: frozenset[str]
    behind: bool

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        other = _the_only(scene, self.classes, thing)
        return None if other is None else relation_holds("behind" if self.behind else "before", thing, other)


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """It stands so to one other thing that has a name of its own ("behind the cyclist left of the bus").

    Attributes:
        relation: How it stands to the other.
        other: Key of the other.
        name: A description that means the other and nothing else.
    """

    relation: RelationName
    other: int
    name: Description

    @property
    def family(self) -> str:
        return "relation"

    def holds(self, scene: Scene, thing: Thing) -> Truth:
        if thing.key == self.other:
            return False
        return relation_holds(self.relation, thing, scene.thing(self.other))


def relations_in(description: Description) -> int:
    """How many relations a description claims, those inside the names of others included."""
    count = 0
    for claim in description.claims:
        if isinstance(claim, RelatedTo):
            count += 1 + relations_in(claim.name)
        else:
            count += isinstance(claim, (NextTo, SideOf, InLineWith))
    return count + (description.pick is not None and description.pick.by == "nearest_to")


def _the_only(scene: Scene, classes: frozenset[str], thing: Thing) -> Thing | None:
    others = [other for other in scene.of_class(*classes) if other.key != thing.key]
    return others[0] if len(others) == 1 and not others[0].merged else None
