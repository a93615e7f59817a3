"""Descriptions said aloud: framed, telegraphic, with the side first, or as a name that is then made more exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ris_ros.data.expressions.describe import Description
from ris_ros.data.expressions.frames import frame_name, spoken
from ris_ros.data.expressions.phrasing import Choice, Option, Phrasing, indefinite
from ris_ros.data.expressions.predicates import AtEdge, OnSide
from ris_ros.data.expressions.realise import NounPhrase, build_noun_phrase, side_words
from ris_ros.data.expressions.relations import relations_in

_CONSTRUCTIONS: tuple[Option[str], ...] = (
    Option("framed", 10.0),
    Option("terse", 2.6),
    Option("side first", 0.8),
    Option("narrowed", 1.0),
    Option("afterthought", 1.0, held_out=True),
)
_SIDE_FIRST = Choice(
    ("{side}, {the}", "{side} {the}", "{side}: {the}", "{side} there is {a}", "{side}, {a}"), ("{side} you have {a}",)
)
_NARROWED = Choice(
    ("{the}, the {one}", "{the}, I mean the {one}", "that {noun}, the {one}", "{the}. the {one}",
     "see {the}? the {one}", "look at {the}, the {one}", "the {one}, that {noun}", "{noun}, the {one}"),
    ("{the}, you know, the {one}", "{the}, well, the {one}"),
)  # fmt: skip
_AFTERTHOUGHT = Choice(("{noun}, {after}", "{the}. {after}.", "there, {the}, {after}", "{the} ... {after}"))
# What telegraphic speech leaves out.
_SMALL_WORDS = re.compile(r"\b(?:the|a|an|that is|which is|who is|that are|that's|wearing|there)\b ?", re.IGNORECASE)
_SIDES = re.compile(r"\b(?:on|to|at|over on|over to|off to|over) (?:our )?(left|right)(?:[- ]hand)?(?: side)?\b")


def say_description(phrasing: Phrasing, description: Description, *, plural: bool = False, lead: str = "") -> str:
    """An utterance that means the description.

    Args:
        phrasing: Source of chance.
        description: What is meant.
        plural: Whether it is several.
        lead: Words before the name, with their space ("all the ", "two ").
    """
    untouched = phrasing.used_held_out
    construction = phrasing.choose(_CONSTRUCTIONS) if relations_in(description) < 2 else "framed"
    said = _SAYERS[construction](phrasing, description, plural, lead) if construction != "framed" else ""
    if said:
        return spoken(phrasing, said)
    # What was tried and dropped leaves no trace.
    phrasing.used_held_out = untouched
    words = f"{lead}{build_noun_phrase(phrasing, description, plural)}"
    return frame_name(phrasing, words, plural=plural, definite=description.pick is not None)


def telegraphic(phrasing: Phrasing, text: str) -> str:
    """The words that carry the meaning, as in "guy left red jacket"."""
    side = _SIDES.search(text)
    if side is not None and len(_SIDES.findall(text)) == 1:
        short = phrasing.one_of((side[1], f"on {side[1]}", f"{side[1]} side", side[1]))
        text = _SIDES.sub(short, text)
        if phrasing.chance(0.3) and text.endswith(short) and text != short:
            text = f"{short} {text[: -len(short)]}"
    text = _SMALL_WORDS.sub("", text)
    if phrasing.chance(0.4):
        text = re.sub(r"\b(?:in|with) (?=\w+ \w+$)", "", text)
    return " ".join(text.split()) or "it"


def _terse(phrasing: Phrasing, description: Description, plural: bool, lead: str) -> str:
    full = f"{lead}{build_noun_phrase(phrasing, description, plural)}"
    # Shortened, a held-out wording may be one that training knows.
    return "" if phrasing.used_held_out else telegraphic(phrasing, full)


def _side_first(phrasing: Phrasing, description: Description, plural: bool, lead: str) -> str:
    """ "On the left, the red car"; empty where the description tells no side."""
    sides = [claim for claim in description.claims if isinstance(claim, (OnSide, AtEdge))]
    if len(sides) != 1 or not isinstance(sides[0], OnSide) or plural or lead:
        return ""
    others = tuple(claim for claim in description.claims if claim is not sides[0])
    name = str(build_noun_phrase(phrasing, replace(description, claims=others), plural))
    words = side_words(phrasing, sides[0].side)
    if words.startswith(("that ", "who ")):
        return ""
    some = f"the {name}" if description.pick is not None else f"{indefinite(name)} {name}"
    return phrasing.pick(_SIDE_FIRST).replace("{side}", words).replace("{the}", f"the {name}").replace("{a}", some)


def _narrowed(phrasing: Phrasing, description: Description, plural: bool, lead: str) -> str:
    """A bare noun and then what singles it out: "the car, the red one on the left"."""
    parts = build_noun_phrase(phrasing, description, plural)
    if plural or not (parts.before or parts.after):
        return ""
    one = str(NounPhrase(parts.before, "one", parts.after))
    text = phrasing.pick(_NARROWED).replace("{one}", one)
    return text.replace("{noun}", parts.noun).replace("{the}", f"the {parts.noun}")


def _afterthought(phrasing: Phrasing, description: Description, plural: bool, lead: str) -> str:
    """The name, and one more thing about it after a pause."""
    parts = build_noun_phrase(phrasing, description, plural)
    if plural or not parts.after:
        return ""
    short = NounPhrase(parts.before, parts.noun, parts.after[:-1])
    text = phrasing.pick(_AFTERTHOUGHT).replace("{after}", parts.after[-1])
    return text.replace("{the}", f"the {short}").replace("{noun}", str(short))


_SAYERS: dict[str, Callable[[Phrasing, Description, bool, str], str]] = {
    "terse": _terse, "side first": _side_first, "narrowed": _narrowed, "afterthought": _afterthought,
}  # fmt: skip
