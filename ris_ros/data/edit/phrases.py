"""What of the words told of a thing stays true when the thing is recoloured, mirrored, or put somewhere else."""

from __future__ import annotations

import re

from ris_ros.data.colours import COLOURS, colours_differ
from ris_ros.data.expressions.nouns import NARROW_NOUNS
from ris_ros.data.instances import TALL_VEHICLE

_NOUN = "noun:"
_COLOUR = rf"(?:{'|'.join((*COLOURS, 'gray', 'maroon', 'navy', 'cream', 'tan', 'turquoise'))})"
_COLOUR_PHRASE = re.compile(
    rf"\b(?P<article>an? )?(?:(?:(?:dark|light|bright|pale|deep|navy|royal)[- ])?(?P<word>{_COLOUR})"
    r"|(?:dark|bright|pale|light-coloured|light(?= \w*(?:jacket|coat|top|shirt|jumper|clothes))))\b",
    re.IGNORECASE,
)
_TOP = re.compile(
    r"\b(?:jacket|coat|overcoat|raincoat|anorak|top|shirt|t-shirt|sweater|jumper|hoodie|fleece|cardigan|blouse|vest)\b"
)
_LOWER = re.compile(r"\b(?:jeans|trousers|skirt|shorts|leggings|pants|shoes|boots)\b")
_IN_COLOUR = re.compile(rf"in (?:(?:all|dark|light|{_COLOUR}) )?(?:clothes|clothing|{_COLOUR})")
_WHOLE = re.compile(r"\b(?:dress|suit|gown|robe|uniform|overalls|long)\b")
_OVER_THE_TOP = re.compile(r"\b(?:backpack|rucksack|scarf|hi-vis|high-vis\w*|reflective|fluorescent|tabard|sash)\b")
_PATTERNED = re.compile(r"\b(?:strip\w+|check\w*|pattern\w*|tartan|multi-?colou?red|two-tone|chequered)\b")
_LIVERY = re.compile(r"\b(?:police|ambulance|fire engine|taxi|liver(?:y|ied)|advert\w*|striped?|stripes|two-tone)\b")

_MACHINE = re.compile(r"bike|bicycle|motor|scooter|moped|pram|push|trolley|dog|animal")

# A thing keeps these wherever it is put: what it is, wears and carries, and which way its picture shows it.
_SAFE_BEGINNINGS = (
    _NOUN,
    "count:",
    "wearing ",
    "dressed in ",
    "carrying ",
    "with a ",
    "with an ",
    "facing ",
    "seen from ",
)
_SAFE_WORDS = frozenset({"walking", "standing", TALL_VEHICLE})
_UNIQUE = re.compile(
    r"\b(?:alone|only|nearest|nearer|closest|closer|furthest|farthest|first|second|third|last|leftmost|rightmost|middle"
    r"|other|between|ones? of)\b"
)
RELATED = re.compile(
    r"\b(?:behind|beside|by|near|next|before|after|between|under|of|from|past|opposite|ahead|beyond)\b", re.IGNORECASE
)
"""A relation to something else, which is what a colour after it belongs to."""


def dressed_in(attributes: tuple[str, ...], colour: str) -> tuple[str, ...] | None:
    """A person's attributes after the upper garment took another colour.

    Returns:
        The attributes with every phrase about that garment made true; None where it cannot be told which words the
        colour would make false (a pattern, a rucksack over it, a coat down to the knees).
    """
    kept: list[str] = []
    told = False
    for attribute in attributes:
        if attribute.startswith(_NOUN) and _MACHINE.search(attribute):
            return None
        if attribute.startswith(_NOUN) or RELATED.search(attribute):
            kept.append(attribute)
            continue
        if _OVER_THE_TOP.search(attribute) or _WHOLE.search(attribute):
            return None
        if _TOP.search(attribute) and _PATTERNED.search(attribute):
            return None
        upper, lower = _TOP.search(attribute), _LOWER.search(attribute)
        named = colours_named(attribute)
        if upper and named:
            before = [match for match in named if match.start() < upper.start()]
            if len(before) != 1:
                return None
            kept.append(swapped(attribute, before[0], colour))
            told = True
        elif (
            not named or lower or attribute.startswith(("with ", "carrying ", "pushing ", "holding ", "on ", "riding "))
        ):
            kept.append(attribute)
    if not told:
        kept.append(f"wearing {_article(colour)} {colour} top")
    return tuple(kept)


def painted(attributes: tuple[str, ...], before: str | None, colour: str) -> tuple[str, ...] | None:
    """A vehicle's attributes after its paint took another colour; None for paint that is more than a colour."""
    kept: list[str] = []
    for attribute in attributes:
        if _LIVERY.search(attribute):
            return None
        named = colours_named(attribute)
        if not named or RELATED.search(attribute):
            kept.append(attribute)
        elif len(named) > 1:
            return None
        elif attribute.startswith(_NOUN) or (before is not None and named[0]["word"] == before):
            kept.append(swapped(attribute, named[0], colour))
    return tuple(kept)


def moved(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """What stays true of a thing that is put into another street."""
    return tuple(
        attribute
        for attribute in attributes
        if attribute.startswith(_SAFE_BEGINNINGS)
        or attribute in _SAFE_WORDS
        or attribute in NARROW_NOUNS
        or _is_worn(attribute)
    )


def joined(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """What stays true of a thing when another comes into the picture: not that it is the only or the nearest."""
    return tuple(attribute for attribute in attributes if not _UNIQUE.search(attribute))


def bystander(attributes: tuple[str, ...], before: str | None, colour: str) -> tuple[str, ...]:
    """What stays true of a thing when another one took another colour: not that it is behind the blue car."""
    return tuple(
        attribute
        for attribute in attributes
        if not RELATED.search(attribute)
        or all(colour_is_neither(match["word"], colour, before) for match in colours_named(attribute))
    )


def colour_is_neither(word: str | None, colour: str, before: str | None) -> bool:
    """Whether a colour word that was used can be about neither of two colours; ``before`` is None when not known."""
    plain = (word or "").lower()
    return plain in COLOURS and before is not None and colours_differ(plain, colour) and colours_differ(plain, before)


def colours_named(text: str) -> list[re.Match[str]]:
    """Every place where a colour or a shade is named; the group ``word`` is the colour word, None for a mere shade."""
    return list(_COLOUR_PHRASE.finditer(text))


def swapped(text: str, match: re.Match[str], colour: str) -> str:
    """The text with one of :func:`colours_named` replaced by another colour."""
    article = f"{_article(colour)} " if match["article"] else ""
    return f"{text[: match.start()]}{article}{colour}{text[match.end() :]}"


def upper_garment_named(text: str) -> re.Match[str] | None:
    """Where a text names something worn on the upper body."""
    return _TOP.search(text)


def _is_worn(attribute: str) -> bool:
    worn = any(part.search(attribute) for part in (_TOP, _LOWER, _WHOLE))
    return attribute.startswith("in ") and (worn or bool(_IN_COLOUR.fullmatch(attribute)))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
