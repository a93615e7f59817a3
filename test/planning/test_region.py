"""The region on the ground stays where it is while the robot moves, and follows what is seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.region import RegionMemory

GRID = Grid(0.2, (120, 100), (-4.0, -10.0))
STEP_NS = 100_000_000
ALL = np.ones(GRID.shape, np.bool_)


def pose(x_m: float, y_m: float, yaw: float) -> RigidTransform:
    return RigidTransform.from_xyz_rpy((x_m, y_m, 0.0), 0.0, 0.0, yaw)


def disc(fixed_from_base: RigidTransform, centre_m: tuple[float, float] = (8.0, 1.0)) -> NDArray[np.uint8]:
    """A disc of 3 m that lies still in the fixed frame, seen from a pose."""
    cells = np.concatenate([GRID.centres_m(), np.zeros((*GRID.shape, 1))], axis=2)
    x, y, _ = np.moveaxis(fixed_from_base.apply(cells), 2, 0)
    return np.where(np.hypot(x - centre_m[0], y - centre_m[1]) < 3.0, 230, 10).astype(np.uint8)


@given(
    moves=st.lists(
        st.tuples(st.floats(-0.3, 0.3), st.floats(-0.1, 0.1), st.floats(-0.05, 0.05)), min_size=1, max_size=8
    )
)
def test_a_still_region_stays_still_however_the_robot_moves(moves: list[tuple[float, float, float]]) -> None:
    memory = RegionMemory(GRID, 0.3)
    at = pose(0, 0, 0)
    memory.update(disc(at), ALL, at, 0)
    for index, move in enumerate(moves, 1):
        at = at @ pose(*move)
        memory.update(disc(at), ALL, at, index * STEP_NS)
    believed = memory.at(at)
    assert believed is not None
    wrong = (believed > 0.5) != (disc(at) > 127)
    edge = 2 * math.pi * 3.0 / GRID.resolution_m
    assert np.count_nonzero(wrong) < edge  # no more than the cells that the edge runs through


def test_cells_out_of_view_keep_what_was_believed() -> None:
    memory = RegionMemory(GRID, 0.3)
    at = pose(0, 0, 0)
    memory.update(disc(at), ALL, at, 0)
    moved = pose(2.0, 0, 0)
    memory.update(np.zeros(GRID.shape, np.uint8), ~ALL, moved, STEP_NS)
    believed = memory.at(moved)
    assert believed is not None
    assert np.array_equal(believed > 0.5, disc(moved) > 127)


def test_what_changed_is_followed_at_the_stated_pace() -> None:
    memory = RegionMemory(GRID, 0.3)
    at = pose(0, 0, 0)
    memory.update(np.full(GRID.shape, 255, np.uint8), ALL, at, 0)
    memory.update(np.zeros(GRID.shape, np.uint8), ALL, at, 3 * STEP_NS)
    believed = memory.at(at)
    assert believed is not None
    assert believed == pytest.approx(math.exp(-1.0))


def test_without_the_robots_motion_only_the_newest_image_counts() -> None:
    memory = RegionMemory(GRID, 0.3)
    memory.update(np.full(GRID.shape, 255, np.uint8), ALL, None, 0)
    memory.update(np.zeros(GRID.shape, np.uint8), ALL, None, STEP_NS)
    believed = memory.at(None)
    assert believed is not None
    assert not believed.any()
    assert memory.at(pose(0, 0, 0)) is None


def test_without_smoothing_only_the_newest_image_counts() -> None:
    memory = RegionMemory(GRID, 0.0)
    at = pose(0, 0, 0)
    memory.update(np.full(GRID.shape, 255, np.uint8), ALL, at, 0)
    memory.update(np.zeros(GRID.shape, np.uint8), ALL, at, STEP_NS)
    believed = memory.at(at)
    assert believed is not None
    assert not believed.any()


def test_cameras_of_one_stamp_each_show_their_part() -> None:
    memory = RegionMemory(GRID, 0.3)
    at = pose(0, 0, 0)
    left = GRID.centres_m()[..., 1] > 0.0
    for index in range(3):
        for camera, seen in (("left", left), ("right", ~left)):
            memory.update(np.where(seen, disc(at), 0).astype(np.uint8), seen, at, index * STEP_NS, camera)
    believed = memory.at(at)
    assert believed is not None
    assert np.array_equal(believed > 0.5, disc(at) > 127)
