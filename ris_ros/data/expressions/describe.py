"""Descriptions and what they pick out of a scene: one thing, a group, nothing for certain, or nothing at all."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from ris_ros.data.classes import BY_NAME
from ris_ros.data.expressions.attributes import Truth
from ris_ros.data.expressions.lexicon import HIDES_UNDER, VEHICLES, Term
from ris_ros.data.expressions.nouns import doubts_class
from ris_ros.data.expressions.predicates import IsKind, Predicate, all_of
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.standing import distance_between
from ris_ros.data.instances import TALL_VEHICLE

_SIZE_MARGIN = 1.6
_DISTANCE_MARGIN = 1.25
_FOOT_MARGIN = 0.045
_NEARNESS_MARGIN = 1.8
_ORDER_MARGIN = 0.035
_SPECK_SHARE = 3e-4
# Who speaks of a car means none of the distant ones that cover so little, beside one that is so much larger.
_OVERLOOKED_SHARE = 1.5e-3
_OUTSHINES = 10
# CamVid leaves some parked cars and bicycles without a class; where much is left out, absence cannot be told.
_MOST_UNLABELLED = 0.03


_PICK_FAMILIES: dict[str, str] = {
    "biggest": "size", "smallest": "size", "nearest": "near", "furthest": "near", "nearest_to": "relation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pick:
    """Selection of one among those that fit: by size, by distance, or by order across the picture.

    Attributes:
        by: ``biggest``, ``smallest``, ``nearest`` or ``furthest`` (from us), ``from_left``, ``from_right``, or
            ``nearest_to`` another thing.
        rank: 0 for the first, 1 for the second ...
        other: Key of the other thing, for ``nearest_to``.
        other_name: What the other thing is called, for ``nearest_to``.
    """

    by: Literal["biggest", "smallest", "nearest", "furthest", "from_left", "from_right", "nearest_to"]
    rank: int = 0
    other: int = 0
    other_name: Description | None = None

    @property
    def family(self) -> str:
        """Kind of claim, for figures by kind."""
        return _PICK_FAMILIES.get(self.by, "order")


@dataclass(frozen=True, slots=True)
class Description:
    """A noun, claims that filter, and perhaps a selection among what is left."""

    term: Term
    claims: tuple[Predicate, ...] = ()
    pick: Pick | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """Kinds of claim it makes."""
        return tuple(claim.family for claim in self.claims) + ((self.pick.family,) if self.pick else ())


def truth_of(scene: Scene, description: Description, thing: Thing) -> Truth:
    """Whether the noun and all claims hold of the thing (the selection aside)."""
    if thing.class_name in description.term.sure:
        # A bicycle that nobody rides is no cyclist, though its class says so.
        # Nor is every tall vehicle a car, where vans and buses are labelled so.
        doubtful = (doubts_class(thing.known.noun) and not _says_kind(description)) or (
            TALL_VEHICLE in thing.info.attributes and description.term.sure == {"car"}
        )
        noun: Truth = None if doubtful else True
    elif thing.class_name in description.term.maybe:
        noun = None
    else:
        return False
    return all_of(noun if claim is None else claim.holds(scene, thing) for claim in (None, *description.claims))


def _says_kind(description: Description) -> bool:
    return any(isinstance(claim, IsKind) for claim in description.claims)


def fitting(scene: Scene, description: Description, enough: int | None = None) -> list[Thing] | None:
    """The things that noun and claims surely fit; None where another may fit that nobody would overlook beside them.

    Args:
        scene: Where to look.
        description: What must fit, its selection aside.
        enough: Stop at this number.
    """
    fit: list[Thing] = []
    largest_doubt_px = 0
    for thing in scene.of_class(*sorted(description.term.sure | description.term.maybe)):
        truth = truth_of(scene, description, thing)
        if truth:
            fit.append(thing)
            if len(fit) == enough:
                return fit
        elif truth is None:
            largest_doubt_px = max(largest_doubt_px, thing.area_px)
    if largest_doubt_px:
        least_px = min((thing.area_px for thing in fit), default=0)
        overlooked_px = _OVERLOOKED_SHARE * scene.content_width * scene.content_height
        if largest_doubt_px > overlooked_px or _OUTSHINES * largest_doubt_px > least_px:
            return None
    return fit


def single(scene: Scene, description: Description) -> Thing | None:
    """The one thing that the description can mean, or None when there is none, or several, or doubt."""
    fit = fitting(scene, description, enough=2 if description.pick is None else None)
    if not fit:
        return None
    if description.term.lone and len(scene.of_class(*description.term.sure)) != 1:
        return None
    chosen = fit[0] if description.pick is None and len(fit) == 1 else None
    if description.pick is not None and len(fit) > max(1, description.pick.rank):
        chosen = select(scene, fit, description.pick)
    return None if chosen is None or chosen.merged else chosen


def group(scene: Scene, description: Description) -> list[Thing] | None:
    """The things that a plural description means: two or more, or one that holds several; None when in doubt."""
    fit = fitting(scene, description)
    if not fit or (len(fit) == 1 and not fit[0].merged):
        return None
    return fit


def absent(scene: Scene, description: Description) -> bool:
    """Whether the description surely fits nothing in the scene."""
    if not can_deny(scene, description.term):
        return False
    fit = fitting(scene, description)
    if fit is None:
        return False
    if description.pick is None or not fit:
        return not fit
    return len(fit) <= description.pick.rank and not any(thing.merged for thing in fit)


def can_deny_anything(scene: Scene) -> bool:
    """Whether so little of the picture has no class that nothing of note can hide there."""
    return scene.unlabelled_share <= _MOST_UNLABELLED


def can_deny(scene: Scene, term: Term) -> bool:
    """Whether the source would have shown a thing of this noun: its classes are told apart, or nothing hides it."""
    names = term.sure | term.maybe
    if names not in scene.deniable:
        scene.deniable[names] = _finds_all(scene, term)
    return scene.deniable[names]


def _finds_all(scene: Scene, term: Term) -> bool:
    if not can_deny_anything(scene):
        return False
    known = scene.image.known_classes
    for name in term.sure | term.maybe:
        hidden_under = None if name in known else HIDES_UNDER.get(name)
        if name not in known and hidden_under not in known:
            return False
        if hidden_under is not None and hidden_under not in term.sure and scene.class_area_px[BY_NAME[hidden_under].id]:
            return False
    # Pixels of the class that belong to no instance are things too small to judge.
    loose = sum(int(scene.class_area_px[BY_NAME[name].id]) for name in term.sure) - sum(
        thing.area_px for thing in scene.of_class(*term.sure)
    )
    return loose < 30


def select(scene: Scene, fit: list[Thing], pick: Pick) -> Thing | None:
    """The thing of this rank, if it is clear of its neighbours in rank."""
    if pick.by in ("smallest", "furthest") and any(thing.merged for thing in fit):
        return None
    if pick.by in ("biggest", "smallest"):
        return _clear_first(fit, [_size(t, pick.by == "biggest") for t in fit], _SIZE_MARGIN)
    if pick.by in ("nearest", "furthest"):
        return _by_distance(scene, fit, pick.by == "nearest", pick.rank)
    if pick.by == "nearest_to":
        other = scene.thing(pick.other)
        near = [1.0 / max(distance_between(thing, other), 0.05) for thing in fit if thing.key != other.key]
        if len(near) < max(2, len(fit)) or any(thing.merged for thing in (*fit, other)):
            return None
        return _clear_first(fit, near, _NEARNESS_MARGIN)
    # Nobody counts what is barely seen, so with specks among them the count is open.
    speck = _SPECK_SHARE * scene.content_width * scene.content_height
    if any(thing.merged or thing.area_px < speck for thing in fit):
        return None
    ordered = sorted(fit, key=lambda thing: thing.centre_x, reverse=pick.by == "from_right")
    steps = [abs(a.centre_x - b.centre_x) for a, b in itertools.pairwise(ordered)]
    if any(step < _ORDER_MARGIN * scene.content_width for step in steps[: pick.rank + 1]):
        return None
    return ordered[pick.rank]


def _size(thing: Thing, biggest: bool) -> float:
    return float(thing.area_px) if biggest else 1.0 / thing.area_px


def _clear_first(fit: list[Thing], scores: list[float], margin: float) -> Thing | None:
    return _clear_rank(fit, scores, margin, 0)


def _clear_rank(fit: list[Thing], scores: list[float], margin: float, rank: int) -> Thing | None:
    """The thing of this rank by descending score, if it and all before it are clear of the next."""
    order = sorted(range(len(fit)), key=lambda i: -scores[i])
    clear = all(scores[a] >= margin * scores[b] for a, b in itertools.pairwise(order[: rank + 2]))
    return fit[order[rank]] if clear else None


def _by_distance(scene: Scene, fit: list[Thing], nearest: bool, rank: int) -> Thing | None:
    if all(thing.info.distance_m is not None for thing in fit):
        near = [1.0 / max(thing.info.distance_m or 0.0, 0.1) for thing in fit]
        return _clear_rank(fit, near if nearest else [1.0 / n for n in near], _DISTANCE_MARGIN, rank)
    # Without distances, what stands on the ground is as near as its foot is low; things on posts cannot be judged.
    if not all(thing.class_name in VEHICLES | {"pedestrian", "bicyclist"} for thing in fit):
        return None
    if sum(thing.cut_below for thing in fit) > (1 if nearest and rank == 0 else 0):
        return None
    ordered = sorted(fit, key=lambda thing: thing.foot_y, reverse=nearest)
    steps = [abs(a.foot_y - b.foot_y) for a, b in itertools.pairwise(ordered)][: rank + 1]
    return ordered[rank] if all(step >= _FOOT_MARGIN * scene.content_height for step in steps) else None
