"""Which street class each label of a published set is, and what is left out because no class fits it surely.

A label that holds several of our classes, or things that no class of ours names, becomes void: a wrong name teaches
worse than none. Motorcycles, and bicycles that nobody rides, have no class.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CITYSCAPES: Mapping[int, str] = MappingProxyType(
    {
        7: "road",
        8: "sidewalk",
        9: "road",  # parking bays: asphalt that is driven on
        11: "building",
        13: "fence",
        14: "fence",  # guard rail
        17: "pole",
        18: "pole",  # polegroup
        19: "traffic light",
        20: "sign",
        21: "tree",
        23: "sky",
        24: "pedestrian",
        26: "car",
        27: "truck",
        28: "bus",
    }
)
"""Label id -> class. Riders (25) and their bicycles (33) are paired beforehand."""

CITYSCAPES_RIDER, CITYSCAPES_MOTORCYCLE, CITYSCAPES_BICYCLE = 25, 32, 33

CITYSCAPES_KNOWN: frozenset[str] = frozenset(CITYSCAPES.values()) | {"bicyclist"}
"""All but vans, which are labelled as cars, and cones."""

COCO: Mapping[str, str] = MappingProxyType(
    {
        "person": "pedestrian",
        "car": "car",
        "bus": "bus",
        "truck": "truck",
        "traffic light": "traffic light",
        "stop sign": "sign",
        "road": "road",
        "pavement-merged": "sidewalk",
        "building-other-merged": "building",
        "house": "building",
        "tree-merged": "tree",
        "fence-merged": "fence",
        "sky-other-merged": "sky",
    }
)
"""Name of a category -> class."""

COCO_CYCLES: frozenset[str] = frozenset({"bicycle", "motorcycle"})

COCO_KNOWN: frozenset[str] = frozenset(COCO.values()) - {"sign"}
"""What is labelled wherever it is seen; of signs only one kind is."""

NUIMAGES: Mapping[str, str] = MappingProxyType(
    {
        "human.pedestrian.adult": "pedestrian",
        "human.pedestrian.child": "pedestrian",
        "human.pedestrian.construction_worker": "pedestrian",
        "human.pedestrian.police_officer": "pedestrian",
        "vehicle.car": "car",
        "vehicle.emergency.police": "car",
        "vehicle.truck": "truck",
        "vehicle.bus.bendy": "bus",
        "vehicle.bus.rigid": "bus",
        "movable_object.trafficcone": "cone",
        "flat.driveable_surface": "road",
    }
)
"""Name of a category -> class."""

NUIMAGES_BICYCLE, NUIMAGES_RIDDEN = "vehicle.bicycle", "cycle.with_rider"
NUIMAGES_PARKED = "vehicle.parked"

NUIMAGES_KNOWN: frozenset[str] = frozenset(NUIMAGES.values()) | {"bicyclist"}
"""All but vans, which are labelled as cars."""
