"""Depth, camera and boxes are those of the picture: what is unprojected lies where the scene put it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")

from ris_ros.data.classes import BY_NAME
from ris_ros.data.scenes import SceneSet, Shot, render_shot
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.dataset import write_frame
from ris_ros.data.scenes.film import Film
from ris_ros.data.scenes.geometry import Box3d, Geometry, box_around, decode_depth, encode_depth
from ris_ros.data.scenes.ground import KERB_HEIGHT_M, ground_things
from ris_ros.data.scenes.light import draw_light
from ris_ros.data.scenes.material import plain
from ris_ros.data.scenes.mesh import box
from ris_ros.data.scenes.render import shoot
from ris_ros.data.scenes.world import Street, Thing, World
from ris_ros.errors import DataError

SIZE = (160, 96)
ROAD = BY_NAME["road"].id


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    return [render_shot(seed, SIZE) for seed in (1, 4, 7)]


def test_road_pixels_unproject_to_the_ground(shots: list[Shot]) -> None:
    for shot in shots:
        heights = shot.geometry.points_m()[..., 2][shot.image.class_map == ROAD]
        assert np.all(heights > -0.02)
        # Kerbs count as road; everything else of it is the plane.
        assert np.all(heights < KERB_HEIGHT_M + 0.02)
        assert np.mean(np.abs(heights) < 0.02) > 0.85


def test_the_distance_of_an_instance_is_the_median_of_its_depth(shots: list[Shot]) -> None:
    for shot in shots:
        for key, info in shot.image.instances.items():
            depth = shot.geometry.depth_m[shot.image.instance_map == key]
            assert np.all(np.isfinite(depth))
            assert info.distance_m == pytest.approx(float(np.median(depth)), abs=1e-4)


def test_every_instance_lies_in_its_box(shots: list[Shot]) -> None:
    for shot in shots:
        points = shot.geometry.points_m()
        assert set(shot.geometry.boxes) == set(shot.image.instances)
        for key, around in shot.geometry.boxes.items():
            cos, sin = math.cos(-around.yaw_rad), math.sin(-around.yaw_rad)
            away = points[shot.image.instance_map == key] - around.centre_m
            along = np.stack(
                [away[:, 0] * cos - away[:, 1] * sin, away[:, 0] * sin + away[:, 1] * cos, away[:, 2]], axis=1
            )
            assert np.all(np.abs(along) <= np.asarray(around.size_m) / 2 + 0.02)


def test_only_sky_has_no_surface(shots: list[Shot]) -> None:
    for shot in shots:
        endless = np.isinf(shot.geometry.depth_m)
        assert np.all(np.isin(shot.image.class_map[endless], [BY_NAME["sky"].id, BY_NAME["tree"].id]))
        assert not np.any(endless & (shot.image.instance_map > 0))


@given(yaw=st.floats(-3, 3), pitch=st.floats(-0.2, 0.3), roll=st.floats(-0.1, 0.1), depth_m=st.floats(0.5, 200.0))
def test_unprojecting_undoes_projecting(yaw: float, pitch: float, roll: float, depth_m: float) -> None:
    camera = PinholeCamera((8, 6), 7.0, (3.2, 2.6), (5.0, -3.0, 1.5), yaw, pitch, roll)
    ground = Geometry(camera, np.full((6, 8), depth_m, np.float32)).points_m()
    cos, sin = math.cos(yaw), math.sin(yaw)
    world = np.stack(
        [5.0 + ground[..., 0] * cos - ground[..., 1] * sin, -3.0 + ground[..., 0] * sin + ground[..., 1] * cos,
         ground[..., 2]], axis=2
    )  # fmt: skip
    pixels, depth = camera.project(world.reshape(-1, 3))
    columns, rows = np.meshgrid(np.arange(8), np.arange(6))
    assert np.allclose(pixels, np.stack([columns.ravel(), rows.ravel()], 1), atol=1e-3)
    assert np.allclose(depth, depth_m, rtol=1e-5)


def test_a_box_is_seen_from_a_turned_camera() -> None:
    thing = Thing(box((-2.0, -1.0, 0.0), (2.0, 1.0, 1.5), plain((1.0, 0.0, 0.0))), "car", x=10.0, yaw=math.pi / 2)
    camera = PinholeCamera(SIZE, 100.0, (80.0, 48.0), (0.0, 0.0, 1.4), yaw=math.pi / 2)
    around = box_around(thing, camera)
    assert around.centre_m == pytest.approx((0.0, -10.0, 0.75))
    assert around.size_m == pytest.approx((4.0, 2.0, 1.5))
    assert around.yaw_rad == pytest.approx(0.0)
    assert around.corners_m().min(axis=0) == pytest.approx((-2.0, -11.0, 0.0))


def test_a_tilted_and_rolled_camera_sees_a_flat_road() -> None:
    street = Street(junction_s_m=None)
    camera = PinholeCamera(SIZE, 110.0, (79.5, 47.5), (0.0, 0.0, 1.5), yaw=0.1, pitch=0.12, roll=0.06)
    world = World(street, tuple(ground_things(street, "paved", (0.4,) * 3, (0.5,) * 3)),
                  draw_light(np.random.default_rng(1), "overcast"))  # fmt: skip
    shot = shoot(world, camera, Film(), np.random.default_rng(0), "flat")
    points = shot.geometry.points_m()[shot.image.class_map == ROAD]
    on_lanes = np.abs(points[:, 1] * math.cos(0.1) + points[:, 0] * math.sin(0.1)) < 3.0
    assert np.abs(points[on_lanes, 2]).max() < 0.02


@given(st.lists(st.floats(0.0, 655.33), min_size=1, max_size=20))
def test_depth_comes_back_within_half_a_centimetre(depths: list[float]) -> None:
    depth_m = np.array([depths], np.float32)
    assert np.allclose(decode_depth(encode_depth(depth_m)), depth_m, atol=0.0051)


def test_far_depth_saturates_and_the_sky_stays_endless() -> None:
    back = decode_depth(encode_depth(np.array([[700.0, np.inf]], np.float32)))
    assert back[0, 0] == pytest.approx(655.34)
    assert np.isinf(back[0, 1])


def test_geometry_is_written_and_read_back(shots: list[Shot], tmp_path: Path) -> None:
    shot = shots[0]
    write_frame(tmp_path, "00000", shot.image, {"seed": 1}, shot.geometry)
    write_frame(tmp_path, "00001", shot.image, {"seed": 1})
    scenes = SceneSet(tmp_path)
    assert len(scenes) == 2
    back = scenes.geometry(0)
    assert back is not None
    assert back.camera == shot.geometry.camera
    near = shot.geometry.depth_m < 655
    assert np.abs(back.depth_m[near] - shot.geometry.depth_m[near]).max() < 0.006
    for key, around in shot.geometry.boxes.items():
        assert back.boxes[key].centre_m == pytest.approx(around.centre_m, abs=1e-3)
        assert back.boxes[key].yaw_rad == pytest.approx(around.yaw_rad, abs=1e-4)
    assert scenes.geometry(1) is None


@pytest.mark.parametrize("damage", ["no depth", "no box"])
def test_damaged_geometry_is_told_by_name(shots: list[Shot], tmp_path: Path, damage: str) -> None:
    write_frame(tmp_path, "00000", shots[0].image, {}, shots[0].geometry)
    if damage == "no depth":
        (tmp_path / "00000.depth.png").unlink()
    else:
        record = tmp_path / "00000.json"
        record.write_text(record.read_text().replace('"box"', '"bin"'))
    with pytest.raises(DataError, match="00000"):
        SceneSet(tmp_path).geometry(0)


def test_shapes_are_checked() -> None:
    camera = PinholeCamera((8, 6), 7.0, (3.5, 2.5), (0.0, 0.0, 1.5))
    with pytest.raises(ValueError, match="depth_m"):
        Geometry(camera, np.zeros((8, 6), np.float32))
    with pytest.raises(ValueError, match="size_m"):
        Box3d((0.0, 0.0, 0.0), (1.0, -1.0, 1.0), 0.0)
