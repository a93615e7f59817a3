"""What stands and happens along a street is where it belongs, and its words are those that the grammar reads."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")

from ris_ros.data.expressions.attributes import Known, garments_of, phrase_holds
from ris_ros.data.labeled_image import InstanceInfo
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.film import Film
from ris_ros.data.scenes.ground import ground_things
from ris_ros.data.scenes.light import KINDS, draw_light
from ris_ros.data.scenes.material import plain
from ris_ros.data.scenes.mesh import box
from ris_ros.data.scenes.people import draw_outfit, walkers
from ris_ros.data.scenes.places import bus_stop, car_park, lot_span, road_works
from ris_ros.data.scenes.render import shoot
from ris_ros.data.scenes.roadside import traffic_lights
from ris_ros.data.scenes.traffic import AT_THE_LIGHTS, crossing_vehicles, driving_vehicles, parked_vehicles
from ris_ros.data.scenes.world import Street, Thing, World

SIZE = (120, 80)
CROSSROADS = Street(junction_s_m=40.0, sidewalk_m=3.0)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _known(thing: Thing) -> Known:
    return Known.read(InstanceInfo(thing.class_name, thing.colour, 10.0, thing.attributes))


def _shown(kind: str, *things: Thing, wet: bool = False) -> np.ndarray:
    light = next(light for light in (draw_light(_rng(seed), kind) for seed in range(50)) if (light.wet > 0.3) == wet)
    street = Street()
    ground = ground_things(street, "paved", (0.4, 0.4, 0.4), (0.5, 0.5, 0.5))
    camera = PinholeCamera(SIZE, 90.0, (59.5, 30.0), (0.0, -1.6, 1.4))
    film = Film(noise=0.0, vignette=0.0, bloom=0.0)
    return shoot(World(street, (*ground, *things), light), camera, film, _rng(), "x", exposure=0.3).image.image_rgb


def test_held_traffic_waits_before_red_lights_and_drives_otherwise() -> None:
    held = [thing for seed in range(8) for thing in driving_vehicles(CROSSROADS, False, "red", 8.0, _rng(seed))]
    waiting = [thing for thing in held if AT_THE_LIGHTS in thing.attributes]
    assert waiting and len(waiting) < len(held)
    for thing in held:
        assert (thing.speed_mps == 0.0) == (thing in waiting)
    forward = [thing for thing in waiting if "seen from behind" in thing.attributes]
    assert forward and all(thing.x < 40.0 for thing in forward)
    free = [thing for seed in range(4) for thing in driving_vehicles(CROSSROADS, False, "green", 8.0, _rng(seed))]
    assert all(thing.speed_mps > 0 for thing in free)


def test_a_waiting_car_is_neither_parked_nor_oncoming_by_its_words() -> None:
    assert phrase_holds("oncoming", (AT_THE_LIGHTS, "seen from behind")) is False
    assert phrase_holds("seen from behind", (AT_THE_LIGHTS, "seen from behind")) is True


def test_crossing_traffic_drives_only_while_this_street_has_red() -> None:
    for seed in range(12):
        for thing in crossing_vehicles(CROSSROADS, False, "green", _rng(seed)):
            inward = -math.copysign(1.0, thing.y) * math.sin(thing.yaw) > 0
            assert not (inward and thing.speed_mps > 0)


@pytest.mark.parametrize("state", ["red", "amber", "green"])
def test_a_signal_says_what_it_shows(state: str) -> None:
    heads = [t for t in traffic_lights(CROSSROADS, state, _rng()) if t.class_name == "traffic light"]
    assert heads
    assert all(_known(head).colour == state and f"showing {state}" in _known(head).phrases for head in heads)
    assert traffic_lights(CROSSROADS, None, _rng()) == []


@pytest.mark.parametrize(("sides", "left", "right"), [("both", 1, 1), ("left", 1, 0), ("right", 0, 1)])
def test_a_side_street_leaves_only_where_it_is_said_to(sides: str, left: int, right: int) -> None:
    street = Street(junction_s_m=40.0, crossing_sides=sides)
    road = ground_things(street, "paved", (0.4,) * 3, (0.5,) * 3)[0].mesh.vertices[..., 1]
    assert (road.max() > 100) == bool(left)
    assert (road.min() < -100) == bool(right)
    assert street.in_junction(40.0, side=1) == bool(left)
    assert street.in_junction(40.0, side=-1) == bool(right)


def test_bays_across_the_street_hold_cars_that_stand_across() -> None:
    street = Street(parking_left_m=5.0)
    parked = parked_vehicles(street, _rng(2))
    across = [thing for thing in parked if thing.y > street.lane_m]
    assert len(across) > 5
    for thing in across:
        assert abs(math.sin(thing.yaw)) > 0.9
        assert street.lane_m * street.lanes_left < thing.y - thing.reach_m(thing.yaw)[1] + 0.6
        assert thing.y + thing.reach_m(thing.yaw)[1] < street.left_m + 0.4
        assert "parked" in thing.attributes


def test_a_car_park_lies_beyond_the_pavement_with_cars_that_say_so() -> None:
    street = Street(sidewalk_m=3.0)
    span = lot_span(street, 1, _rng(1))
    assert span is not None
    surface, *rest = car_park(street, 1, span, _rng(1))
    assert surface.class_name == "road"
    cars = [thing for thing in rest if thing.class_name != "fence"]
    assert cars
    for car in cars:
        assert span[0] < car.x < span[1] and car.y > street.left_m + street.sidewalk_m
        assert {"parked", "in the car park"} <= set(_known(car).phrases)


def test_a_bus_stop_has_a_sign_and_people_who_wait() -> None:
    stops = [stop for stop in (bus_stop(Street(sidewalk_m=3.0), False, _rng(seed)) for seed in range(12)) if stop]
    for stop in stops:
        (sign,) = [thing for thing in stop if thing.class_name == "sign"]
        assert _known(sign).noun == "bus stop sign"
    people = [thing for stop in stops for thing in stop if thing.class_name == "pedestrian"]
    buses = [thing for stop in stops for thing in stop if thing.class_name == "bus"]
    assert all("stopped at the bus stop" in bus.attributes and bus.speed_mps == 0 for bus in buses) and buses
    assert any("sitting on the bench" in person.attributes for person in people)
    for person in people:
        phrases = _known(person).phrases
        seated = "sitting on the bench" in phrases
        assert phrase_holds("standing", phrases) is not seated


def test_road_works_stand_on_the_road_behind_their_cones() -> None:
    works = next(works for works in (road_works(Street(), _rng(seed)) for seed in range(9)) if works)
    cones = [thing.x for thing in works if thing.class_name == "cone"]
    barriers = [thing.x for thing in works if thing.class_name == "fence"]
    assert max(cones) < min(barriers)
    assert sum(thing.class_name == "sign" for thing in works) == 1


def test_clothes_have_words_that_the_grammar_takes_apart() -> None:
    for seed in range(60):
        outfit = draw_outfit(_rng(seed), riding=seed % 3 == 0, wet=seed % 2 == 0)
        worn = {garment.part: garment for word in outfit.words for garment in garments_of(word)}
        assert {"top", "legs"} <= set(worn)
        assert ("bag" in worn) == (outfit.clothes.bag is not None or outfit.clothes.carried == "bag")
        assert ("head" in worn) == (outfit.clothes.helmet is not None or outfit.clothes.hat is not None)
        assert ("pushing a pram" in outfit.words) == (outfit.clothes.carried == "pram")


def test_children_are_called_so() -> None:
    people = [thing for seed in range(20) for thing in walkers(CROSSROADS, _rng(seed))]
    heights = {
        child: [float(p.mesh.vertices[..., 2].max()) for p in people if p.class_name == "pedestrian"
                and (_known(p).noun == "child") == child and "umbrella" not in " ".join(p.attributes)]
        for child in (False, True)
    }  # fmt: skip
    assert heights[True] and max(heights[True]) < 1.5 < min(heights[False]) + 0.2


def test_every_light_can_be_drawn_and_night_is_the_darkest() -> None:
    level = {kind: float(_shown(kind).mean()) for kind in KINDS if kind != "rain"}
    assert min(level, key=lambda kind: level[kind]) == "night"
    assert level["sunny"] > level["dusk"]


def test_a_wet_road_mirrors_what_stands_on_it() -> None:
    wall = Thing(box((12.0, -4.0, 0.0), (12.5, 1.0, 3.0), plain((0.9, 0.05, 0.05))), "building")
    dry, wet = _shown("overcast", wall).astype(int), _shown("rain", wall, wet=True).astype(int)
    before = (slice(45, 52), slice(40, 80))

    def redness(image: np.ndarray) -> float:
        return float((image[before][..., 0] - image[before][..., 1]).mean())

    assert redness(wet) > redness(dry) + 4
