"""Nouns narrower than a class ("taxi" of a car, "woman" of a pedestrian), and which of them exclude each other."""

from __future__ import annotations

from dataclasses import dataclass

from ris_ros.data.expressions.phrasing import Choice


@dataclass(frozen=True, slots=True)
class NarrowNoun:
    """A noun that a source gives an instance.

    Attributes:
        singular: Ways to name one.
        also: Further nouns of sources that mean the same.
        like: Other canonical nouns for which some people would use this one.
        not_class: Whether people would hesitate to use the class's own word for it (a motorcyclist is no cyclist).
    """

    singular: Choice
    also: frozenset[str] = frozenset()
    like: frozenset[str] = frozenset()
    not_class: bool = False


def _noun(
    common: tuple[str, ...],
    held_out: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    like: tuple[str, ...] = (),
    not_class: bool = False,
) -> NarrowNoun:
    return NarrowNoun(Choice(common, held_out), frozenset(also), frozenset(like), not_class)


RIDERLESS = "parked bicycle"
NARROW_NOUNS: dict[str, NarrowNoun] = {
    "SUV": _noun(("SUV", "four by four", "4x4"), ("off-roader",), ("4x4", "suv", "four by four", "jeep", "4x4s"),
                 ("estate car", "people carrier")),
    "sedan": _noun(("sedan", "saloon", "saloon car"), ("four-door car",), ("saloon", "saloon car"),
                   ("hatchback", "estate car", "sports car")),
    "hatchback": _noun(("hatchback", "hatchback", "hatch"), ("compact",), ("small car", "small hatchback"),
                       ("sedan", "sports car")),
    "estate car": _noun(("estate car", "estate", "station wagon"), ("wagon",), ("estate", "station wagon"),
                        ("SUV", "sedan", "people carrier")),
    "sports car": _noun(("sports car", "coupe"), ("sporty car",), ("coupe", "convertible"), ("sedan", "hatchback")),
    "people carrier": _noun(("people carrier", "family car", "mpv"), ("minivan",), ("mpv",), ("SUV", "estate car")),
    "taxi": _noun(("taxi", "cab", "taxi"), ("taxicab",), ("cab", "black cab", "minicab"), ("sedan", "hatchback")),
    "minibus": _noun(("minibus",), ("shuttle",)),
    "pickup truck": _noun(("pickup truck", "pickup", "pick-up"), (), ("pickup", "pick-up")),
    "lorry": _noun(("lorry", "box truck", "delivery truck"), ("heavy goods vehicle",), ("box lorry", "hgv")),
    "double-decker bus": _noun(("double-decker", "double-decker bus", "double decker"), ("two-storey bus",),
                               ("double-decker", "double decker", "double decker bus")),
    "coach": _noun(("coach",), ("touring bus",)),
    "man": _noun(("man", "man", "guy", "bloke"), ("gentleman", "fellow"), ("guy", "bloke", "men"), ("boy",)),
    "woman": _noun(("woman", "woman", "lady"), ("female pedestrian",), ("lady", "women"), ("girl",)),
    "boy": _noun(("boy", "lad"), ("young lad",), ("lad",), ("man", "child")),
    "girl": _noun(("girl",), ("young girl",), (), ("woman", "child")),
    "child": _noun(("child", "kid"), ("youngster",), ("kid",), ("boy", "girl")),
    "motorcyclist": _noun(("motorcyclist", "motorbike rider", "person on the motorbike"), ("biker",),
                          ("motorcycle", "motorbike", "moped rider", "scooter rider", "moped",
        "motorbikes"), not_class=True),
    RIDERLESS: _noun(("parked bicycle", "bicycle without a rider", "parked bike"), ("empty bike",),
                     ("bicycle", "bike", "parked bike"), not_class=True),
    "street lamp": _noun(("street lamp", "lamp post", "street light"), ("lantern pole",), ("lamp post",)),
    "bollard": _noun(("bollard",), ("short post",)),
    "round sign": _noun(("round sign", "circular sign")),
    "triangle sign": _noun(("triangular sign", "triangle sign"), ("three-cornered sign",), ("warning sign",)),
    "board sign": _noun(("sign board", "rectangular sign"), (), (), ("direction sign",)),
    "direction sign": _noun(("direction sign", "sign with the directions"), ("signpost",), (), ("board sign",)),
    "billboard": _noun(("billboard", "advert", "hoarding"), ("advertising board",), ("hoarding", "advert", "poster"),
                       ("banner",), not_class=True),
    "banner": _noun(("banner",), (), (), ("billboard",), not_class=True),
}  # fmt: skip

_CANONICAL: dict[str, str] = {other: noun for noun, entry in NARROW_NOUNS.items() for other in entry.also}
_VEHICLES = frozenset({"car", "van", "truck", "bus"})
_VEHICLE_CLASSES: dict[str, str] = {
    "car": "car", "cars": "car", "van": "van", "vans": "van", "truck": "truck", "trucks": "truck", "lorry": "truck",
    "lorries": "truck", "bus": "bus", "buses": "bus", "coach": "bus", "double-decker": "bus",
}  # fmt: skip
# What is no narrower than the class, or only says that it is several.
_CLASS_WORDS = frozenset(
    ("car", "cars", "vehicle", "vehicles", "van", "vans", "truck", "trucks", "bus", "buses", "pedestrian",
     "pedestrians", "person", "people", "group of people", "figure", "cyclist", "cyclists", "bicyclist", "sign",
     "signs", "traffic sign", "road sign", "traffic light", "traffic lights", "pole", "cone")
)  # fmt: skip


def canonical_noun(noun: str) -> str | None:
    """The entry of :data:`NARROW_NOUNS` that a source's noun means, else the noun itself; None if it adds nothing."""
    plain = noun.strip()
    if not plain or plain.lower() in _CLASS_WORDS:
        return None
    return plain if plain in NARROW_NOUNS else _CANONICAL.get(plain.lower(), plain)


def class_of_noun(noun: str, class_name: str) -> str:
    """The class that a vehicle's noun names, where it names one ("coach": bus); else the class given."""
    return _VEHICLE_CLASSES.get(noun.strip().lower(), class_name) if class_name in _VEHICLES else class_name


def is_plural_noun(noun: str) -> bool:
    """Whether a source's noun says that it is several."""
    last = noun.strip().lower().split()[-1] if noun.strip() else ""
    return last in {"people", "men", "women", "children"} or (
        last.endswith("s") and not last.endswith(("ss", "bus", "lights"))
    )


def says_who(noun: str) -> bool:
    """Whether a noun says who somebody is rather than what they ride."""
    return canonical_noun(noun) in {"man", "woman", "boy", "girl", "child"}


def noun_fits(asked: str, known: str | None) -> bool | None:
    """Whether something that a source calls ``known`` may be called ``asked``; both canonical, None where in doubt."""
    if asked == known:
        return True
    if known is None:
        return None
    likes = [NARROW_NOUNS[noun].like for noun in (asked, known) if noun in NARROW_NOUNS]
    if any(asked in like or known in like for like in likes):
        return None
    # A noun that no entry lists ("speed limit sign") may mean the same as another by other words.
    return False if asked in NARROW_NOUNS and known in NARROW_NOUNS else (None if _akin(asked, known) else False)


def name_choice(noun: str) -> Choice:
    """Ways to say a canonical noun."""
    return NARROW_NOUNS[noun].singular if noun in NARROW_NOUNS else Choice((noun,))


def doubts_class(noun: str | None) -> bool:
    """Whether a thing of this noun is not surely what its class is called."""
    return noun is not None and noun in NARROW_NOUNS and NARROW_NOUNS[noun].not_class


def _akin(one: str, other: str) -> bool:
    """Whether two nouns share a word, as "small van" and "delivery van" do."""
    return bool(set(one.lower().split()) & set(other.lower().split()))
