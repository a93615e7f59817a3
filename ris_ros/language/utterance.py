"""Bring an utterance, typed or recognised, to the one form that the rest of the package reads."""

from __future__ import annotations

import unicodedata

from ris_ros.errors import CommandError

MAX_CHARACTERS = 1000

# Kept: letters, marks, numbers, punctuation, mathematical and currency signs. Control characters and
# separators become one space; what cannot be read aloud (emoji, modifiers, private use) goes.
_SPACE_CATEGORIES = frozenset({"Cc", "Zs", "Zl", "Zp"})
_DROPPED_CATEGORIES = frozenset({"Cf", "Cs", "Co", "Cn", "So", "Sk"})
_READABLE_CATEGORIES = frozenset({"L", "N"})


def clean(text: str) -> str:
    """Normalise an utterance.

    Compatibility forms are folded (NFKC), control characters and runs of whitespace become one space, and
    symbols that have no spoken form are dropped. Cleaning a cleaned text changes nothing.

    Args:
        text: Whatever was typed or recognised.

    Returns:
        Readable text of 1 to 1000 characters on one line, in the case it was written in.

    Raises:
        CommandError: The text is over 1000 characters, or holds no letter and no digit.
    """
    if len(text) > MAX_CHARACTERS:
        raise CommandError(_too_long(len(text)))
    # Dropping a character can bring a letter and its accent together, and folding can bring new spaces:
    # both only ever shorten or settle the text, so the loop ends.
    previous = None
    while text != previous:
        previous = text
        text = _fold(unicodedata.normalize("NFKC", text))
    if len(text) > MAX_CHARACTERS:
        raise CommandError(_too_long(len(text)))
    if not any(unicodedata.category(character)[0] in _READABLE_CATEGORIES for character in text):
        raise CommandError("The command holds no readable word: say what to look for, for example 'the red car'.")
    return text


def _fold(text: str) -> str:
    kept: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in _SPACE_CATEGORIES:
            kept.append(" ")
        elif category not in _DROPPED_CATEGORIES and not _is_variation_selector(character):
            kept.append(character)
    return " ".join("".join(kept).split())


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _too_long(length: int) -> str:
    return f"The command has {length} characters: use at most {MAX_CHARACTERS}."
