"""Names by how a thing stands to others that have names of their own, and names by what a thing is not.

Complex queries in the manner of RIS-CQ (Ji et al., TOMM 2024): two or more relations to other things, side by side or
one inside the other ("the white van behind the cyclist who is left of the bus").
"""

from __future__ import annotations

from ris_ros.data.expressions.attributes import garment_of
from ris_ros.data.expressions.describe import Description, Pick, single
from ris_ros.data.expressions.naming import can_name, claims_about, name_thing, terms_of
from ris_ros.data.expressions.phrasing import Option, Phrasing
from ris_ros.data.expressions.predicates import HasAttribute, HasColour, IsKind, Not, OnSide, Predicate
from ris_ros.data.expressions.relations import RelatedTo
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.expressions.standing import RELATIONS, RelationName, relation_holds

_MOST_OTHERS = 6
_COUNTS: tuple[int, ...] = (1, 1, 1, 1, 2, 2, 3)
# People say "behind" and "next to" before they measure who is left of whom.
_RELATION_WEIGHTS: dict[RelationName, float] = {"beside": 3.0, "behind": 2.5, "before": 2.5, "left": 1.0, "right": 1.0}
_NESTED_SHARE = 0.35
_NEAREST_TO_SHARE = 0.3
_OWN_CLAIM_SHARE = 0.45
_TRIES = 3


def relate_thing(scene: Scene, phrasing: Phrasing, thing: Thing, *, nested: bool = True) -> Description | None:
    """A description of a thing by one to three named others; None when the tries found none that means it alone.

    Args:
        scene: Where it stands.
        phrasing: Source of chance.
        thing: What to name.
        nested: Whether others may be named by their relations in turn.
    """
    if not can_name(scene, thing):
        return None
    others = _others(scene, phrasing, thing)
    own = [claim for claim in claims_about(scene, thing) if isinstance(claim, (HasColour, IsKind, HasAttribute))]
    terms = [term for term in terms_of(scene, thing) if len(term.sure) == 1]
    for _ in range(_TRIES if others else 0):
        claims: list[Predicate] = [phrasing.one_of(own)] if own and phrasing.chance(_OWN_CLAIM_SHARE) else []
        term = phrasing.one_of(terms)
        if nested and phrasing.chance(_NEAREST_TO_SHARE):
            description = _nearest_to(scene, phrasing, thing, phrasing.one_of(others), Description(term, tuple(claims)))
        else:
            related = _relations(scene, phrasing, thing, others, nested)
            description = Description(term, (*claims, *related)) if related else None
        found = None if description is None else single(scene, description)
        if found is not None and found.key == thing.key:
            return description
    return None


def deny_thing(scene: Scene, phrasing: Phrasing, thing: Thing) -> Description | None:
    """A description of a thing by what it is not and the others of its class are; None when there is nothing such."""
    if not can_name(scene, thing):
        return None
    denied: list[Predicate] = []
    for other in scene.of_class(thing.class_name):
        if other.key != thing.key:
            denied.extend(_deniable(scene, other))
    terms = [term for term in terms_of(scene, thing) if len(term.sure) == 1 and not term.lone]
    for claim in phrasing.shuffled(list(dict.fromkeys(denied)))[:_MOST_OTHERS]:
        description = Description(phrasing.one_of(terms), (Not(claim),))
        found = single(scene, description)
        if found is not None and found.key == thing.key:
            return description
    return None


def _deniable(scene: Scene, other: Thing) -> list[Predicate]:
    """Claims about another thing that one would deny of the one that is meant."""
    claims: list[Predicate] = []
    for claim in claims_about(scene, other):
        if isinstance(claim, HasColour) or (isinstance(claim, OnSide) and claim.side != "ahead"):
            claims.append(claim)
        elif isinstance(claim, HasAttribute):
            garment = garment_of(claim.attribute)
            if garment is not None and garment.part in ("bag", "head"):
                claims.append(HasAttribute(f"with a {garment.name}"))
            elif claim.attribute in ("parked", "crossing the road", "walking", "standing"):
                claims.append(claim)
    return claims


def _others(scene: Scene, phrasing: Phrasing, thing: Thing) -> list[Thing]:
    """A few things that are large enough to be spoken of, the larger ones more likely."""
    able = [other for other in scene.things if other.key != thing.key and can_name(scene, other)]
    able.sort(key=lambda other: -other.area_px)
    return phrasing.shuffled(able[: 2 * _MOST_OTHERS])[:_MOST_OTHERS]


def _relations(
    scene: Scene, phrasing: Phrasing, thing: Thing, others: list[Thing], nested: bool
) -> tuple[Predicate, ...]:
    wanted = phrasing.one_of(_COUNTS) if nested else 1
    claims: list[Predicate] = []
    for other in others:
        if len(claims) == wanted:
            break
        holding = [relation for relation in RELATIONS if relation_holds(relation, thing, other)]
        if not holding:
            continue
        # Several side by side, or one inside the other, but not both: nobody could follow.
        name = _name_of_other(scene, phrasing, other, nested and wanted == 1)
        if name is not None:
            relation = phrasing.choose([Option(name, _RELATION_WEIGHTS[name]) for name in holding])
            claims.append(RelatedTo(relation, other.key, name))
    return tuple(claims)


def _name_of_other(scene: Scene, phrasing: Phrasing, other: Thing, nested: bool) -> Description | None:
    if nested and phrasing.chance(_NESTED_SHARE):
        related = relate_thing(scene, phrasing, other, nested=False)
        if related is not None:
            return related
    return name_thing(scene, phrasing, other, most_claims=1, related=False)


def _nearest_to(scene: Scene, phrasing: Phrasing, thing: Thing, other: Thing, base: Description) -> Description | None:
    name = _name_of_other(scene, phrasing, other, nested=False)
    if name is None:
        return None
    return Description(base.term, base.claims, Pick("nearest_to", 0, other.key, name))
