"""What a source tells of an instance in words, and which words exclude each other.

Sources tell little: that somebody is said to walk does not say what they carry. So a phrase that is not told of a thing
is in doubt, unless another that is told contradicts it: nobody is parked and driving, or in a red and in a green coat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from ris_ros.data.colours import COLOURS, colours_differ
from ris_ros.data.expressions.nouns import NARROW_NOUNS, canonical_noun, class_of_noun, is_plural_noun, says_who
from ris_ros.data.instances import TALL_VEHICLE
from ris_ros.data.labeled_image import InstanceInfo

Truth = bool | None

# Phrases whose reading is remembered; sources repeat theirs from picture to picture.
_MEMO = 8192
_NOUN, _COUNT = "noun:", "count:"


@dataclass(frozen=True, slots=True)
class Known:
    """An instance's attributes sorted by what they are.

    Attributes:
        class_name: Its class; the noun's where the two disagree, since somebody chose the noun with more care.
        colour: Colour word; of a traffic light, the one it shows.
        noun: Narrower noun than its class in the form of :func:`~ris_ros.data.expressions.nouns.canonical_noun`,
            or None when the source tells none.
        count: How many things the instance is; None when it may be several that nobody counted.
        phrases: What may follow the noun ("parked at the kerb") or, as one word, precede it ("parked").
    """

    class_name: str
    colour: str | None
    noun: str | None
    count: int | None
    phrases: tuple[str, ...]

    @classmethod
    def read(cls, info: InstanceInfo) -> Known:
        """Sort the attributes of one instance."""
        class_name = info.class_name
        noun: str | None = None
        count = None if info.merged else 1
        several = False
        phrases: list[str] = []
        for attribute in info.attributes:
            if attribute.startswith(_NOUN):
                told = attribute[len(_NOUN) :]
                class_name = class_of_noun(told, class_name)
                noun = None if class_name == "bicyclist" and says_who(told) else canonical_noun(told)
                several = is_plural_noun(told)
            elif attribute.startswith(_COUNT):
                count = int(attribute[len(_COUNT) :])
            elif attribute in NARROW_NOUNS:
                noun = attribute
            elif attribute != TALL_VEHICLE and not attribute.startswith(("a ", "an ", "the ")):
                phrases.append(attribute)
        colour = info.colour
        if class_name == "traffic light":
            shown = {facets["light"] for facets in map(_facets_of, phrases) if "light" in facets}
            colour = next(iter(shown)) if colour is None and len(shown) == 1 else colour
            if colour in _LIGHT_COLOURS and not shown:
                phrases.append(f"showing {colour}")
        return cls(class_name, colour, noun, None if several and count == 1 else count, tuple(phrases))


@dataclass(frozen=True, slots=True)
class Garment:
    """Something worn or carried.

    Attributes:
        colour: Its colour word, empty when not told.
        name: What it is called.
        part: What it covers; names of one part are often confused (jacket, coat).
    """

    colour: str
    name: str
    part: str


_PARTS: dict[str, str] = {
    **dict.fromkeys(
        ("jacket", "coat", "shirt", "top", "sweater", "hoodie", "dress", "t-shirt", "tee-shirt", "jumper", "blouse",
         "anorak", "suit", "cardigan", "fleece", "raincoat", "overcoat", "clothes", "vest"), "top"),
    **dict.fromkeys(("jeans", "trousers", "skirt", "shorts", "leggings", "pants"), "legs"),
    **dict.fromkeys(("backpack", "rucksack", "bag", "handbag", "satchel"), "bag"),
    **dict.fromkeys(("helmet", "hat", "cap", "hood"), "head"),
}  # fmt: skip
_DARK = frozenset({"black", "dark", "navy", "maroon"})
_PALE = frozenset({"white", "light", "pale", "cream", "beige", "silver", "yellow", "pink", "light-coloured", "bright"})
_SHADES = _DARK | _PALE | frozenset(COLOURS)
_ALL_IN = re.compile(r"(?:dressed |all |wearing )?(?:in )?([a-z]+)")
_PLAIN_GARMENT = re.compile(
    r"(?:wearing|in|with|carrying) (?:(?:a|an|the|some) )?(?:(?P<colour>[a-z]+) )?(?P<name>[a-z-]+)"
)

# The verb, not the noun of "waiting at the crossing".
_CROSSING = r"(?<!\bthe )(?<!\ba )(?<!zebra )\bcrossing\b"
# Facets of what a thing does: its values, how each is said, and which pairs of values no thing has at once.
_FACETS: dict[str, dict[str, str]] = {
    "motion": {
        "parked": r"\bparked\b",
        "moving": _CROSSING + r"|\b(?:driving|riding|cycling|coming|oncoming|turning|passing|overtaking|heading|moving"
        r"|approaching|pulling|speeding)\b",
    },
    "heading": {
        "us": r"\b(?:oncoming|approaching|facing us|(?:coming|heading|walking|driving|riding|cycling) "
        r"(?:towards?|at|our way|along towards)\b.*)",
        "away": r"\b(?:(?:driving|riding|cycling|walking|heading|going|facing) (?:away|ahead|off|our way)|going our way"
        r"|seen from behind|with (?:its|his|her|their) back to us)\b",
        "across": _CROSSING + r"|\b(?:seen from the side|side on|side-on)\b",
    },
    "pose": {
        "walking": _CROSSING + r"|\b(?:walking|strolling|running|jogging)\b",
        "standing": r"\b(?:standing|waiting|stood)\b",
        "sitting": r"\b(?:sitting|sat|seated)\b",
    },
    "light": {
        "green": r"\b(?:showing|on|turned|gone) green\b",
        "amber": r"\b(?:showing|on|turned|gone) (?:red and amber|amber|yellow|orange)\b",
        "red": r"\b(?:showing|on|turned|gone) red\b",
    },
}  # fmt: skip
_COMPATIBLE = frozenset({frozenset({"across", "away"})})
_COMPILED = {
    facet: {value: re.compile(pattern) for value, pattern in values.items()} for facet, values in _FACETS.items()
}
# These words of generated sources say no more than their facet does, so that other wordings of it imply them.
_PURE_STATES = frozenset({"parked", "oncoming", "walking", "standing", "showing green", "showing red"})
_LIGHT_COLOURS = frozenset({"green", "red", "amber"})
_RENDERED_STATES = frozenset({"walking", "standing", "crossing the road", "riding ahead", "oncoming", "crossing"})


def garment_of(phrase: str) -> Garment | None:
    """The one garment that a phrase is about ("wearing a red jacket", "with a bag"); None if it says more or else."""
    match = _PLAIN_GARMENT.fullmatch(phrase)
    if match is None or match["name"] not in _PARTS or (match["colour"] and match["colour"] not in _SHADES):
        return None
    return Garment(match["colour"] or "", match["name"], _PARTS[match["name"]])


@lru_cache(maxsize=_MEMO)
def garments_of(phrase: str) -> tuple[Garment, ...]:
    """Every garment that a phrase names ("in a blue jacket and jeans")."""
    all_over = _ALL_IN.fullmatch(phrase)
    if all_over is not None and all_over[1] in _SHADES:
        return (Garment(all_over[1], "clothes", "top"),)
    words = re.findall(r"[a-z-]+", phrase.lower())
    found = []
    for index, word in enumerate(words):
        if word in _PARTS:
            before = words[max(0, index - 3) : index]
            while any(stop in before for stop in ("and", "with", "in")):
                before = before[1:]
            colours = [w for w in before if w in _SHADES]
            found.append(Garment(colours[-1] if colours else "", word, _PARTS[word]))
    return tuple(found)


def phrase_holds(asked: str, known: Iterable[str]) -> Truth:
    """Whether a phrase is true of something of which ``known`` is all that a source tells."""
    known = tuple(known)
    if asked in known:
        return True
    facets = _facets_of(asked)
    for phrase in known:
        told = _facets_of(phrase)
        if asked in _PURE_STATES and facets == {k: v for k, v in told.items() if k in facets}:
            return True
        if any(facet in told and _exclude(value, told[facet]) for facet, value in facets.items()):
            return False
    worn = [garment for phrase in known for garment in garments_of(phrase)]
    wanted = garments_of(asked)
    if any(w.part == g.part and shades_differ(w.colour, g.colour) for w in wanted for g in worn):
        return False
    plain = garment_of(asked)
    if plain is not None and not plain.colour and any(g.part == plain.part and g.name == plain.name for g in worn):
        return True
    if plain is not None and tells_all_worn(known):
        return None if any(garment.part == plain.part for garment in worn) else False
    return None


def tells_all_worn(known: Iterable[str]) -> bool:
    """Whether a source says everything that somebody wears: rendered scenes do, beside what the person does."""
    known = tuple(known)
    return any(phrase in _RENDERED_STATES for phrase in known) and any(p.startswith("wearing a") for p in known)


def shades_differ(one: str, other: str) -> bool:
    """Whether two colours of clothes, "dark" and "light" among them, exclude each other; empty words never do."""
    if not one or not other or one == other:
        return False
    if {one, other} & {"dark", "light", "pale", "bright", "light-coloured", "navy"}:
        return (one in _DARK and other in _PALE) or (one in _PALE and other in _DARK)
    return colours_differ(one, other)


@lru_cache(maxsize=_MEMO)
def _facets_of(phrase: str) -> Mapping[str, str]:
    told: dict[str, str] = {}
    for facet, values in _COMPILED.items():
        for value, pattern in values.items():
            if pattern.search(phrase):
                told.setdefault(facet, value)
    return MappingProxyType(told)


def _exclude(one: str, other: str) -> bool:
    return one != other and frozenset({one, other}) not in _COMPATIBLE
