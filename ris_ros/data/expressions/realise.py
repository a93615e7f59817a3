"""Descriptions put into words: pre-modifiers, noun, post-modifiers, in the order that English wants them."""

from __future__ import annotations

from ris_ros.data.expressions.describe import Description, Pick
from ris_ros.data.expressions.lexicon import KIND_NOUNS, STUFF, TERMS, Term
from ris_ros.data.expressions.phrasing import Choice, Phrasing, indefinite
from ris_ros.data.expressions.predicates import (
    HasAttribute,
    HasColour,
    InLineWith,
    IsKind,
    NextTo,
    OnSide,
    Predicate,
    SeenAgainst,
    SideOf,
    StandsOn,
    garment_of,
)

_PICK_WORDS: dict[str, Choice] = {
    "biggest": Choice(("biggest", "largest"), ("most sizeable",)),
    "smallest": Choice(("smallest",), ("tiniest",)),
    "nearest": Choice(("closest", "nearest"), ("foremost",)),
    "furthest": Choice(("furthest", "farthest", "most distant"), ("remotest",)),
}
_NEAR_POST: dict[str, Choice] = {
    "nearest": Choice(
        (
            "closest to us",
            "nearest to us",
            "that is closest",
            "nearest the camera",
            "right in front of everything else",
        ),
        ("with the least distance to us", "just before us"),
    ),
    "furthest": Choice(
        ("furthest away", "farthest from us", "in the far distance", "that is furthest away"),
        ("way off in the distance",),
    ),
}
_ORDINALS: tuple[str, ...] = ("first", "second", "third", "fourth", "fifth")
_EXTREME: dict[str, Choice] = {
    "from_left": Choice(("leftmost", "far left"), ("left-most",)),
    "from_right": Choice(("rightmost", "far right"), ("right-most",)),
}
_FROM: dict[str, Choice] = {
    "from_left": Choice(("from the left", "counting from the left"), ("starting at the left edge",)),
    "from_right": Choice(("from the right", "counting from the right"), ("starting at the right edge",)),
}
_SIDE_POST: dict[str, Choice] = {
    "left": Choice(
        (
            "on the left",
            "on the left",
            "to the left",
            "on our left",
            "to our left",
            "on the left-hand side",
            "on the left side",
            "at the left",
        ),
        ("over to the left there", "in the left part of the picture", "on my left"),
    ),
    "right": Choice(
        (
            "on the right",
            "on the right",
            "to the right",
            "on our right",
            "to our right",
            "on the right-hand side",
            "on the right side",
            "at the right",
        ),
        ("over to the right there", "in the right part of the picture", "on my right"),
    ),
    "ahead": Choice(
        ("ahead", "in front of us", "straight ahead", "ahead of us", "in the middle", "in front"),
        ("dead ahead", "in the centre of the view"),
    ),
}
_SIDE_PRE: dict[str, Choice] = {"left": Choice(("left", "left-hand")), "right": Choice(("right", "right-hand"))}
_ON: Choice = Choice(("on the {0}", "on the {0}", "that is on the {0}"), ("using the {0}", "out on the {0}"))
_AGAINST: Choice = Choice(
    ("in front of the {0}", "in front of the {0}", "by the {0}"), ("with the {0} behind it", "against the {0}")
)
_NEXT_TO: Choice = Choice(
    ("next to {0}", "beside {0}", "near {0}", "by {0}", "close to {0}"), ("alongside {0}", "adjacent to {0}")
)
_WEARING: Choice = Choice(
    ("wearing {0} {1} {2}", "wearing {0} {1} {2}", "in {0} {1} {2}", "in the {1} {2}", "with the {1} {2}", "in {1}"),
    ("dressed in {1}", "wearing {1}", "who has {0} {1} {2} on"),
)
# Sources call it this or that, and so do people: only its colour is judged.
_TOPS: Choice = Choice(("jacket", "jacket", "top", "coat", "shirt"), ("hoodie", "sweater"))
_BAG: Choice = Choice(
    ("with {0} {1} {2}", "carrying {0} {1} {2}", "with the {1} {2}"), ("who has {0} {1} {2} on the back",)
)
_STATE_WORDS: dict[str, Choice] = {
    "parked": Choice(("parked", "that is parked", "parked"), ("standing at the kerb", "stationary")),
    "driving ahead": Choice(("driving ahead of us", "driving in front of us", "going our way"),
    ("heading the same way as us",)),
    "riding ahead": Choice(("riding ahead of us", "cycling in front of us", "going our way"),
    ("heading the same way as us",)),
    "oncoming": Choice(("oncoming", "coming towards us", "approaching"), ("heading our way", "driving against us")),
    "crossing": Choice(("crossing in front of us", "crossing the junction"), ("cutting across",)),
    "crossing the road": Choice(("crossing the road", "crossing the street", "crossing"),
    ("getting over to the other side",)),
    "standing": Choice(("standing", "who is standing", "standing still"), ("waiting",)),
    "walking": Choice(("walking", "who is walking"), ("strolling",)),
}  # fmt: skip
_BEHIND: Choice = Choice(("behind {0}", "behind {0}", "further on than {0}"), ("past {0}",))
_BEFORE: Choice = Choice(("in front of {0}", "in front of {0}", "this side of {0}"), ("before {0}",))
_FIRST: Choice = Choice(("first", "next", "closest", "nearest"), ("foremost",))
_COLOUR_POST: Choice = Choice(("that is {0}", "which is {0}"), ("painted {0}",))


def noun_phrase(phrasing: Phrasing, description: Description, plural: bool = False) -> str:
    """Words for the description, without its article: "second red car from the left"."""
    before, after = _claims_in_words(phrasing, description.claims, plural)
    if description.pick is not None:
        sided = any(isinstance(claim, OnSide) and claim.side != "ahead" for claim in description.claims)
        lead, tail = _pick_in_words(phrasing, description.pick, sided)
        before, after = lead + before, after + tail
    kind = next((claim.kind for claim in description.claims if isinstance(claim, IsKind)), None)
    if kind is not None:
        noun = phrasing.pick(KIND_NOUNS[kind].singular)
    else:
        noun = phrasing.pick(description.term.plural if plural else description.term.singular)
    return " ".join([*before, noun, *after])


def stuff_name(phrasing: Phrasing, class_name: str) -> str:
    """A name of a stuff class, without article."""
    return phrasing.pick(phrasing.one_of(STUFF[class_name]).names)


def side_words(phrasing: Phrasing, side: str) -> str:
    """ "on the left" and its like."""
    return phrasing.pick(_SIDE_POST[side])


def _pick_in_words(phrasing: Phrasing, pick: Pick, sided: bool) -> tuple[list[str], list[str]]:
    if sided and pick.by == "nearest":
        # "The first car on the right" is the one that is passed first.
        return [phrasing.pick(_FIRST)], []
    if pick.by in ("from_left", "from_right"):
        if pick.rank == 0 and phrasing.chance(0.5):
            return [phrasing.pick(_EXTREME[pick.by])], []
        return [_ORDINALS[pick.rank]], [phrasing.pick(_FROM[pick.by])]
    if pick.by in _NEAR_POST and phrasing.chance(0.4):
        return [], [phrasing.pick(_NEAR_POST[pick.by])]
    return [phrasing.pick(_PICK_WORDS[pick.by])], []


def _claims_in_words(phrasing: Phrasing, claims: tuple[Predicate, ...], plural: bool) -> tuple[list[str], list[str]]:
    colours: list[str] = []
    adjectives: list[str] = []
    # Clothes stay by the noun, sides come last: "person in a red coat on the pavement on the left".
    posts: list[tuple[int, str]] = []
    for claim in claims:
        if isinstance(claim, HasColour):
            if phrasing.chance(0.08) and not plural:
                posts.append((1, phrasing.pick(_COLOUR_POST).format(claim.colour)))
            else:
                colours.append("gray" if claim.colour == "grey" and phrasing.chance(0.4) else claim.colour)
        elif isinstance(claim, HasAttribute):
            words = _attribute_in_words(phrasing, claim.attribute)
            if " " in words:
                posts.append((0, words))
            else:
                adjectives.append(words)
        elif isinstance(claim, OnSide):
            if claim.side != "ahead" and not plural and phrasing.chance(0.12):
                adjectives.insert(0, phrasing.pick(_SIDE_PRE[claim.side]))
            else:
                posts.append((4, phrasing.pick(_SIDE_POST[claim.side])))
        elif isinstance(claim, StandsOn):
            posts.append((2, phrasing.pick(_ON).format(stuff_name(phrasing, claim.ground))))
        elif isinstance(claim, SeenAgainst):
            posts.append((2, phrasing.pick(_AGAINST).format(stuff_name(phrasing, claim.background))))
        elif isinstance(claim, NextTo):
            other = _with_article(phrasing, _name_of(phrasing, claim.classes))
            posts.append((3, phrasing.pick(_NEXT_TO).format(other)))
        elif isinstance(claim, InLineWith):
            other = _with_article(phrasing, _name_of(phrasing, claim.classes))
            posts.append((3, phrasing.pick(_BEHIND if claim.behind else _BEFORE).format(other)))
        elif isinstance(claim, SideOf):
            posts.append((3, f"to the {claim.side} of the {_name_of(phrasing, claim.classes)}"))
        elif not isinstance(claim, IsKind):
            raise TypeError(f"no words for {type(claim).__name__}")
    return adjectives + colours, [words for _, words in sorted(posts, key=lambda post: post[0])]


def _attribute_in_words(phrasing: Phrasing, attribute: str) -> str:
    garment = garment_of(attribute)
    if garment is not None and garment.colour:
        article = indefinite(garment.colour)
        if garment.part == "bag":
            return phrasing.pick(_BAG).format(article, garment.colour, garment.name)
        name = phrasing.pick(_TOPS) if garment.part == "top" else garment.name
        return phrasing.pick(_WEARING).format(article, garment.colour, name)
    return phrasing.pick(_STATE_WORDS[attribute]) if attribute in _STATE_WORDS else attribute


def _with_article(phrasing: Phrasing, noun: str) -> str:
    if phrasing.chance(0.7):
        return f"the {noun}"
    return f"{indefinite(noun)} {noun}"


def _name_of(phrasing: Phrasing, classes: frozenset[str]) -> str:
    return phrasing.pick(term_for(classes).singular)


def term_for(classes: frozenset[str]) -> Term:
    """The first noun that covers exactly these classes."""
    return next(term for term in TERMS if term.sure == classes)
