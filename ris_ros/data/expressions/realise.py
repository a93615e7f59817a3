"""Descriptions put into words: pre-modifiers, noun, post-modifiers, in the order that English wants them."""

from __future__ import annotations

from dataclasses import dataclass

from ris_ros.data.colours import COLOURS
from ris_ros.data.expressions import claim_words as words_for
from ris_ros.data.expressions.attributes import garment_of, garments_of
from ris_ros.data.expressions.describe import Description, Pick
from ris_ros.data.expressions.lexicon import GROUNDS, STUFF, TERMS, Term
from ris_ros.data.expressions.nouns import name_choice
from ris_ros.data.expressions.phrasing import Phrasing, indefinite
from ris_ros.data.expressions.predicates import (
    AtEdge,
    FarAway,
    HasAttribute,
    HasColour,
    IsKind,
    Not,
    OnSide,
    Predicate,
    SeenAgainst,
    StandsOn,
)
from ris_ros.data.expressions.relations import InLineWith, NextTo, RelatedTo, SideOf

_COLOUR_AFTER_SHARE = 0.08
# Single words that follow the noun.
_ONLY_AFTER = ("ahead", "away", "there", "along", "by")
_SIDE_BEFORE_SHARE = 0.15
_RIDDEN = frozenset({"bike", "bicycle", "bikes", "bicycles"})
_CLAUSE_SHARE = 0.15
# Adjectives of which a phrase may start though it has several words ("dark green", "cream and blue").
_ADJECTIVES = frozenset(COLOURS) | {"dark", "light", "pale", "cream", "bright", "small", "round", "square", "oval"}
# Order of what follows the noun.
_CLOTHES, _COLOUR, _PLACE, _RELATION, _SIDE = range(5)


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A name without its article, in the order that English wants.

    Attributes:
        before: Words before the noun ("second red").
        noun: The noun.
        after: Phrases after it ("in a red coat", "on the left").
    """

    before: tuple[str, ...]
    noun: str
    after: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([*self.before, self.noun, *self.after])


def noun_phrase(phrasing: Phrasing, description: Description, plural: bool = False) -> str:
    """Words for the description, without its article: "second red car from the left"."""
    return str(build_noun_phrase(phrasing, description, plural))


def build_noun_phrase(phrasing: Phrasing, description: Description, plural: bool = False) -> NounPhrase:
    """Words for the description, still in their parts."""
    before, after = _claims_in_words(phrasing, description, plural)
    if description.pick is not None:
        sided = any(isinstance(claim, OnSide) and claim.side != "ahead" for claim in description.claims)
        lead, tail = _pick_in_words(phrasing, description.pick, sided)
        # "Second car from the left by the van": what is counted stays by the noun.
        after = tail + after if description.pick.by in words_for.FROM else after + tail
        before = lead + before
    return NounPhrase(tuple(before), noun_of(phrasing, description, plural), tuple(after))


def noun_of(phrasing: Phrasing, description: Description, plural: bool) -> str:
    """A noun for what is described: the narrow one if the description claims it."""
    kind = next((claim.kind for claim in description.claims if isinstance(claim, IsKind)), None)
    if kind is not None:
        return phrasing.pick(name_choice(kind))
    noun = phrasing.pick(description.term.plural if plural else description.term.singular)
    if noun in _RIDDEN and any(
        isinstance(claim, HasAttribute) and garments_of(claim.attribute) for claim in description.claims
    ):
        # Who wears something is the rider.
        return "cyclists" if plural else "cyclist"
    return noun


def stuff_name(phrasing: Phrasing, class_name: str) -> str:
    """A name of a stuff class, without article."""
    return phrasing.pick(phrasing.one_of(STUFF[class_name]).names)


def ground_name(phrasing: Phrasing, class_name: str) -> str:
    """A name of what a thing may stand on, without article."""
    return phrasing.pick(GROUNDS[class_name])


def side_words(phrasing: Phrasing, side: str) -> str:
    """ "on the left" and its like."""
    return phrasing.pick(words_for.SIDE_POST[side])


def term_for(classes: frozenset[str]) -> Term:
    """The first noun that covers exactly these classes."""
    return next(term for term in TERMS if term.sure == classes)


def _pick_in_words(phrasing: Phrasing, pick: Pick, sided: bool) -> tuple[list[str], list[str]]:
    if pick.by == "nearest_to" and pick.other_name is not None:
        return [], [phrasing.pick(words_for.NEAREST_TO).format(f"the {noun_phrase(phrasing, pick.other_name)}")]
    if sided and pick.by == "nearest":
        # "The first car on the right" is the one that is passed first.
        return [words_for.ORDINALS[pick.rank] if pick.rank else phrasing.pick(words_for.FIRST)], []
    if pick.by in ("from_left", "from_right"):
        if pick.rank == 0 and phrasing.chance(0.7):
            if phrasing.chance(0.4):
                return [], [phrasing.pick(words_for.EXTREME_POST[pick.by])]
            return [phrasing.pick(words_for.EXTREME[pick.by])], []
        ordinal = (words_for.NUMERALS if phrasing.chance(0.33) else words_for.ORDINALS)[pick.rank]
        return [ordinal], [phrasing.pick(words_for.FROM[pick.by])]
    if pick.by in words_for.PICK_POST and phrasing.chance(0.5):
        return [], [phrasing.pick(words_for.PICK_POST[pick.by])]
    return [phrasing.pick(words_for.PICK_WORDS[pick.by])], []


def _claims_in_words(phrasing: Phrasing, description: Description, plural: bool) -> tuple[list[str], list[str]]:
    colours: list[str] = []
    adjectives: list[str] = []
    # Clothes stay by the noun, sides come last: "person in a red coat on the pavement on the left".
    posts: list[tuple[int, str]] = []
    for claim in description.claims:
        if isinstance(claim, HasColour):
            _add_colour(phrasing, description, claim.colour, plural, colours, posts)
        elif isinstance(claim, HasAttribute):
            words = phrase_in_words(phrasing, claim.attribute, description.term)
            words = _in_plural(words) if plural else words
            if (" " in words and words.split()[0] not in _ADJECTIVES) or words.endswith(_ONLY_AFTER):
                posts.append((_CLOTHES, words))
            else:
                adjectives.append(words)
        elif isinstance(claim, OnSide) and claim.side != "ahead" and phrasing.chance(_SIDE_BEFORE_SHARE):
            adjectives.insert(0, phrasing.pick(words_for.SIDE_PRE[claim.side]))
        elif not isinstance(claim, IsKind):
            posts.append(_place_in_words(phrasing, claim, plural))
    posts.sort(key=lambda post: post[0])
    if phrasing.chance(0.2):
        # "On the left by the bus" is said as well as "by the bus on the left".
        posts = posts[:-2] + posts[-2:][::-1] if posts and posts[-1][0] >= _PLACE else posts
    return adjectives + colours, _joined(phrasing, posts)


def _joined(phrasing: Phrasing, posts: list[tuple[int, str]]) -> list[str]:
    """What follows the noun, relations to several things told apart from relations of those things."""
    related = [words for place, words in posts if place == _RELATION]
    if len(related) < 2:
        return [words for _, words in posts]
    plain = [words.removeprefix("that is ") for words in related]
    joined = f"{', '.join(plain[:-1])}{phrasing.one_of((' and ', ', and ', ' and '))}{plain[-1]}"
    before = [words for place, words in posts if place < _RELATION]
    return [*before, joined, *(words for place, words in posts if place > _RELATION)]


def _add_colour(
    phrasing: Phrasing,
    description: Description,
    colour: str,
    plural: bool,
    before: list[str],
    after: list[tuple[int, str]],
) -> None:
    colour = "gray" if colour == "grey" and phrasing.chance(0.4) else colour
    if description.term.sure == {"traffic light"} and phrasing.chance(0.6):
        words = phrasing.pick(words_for.LIGHT_COLOUR)
    elif phrasing.chance(_COLOUR_AFTER_SHARE):
        words = phrasing.pick(words_for.COLOUR_POST)
    else:
        before.append(colour)
        return
    after.append((_COLOUR, _in_plural(words.format(colour)) if plural else words.format(colour)))


def _place_in_words(phrasing: Phrasing, claim: Predicate, plural: bool) -> tuple[int, str]:
    if isinstance(claim, OnSide):
        return _SIDE, _agreeing(phrasing.pick(words_for.SIDE_POST[claim.side]), plural)
    if isinstance(claim, AtEdge):
        return _SIDE, phrasing.pick(words_for.AT_EDGE[claim.side])
    if isinstance(claim, FarAway):
        return _SIDE, phrasing.pick(words_for.FAR_AWAY)
    if isinstance(claim, StandsOn):
        return _PLACE, _agreeing(phrasing.pick(words_for.ON), plural).format(ground_name(phrasing, claim.ground))
    if isinstance(claim, SeenAgainst):
        return _PLACE, phrasing.pick(words_for.AGAINST).format(stuff_name(phrasing, claim.background))
    if isinstance(claim, NextTo):
        other = _with_article(phrasing, _name_of(phrasing, claim.classes))
        return _RELATION, _agreeing(phrasing.pick(words_for.NEXT_TO), plural).format(other)
    if isinstance(claim, InLineWith):
        other = _with_article(phrasing, _name_of(phrasing, claim.classes))
        return _RELATION, phrasing.pick(words_for.BEHIND if claim.behind else words_for.BEFORE).format(other)
    if isinstance(claim, SideOf):
        other = f"the {_name_of(phrasing, claim.classes)}"
        return _RELATION, phrasing.pick(words_for.SIDE_OF[claim.side]).format(other)
    if isinstance(claim, RelatedTo):
        return _RELATION, _agreeing(_relation_in_words(phrasing, claim), plural)
    if isinstance(claim, Not):
        return _CLOTHES, _agreeing(_denial_in_words(phrasing, claim.claim), plural)
    raise TypeError(f"no words for {type(claim).__name__}")


def _relation_in_words(phrasing: Phrasing, claim: RelatedTo) -> str:
    words = phrasing.pick(words_for.RELATION[claim.relation])
    if not words.startswith("that ") and phrasing.chance(_CLAUSE_SHARE):
        words = f"that is {words}"
    return words.format(f"the {noun_phrase(phrasing, claim.name)}")


def _denial_in_words(phrasing: Phrasing, claim: Predicate) -> str:
    if isinstance(claim, HasColour):
        return phrasing.pick(words_for.NOT).format(claim.colour)
    if isinstance(claim, OnSide):
        return phrasing.pick(words_for.NOT).format(
            f"on the {claim.side}" if claim.side != "ahead" else "in front of us"
        )
    if isinstance(claim, HasAttribute):
        garment = garment_of(claim.attribute)
        if garment is not None and not garment.colour:
            return phrasing.pick(words_for.WITHOUT).format(indefinite(garment.name), garment.name)
        return phrasing.pick(words_for.NOT).format(claim.attribute)
    raise TypeError(f"no words for the denial of {type(claim).__name__}")


def phrase_in_words(phrasing: Phrasing, phrase: str, term: Term) -> str:
    """An attribute as people would say it: clothes and states in many ways, other phrases as they stand."""
    garment = garment_of(phrase)
    if garment is not None and garment.colour:
        article = indefinite(garment.colour)
        if garment.part == "bag":
            return phrasing.pick(words_for.BAG).format(article, garment.colour, garment.name)
        if garment.part in ("top", "head") and not garment.name.endswith("s"):
            name = phrasing.pick(words_for.TOPS) if garment.part == "top" else garment.name
            return phrasing.pick(words_for.WEARING).format(article, garment.colour, name)
    if phrase not in words_for.STATE_WORDS:
        return phrase
    words = phrasing.pick(words_for.STATE_WORDS[phrase])
    return words_for.RIDDEN.get(words, words) if term.sure == {"bicyclist"} else words


def _in_plural(words: str) -> str:
    swapped = words.replace(" its ", " their ").replace(" his ", " their ").replace(" her ", " their ")
    return _agreeing(swapped, plural=True)


def _agreeing(words: str, plural: bool) -> str:
    if not plural:
        return words
    for one, several in (("that is ", "that are "), ("who is ", "who are "), ("which is ", "which are "),
                         ("that's ", "that are "), ("that has ", "that have "), ("who has ", "who have ")):  # fmt: skip
        words = words.replace(one, several)
    return words


def _with_article(phrasing: Phrasing, noun: str) -> str:
    if phrasing.chance(0.7):
        return f"the {noun}"
    return f"{indefinite(noun)} {noun}"


def _name_of(phrasing: Phrasing, classes: frozenset[str]) -> str:
    return phrasing.pick(term_for(classes).singular)
