"""The classes of street scenes that every data source is mapped to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreetClass:
    """One class.

    Attributes:
        id: Value in a class map.
        name: Canonical name.
        thing: Whether it comes in countable instances (else it is stuff).
    """

    id: int
    name: str
    thing: bool


CLASSES: tuple[StreetClass, ...] = (
    StreetClass(0, "sky", False),
    StreetClass(1, "building", False),
    StreetClass(2, "pole", True),
    StreetClass(3, "road", False),
    StreetClass(4, "sidewalk", False),
    StreetClass(5, "tree", False),
    StreetClass(6, "sign", True),
    StreetClass(7, "fence", False),
    StreetClass(8, "car", True),
    StreetClass(9, "pedestrian", True),
    StreetClass(10, "bicyclist", True),
    StreetClass(11, "void", False),
    StreetClass(12, "van", True),
    StreetClass(13, "truck", True),
    StreetClass(14, "bus", True),
    StreetClass(15, "cone", True),
    StreetClass(16, "traffic light", True),
)
BY_NAME: dict[str, StreetClass] = {c.name: c for c in CLASSES}
VOID: int = BY_NAME["void"].id
