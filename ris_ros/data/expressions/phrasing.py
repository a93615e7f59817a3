"""Choosing words, so that whole families of phrasing can be held out of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np

Split = Literal["train", "heldout", "all"]
Style = Literal["free", "plain"]
T = TypeVar("T")

_HELD_OUT_SHARE = 0.8
_HELD_OUT_CONSTRUCTIONS: dict[str, float] = {"heldout": 0.3, "all": 0.1}


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


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One of several constructions, of which whole ones may be held out of training.

    Attributes:
        value: What it is.
        weight: How often it is drawn, relative to the others.
        held_out: Whether training never sees it.
    """

    value: T
    weight: float = 1.0
    held_out: bool = False


class Phrasing:
    """Draws words for one sentence and remembers whether any of them is held out.

    Args:
        rng: Source of chance.
        split: ``"train"`` draws common words only, ``"heldout"`` prefers held-out words, ``"all"`` draws evenly.
        plain: One wording for each meaning, and nothing that is optional: the templates that free language is
            measured against.
    """

    def __init__(self, rng: np.random.Generator, split: Split, *, plain: bool = False) -> None:
        self.rng = rng
        self.split = split
        self.plain = plain
        self.used_held_out = False

    def pick(self, choice: Choice) -> str:
        """One way to say it."""
        if self.plain:
            return choice.common[0]
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

    def choose(self, options: Sequence[Option[T]]) -> T:
        """One construction by weight; a held-out one only where the split allows it."""
        if self.plain:
            return options[0].value
        held_out = [option for option in options if option.held_out]
        wanted = self.split != "train" and bool(held_out) and self.chance(_HELD_OUT_CONSTRUCTIONS[self.split])
        self.used_held_out = self.used_held_out or wanted
        drawn = held_out if wanted else [option for option in options if not option.held_out]
        at = self.rng.random() * sum(option.weight for option in drawn)
        for option in drawn:
            at -= option.weight
            if at < 0.0:
                return option.value
        return drawn[-1].value

    def chance(self, probability: float) -> bool:
        """True with this probability; never in plain speech, which leaves out what is optional."""
        return not self.plain and bool(self.rng.random() < probability)

    def below(self, count: int) -> int:
        """An index in 0..count-1."""
        return int(self.rng.random() * count)

    def one_of(self, options: Sequence[T]) -> T:
        """One element."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The elements in random order."""
        return [options[i] for i in self.rng.permutation(len(options))]


def indefinite(words: str) -> str:
    """ "an" before a vowel, else "a"."""
    return "an" if words[0].lower() in "aeiou" and not words.startswith(("one", "uni", "use")) else "a"
