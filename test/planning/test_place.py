"""Where a thing stands, from its mask alone, and how certain that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ris_ros.errors import GeometryError
from ris_ros.geometry.rigid import OPTICAL_AXES, RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.masks import cut
from ris_ros.planning.place import foot_of, place, place_of_region, place_of_thing
from ris_ros.planning.values import Placement
from ris_ros.types import Command, Mask, Target
from test.support.flat_scene import CAR_M
from test.support.seen_street import VIEW, Moment

THING = Command("c", "the car", Target.OBJECT, 0)
REGION = Command("r", "park there", Target.REGION, 0)
VIEWPOINT = VIEW.viewpoint
NOTHING = np.zeros((0, 2))


@pytest.mark.parametrize("at_m", [(7.0, 0.0), (10.0, 2.0), (14.0, -2.5), (20.0, 1.0)])
def test_a_car_stands_where_its_near_side_is(at_m: tuple[float, float]) -> None:
    moment = Moment((at_m,))
    foot_m = foot_of(moment.car(THING, 0).object, VIEWPOINT)
    near_m = np.array([at_m[0] - CAR_M[0] / 2, at_m[1]])
    covariance = place_of_thing(Placement(NOTHING, foot_m, None), VIEWPOINT)
    assert covariance is not None
    off = foot_m - near_m
    assert np.hypot(*off) < 0.08 * at_m[0] + 0.3
    assert off @ np.linalg.solve(covariance.covariance_m2, off) < 9.0  # within three sigma of what is claimed


def test_the_place_is_less_certain_along_the_line_of_sight_and_farther_away() -> None:
    near, far = (place_of_thing(Placement(NOTHING, np.array([x, 0.0]), None), VIEWPOINT) for x in (6.0, 20.0))
    assert near is not None
    assert far is not None
    assert far.covariance_m2[0, 0] > 4 * near.covariance_m2[0, 0]
    assert far.covariance_m2[0, 0] > far.covariance_m2[1, 1]
    assert abs(far.covariance_m2[0, 1]) < 1e-9


def rolled(viewpoint: Viewpoint) -> Viewpoint:
    """The same camera built in a quarter turn clockwise, so that its picture is turned the other way."""
    camera, (x, y) = viewpoint.camera, viewpoint.camera.centre_px
    width, height = camera.size_px
    turned = replace(camera, size_px=(height, width), centre_px=(y, width - 1.0 - x))
    old_from_new = RigidTransform(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
    return replace(viewpoint, camera=turned, base_from_camera=viewpoint.base_from_camera @ old_from_new)


@pytest.mark.parametrize("at_m", [(7.0, 0.0), (14.0, -2.5), (3.5, 0.0)])
def test_it_does_not_matter_which_way_up_the_camera_was_built_in(at_m: tuple[float, float]) -> None:
    mask, viewpoint = Moment((at_m,)).car(THING, 0).object.mask, VIEWPOINT
    feet = []
    for _ in range(4):
        thing = cut(np.where(mask, 255, 0).astype(np.uint8), (0, 0), 0.5)
        try:
            feet.append(foot_of(thing, viewpoint).tolist())
        except GeometryError as error:
            feet.append(str(error))
        mask, viewpoint = np.rot90(mask), rolled(viewpoint)
    assert feet == [pytest.approx(feet[0]) if isinstance(feet[0], list) else feet[0]] * 4


def test_what_lies_right_below_a_camera_that_looks_straight_down_has_a_foot() -> None:
    down = RigidTransform.from_xyz_rpy((0.5, 0.0, 3.0), 0.0, np.pi / 2, 0.0)
    optical = RigidTransform(down.rotation @ OPTICAL_AXES, down.translation_m)
    viewpoint = replace(VIEWPOINT, base_from_camera=optical)
    mask = np.zeros(VIEWPOINT.camera.size_px[::-1], np.uint8)
    mask[70:110, 140:180] = 255  # 0.4 m square
    foot_m = foot_of(cut(mask, (0, 0), 0.5), viewpoint)
    assert foot_m == pytest.approx([0.5, 0.0], abs=0.3)
    where = place_of_thing(Placement(NOTHING, foot_m, None), viewpoint)
    assert where is not None
    assert (np.linalg.eigvalsh(where.covariance_m2) > 0.0).all()


def test_a_thing_that_the_picture_cuts_off_has_no_foot() -> None:
    moment = Moment(((3.5, 0.0),))
    with pytest.raises(GeometryError, match="out of sight"):
        foot_of(moment.car(THING, 0).object, VIEWPOINT)
    placement = place(moment.car(THING, 0), VIEWPOINT, None)
    assert placement.foot_m is None
    assert "out of sight" in placement.reason
    assert place_of_thing(placement, VIEWPOINT) is None


def test_a_thing_beyond_what_is_believed_has_no_foot() -> None:
    moment = Moment(((60.0, 0.0),))
    with pytest.raises(GeometryError, match="come nearer"):
        foot_of(moment.car(THING, 0).object, VIEWPOINT)


def test_depth_gives_a_box_and_its_place_counts() -> None:
    moment = Moment(((10.0, 0.0),))
    rng = np.random.default_rng(0)

    def points_in(mask: Mask) -> NDArray[np.float64]:
        # The rear of the car, in the optical frame of a level camera seen from the base frame.
        base_m = np.stack([np.full(400, 7.8), rng.uniform(-0.9, 0.9, 400), rng.uniform(0.1, 1.5, 400)], axis=1)
        return VIEWPOINT.base_from_camera.inverse.apply(base_m)

    placement = place(moment.car(THING, 0), VIEWPOINT, points_in)
    assert placement.reason == ""
    assert placement.lifted is not None
    assert placement.lifted.centroid_m == pytest.approx([7.8, 0.0, 0.8], abs=0.15)
    where = place_of_thing(placement, VIEWPOINT)
    assert where is not None
    assert where.xy_m == pytest.approx([7.8, 0.0], abs=0.15)


def test_depth_without_a_value_gives_a_reason_and_the_mask_still_a_place() -> None:
    def nothing(mask: Mask) -> NDArray[np.float64]:
        raise GeometryError("Depth has no value in the mask: check the depth camera.")

    placement = place(Moment(((10.0, 0.0),)).car(THING, 0), VIEWPOINT, nothing)
    assert placement.lifted is None
    assert placement.foot_m is not None
    assert placement.reason.startswith("Depth has no value")


def test_a_region_is_outlined_and_its_middle_is_as_uncertain_as_it_is_large() -> None:
    moment = Moment(())
    placement = place(moment.ground(REGION, (8.0, -2.0), (16.0, 2.0)), VIEWPOINT, None)
    assert placement.polygon_m[:, 0].min() == pytest.approx(8.0, abs=0.4)
    assert placement.polygon_m[:, 0].max() == pytest.approx(16.0, abs=0.8)
    cells_m = np.stack(np.meshgrid(np.arange(8.0, 16.0, 0.2), np.arange(-2.0, 2.0, 0.2)), axis=2).reshape(-1, 2)
    where = place_of_region(cells_m, VIEWPOINT)
    assert where.xy_m == pytest.approx([11.9, -0.1], abs=0.05)
    assert where.covariance_m2[0, 0] > 8.0**2 / 12
