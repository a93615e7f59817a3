from __future__ import annotations

import math

import numpy as np
import pytest
from cameras import equidistant, plumb_bob, rational, thin_prism
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.geometry.lens import Equidistant, Lens, Pinhole, RadialTangential


def _padded(d: tuple[float, ...]) -> RadialTangential:
    return RadialTangential((*d, *[0.0] * (12 - len(d))))


lenses: st.SearchStrategy[Lens] = st.one_of(
    st.builds(Pinhole), st.one_of(plumb_bob, rational, thin_prism).map(_padded), equidistant.map(Equidistant)
)


def _directions(seed: int, widest_rad: float, count: int = 400) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    angle, bearing = rng.uniform(0.0, widest_rad, count), rng.uniform(0.0, 2 * math.pi, count)
    return np.stack([np.sin(angle) * np.cos(bearing), np.sin(angle) * np.sin(bearing), np.cos(angle)], axis=1)


@settings(max_examples=150)
@given(lenses, st.integers(0, 1000))
def test_what_appears_is_seen_in_its_own_direction(lens: Lens, seed: int) -> None:
    directions = _directions(seed, math.pi)
    uv = lens.project(directions)
    seen = np.isfinite(uv[:, 0])
    rays = lens.rays(uv)
    assert np.isfinite(rays[seen]).all()
    assert np.isnan(rays[~seen]).all()
    # Beside the edge of its field a lens squeezes directions together, so the places on the plane are what must agree.
    np.testing.assert_allclose(lens.project(rays[seen]), uv[seen], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(rays[seen], axis=1), 1.0, atol=1e-12)


@settings(max_examples=150)
@given(lenses, st.integers(0, 1000))
def test_no_two_directions_of_the_field_appear_at_one_place(lens: Lens, seed: int) -> None:
    directions = _directions(seed, math.pi)
    uv = lens.project(directions)
    seen = np.isfinite(uv[:, 0])
    back = lens.rays(uv[seen])
    # Half a degree: at the very edge of the field the place hardly moves with the direction.
    assert ((back * directions[seen]).sum(axis=1) > math.cos(math.radians(0.5))).all()


@settings(max_examples=100)
@given(lenses, st.integers(0, 1000))
def test_every_place_has_one_direction_or_none(lens: Lens, seed: int) -> None:
    uv = np.random.default_rng(seed).uniform(-3.0, 3.0, (300, 2))
    rays = lens.rays(uv)
    seen = np.isfinite(rays).all(axis=1)
    assert np.isnan(rays[~seen]).all()
    np.testing.assert_allclose(lens.project(rays[seen]), uv[seen], rtol=1e-9, atol=1e-9)


def test_a_barrel_lens_ends_where_its_polynomial_turns_back() -> None:
    k1 = -0.4
    edge = math.sqrt(-1 / (3 * k1))  # r (1 + k1 r^2) grows up to here
    farthest = edge * (1 + k1 * edge**2)
    lens = _padded((k1, 0.0, 0.0, 0.0))
    slopes = np.array([0.999 * edge, 1.001 * edge, 2.0 * edge])
    uv = lens.project(np.stack([slopes, 0 * slopes, 1 + 0 * slopes], axis=1))
    assert np.isfinite(uv[0]).all() and np.isnan(uv[1:]).all()
    rays = lens.rays(np.array([[0.999 * farthest, 0.0], [1.001 * farthest, 0.0], [0.0, -1.001 * farthest]]))
    assert np.isfinite(rays[0]).all() and np.isnan(rays[1:]).all()


def test_a_factor_that_goes_to_infinity_ends_the_field() -> None:
    lens = _padded((0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0))  # 1 / (1 - r^2)
    uv = lens.project(np.array([[0.9, 0.0, 1.0], [1.1, 0.0, 1.0], [5.0, 0.0, 1.0]]))
    assert uv[0] == pytest.approx((0.9 / (1 - 0.81), 0.0))
    assert np.isnan(uv[1:]).all()


def test_a_fisheye_sees_beyond_a_right_angle_and_not_beyond_its_cone() -> None:
    wide = Equidistant((0.0, 0.0, 0.0, 0.0))
    angle = math.radians(110.0)
    behind = np.array([[math.sin(angle), 0.0, math.cos(angle)]])
    np.testing.assert_allclose(wide.project(behind), [[angle, 0.0]], atol=1e-12)
    np.testing.assert_allclose(wide.rays(np.array([[angle, 0.0]])), behind, atol=1e-12)
    narrow = Equidistant((-0.3, 0.0, 0.0, 0.0))  # grows up to sqrt(1 / 0.9)
    edge = math.sqrt(1 / 0.9)
    inside, outside = (np.array([[0.0, math.sin(a), math.cos(a)]]) for a in (edge - 1e-3, edge + 1e-3))
    assert np.isfinite(narrow.project(inside)).all()
    assert np.isnan(narrow.project(outside)).all()


def test_straight_ahead_is_the_middle_and_straight_behind_is_nowhere() -> None:
    for lens in (Pinhole(), _padded((-0.3, 0.1, 0.0, 0.0)), Equidistant((0.1, 0.0, 0.0, 0.0))):
        np.testing.assert_array_equal(lens.project(np.array([[0.0, 0.0, 2.0]])), [[0.0, 0.0]])
        np.testing.assert_array_equal(lens.rays(np.zeros((1, 2))), [[0.0, 0.0, 1.0]])
        assert np.isnan(lens.project(np.array([[0.0, 0.0, -2.0], [0.0, 0.0, 0.0]]))).all()


@given(lenses)
def test_what_is_no_number_appears_nowhere(lens: Lens) -> None:
    odd = np.array([[math.nan, 0.0, 1.0], [0.0, math.nan, 1.0], [0.0, 0.0, math.nan], [math.inf, 0.0, math.inf]])
    assert np.isnan(lens.project(odd)).any(axis=1).all()
    assert np.isnan(lens.rays(np.array([[math.nan, 0.0], [0.0, math.nan]]))).any(axis=1).all()


def test_nothing_gives_nothing() -> None:
    for lens in (Pinhole(), _padded((-0.3, 0.1, 0.0, 0.0)), Equidistant((0.1, 0.0, 0.0, 0.0))):
        assert lens.project(np.zeros((0, 3))).shape == (0, 2)
        assert lens.rays(np.zeros((0, 2))).shape == (0, 3)
