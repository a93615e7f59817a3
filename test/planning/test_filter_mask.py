"""Masks for costmap filters: what they forbid, and that they lie still while the robot turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.filter_mask import UNWELCOME, filter_values, resampled
from ris_ros.planning.values import OCCUPIED, UNKNOWN, Occupancy

GRID = Grid(0.5, (24, 16), (-2.0, -4.0))


def occupancy() -> Occupancy:
    values = np.full(GRID.shape, UNKNOWN, np.int8)
    values[:, 8:] = 10
    return Occupancy(GRID, values, np.zeros(GRID.shape, bool), 0)


@pytest.mark.parametrize(("kind", "outside"), [("keepout", OCCUPIED), ("preferred", UNWELCOME)])
def test_known_ground_outside_the_region_is_forbidden_or_dear_and_unknown_ground_is_left_alone(
    kind: str, outside: int
) -> None:
    region = np.zeros(GRID.shape, bool)
    region[4:8, 4:16] = True
    values = filter_values(kind, region, occupancy())  # type: ignore[arg-type]

    assert values.dtype == np.int8
    assert set(values[region]) == {0}
    assert set(values[:, :8][~region[:, :8]]) == {UNKNOWN}
    assert set(values[:, 8:][~region[:, 8:]]) == {outside}


moves = st.builds(
    lambda x, y, yaw: RigidTransform.from_xyz_rpy((x, y, 0.0), 0.0, 0.0, yaw),
    st.floats(-50.0, 50.0),
    st.floats(-50.0, 50.0),
    st.floats(-np.pi, np.pi),
)


@given(moves, st.integers(0, 2**32 - 1))
def test_a_cell_in_another_frame_says_what_the_cell_below_it_said(move: RigidTransform, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-1, 101, GRID.shape, np.int8)
    there, grid = resampled(values, GRID, move)
    centres = np.concatenate([grid.centres_m(), np.zeros((*grid.shape, 1))], axis=2)
    back = move.inverse.apply(centres)[..., :2]
    rows, columns, inside = GRID.cells_of(back)
    # Middles that fall on a border of two cells, to rounding, may go to either.
    steps = (back - GRID.origin_m) / GRID.resolution_m
    settled = (np.abs(steps - np.round(steps)) > 1e-6).all(axis=2)

    assert np.array_equal(there[settled], np.where(inside, values[rows, columns], UNKNOWN)[settled])


@given(moves)
def test_no_cell_is_left_out(move: RigidTransform) -> None:
    _, grid = resampled(np.zeros(GRID.shape, np.int8), GRID, move)
    centres = np.concatenate([GRID.centres_m(), np.zeros((*GRID.shape, 1))], axis=2)

    assert grid.cells_of(move.apply(centres)[..., :2])[2].all()


@given(moves)
def test_cells_lie_on_whole_multiples_of_the_resolution(move: RigidTransform) -> None:
    _, grid = resampled(np.zeros(GRID.shape, np.int8), GRID, move)
    steps = np.array(grid.origin_m) / grid.resolution_m

    assert np.abs(steps - np.round(steps)).max() < 1e-6
