from __future__ import annotations

import math

import numpy as np
import pytest
from cameras import spread, turns
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from ris_ros.errors import GeometryError
from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform


@given(turns, turns, turns)
def test_transforms_form_a_group(a: RigidTransform, b: RigidTransform, c: RigidTransform) -> None:
    point = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_allclose((a @ b).apply(point), a.apply(b.apply(point)), atol=1e-9)
    np.testing.assert_allclose(((a @ b) @ c).apply(point), (a @ (b @ c)).apply(point), atol=1e-9)
    np.testing.assert_allclose((a.inverse @ a).apply(point), point, atol=1e-9)


@given(turns)
def test_a_quaternion_says_what_the_matrix_says(pose: RigidTransform) -> None:
    xyzw = pose.quaternion_xyzw
    assert xyzw[3] >= 0.0 and math.hypot(*xyzw) == pytest.approx(1.0)
    back = RigidTransform.from_quaternion(pose.translation_m.tolist(), xyzw)
    np.testing.assert_allclose(back.rotation, pose.rotation, atol=1e-12)
    np.testing.assert_allclose(Rotation.from_quat(xyzw).as_matrix(), pose.rotation, atol=1e-12)


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.0, -0.8)])
def test_half_turns_have_a_quaternion(axis: tuple[float, float, float]) -> None:
    half_turn = RigidTransform.from_quaternion((0.0, 0.0, 0.0), (*axis, 0.0))
    again = RigidTransform.from_quaternion((0.0, 0.0, 0.0), half_turn.quaternion_xyzw)
    np.testing.assert_allclose(again.rotation, half_turn.rotation, atol=1e-12)


@given(turns, turns, spread(0.0, 1.0))
def test_interpolation_is_straight_and_slerp(first: RigidTransform, second: RigidTransform, share: float) -> None:
    between = first.interpolated(second, share)
    np.testing.assert_allclose(
        between.translation_m, (1 - share) * first.translation_m + share * second.translation_m, atol=1e-9
    )
    if (first.inverse @ second).quaternion_xyzw[3] > 1e-3:  # of a half turn, both ways are the shortest
        slerp = Slerp([0.0, 1.0], Rotation.from_matrix([first.rotation, second.rotation]))
        np.testing.assert_allclose(between.rotation, slerp(share).as_matrix(), atol=1e-7)


@given(turns, turns)
def test_interpolation_begins_and_ends_at_what_is_given(first: RigidTransform, second: RigidTransform) -> None:
    for share, end in ((0.0, first), (1.0, second)):
        between = first.interpolated(second, share)
        np.testing.assert_allclose(between.rotation, end.rotation, atol=1e-9)
        np.testing.assert_allclose(between.translation_m, end.translation_m, atol=1e-9)


def test_a_positive_pitch_looks_down_and_a_positive_yaw_to_the_left() -> None:
    def forward(pitch: float, yaw: float) -> np.ndarray:
        return RigidTransform.from_xyz_rpy((0, 0, 0), 0.0, pitch, yaw).rotation @ OPTICAL_AXES @ [0.0, 0.0, 1.0]

    assert forward(0.1, 0.0)[2] == pytest.approx(-math.sin(0.1))
    assert forward(0.0, 0.1)[1] == pytest.approx(math.sin(0.1))


@pytest.mark.parametrize("xyzw", [(0, 0, 0, 0), (math.nan, 0, 0, 1), (math.inf, 0, 0, 1)])
def test_what_is_no_rotation_is_refused(xyzw: tuple[float, float, float, float]) -> None:
    with pytest.raises(GeometryError, match="no rotation"):
        RigidTransform.from_quaternion((0, 0, 0), xyzw)


@given(st.sampled_from([math.nan, math.inf]))
def test_a_translation_is_made_of_numbers(value: float) -> None:
    with pytest.raises(GeometryError, match="not a number"):
        RigidTransform.from_xyz_rpy((0.0, value, 0.0), 0.0, 0.0, 0.0)


def test_a_matrix_that_shears_or_mirrors_is_refused() -> None:
    for matrix in (np.diag([1.0, 1.0, -1.0]), np.array([[1.0, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])):
        with pytest.raises(GeometryError, match="rotation is none"):
            RigidTransform(matrix, np.zeros(3))


@given(turns, spread(-3.0, 3.0))
def test_what_is_level_keeps_its_place_and_turns_with_the_robot(pose: RigidTransform, yaw: float) -> None:
    level = pose.level
    assert level.yaw == pytest.approx(pose.yaw)
    np.testing.assert_allclose(level.translation_m, [*pose.translation_m[:2], 0.0])
    np.testing.assert_allclose(level.rotation[2], [0.0, 0.0, 1.0])
    turned = pose @ RigidTransform.from_xyz_rpy((0.0, 0.0, 0.0), 0.0, 0.0, yaw)
    flat = RigidTransform.from_xyz_rpy((1.0, 2.0, 0.0), 0.0, 0.0, yaw)
    np.testing.assert_allclose(flat.level.rotation, flat.rotation, atol=1e-12)
    np.testing.assert_allclose(turned.level.translation_m, level.translation_m)
