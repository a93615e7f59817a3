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
        Choice(("pedestrian", "pedestrian", "pedestrian", "person on foot"), ("walker", "passer-by")),
        Choice(("pedestrians", "pedestrians", "people on foot"), ("passers-by", "folks on foot")),
        frozenset({"pedestrian"}),
    ),
    Term(Choice(("person",), ("individual",)), Choice(("people",), ("folks",)), frozenset({"pedestrian"}),
    frozenset({"bicyclist"})),
    Term(Choice(("man", "woman", "guy", "man", "woman"), ("lady", "fellow")), Choice(("people",)),
    frozenset({"pedestrian"}), frozenset({"bicyclist"}), lone=True),
    Term(
        Choice(("cyclist", "cyclist", "cyclist", "bicyclist", "person on a bike", "guy on the bike", "bike", "bicycle",
        "person on the bike", "person cycling", "person on a bicycle"), ("bike rider",
        "person riding a bicycle")),
        Choice(("cyclists", "cyclists", "bicyclists", "people on bikes", "bikes"),
        ("bike riders", "people riding bicycles")),
        frozenset({"bicyclist"}),
    ),
    Term(Choice(("sign", "sign", "traffic sign", "road sign"), ("street sign",)), Choice(("signs", "traffic signs"),
    ("street signs",)), frozenset({"sign"}), frozenset({"traffic light"})),
    Term(Choice(("pole", "post"), ("column", "upright pole")), Choice(("poles", "posts"), ("columns",)),
    frozenset({"pole"}), frozenset({"cone"})),
    Term(Choice(("van", "van", "van", "delivery van"), ("panel van",)), Choice(("vans",), ("panel vans",)),
    frozenset({"van"}), frozenset({"truck"})),
    Term(Choice(("truck",), ("goods vehicle",)), Choice(("trucks",), ("goods vehicles",)), frozenset({"truck"}),
    frozenset({"van"})),
    Term(Choice(("bus", "bus", "city bus"), ("public bus",)), Choice(("buses",), ("public buses",)),
    frozenset({"bus"})),
    Term(Choice(("cone", "traffic cone", "road cone"), ("safety cone",)), Choice(("cones", "traffic cones"),
    ("safety cones",)), frozenset({"cone"})),
    Term(
        Choice(("traffic light", "traffic light", "stop light", "light"), ("traffic signal", "signal")),
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
    "sky": (Stuff(Choice(("sky", "sky", "sky", "sky above"), ("sky overhead",))),),
    "building": (
        Stuff(Choice(("buildings", "buildings", "houses"), ("facades", "built-up area")), plural=True),
        Stuff(Choice(("building",), ("architecture",))),
    ),
    "road": (
        Stuff(
            Choice(
                (
                    "road",
                    "road",
                    "street",
                    "road ahead",
                    "tarmac",
                    "asphalt",
                    "road surface",
                    "drivable area",
                    "road in front of us",
                ),
                ("carriageway", "roadway", "driving surface"),
            )
        ),
    ),
    "sidewalk": (
        Stuff(
            Choice(
                ("pavement", "pavement", "sidewalk", "sidewalk", "footpath"), ("footway", "walkway", "pedestrian path")
            )
        ),
    ),
    "tree": (
        Stuff(Choice(("trees", "trees"), ("bushes and trees",)), plural=True),
        Stuff(Choice(("greenery", "vegetation"), ("foliage", "plant life"))),
    ),
    "fence": (Stuff(Choice(("fence", "fencing", "railing"), ("barrier", "fence along the side"))),),
}

GROUNDS: dict[str, Choice] = {
    "road": Choice(("road", "road", "street", "tarmac"), ("carriageway",)),
    "sidewalk": Choice(("pavement", "pavement", "sidewalk", "footpath"), ("walkway",)),
}
EVERYONE: Choice = Choice(
    ("everyone on foot", "everybody on foot", "everyone walking"), ("every single person on foot",)
)


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
