from __future__ import annotations

import math

import numpy as np
import pytest
from cameras import spread, turns
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.errors import GeometryError, LateTransformError, UnknownFrameError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.transform_tree import TransformTree

SECOND = 1_000_000_000


def _at(x: float, yaw: float = 0.0) -> RigidTransform:
    return RigidTransform.from_xyz_rpy((x, 0.0, 0.0), 0.0, 0.0, yaw)


def _robot() -> TransformTree:
    """odom <- base (moving, 1 m/s from 10 to 12 s) <- mast <- camera, and beside it base <- lidar."""
    tree = TransformTree(memory_s=10.0)
    for step in range(21):
        tree.add("odom", "base", _at(step * 0.1), 10 * SECOND + step * SECOND // 10)
    tree.set_static("base", "mast", _at(0.5))
    tree.set_static("mast", "camera", _at(0.25))
    tree.set_static("base", "lidar", _at(-0.5))
    return tree


def _same(one: RigidTransform, other: RigidTransform) -> None:
    np.testing.assert_allclose(one.rotation, other.rotation, atol=1e-9)
    np.testing.assert_allclose(one.translation_m, other.translation_m, atol=1e-8)


@given(st.lists(turns, min_size=4, max_size=4), st.integers(0, 2**62))
def test_a_way_through_the_tree_is_the_product_of_its_edges(edges: list[RigidTransform], stamp_ns: int) -> None:
    root_from_a, a_from_b, root_from_c, c_from_d = edges
    tree = TransformTree(memory_s=1.0)
    # In any order: children may come before their parents.
    tree.add("c", "d", c_from_d, stamp_ns)
    tree.set_static("a", "b", a_from_b)
    tree.add("root", "a", root_from_a, stamp_ns)
    tree.set_static("root", "c", root_from_c)
    b_from_d = (root_from_a @ a_from_b).inverse @ (root_from_c @ c_from_d)
    _same(tree.lookup("b", "d", stamp_ns), b_from_d)
    _same(tree.lookup("d", "b", stamp_ns), b_from_d.inverse)
    _same(tree.lookup("root", "d", stamp_ns), root_from_c @ c_from_d)
    _same(tree.lookup("a", "b", stamp_ns), a_from_b)


@given(turns, turns, spread(0.0, 1.0))
def test_between_two_stamps_the_transform_lies_between(
    first: RigidTransform, second: RigidTransform, share: float
) -> None:
    tree = TransformTree(memory_s=1.0)
    tree.add("odom", "base", first, 0)
    tree.add("odom", "base", second, SECOND)
    stamp_ns = round(share * SECOND)
    _same(tree.lookup("odom", "base", stamp_ns), first.interpolated(second, stamp_ns / SECOND))


@given(st.permutations(range(20)), st.integers(0, 19 * 100))
def test_the_order_of_arrival_does_not_matter(order: list[int], stamp: int) -> None:
    tree = TransformTree(memory_s=1.0)
    for step in order:
        tree.add("odom", "base", _at(step * 1.5, step * 0.1), step * 100)
    _same(tree.lookup("odom", "base", stamp), _at(stamp * 0.015, stamp * 0.001))


def test_the_stamp_decides_and_not_the_newest() -> None:
    tree = _robot()
    for stamp_ns, x in ((10 * SECOND, 0.75), (11_050_000_000, 1.8), (12 * SECOND, 2.75)):
        assert tree.lookup("odom", "camera", stamp_ns).translation_m[0] == pytest.approx(x)


def test_only_the_edges_on_the_way_must_be_known_at_the_stamp() -> None:
    tree = _robot()
    assert tree.lookup("camera", "lidar", 99 * SECOND).translation_m[0] == pytest.approx(-1.25)
    _same(tree.lookup("camera", "camera", 0), RigidTransform.identity())


def test_nothing_is_extrapolated() -> None:
    tree = _robot()
    with pytest.raises(LateTransformError, match=r"'base' to 'odom' is known up to 0\.001 s before"):
        tree.lookup("odom", "camera", 12_001_000_000)
    with pytest.raises(GeometryError, match=r"from 0\.500 s after the image on") as early:
        tree.lookup("odom", "camera", 9_500_000_000)
    assert not isinstance(early.value, LateTransformError)


def test_a_late_transform_is_found_when_it_has_come() -> None:
    tree = _robot()
    stamp_ns = 12_050_000_000
    with pytest.raises(LateTransformError):
        tree.lookup("odom", "base", stamp_ns)
    tree.add("odom", "base", _at(2.1), 12_100_000_000)
    assert tree.lookup("odom", "base", stamp_ns).translation_m[0] == pytest.approx(2.05)


@pytest.mark.parametrize(
    ("target", "source", "words"),
    [
        ("odom", "camra", "'camra' is in no transform .*camera"),
        ("map", "camera", "'map' is in no transform"),
    ],
)
def test_a_frame_that_is_not_there_is_named(target: str, source: str, words: str) -> None:
    with pytest.raises(UnknownFrameError, match=words):
        _robot().lookup(target, source, 11 * SECOND)


def test_a_frame_without_a_name_is_refused() -> None:
    with pytest.raises(GeometryError, match="no name"):
        _robot().lookup("base", "", 11 * SECOND)
    with pytest.raises(GeometryError, match="no name"):
        _robot().set_static("/", "camera", _at(0.0))


def test_an_empty_tree_knows_no_frame() -> None:
    with pytest.raises(UnknownFrameError, match="frames there are: none"):
        TransformTree(memory_s=1.0).lookup("base", "camera", 0)


def test_frames_of_two_trees_are_not_connected() -> None:
    tree = _robot()
    tree.set_static("map", "station", _at(1.0))
    with pytest.raises(UnknownFrameError, match="not connected: 'map' is above the one and 'odom'"):
        tree.lookup("station", "camera", 11 * SECOND)


def test_a_loop_is_refused_and_leaves_the_tree_as_it_was() -> None:
    tree = _robot()
    for add in (
        lambda: tree.set_static("camera", "odom", _at(0.0)),
        lambda: tree.add("lidar", "base", _at(0.0), 0),
        lambda: tree.set_static("base", "base", _at(0.0)),
    ):
        with pytest.raises(GeometryError, match="close a loop"):
            add()
    assert tree.lookup("odom", "camera", 11 * SECOND).translation_m[0] == pytest.approx(1.75)


def test_what_is_older_than_the_memory_is_forgotten() -> None:
    tree = TransformTree(memory_s=2.0)
    for step in range(100):
        tree.add("odom", "base", _at(float(step)), step * SECOND)
    tree.add("odom", "base", _at(-1.0), 5 * SECOND)  # so late that it is not kept
    with pytest.raises(GeometryError, match="too old"):
        tree.lookup("odom", "base", 96 * SECOND)
    for stamp in (97, 98, 99):
        assert tree.lookup("odom", "base", stamp * SECOND).translation_m[0] == stamp


def test_what_comes_again_replaces_what_was() -> None:
    tree = _robot()
    tree.add("odom", "base", _at(7.0), 11 * SECOND)
    assert tree.lookup("odom", "base", 11 * SECOND).translation_m[0] == 7.0
    tree.set_static("mast", "camera", _at(0.0, math.pi))
    assert tree.lookup("base", "camera", 0).yaw == pytest.approx(math.pi)


def test_a_frame_that_gets_another_parent_starts_anew() -> None:
    tree = _robot()
    tree.add("lidar", "mast", _at(3.0), 11 * SECOND)
    assert tree.lookup("base", "camera", 11 * SECOND).translation_m[0] == pytest.approx(-0.5 + 3.0 + 0.25)
    with pytest.raises(LateTransformError):
        tree.lookup("base", "camera", 12 * SECOND)


def test_when_the_clock_jumps_only_what_moves_is_forgotten() -> None:
    tree = _robot()
    tree.clear_moving()
    assert tree.frames == {"base", "mast", "camera", "lidar"}
    tree.add("odom", "base", _at(4.0), SECOND)
    assert tree.lookup("odom", "lidar", SECOND).translation_m[0] == pytest.approx(3.5)


def test_leading_slashes_say_nothing() -> None:
    tree = _robot()
    tree.set_static("/camera", "/lens", _at(1.0))
    assert tree.lookup("/base", "lens", 0).translation_m[0] == pytest.approx(1.75)
