"""The sample drive as a story: who is where at which time, what is asked, and what the right answer is.

A straight street with traffic on the right. The ego vehicle drives in the right one of two lanes and brakes towards the
end; a red car leads on its left, a white van is parked ahead at the right kerb with free road behind it. There is no
bus, no lorry and nothing yellow but a jacket.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.ground import KERB_HEIGHT_M, ground_things
from ris_ros.data.scenes.meshes_people import Clothes, person, rider
from ris_ros.data.scenes.meshes_vehicles import vehicle_length_m
from ris_ros.data.scenes.ride import way_m
from ris_ros.data.scenes.roadside import Site, beside, roadside, signal, street_end
from ris_ros.data.scenes.traffic import vehicle_thing
from ris_ros.data.scenes.world import Light, Street, Thing, World
from ris_ros.types import Target

SECONDS = 10.0
CRUISE_MPS = 7.2
BRAKE_AT_S, BRAKE_MPS2 = 7.0, 1.6
TRAVEL_M = 65.0
CAMERA_HEIGHT_M, CAMERA_PITCH_RAD = 1.38, 0.035
"""Over the ground, and down; the ride adds its sway."""
STREET = Street(
    lanes_right=2,
    lanes_left=1,
    lane_m=3.3,
    parking_right_m=2.2,
    parking_left_m=2.2,
    sidewalk_m=3.4,
    junction_s_m=118.0,
    junction_m=9.0,
    zebra_s_m=None,
    edge_line="none",
    asphalt=0.38,
    wear=0.3,
    seed=12.0,
)
LIGHT = Light(
    "sunny",
    (-0.55, 0.48, 0.683),
    (1.9, 1.84, 1.70),
    (0.42, 0.50, 0.62),
    (0.20, 0.42, 0.86),
    (0.90, 0.98, 1.10),
    0.45,
    1600.0,
)
VAN_REAR_S = 78.0
_VAN = "small van"


@dataclass(frozen=True, slots=True)
class StoryCommand:
    """A command of the drive.

    Attributes:
        id, text, target: As in the sample's ``commands.jsonl``.
        answer: Gives the mask, bool [H, W], of a rendered moment; None for a thing that is never there.
    """

    id: str
    text: str
    target: Target
    answer: Callable[[Moment], NDArray[np.bool_]] | None


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One instant of the drive, rendered.

    Attributes:
        image: The picture and its labels.
        camera: Where it was seen from.
        actors: Instance id of each named actor.
    """

    image: LabeledImage
    camera: PinholeCamera
    actors: dict[str, int]

    def actor(self, name: str) -> NDArray[np.bool_]:
        """Visible pixels of an actor."""
        return np.asarray(self.image.instance_map == self.actors[name])


def ego_s(seconds: float) -> float:
    """Distance travelled."""
    return way_m(seconds, CRUISE_MPS, BRAKE_AT_S, BRAKE_MPS2)


def camera_at(seconds: float, size_px: tuple[int, int]) -> PinholeCamera:
    """The camera on the ego vehicle, with the sway of a real ride."""
    width, height = size_px
    focal = width / 2 / math.tan(math.radians(62.0) / 2)
    x, y = STREET.to_world(ego_s(seconds), STREET.lane_centre_m(-2) + 0.08 * math.sin(0.9 * seconds))
    nod = 0.004 * math.sin(2 * math.pi * 0.8 * seconds) + (0.008 if seconds > BRAKE_AT_S else 0.0)
    return PinholeCamera(
        size_px,
        focal,
        ((width - 1) / 2, (height - 1) / 2),
        (x, y, CAMERA_HEIGHT_M),
        0.010 * math.sin(0.7 * seconds + 1.0),
        CAMERA_PITCH_RAD + nod,
        0.004 * math.sin(1.3 * seconds),
    )


def world_at(seconds: float, seed: int) -> tuple[World, dict[str, int]]:
    """The street at a time, and the instance id of each named actor."""
    actors = _actors(seconds)
    scenery = _scenery(seed)
    ids = {name: len(scenery) + index + 1 for index, name in enumerate(actors)}
    return World(STREET, (*scenery, *actors.values()), LIGHT), ids


@lru_cache(maxsize=1)
def _scenery(seed: int) -> tuple[Thing, ...]:
    """Everything that stands still, parked cars without names included."""
    rng = np.random.default_rng([seed, 77])
    things = ground_things(STREET, "paved", (0.45, 0.43, 0.41), (0.52, 0.50, 0.47))
    left = Site(STREET, 1, rng, TRAVEL_M)
    things += roadside(left, "houses", False)
    things += roadside(Site(STREET, -1, rng, TRAVEL_M), "shops", False)
    things += street_end(STREET, rng)
    things = [thing for thing in things if thing.class_name != "cone"]
    for edge in (STREET.right_m - 0.6, STREET.left_m + 0.6):
        things += signal(STREET, 52.0, edge, 2.8, "green") + signal(STREET, 112.0, edge, 2.8, "green")
    things += [left.plant("leafy", 6.5, s, STREET.left_m + 0.9) for s in (20.0, 36.0, 64.0, 80.0, 98.0)]
    parked = [
        ("hatchback", 8.0, -1, "grey"),
        ("sedan", 14.0, -1, "black"),
        ("sedan", 22.0, 1, "black"),
        ("mpv", 31.0, 1, "grey"),
        ("hatchback", 46.0, 1, "green"),
        ("suv", 60.0, 1, "grey"),
        ("sedan", 76.0, 1, "brown"),
        ("hatchback", 95.0, 1, "black"),
    ]
    for kind, s, side, colour in parked:
        d = (STREET.right_m if side < 0 else STREET.left_m) - side * 1.05
        turn = 0.0 if side < 0 else math.pi
        things.append(vehicle_thing(STREET, kind, s, d, turn, rng, colour=colour, attributes=("parked",), simple=False))
    return tuple(things)


def _actors(seconds: float) -> dict[str, Thing]:
    """Everything with a name, at a time."""
    rng = np.random.default_rng(5)

    def car(kind: str, s: float, d: float, turn: float, colour: str, speed: float) -> Thing:
        return vehicle_thing(STREET, kind, s, d, turn, rng, colour=colour, simple=False, speed_mps=speed).after(
            seconds, STREET
        )

    mine, oncoming = STREET.lane_centre_m(-1), STREET.lane_centre_m(0)
    step = 2 * math.pi * 0.95 * seconds
    jacket = Clothes((0.93, 0.78, 0.10), (0.12, 0.15, 0.26), (0.80, 0.60, 0.48), (0.16, 0.10, 0.07))
    coat = Clothes((0.09, 0.09, 0.11), (0.10, 0.10, 0.12), (0.84, 0.64, 0.54), (0.42, 0.30, 0.16), coat=True)
    sport = Clothes(
        (0.10, 0.30, 0.62), (0.07, 0.07, 0.08), (0.74, 0.54, 0.42), (0.1, 0.08, 0.06), helmet=(0.85, 0.85, 0.85)
    )
    left_walk, right_walk = STREET.left_m + 1.3, STREET.right_m - 1.4
    return {
        "red car": car("hatchback", 15.0, mine, 0.0, "red", CRUISE_MPS),
        "blue car": car("sedan", 122.0, oncoming, math.pi, "blue", 6.5),
        "grey car": car("estate", 150.0, oncoming, math.pi, "grey", 8.0),
        "black car": car("suv", 62.0, mine, 0.0, "black", CRUISE_MPS),
        "white van": car(_VAN, VAN_REAR_S + vehicle_length_m(_VAN) / 2, STREET.right_m + 1.15, 0.0, "white", 0.0),
        "walker": beside(
            STREET, person(jacket, 1.76, step), "pedestrian", 60.0, right_walk, speed_mps=1.3, colour=None
        ).after(seconds, STREET),
        "stander": beside(STREET, person(coat, 1.68, 0.15), "pedestrian", 48.0, left_walk, turn=-1.2, z=KERB_HEIGHT_M),
        "cyclist": beside(
            STREET,
            rider(sport, (0.12, 0.12, 0.13), 1.78, 2 * math.pi * 1.1 * seconds),
            "bicyclist",
            20.0,
            STREET.lane_centre_m(-2) - 2.0,
            z=0.0,
            speed_mps=4.0,
        ).after(seconds, STREET),
    }


def behind_the_van(moment: Moment) -> NDArray[np.bool_]:
    """Free road along the right kerb, from 1.5 m to 8 m behind the white van."""
    return _on_road(moment, (VAN_REAR_S - 8.0, VAN_REAR_S - 1.5), (STREET.right_m + 0.15, STREET.right_m + 2.35))


def _on_road(moment: Moment, s_span: tuple[float, float], d_span: tuple[float, float]) -> NDArray[np.bool_]:
    """Visible road pixels within a rectangle of street coordinates."""
    road = moment.image.class_map == BY_NAME["road"].id
    rows, columns = np.nonzero(road)
    toward = moment.camera.rays(np.stack([columns, rows], 1).astype(np.float32))
    x0, y0, z0 = moment.camera.position_m
    downward = toward[:, 2] < -1e-4
    reach = np.where(downward, -z0 / np.where(downward, toward[:, 2], -1.0), 0.0)
    s, d = STREET.to_street(
        (x0 + toward[:, 0] * reach).astype(np.float32), (y0 + toward[:, 1] * reach).astype(np.float32)
    )
    inside = downward & (s > s_span[0]) & (s < s_span[1]) & (d > d_span[0]) & (d < d_span[1])
    mask = np.zeros(road.shape, np.bool_)
    mask[rows[inside], columns[inside]] = True
    return mask


COMMANDS: tuple[StoryCommand, ...] = (
    StoryCommand("red_car", "the red car on the left", Target.OBJECT, lambda m: m.actor("red car")),
    StoryCommand("pull_over", "pull over behind the white van", Target.REGION, behind_the_van),
    StoryCommand("white_van", "the white van", Target.OBJECT, lambda m: m.actor("white van")),
    StoryCommand("pedestrian", "the pedestrian on the right", Target.OBJECT, lambda m: m.actor("walker")),
    StoryCommand("cyclist", "the cyclist", Target.OBJECT, lambda m: m.actor("cyclist")),
    StoryCommand("blue_car", "the blue car", Target.OBJECT, lambda m: m.actor("blue car")),
    StoryCommand("road", "the road", Target.OBJECT, lambda m: m.image.class_map == BY_NAME["road"].id),
    StoryCommand("trees", "the trees", Target.OBJECT, lambda m: m.image.class_map == BY_NAME["tree"].id),
    StoryCommand("yellow_bus", "the yellow bus", Target.OBJECT, None),
    StoryCommand("orange_truck", "park next to the orange truck", Target.REGION, None),
)
