"""What the renderer promises: the same seed the same picture, and labels that are true of it."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")

from ris_ros.data.classes import BY_NAME, CLASSES
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.scenes import render
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.film import Film
from ris_ros.data.scenes.ground import ground_things
from ris_ros.data.scenes.light import draw_light
from ris_ros.data.scenes.material import plain
from ris_ros.data.scenes.mesh import box
from ris_ros.data.scenes.meshes_vehicles import vehicle
from ris_ros.data.scenes.palette import PAINTS
from ris_ros.data.scenes.render import MIN_INSTANCE_PX, shoot
from ris_ros.data.scenes.world import Light, Street, Thing, World

SIZE = (240, 144)
CLEAN = Film(noise=0.0, vignette=0.0, bloom=0.0)


@pytest.fixture(scope="module")
def scenes() -> list[LabeledImage]:
    return [render(seed, SIZE) for seed in range(6)]


def _camera(height_m: float = 1.4) -> PinholeCamera:
    width, height = SIZE
    return PinholeCamera(SIZE, 200.0, ((width - 1) / 2, (height - 1) / 2), (0.0, 0.0, height_m))


def _daylight() -> Light:
    light = draw_light(np.random.default_rng(1), "overcast")
    assert not light.casts_shadows
    return light


def _shown(*things: Thing) -> LabeledImage:
    street = Street()
    ground = ground_things(street, "paved", (0.4, 0.4, 0.4), (0.5, 0.5, 0.5))
    world = World(street, (*ground, *things), _daylight())
    return shoot(world, _camera(), CLEAN, np.random.default_rng(0), "test").image


def test_the_seed_decides_everything(scenes: list[LabeledImage]) -> None:
    again = render(0, SIZE)
    assert np.array_equal(again.image_rgb, scenes[0].image_rgb)
    assert np.array_equal(again.instance_map, scenes[0].instance_map)
    assert again.instances == scenes[0].instances
    assert not np.array_equal(scenes[1].image_rgb, scenes[0].image_rgb)


def test_instance_map_and_instances_name_the_same_things(scenes: list[LabeledImage]) -> None:
    for scene in scenes:
        keys, counts = np.unique(scene.instance_map[scene.instance_map > 0], return_counts=True)
        assert set(keys.tolist()) == set(scene.instances)
        assert counts.min() >= MIN_INSTANCE_PX


def test_every_instance_lies_on_pixels_of_its_class(scenes: list[LabeledImage]) -> None:
    for scene in scenes:
        for key, info in scene.instances.items():
            assert BY_NAME[info.class_name].thing
            assert np.all(scene.class_map[scene.instance_map == key] == BY_NAME[info.class_name].id)


def test_scenes_hold_road_sky_and_vehicles(scenes: list[LabeledImage]) -> None:
    seen = np.zeros(len(CLASSES), int)
    for scene in scenes:
        seen += np.bincount(scene.class_map.ravel(), minlength=len(CLASSES))
        assert np.mean(scene.class_map == BY_NAME["road"].id) > 0.05
    assert seen[BY_NAME["sky"].id] > 0
    assert seen[BY_NAME["building"].id] > 0
    assert seen[BY_NAME["car"].id] > 0


@pytest.mark.parametrize("depth_m", [6.0, 15.0, 30.0])
def test_distance_and_size_follow_the_pinhole_law(depth_m: float) -> None:
    wall = box((depth_m, -1.0, 0.2), (depth_m + 0.5, 1.0, 2.2), plain((0.8, 0.1, 0.1)))
    scene = _shown(Thing(wall, "van", colour="red"))
    (key,) = scene.instances
    assert scene.instances[key].distance_m == pytest.approx(depth_m, abs=0.02)
    columns = np.flatnonzero((scene.instance_map == key).any(axis=0))
    rows = np.flatnonzero((scene.instance_map == key).any(axis=1))
    focal = _camera().focal_px
    assert len(columns) == pytest.approx(2.0 * focal / depth_m, abs=2)
    assert len(rows) == pytest.approx(2.0 * focal / depth_m, abs=2)
    assert np.mean(columns) == pytest.approx((SIZE[0] - 1) / 2, abs=1)


def test_projecting_undoes_the_rays() -> None:
    camera = PinholeCamera(SIZE, 180.0, (120.0, 70.0), (3.0, -2.0, 1.5), yaw=0.3, pitch=0.1, roll=0.05)
    pixels = np.random.default_rng(0).uniform((0, 0), SIZE, (50, 2)).astype(np.float32)
    points = np.asarray(camera.position_m) + camera.rays(pixels) * 7.0
    back, depth = camera.project(points)
    assert np.allclose(back, pixels, atol=1e-2)
    assert np.all(depth > 0)


def test_left_is_left() -> None:
    scene = _shown(Thing(vehicle("hatchback", PAINTS["blue"][0]), "car", x=12.0, y=3.0, colour="blue"))
    columns = np.nonzero(scene.instance_map)[1]
    assert columns.mean() < SIZE[0] / 2 - 20


@pytest.mark.parametrize(("word", "hue"), [("red", 0.0), ("yellow", 0.14), ("green", 0.36), ("blue", 0.62)])
def test_a_colour_word_is_true_of_the_pixels(word: str, hue: float) -> None:
    for rgb in PAINTS[word]:
        scene = _shown(Thing(vehicle("van", rgb), "van", x=9.0, yaw=math.pi / 2, colour=word))
        seen = scene.image_rgb[scene.instance_map > 0] / 255.0
        vivid = seen[np.ptp(seen, axis=1) > 0.15]
        assert len(vivid) > 0.4 * len(seen)
        red, green, blue = vivid.mean(axis=0)
        away = abs(colorsys.rgb_to_hsv(red, green, blue)[0] - hue)
        assert min(away, 1 - away) < 0.1


def test_white_is_brighter_than_grey_than_black() -> None:
    def level(word: str) -> float:
        scene = _shown(Thing(vehicle("van", PAINTS[word][0]), "van", x=9.0, yaw=math.pi / 2))
        return float(np.median(scene.image_rgb[scene.instance_map > 0]))

    assert level("white") > 1.4 * level("grey") > 1.4 * level("black")


def test_things_too_small_are_no_instances_but_keep_their_class() -> None:
    speck = box((40.0, -0.1, 1.0), (40.2, 0.1, 1.3), plain((1.0, 0.0, 0.0)))
    scene = _shown(Thing(speck, "cone"))
    assert np.any(scene.class_map == BY_NAME["cone"].id)
    assert not scene.instances
    assert not scene.instance_map.any()


def test_street_coordinates_come_back() -> None:
    street = Street(bend_per_m=0.002)
    for s, d in ((0.0, 3.0), (40.0, -6.0), (120.0, 9.0)):
        x, y = street.to_world(s, d)
        back_s, back_d = street.to_street(np.array([x], np.float32), np.array([y], np.float32))
        assert back_s[0] == pytest.approx(s, abs=0.05)
        assert back_d[0] == pytest.approx(d, abs=0.05)
