"""The words of street scenes: what each class is called, by whom, and what a word may or may not cover."""

from __future__ import annotations

from dataclasses import dataclass

from ris_ros.data.expressions.phrasing import Choice

VEHICLES: frozenset[str] = frozenset({"car", "van", "truck", "bus"})


@dataclass(frozen=True, slots=True)
class Term:
    """A noun for countable things.

    Attributes:
        singular: Ways to name one.
        plural: Ways to name several.
        sure: Classes that the noun surely covers.
        maybe: Classes that some people would also call so; with one of them in sight nothing is claimed.
        lone: Usable only where a single thing of ``sure`` is in sight: it says more than the labels know ("lady").
    """

    singular: Choice
    plural: Choice
    sure: frozenset[str]
    maybe: frozenset[str] = frozenset()
    lone: bool = False


TERMS: tuple[Term, ...] = (
    Term(Choice(("car",), ("automobile", "motor car")), Choice(("cars",), ("automobiles", "motor cars")),
    frozenset({"car"})),
    Term(Choice(("vehicle",)), Choice(("vehicles",), ("motor vehicles",)), VEHICLES, frozenset({"bicyclist"})),
    Term(
        Choice(("pedestrian", "pedestrian", "person on foot", "walking person"), ("walker", "passer-by")),
        Choice(("pedestrians", "people on foot", "people walking"), ("passers-by", "folks on foot")),
        frozenset({"pedestrian"}),
    ),
    Term(Choice(("person",), ("individual",)), Choice(("people", "persons"), ("folks",)), frozenset({"pedestrian"}),
    frozenset({"bicyclist"})),
    Term(Choice(("man", "woman", "guy"), ("lady", "fellow")), Choice(("people",)), frozenset({"pedestrian"}),
    frozenset({"bicyclist"}), lone=True),
    Term(
        Choice(("cyclist", "cyclist", "bicyclist", "person on a bike", "guy on the bike"), ("bike rider",
        "person riding a bicycle")),
        Choice(("cyclists", "bicyclists", "people on bikes"), ("bike riders", "people riding bicycles")),
        frozenset({"bicyclist"}),
    ),
    Term(Choice(("sign", "traffic sign", "road sign"), ("street sign",)), Choice(("signs", "traffic signs"),
    ("street signs",)), frozenset({"sign"}), frozenset({"traffic light"})),
    Term(Choice(("pole", "post"), ("column", "upright pole")), Choice(("poles", "posts"), ("columns",)),
    frozenset({"pole"}), frozenset({"cone"})),
    Term(Choice(("van", "delivery van"), ("minivan",)), Choice(("vans",), ("minivans",)), frozenset({"van"}),
    frozenset({"truck"})),
    Term(Choice(("truck",), ("goods vehicle",)), Choice(("trucks",), ("goods vehicles",)), frozenset({"truck"}),
    frozenset({"van"})),
    Term(Choice(("bus", "city bus"), ("coach",)), Choice(("buses",), ("coaches",)), frozenset({"bus"})),
    Term(Choice(("cone", "traffic cone", "road cone"), ("safety cone",)), Choice(("cones", "traffic cones"),
    ("safety cones",)), frozenset({"cone"})),
    Term(
        Choice(("traffic light", "stop light", "traffic lights"), ("traffic signal", "signal")),
        Choice(("traffic lights", "stop lights"), ("traffic signals",)),
        frozenset({"traffic light"}),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stuff:
    """A noun for an area.

    Attributes:
        names: Ways to name it, without article.
        plural: Whether the names are plural ("the trees").
    """

    names: Choice
    plural: bool = False


STUFF: dict[str, tuple[Stuff, ...]] = {
    "sky": (Stuff(Choice(("sky", "sky", "sky above"), ("sky overhead",))),),
    "building": (
        Stuff(Choice(("buildings", "houses", "buildings"), ("facades", "built-up area")), plural=True),
        Stuff(Choice(("building",), ("architecture",))),
    ),
    "road": (
        Stuff(
            Choice(
                ("road", "street", "road ahead", "tarmac", "asphalt", "road surface", "drivable area"),
                ("carriageway", "roadway", "driving surface"),
            )
        ),
    ),
    "sidewalk": (Stuff(Choice(("pavement", "sidewalk", "footpath"), ("footway", "walkway", "pedestrian path"))),),
    "tree": (
        Stuff(Choice(("trees", "trees"), ("bushes and trees",)), plural=True),
        Stuff(Choice(("greenery", "vegetation"), ("foliage", "plant life"))),
    ),
    "fence": (Stuff(Choice(("fence", "fencing", "railing"), ("barrier", "fence along the side"))),),
}

EVERYONE: Choice = Choice(("everyone walking", "everybody on foot", "anyone walking"), ("every single person on foot",))


@dataclass(frozen=True, slots=True)
class KindNoun:
    """A narrower noun that a source gives as an attribute of an instance ("SUV" of a car).

    Attributes:
        class_name: The class that it narrows.
        singular: Ways to name one.
        differs_from: Attributes of which nobody would use this noun; with any other of the same class in doubt.
    """

    class_name: str
    singular: Choice
    differs_from: frozenset[str]


_SIGNS = frozenset({"round sign", "triangle sign", "board sign"})
KIND_NOUNS: dict[str, KindNoun] = {
    "SUV": KindNoun("car", Choice(("SUV", "suv", "four by four"), ("off-roader",)), frozenset({"sedan", "hatchback",
    "sports car"})),
    "sedan": KindNoun("car", Choice(("sedan", "saloon"), ("four-door car",)), frozenset({"SUV", "people carrier"})),
    "hatchback": KindNoun("car", Choice(("hatchback", "small car")), frozenset({"SUV"})),
    "estate car": KindNoun("car", Choice(("estate car", "station wagon"), ("estate",)), frozenset({"sports car"})),
    "sports car": KindNoun("car", Choice(("sports car", "coupe"), ("sporty car",)), frozenset({"SUV", "estate car",
    "people carrier"})),
    "people carrier": KindNoun("car", Choice(("people carrier", "family car"), ("mpv",)), frozenset({"sedan",
    "sports car"})),
    "minibus": KindNoun("van", Choice(("minibus",), ("shuttle",)), frozenset()),
    "pickup truck": KindNoun("truck", Choice(("pickup truck", "pickup", "pick-up")), frozenset({"lorry"})),
    "lorry": KindNoun("truck", Choice(("lorry", "box truck", "delivery truck"), ("heavy goods vehicle",)),
    frozenset({"pickup truck"})),
    "double-decker bus": KindNoun("bus", Choice(("double-decker", "double-decker bus"), ("two-storey bus",)),
    frozenset()),
    "street lamp": KindNoun("pole", Choice(("street lamp", "lamp post", "street light"), ("lantern pole",)),
    frozenset({"bollard"})),
    "bollard": KindNoun("pole", Choice(("bollard",), ("short post",)), frozenset({"street lamp"})),
    "parked bicycle": KindNoun("bicyclist", Choice(("parked bicycle", "bicycle without a rider",
    "bike that is parked")),
    frozenset()),
    "round sign": KindNoun("sign", Choice(("round sign", "circular sign")), _SIGNS - {"round sign"}),
    "triangle sign": KindNoun("sign", Choice(("triangular sign", "triangle sign"), ("three-cornered sign",)),
    _SIGNS - {"triangle sign"}),
    "board sign": KindNoun("sign", Choice(("sign board", "rectangular sign")), _SIGNS - {"board sign"}),
}  # fmt: skip
RIDERLESS = "parked bicycle"

# Things that these sources never show -> the classes under which one might hide unseen.
ABSENT_THINGS: dict[str, frozenset[str]] = {
    "boat": frozenset(),
    "airplane": frozenset(),
    "helicopter": frozenset(),
    "elephant": frozenset(),
    "giraffe": frozenset(),
    "horse": frozenset(),
    "cow": frozenset(),
    "dog": frozenset({"pedestrian"}),
    "cat": frozenset({"pedestrian"}),
    "tractor": frozenset(),
    "train": frozenset(),
    "tram": frozenset(),
    "swimming pool": frozenset(),
    "beach": frozenset(),
    "river": frozenset(),
    "sofa": frozenset(),
    "fire engine": frozenset({"car", "truck"}),
    "ambulance": frozenset({"car", "van", "truck"}),
    "police car": frozenset({"car"}),
    "motorcycle": frozenset({"bicyclist"}),
    "scooter": frozenset({"bicyclist"}),
    "tank": frozenset(),
    "camel": frozenset(),
    "snowman": frozenset(),
    "bulldozer": frozenset(),
    "crane": frozenset({"building", "pole"}),
    "bridge": frozenset({"building"}),
    "tunnel": frozenset({"building"}),
    "ship": frozenset(),
}
HELD_OUT_ABSENT_THINGS: frozenset[str] = frozenset({"helicopter", "cow", "ship", "tram", "bulldozer", "beach"})

# A class the source cannot tell apart -> the known class under which it would hide.
HIDES_UNDER: dict[str, str] = {"van": "car", "truck": "car", "bus": "car", "cone": "pole", "traffic light": "sign"}
