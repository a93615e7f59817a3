from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.grid import Grid
from ris_ros.planning.sight_lines import Build, SightLines

GRID = Grid(0.25, (60, 56), (-5.0, -7.0))
CENTRES_M = GRID.centres_m()
THICKNESS_M = 0.75
PLAIN = Build(depth_m=THICKNESS_M, overhang_m=0.0, gap_m=0.0)

eyes = st.tuples(st.floats(-6.0, 11.0), st.floats(-8.0, 8.0))
places = st.tuples(st.floats(-4.0, 9.0), st.floats(-6.0, 6.0))


def seen_from(eye: tuple[float, float], nearest_m: float = 0.0) -> NDArray[np.bool_]:
    seen: NDArray[np.bool_] = np.linalg.norm(CENTRES_M - eye, axis=2) >= nearest_m
    return seen


def smear(
    eye: tuple[float, float], place: tuple[float, float], half_width_m: float, length_m: float
) -> NDArray[np.bool_]:
    """What the mask of an upright post at ``place`` becomes on the ground."""
    offset = CENTRES_M - eye
    ray = np.subtract(place, eye)
    distance = float(np.linalg.norm(ray))
    ray = ray / distance
    along = offset @ ray
    across = np.abs(offset[..., 0] * ray[1] - offset[..., 1] * ray[0])
    mask: NDArray[np.bool_] = (
        (along >= distance) & (along < distance + length_m) & (across <= half_width_m * along / distance)
    )
    return mask


@settings(deadline=None, max_examples=60)
@given(eyes, st.lists(st.tuples(st.integers(0, 55), st.integers(0, 59)), max_size=60))
def test_no_cell_of_a_mask_is_ever_left_out(eye: tuple[float, float], masked: list[tuple[int, int]]) -> None:
    standing = np.zeros(GRID.shape, np.bool_)
    for cell in masked:
        standing[cell] = True
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(standing, PLAIN)
    assert not (occupied & hidden).any()
    assert (occupied | hidden)[standing].all()


@settings(deadline=None, max_examples=60)
@given(eyes, places, st.floats(0.3, 1.0), st.floats(2.0, 20.0))
def test_a_post_stands_where_its_smear_begins_and_hides_the_rest(
    eye: tuple[float, float], place: tuple[float, float], half_width_m: float, length_m: float
) -> None:
    distance_m = math.dist(eye, place)
    assume(distance_m > 2.0)
    mask = smear(eye, place, half_width_m, length_m)
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(mask, PLAIN)
    side = GRID.resolution_m
    ray = np.subtract(place, eye) / distance_m
    beyond_m = (CENTRES_M - eye) @ ray - distance_m
    # Lines that graze the smear's side come upon it beside the foot, as long as nothing hidden is near; and they are
    # longer than the middle one.
    slant_m = (math.hypot(1.0, half_width_m / distance_m) - 1.0) * (distance_m + length_m)
    deepest_m = 2.0 * THICKNESS_M + slant_m + side
    assert (beyond_m[occupied] >= -side).all()
    assert (beyond_m[occupied] <= deepest_m).all()
    assert hidden[mask & (beyond_m > deepest_m)].all()
    # Where the smear's side is grazed, hidden is as right as occupied.
    inner = smear(eye, place, half_width_m - 1.5 * side, length_m)
    assert occupied[inner & (beyond_m < THICKNESS_M - side)].all()


def test_ground_before_beside_and_beyond_a_smear_is_in_view() -> None:
    eye = (-5.0, 0.1)
    mask = smear(eye, (0.0, 0.1), 0.5, 4.0)
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(mask, PLAIN)
    taken = occupied | hidden
    assert taken[mask].all()
    x, y = CENTRES_M[..., 0], CENTRES_M[..., 1]
    for free in (x < -0.3, np.abs(y - 0.1) > 1.3, x > 4.5):
        assert not taken[free].any()


def test_the_grazed_side_of_a_smear_is_no_row_of_posts() -> None:
    eye = (-5.0, 0.0)
    for turn in np.linspace(-0.6, 0.6, 25):
        place = (eye[0] + 4.0 * math.cos(turn), eye[1] + 4.0 * math.sin(turn))
        mask = smear(eye, place, 0.45, 30.0)
        occupied, _ = SightLines(GRID, eye, seen_from(eye)).feet(mask, PLAIN)
        assert np.linalg.norm(CENTRES_M[occupied] - place, axis=1).max() < 1.5


def two_wheels(eye: tuple[float, float], across_m: float, body: bool) -> NDArray[np.bool_]:
    """What stands left and right of straight ahead begins at x = 0, what is between 2 m later, if it is there."""
    wheels = [smear(eye, (0.0, side * across_m / 2), 0.3, 5.0) for side in (-1.0, 1.0)]
    return wheels[0] | wheels[1] | (smear(eye, (2.0, 0.0), across_m / 2, 3.0) & body)


def test_between_its_wheels_a_car_stands_too() -> None:
    eye = (-5.0, 0.0)
    for overhang_m, nearest_x_m in ((0.0, -0.1), (0.8, -0.9)):
        lines = SightLines(GRID, eye, seen_from(eye))
        occupied, _ = lines.feet(two_wheels(eye, 1.8, body=True), Build(overhang_m=overhang_m))
        row = occupied[28]
        assert row[np.searchsorted(CENTRES_M[28, :, 0], 0.3)]
        assert abs(CENTRES_M[28, row, 0].min() - nearest_x_m) <= 2 * GRID.resolution_m


def test_where_the_range_is_less_sure_things_may_stand_nearer() -> None:
    eye = (-5.0, 0.0)
    mask = smear(eye, (0.0, 0.0), 0.5, 4.0) | smear(eye, (6.0, 5.0), 0.5, 4.0)
    lines = SightLines(GRID, eye, seen_from(eye), lambda xy_m: 0.02 * np.hypot(xy_m[:, 0] + 5.0, xy_m[:, 1]) ** 2)
    occupied, _ = lines.feet(mask, PLAIN)
    range_m = np.linalg.norm(CENTRES_M - eye, axis=2)
    for side, distance_m in ((CENTRES_M[..., 1] < 1.0, 5.0), (CENTRES_M[..., 1] > 1.5, math.hypot(11.0, 5.0))):
        nearest_m = range_m[occupied & side].min()
        assert nearest_m == pytest.approx(distance_m - 0.02 * distance_m**2, abs=2 * GRID.resolution_m)


def test_between_two_posts_one_can_pass() -> None:
    eye = (-5.0, 0.0)
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(two_wheels(eye, 1.8, body=False), Build())
    assert not (occupied | hidden)[27:29].any()


def test_a_second_thing_behind_open_ground_stands_too() -> None:
    eye = (-5.0, 0.0)
    masks = smear(eye, (-1.0, 0.0), 0.4, 2.0), smear(eye, (4.0, 0.0), 0.4, 3.0)
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(masks[0] | masks[1], PLAIN)
    row, (near, open_ground, far, behind) = 28, np.searchsorted(CENTRES_M[28, :, 0], [-0.8, 2.5, 4.2, 6.0])
    assert occupied[row, near] and occupied[row, far] and hidden[row, behind]
    assert not occupied[row, open_ground] and not hidden[row, open_ground]


def test_a_window_is_not_the_end_of_a_car() -> None:
    eye = (-5.0, 0.0)
    mask = smear(eye, (-1.0, 0.0), 0.6, 8.0)
    window = mask & (np.abs(CENTRES_M[..., 0] - 2.0) < 0.2)
    occupied, hidden = SightLines(GRID, eye, seen_from(eye)).feet(mask & ~window, PLAIN)
    assert hidden[window].all()
    assert not occupied[CENTRES_M[..., 0] > 1.0].any()


def test_a_thing_that_the_picture_cuts_may_stand_in_all_the_ground_before_it() -> None:
    eye = (-4.0, 0.0)
    seen = seen_from(eye, nearest_m=3.0) & (np.abs(CENTRES_M[..., 1]) < 4.0)
    cut = seen & (np.linalg.norm(CENTRES_M - eye, axis=2) < 4.0) & (CENTRES_M[..., 1] > 0.5)
    occupied, _ = SightLines(GRID, eye, seen).feet(cut, PLAIN)
    towards = np.arctan2(CENTRES_M[..., 1], CENTRES_M[..., 0] - eye[0])
    near = ~seen & (np.linalg.norm(CENTRES_M - eye, axis=2) < 2.9) & (CENTRES_M[..., 0] > eye[0])
    assert occupied[near & (towards > 0.3) & (towards < 0.8)].all()
    assert not occupied[near & (towards < -0.1)].any()


def test_a_camera_that_sees_nothing_hides_nothing() -> None:
    nothing = np.zeros(GRID.shape, np.bool_)
    occupied, hidden = SightLines(GRID, (0.0, 0.0), nothing).feet(nothing, PLAIN)
    assert not occupied.any() and not hidden.any()
