"""Choosing words, so that whole families of phrasing can be held out of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

Split = Literal["train", "heldout", "all"]
T = TypeVar("T")

_HELD_OUT_SHARE = 0.8
_DETERMINERS = frozenset({"all", "both", "every", "everyone", "everybody", "any", "anyone"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Ways to say one thing.

    Attributes:
        common: Ways that every split may use.
        held_out: Ways that training never sees.
    """

    common: tuple[str, ...]
    held_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.common:
            raise ValueError("a choice needs at least one common way")


class Phrasing:
    """Draws words for one sentence and remembers whether any of them is held out.

    Args:
        rng: Source of chance.
        split: ``"train"`` draws common words only, ``"heldout"`` prefers held-out words, ``"all"`` draws evenly.
    """

    def __init__(self, rng: np.random.Generator, split: Split) -> None:
        self.rng = rng
        self.split = split
        self.used_held_out = False

    def pick(self, choice: Choice) -> str:
        """One way to say it."""
        if self.split == "train" or not choice.held_out:
            return choice.common[self.below(len(choice.common))]
        share = (
            _HELD_OUT_SHARE
            if self.split == "heldout"
            else len(choice.held_out) / (len(choice.held_out) + len(choice.common))
        )
        if self.chance(share):
            self.used_held_out = True
            return choice.held_out[self.below(len(choice.held_out))]
        return choice.common[self.below(len(choice.common))]

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def below(self, count: int) -> int:
        """An index in 0..count-1."""
        return int(self.rng.random() * count)

    def one_of(self, options: Sequence[T]) -> T:
        """One element."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The elements in random order."""
        return [options[i] for i in self.rng.permutation(len(options))]


_OBJECT_WRAPPERS = Choice(
    common=(
        "{the}", "{the}", "{the}", "{the}", "{the}", "{bare}", "{bare}", "find {the}", "show me {the}",
        "do you see {the}?",
        "look at {the}", "where is {the}?", "{the}, please", "can you see {the}", "point to {the}", "I mean {the}",
        "watch {the}", "I am looking at {the}", "check {the}", "segment {the}", "do you see {the} over there?",
        "is there {a}?", "there is {a}", "I see {a}",
    ),
    held_out=(
        "keep an eye on {the}", "what about {the}?", "hey, see {the}?", "could you highlight {the} for me",
        "that would be {the}",
        "I'm talking about {the}", "mark {the} on the screen", "ok so there should be {the} somewhere",
        "any chance you see {a}?",
    ),
)  # fmt: skip
_PLURAL_WRAPPERS = Choice(
    common=(
        "{the}",
        "{the}",
        "{the}",
        "{bare}",
        "{bare}",
        "show me {the}",
        "find {the}",
        "look at {the}",
        "do you see {the}?",
        "where are {the}?",
    ),
    held_out=("keep an eye on {the}", "mark {the} on the screen", "could you highlight {the} for me"),
)
_COMMAND_WRAPPERS = Choice(
    common=(
        "{do}", "{do}", "{do}", "{do}", "{do}", "please {do}", "{do} please", "can you {do}?", "could you {do}",
        "ok, {do}",
        "you can {do}", "I want you to {do}", "{do} when you can", "let's {do}",
    ),
    held_out=("would you mind, just {do}", "{do}, I need to get out", "alright then {do}", "I'd like you to {do} now",
    "go ahead and {do}", "we need to {do}, thanks"),
)  # fmt: skip


def wrap_object(phrasing: Phrasing, noun_phrase: str, *, plural: bool, definite: bool = True) -> str:
    """Say a noun phrase without its article ("red car") the way a passenger or an operator would.

    Args:
        phrasing: Source of chance.
        noun_phrase: What is meant.
        plural: Whether it is several, or an area with a plural name.
        definite: Whether only "the" fits, as with superlatives and areas.
    """
    frame = phrasing.pick(_PLURAL_WRAPPERS if plural else _OBJECT_WRAPPERS)
    the = f"that {noun_phrase}" if not plural and frame != "{the}" and phrasing.chance(0.2) else f"the {noun_phrase}"
    if noun_phrase.split(" ", 1)[0] in _DETERMINERS:
        the = noun_phrase
    some = the if definite else f"{indefinite(noun_phrase)} {noun_phrase}"
    return spoken(phrasing, frame.replace("{a}", some).replace("{the}", the).replace("{bare}", noun_phrase))


def indefinite(words: str) -> str:
    """ "an" before a vowel, else "a"."""
    return "an" if words[0].lower() in "aeiou" and not words.startswith(("one", "uni", "use")) else "a"


def wrap_command(phrasing: Phrasing, verb_phrase: str) -> str:
    """Say a manoeuvre ("park behind the van") the way a passenger would."""
    return spoken(phrasing, phrasing.pick(_COMMAND_WRAPPERS).replace("{do}", verb_phrase))


def spoken(phrasing: Phrasing, text: str) -> str:
    """An utterance with case and full stop as typists and speech recognisers leave them."""
    style = float(phrasing.rng.random())
    if style < 0.25:
        text = text[0].upper() + text[1:]
        if not text.endswith(("?", ".")) and phrasing.chance(0.6):
            text += "."
    elif style < 0.28:
        text = text.upper()
    elif style < 0.6:
        text = text.lower()
    if text.endswith("?") and phrasing.chance(0.3):
        text = text[:-1]
    return text
