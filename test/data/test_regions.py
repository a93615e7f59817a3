"""Where manoeuvres end: on the road, off the thing, on the right side of it, and mirrored with the picture."""

from __future__ import annotations

import numpy as np
import pytest
from street import HEIGHT, HORIZON, WIDTH, mirrored, street

from ris_ros.data.expressions import regions
from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

CAR_AHEAD = ((215, 126, 265, 160), InstanceInfo("car"))
PARKED = ((330, 128, 390, 168), InstanceInfo("car"))
WALKER = ((20, 110, 40, 170), InstanceInfo("pedestrian"))


def look(*things: tuple[tuple[int, int, int, int], InstanceInfo]) -> tuple[LabeledImage, GroundView, list[Thing]]:
    image = street(things)
    scene = Scene(image)
    view = GroundView.estimate(scene)
    assert view is not None
    return image, view, list(scene.things)


def middle(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def test_no_road_no_ground():
    image = street()
    image.class_map[image.class_map == 3] = 1
    assert GroundView.estimate(Scene(image)) is None


def test_rows_and_distances_are_inverses_and_nearer_is_lower():
    _, view, _ = look(CAR_AHEAD)
    for distance in (3.0, 8.0, 20.0, 50.0):
        assert view.distance_m(view.row(distance)) == pytest.approx(distance)
    assert view.row(5.0) > view.row(10.0) > view.row(40.0) > view.horizon_y


def test_known_distances_set_the_scale():
    near = ((215, 126, 265, 170), InstanceInfo("car", distance_m=10.0))
    far = ((300, 122, 320, 145), InstanceInfo("car", distance_m=20.0))
    _, view, things = look(near, far)
    assert view.distance_m(things[0].foot_y) == pytest.approx(10.0, rel=0.15)
    assert view.distance_m(things[1].foot_y) == pytest.approx(20.0, rel=0.15)


@pytest.mark.parametrize("name", sorted(regions.ABOUT_A_THING))
@pytest.mark.parametrize("which", [CAR_AHEAD, PARKED])
def test_regions_about_a_thing_are_road_and_not_the_thing(name, which):
    image, view, things = look(which)
    region = regions.ABOUT_A_THING[name](view, things[0])
    if (name, which) == ("beyond", CAR_AHEAD):
        assert region is None  # a car straight ahead hides the road past it
        return
    assert region is not None
    assert (image.class_map[region] == 3).all()
    assert not (region & (image.instance_map == 1)).any()


def test_behind_is_nearer_and_beyond_is_further():
    _, view, things = look(PARKED)
    behind, beyond = regions.behind(view, things[0]), regions.beyond(view, things[0])
    assert np.nonzero(behind)[0].min() >= things[0].foot_y - 1
    assert np.nonzero(beyond)[0].max() < things[0].foot_y


def test_beside_a_parked_car_is_our_side_of_it():
    _, view, things = look(PARKED)
    assert middle(regions.beside(view, things[0]))[0] < things[0].box[0]
    _, view, things = look(WALKER)
    region = regions.beside(view, things[0])
    assert region is not None and middle(region)[0] > things[0].box[2]


def test_kerbs_lie_along_their_own_edge_and_straight_between():
    image, view, _ = look()
    left, right, ahead = regions.kerb(view, "left"), regions.kerb(view, "right"), regions.straight(view)
    assert middle(left)[0] < middle(ahead)[0] < middle(right)[0]
    rows, columns = np.nonzero(left)
    for row in np.unique(rows):
        first = int(np.flatnonzero(image.class_map[row] == 3)[0])
        assert columns[rows == row].min() == first > 0


def test_a_straight_street_has_nowhere_to_turn():
    _, view, _ = look()
    assert regions.turn(view, "left") is None and regions.turn(view, "right") is None


def test_a_junction_lets_one_turn_to_its_side():
    image = street()
    image.class_map[HORIZON + 8 : HORIZON + 40, WIDTH // 2 :] = 3
    view = GroundView.estimate(Scene(image))
    turn = regions.turn(view, "right")
    assert turn is not None and middle(turn)[0] > WIDTH / 2
    assert regions.turn(view, "left") is None


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_mirror_mirrors_regions(side):
    other = {"left": "right", "right": "left"}[side]
    image = street([CAR_AHEAD, PARKED])
    views = [GroundView.estimate(Scene(picture)) for picture in (image, mirrored(image))]
    here, there = regions.kerb(views[0], side), regions.kerb(views[1], other)
    assert here is not None and there is not None
    disagreement = np.count_nonzero(here ^ there[:, ::-1])
    assert disagreement < 0.05 * np.count_nonzero(here)


def test_what_is_too_near_leaves_no_room_behind():
    _, view, things = look(((180, 150, 300, HEIGHT - 4), InstanceInfo("car")))
    assert regions.behind(view, things[0]) is None and regions.towards(view, things[0]) is None
