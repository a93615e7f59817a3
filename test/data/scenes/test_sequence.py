"""Rides along a street: the same things, moved; a camera whose pose is exact; nobody drives through anybody."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("embreex", reason="rendering needs the extra 'sim'")

from ris_ros.cli.main import main
from ris_ros.data.scenes import SceneSet, Shot, render_sequence
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.collisions import apart
from ris_ros.data.scenes.light import draw_light
from ris_ros.data.scenes.material import plain
from ris_ros.data.scenes.mesh import box
from ris_ros.data.scenes.ride import BRAKE_MPS2, Ride, way_m
from ris_ros.data.scenes.world import Street, Thing, World

SIZE = (128, 80)
BLOCK = box((-2.0, -0.9, 0.0), (2.0, 0.9, 1.5), plain((0.5, 0.5, 0.5)))
STREET = Street(bend_per_m=0.001, junction_s_m=40.0)


@pytest.fixture(scope="module")
def ride() -> list[Shot]:
    return list(render_sequence(6, 3, 0.5, SIZE))


def _camera(street: Street) -> PinholeCamera:
    return PinholeCamera(SIZE, 100.0, (63.5, 39.5), (*street.to_world(0.0, street.lane_centre_m(-1)), 1.4))


def _in_world(shot: Shot, key: int) -> tuple[float, float]:
    x, y, _ = shot.geometry.boxes[key].centre_m
    camera = shot.geometry.camera
    cos, sin = math.cos(camera.yaw), math.sin(camera.yaw)
    return camera.position_m[0] + x * cos - y * sin, camera.position_m[1] + x * sin + y * cos


def _world(*things: Thing) -> World:
    return World(STREET, things, draw_light(np.random.default_rng(0), "overcast"))


def test_an_id_is_the_same_thing_in_every_frame(ride: list[Shot]) -> None:
    shared = set.intersection(*(set(shot.image.instances) for shot in ride))
    assert len(shared) >= 3
    for key in shared:
        told = {replace(shot.image.instances[key], distance_m=None) for shot in ride}
        assert len(told) == 1


def test_what_stands_stays_and_what_drives_moves_in_the_world(ride: list[Shot]) -> None:
    moved = False
    for key in set(ride[0].image.instances) & set(ride[-1].image.instances):
        info = ride[0].image.instances[key]
        way = math.dist(_in_world(ride[0], key), _in_world(ride[-1], key))
        if info.class_name in ("pole", "sign", "traffic light") or "parked" in info.attributes:
            assert way < 0.01
        moved |= way > 0.5
    assert moved


def test_the_same_arguments_give_the_same_ride(ride: list[Shot]) -> None:
    again = next(iter(render_sequence(6, 3, 0.5, SIZE)))
    assert np.array_equal(again.image.image_rgb, ride[0].image.image_rgb)
    assert again.geometry.camera == ride[0].geometry.camera


def test_a_ride_needs_frames_and_time() -> None:
    with pytest.raises(ValueError, match="positive"):
        next(iter(render_sequence(1, 0, 0.5, SIZE)))


@given(cruise=st.floats(0.5, 15.0), stop_m=st.floats(0.0, 60.0), seconds=st.floats(0.0, 30.0))
def test_the_ego_vehicle_never_passes_its_stop_nor_goes_back(cruise: float, stop_m: float, seconds: float) -> None:
    ride = Ride(STREET, _camera(STREET), cruise, stop_m)
    here, later = ride.way_m(seconds), ride.way_m(seconds + 0.1)
    assert -1e-9 <= here <= later + 1e-9 <= stop_m + 1e-6
    assert later - here <= 0.1 * cruise + 1e-9
    assert ride.way_m(200.0) == pytest.approx(stop_m, abs=1e-6)


def test_braking_takes_the_way_that_physics_says() -> None:
    assert way_m(100.0, 8.0, 3.0, BRAKE_MPS2) == pytest.approx(24.0 + 64.0 / (2 * BRAKE_MPS2))
    assert way_m(2.0, 8.0, 3.0, BRAKE_MPS2) == 16.0


@given(s=st.floats(0.0, 100.0), d=st.floats(-8.0, 8.0), seconds=st.floats(0.0, 8.0), back=st.booleans())
def test_traffic_keeps_its_lane_round_a_bend(s: float, d: float, seconds: float, back: bool) -> None:
    x, y = STREET.to_world(s, d)
    turn = math.pi if back else 0.0
    thing = Thing(BLOCK, "car", x, y, yaw=STREET.heading(s) + turn, speed_mps=9.0).after(seconds, STREET)
    later_s, later_d = STREET.to_street(np.array([thing.x]), np.array([thing.y]))
    assert later_d[0] == pytest.approx(d, abs=0.02)
    assert later_s[0] == pytest.approx(s + (-9.0 if back else 9.0) * seconds, abs=0.1)
    assert thing.yaw == pytest.approx(STREET.heading(float(later_s[0])) + turn, abs=0.01)


def test_whoever_would_meet_another_is_left_out() -> None:
    standing = Thing(BLOCK, "car", *STREET.to_world(30.0, -1.6), yaw=STREET.heading(30.0))
    coming = Thing(BLOCK, "van", *STREET.to_world(10.0, -1.6), yaw=STREET.heading(10.0), speed_mps=8.0)
    beside = Thing(BLOCK, "truck", *STREET.to_world(10.0, 1.6), yaw=STREET.heading(10.0), speed_mps=8.0)
    lamp = Thing(BLOCK, "pole", *STREET.to_world(30.0, -1.6))
    world = _world(standing, coming, beside, lamp)
    assert apart(world, seconds=1.0).things == world.things
    assert apart(world, seconds=4.0).things == (standing, beside, lamp)


def test_the_ego_vehicle_has_priority() -> None:
    ahead = Thing(BLOCK, "car", *STREET.to_world(25.0, STREET.lane_centre_m(-1)))
    ride = Ride(STREET, _camera(STREET), 8.0)
    assert apart(_world(ahead), ride, 1.0).things == (ahead,)
    assert apart(_world(ahead), ride, 5.0).things == ()
    assert apart(_world(ahead), replace(ride, stop_m=15.0), 5.0).things == (ahead,)


def test_the_command_line_writes_rides_alike_in_one_and_in_two_processes(tmp_path: Path) -> None:
    common = ["--count", "2", "--sequence", "2", "--seed", "3", "--size", "64x64", "--step", "0.5"]
    for name, jobs in (("one", "1"), ("two", "2")):
        assert main(["data", "render", *common, "--out", str(tmp_path / name), "--jobs", jobs]) == 0
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "00001-001.depth.png" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    rides = SceneSet(tmp_path / "one")
    assert [frame.id for frame in rides] == [f"sequence-{seed}-{index:03d}" for seed in (3, 4) for index in (0, 1)]
    first, second = rides.geometry(0), rides.geometry(1)
    assert first is not None and second is not None
    assert second.camera.position_m[0] >= first.camera.position_m[0]
