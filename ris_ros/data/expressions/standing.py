"""How two things stand to each other in the picture and on the ground, in three values."""

from __future__ import annotations

from typing import Literal

from ris_ros.data.expressions.attributes import Truth
from ris_ros.data.expressions.scene import Thing

RelationName = Literal["beside", "left", "right", "behind", "before"]
RELATIONS: tuple[RelationName, ...] = ("beside", "left", "right", "behind", "before")
OPPOSITE: dict[RelationName, RelationName] = {"left": "right", "right": "left", "behind": "before", "before": "behind"}
_CLEARLY_FURTHER = 1.0


def relation_holds(relation: RelationName, thing: Thing, other: Thing) -> Truth:
    """Whether a thing stands so to another."""
    if other.merged:
        return None
    if relation == "beside":
        return _beside(thing, other)
    if relation in ("left", "right"):
        return _on_its_side(relation == "left", thing, other)
    return _in_line(relation == "behind", thing, other)


def distance_between(thing: Thing, other: Thing) -> float:
    """How far apart two things are, in widths of the wider one, distance from us included."""
    across = abs(thing.centre_x - other.centre_x) / max(thing.width, other.width, 1)
    return float((across**2 + (1.5 * depth_gap(thing, other)) ** 2) ** 0.5)


def depth_gap(thing: Thing, other: Thing) -> float:
    """How unlike their distances are: below 0.6 alike, above 1.6 surely unlike."""
    if thing.info.distance_m is not None and other.info.distance_m is not None:
        return abs(thing.info.distance_m - other.info.distance_m) / 4.0
    return abs(thing.foot_y - other.foot_y) / (0.35 * max(1, min(thing.height, other.height)))


def _beside(thing: Thing, other: Thing) -> Truth:
    """Whether two things stand side by side: close across the picture and about equally far away."""
    if thing.merged or other.merged or thing.cut_below or other.cut_below:
        return None
    gap = max(thing.box[0], other.box[0]) - min(thing.box[2], other.box[2])
    reach = max(thing.width, other.width)
    depth = depth_gap(thing, other)
    if gap > 1.8 * reach or depth > 1.6:
        return False
    return True if -0.3 * min(thing.width, other.width) < gap < 0.7 * reach and depth < 0.6 else None


def _on_its_side(left: bool, thing: Thing, other: Thing) -> Truth:
    gap = other.box[0] - thing.box[2] if left else thing.box[0] - other.box[2]
    if gap >= -0.1 * min(thing.width, other.width):
        return True
    centres = other.centre_x - thing.centre_x if left else thing.centre_x - other.centre_x
    return False if centres < 0.0 else None


def _in_line(behind: bool, thing: Thing, other: Thing) -> Truth:
    if thing.merged:
        return None
    shared = min(thing.box[2], other.box[2]) - max(thing.box[0], other.box[0])
    if shared < -0.5 * max(thing.width, other.width):
        return False
    further = _further_by(thing, other)
    if further is None or abs(further) < _CLEARLY_FURTHER:
        return None
    if (further > 0.0) != behind:
        return False
    return True if shared > 0.3 * min(thing.width, other.width) else None


def _further_by(thing: Thing, other: Thing) -> float | None:
    """How much further one thing stands than another: above 1 clearly, below -1 clearly nearer; None if unseen."""
    if thing.info.distance_m is not None and other.info.distance_m is not None:
        return (thing.info.distance_m - other.info.distance_m) / 3.0
    if thing.cut_below or other.cut_below:
        return None
    return (other.foot_y - thing.foot_y) / (0.3 * max(1, min(thing.height, other.height)))
