from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_street import CAMERA_M, HORIZON_Y, empty_street, with_thing

from ris_ros.data.camvid import CamVid
from ris_ros.data.classes import BY_NAME
from ris_ros.data.edit.cutout import Cutout, ThingBank, cut_out
from ris_ros.data.edit.paste import paste
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.saying import Saying
from ris_ros.types import Target

RED = (180, 30, 35)


def red_car(*attributes: str) -> Cutout:
    image = with_thing(empty_street(), "car", 110, 120, RED, InstanceInfo("car", "red", attributes=attributes))
    (cutout,) = cut_out(image)
    return cutout


def pasted(image: LabeledImage, thing: Cutout, seed: int = 0) -> tuple[LabeledImage, np.ndarray]:
    edited = paste(image, thing, np.random.default_rng(seed))
    assert edited is not None
    return edited, edited.instance_map == max(edited.instances)


@pytest.mark.parametrize("seed", range(12))
def test_it_stands_on_the_road_as_large_as_it_is_there(seed: int) -> None:
    street = empty_street()
    edited, mask = pasted(street, red_car(), seed)
    ys, xs = np.nonzero(mask)
    foot = ys.max() + 1
    assert (ys.max() - ys.min() + 1) == pytest.approx(1.5 / CAMERA_M * (foot - HORIZON_Y), abs=4)
    under = street.class_map[ys.max(), xs.min() : xs.max() + 1]
    assert (under == BY_NAME["road"].id).mean() > 0.9
    assert edited.instances[1] == InstanceInfo("car", "red")
    assert (edited.class_map[mask] == BY_NAME["car"].id).all()
    np.testing.assert_array_equal(edited.class_map[~mask], street.class_map[~mask])
    red, green, blue = edited.image_rgb[mask].mean(axis=0)
    assert red > 1.6 * max(green, blue)


def test_what_is_neither_it_nor_its_shadow_stays() -> None:
    street = empty_street()
    edited, mask = pasted(street, red_car())
    changed = (edited.image_rgb != street.image_rgb).any(axis=2) & ~mask
    rows = np.flatnonzero(mask.any(axis=1))
    near = np.zeros_like(mask)
    near[rows[-1] - 8 : rows[-1] + 8] = True
    assert not (changed & ~near).any()
    assert (edited.image_rgb[changed] < street.image_rgb[changed]).all()


def test_nearer_things_hide_it_and_it_hides_farther_ones() -> None:
    grey = (90, 90, 90)
    street = with_thing(empty_street(), "pole", 85, 150, grey, InstanceInfo("pole"))
    street = with_thing(street, "pedestrian", 150, 105, grey, InstanceInfo("pedestrian"))
    order = {"behind": 0, "before": 0}
    for seed in range(40):
        edited = paste(street, red_car(), np.random.default_rng(seed))
        if edited is None:
            continue
        mask = edited.instance_map == 3
        foot = np.flatnonzero(mask.any(axis=1))[-1] + 1
        person = street.instance_map == 2
        if foot < 150:
            np.testing.assert_array_equal(edited.instance_map == 2, person)
            order["behind"] += 1
        if foot > 86 and 1 in edited.instances:
            hidden = (street.instance_map == 1) & (edited.instance_map != 1)
            assert mask[hidden].all()
            order["before"] += bool(hidden.any())
    assert order["behind"] > 3 and order["before"] > 3


def test_what_is_all_but_hidden_is_gone() -> None:
    cone = with_thing(empty_street(), "cone", 80, 120, (250, 120, 0), InstanceInfo("cone"))
    gone = 0
    for seed in range(40):
        edited = paste(cone, red_car(), np.random.default_rng(seed))
        if edited is not None and 1 not in edited.instances:
            assert not (edited.instance_map == 1).any()
            gone += 1
    assert gone


def test_it_keeps_what_is_true_anywhere_and_loses_its_surroundings() -> None:
    told = (
        "noun:taxi",
        "with a dented door",
        "facing left",
        "SUV",
        "parked at the kerb",
        "behind the van",
        "far ahead",
    )
    thing = red_car(*told)
    assert thing.info.attributes == ("noun:taxi", "with a dented door", "facing left", "SUV")
    assert thing.mirrored().info.attributes == ("noun:taxi", "with a dented door", "facing right", "SUV")
    np.testing.assert_array_equal(thing.mirrored().inside, thing.inside[:, ::-1])


def test_others_lose_what_a_newcomer_makes_doubtful() -> None:
    told = ("in a red coat", "nearest to us", "the only one about", "by the wall")
    street = with_thing(
        empty_street(), "pedestrian", 100, 200, (60, 60, 60), InstanceInfo("pedestrian", attributes=told)
    )
    assert pasted(street, red_car())[0].instances[1].attributes == ("in a red coat", "by the wall")


def test_sayings_that_could_mean_it_fall_away() -> None:
    street = with_thing(empty_street(), "pedestrian", 100, 200, (60, 60, 60), InstanceInfo("pedestrian"))
    sky = street.class_map == BY_NAME["sky"].id
    road = street.class_map == BY_NAME["road"].id
    sayings = (
        Saying("the man", "said_thing", Target.OBJECT, keys=(1,)),
        Saying("the man beside the van", "said_thing", Target.OBJECT, keys=(1,)),
        Saying("a taxi", "said_absent", Target.OBJECT, exists=False),
        Saying("a dog", "said_absent", Target.OBJECT, exists=False),
        Saying("the sky", "said_area", Target.OBJECT, object_mask=sky),
        Saying("drive on", "said_region", Target.REGION, region_mask=road),
    )
    edited, mask = pasted(replace(street, sayings=sayings), red_car())
    assert [saying.text for saying in edited.sayings] == ["the man", "a dog", "the sky"]
    assert edited.sayings[2].object_mask is not None and not (edited.sayings[2].object_mask & mask).any()


def test_a_car_of_a_coarse_source_may_be_a_van() -> None:
    thing = replace(red_car(), known_classes=frozenset(BY_NAME) - {"van", "bus"})
    edited, _ = pasted(empty_street(), thing)
    assert edited.known_classes == thing.known_classes


def test_distance_follows_where_distances_are_known() -> None:
    street = empty_street()
    for foot, middle in ((90, 40), (100, 190)):
        distance = CAMERA_M * 240 / (foot - HORIZON_Y)
        street = with_thing(street, "car", foot, middle, RED, InstanceInfo("car", "red", distance))
    edited, mask = pasted(street, red_car(), 3)
    foot = np.flatnonzero(mask.any(axis=1))[-1] + 1
    assert edited.instances[3].distance_m == pytest.approx(CAMERA_M * 240 / (foot - HORIZON_Y), rel=0.15)


def test_day_is_not_put_into_night() -> None:
    assert paste(empty_street(20), red_car(), np.random.default_rng(0)) is None


def test_where_there_is_no_road_nothing_is_put() -> None:
    street = empty_street()
    built = replace(street, class_map=np.full_like(street.class_map, BY_NAME["building"].id))
    assert paste(built, red_car(), np.random.default_rng(0)) is None


def test_only_whole_things_are_cut_out() -> None:
    street = empty_street()
    cut_by_the_border = with_thing(street, "car", 110, 32, RED, InstanceInfo("car"))
    classes = cut_by_the_border.class_map[:, 10:], cut_by_the_border.instance_map[:, 10:]
    cropped = LabeledImage("crop", cut_by_the_border.image_rgb[:, 10:], *classes, cut_by_the_border.instances)
    assert cut_out(cropped) == ()
    assert cut_out(with_thing(street, "car", 110, 120, RED, InstanceInfo("car", merged=True))) == ()
    assert cut_out(with_thing(street, "pole", 90, 120, RED, InstanceInfo("pole"))) == ()
    hidden = with_thing(with_thing(street, "car", 100, 120, RED, InstanceInfo("car")), "pedestrian", 130, 115, RED,
                        InstanceInfo("pedestrian"))  # fmt: skip
    assert [thing.info.class_name for thing in cut_out(hidden)] == ["pedestrian"]


class Counted(Sequence[LabeledImage]):
    """Streets with one car each, which counts how often each is read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> LabeledImage:  # type: ignore[override]
        self.read.append(index)
        return with_thing(empty_street(), "car", 100 + 2 * index, 120, RED, InstanceInfo("car", "red"))


def test_a_bank_draws_by_chance_alone_and_reads_what_it_keeps_once() -> None:
    pictures = Counted()
    bank, other = ThingBank(pictures), ThingBank(Counted())
    other.draw(np.random.default_rng(99))
    for seed in range(30):
        one, same = bank.draw(np.random.default_rng(seed)), other.draw(np.random.default_rng(seed))
        assert one is not None and same is not None
        np.testing.assert_array_equal(one.image_rgb, same.image_rgb)
    assert sorted(pictures.read) == list(range(6))


def test_a_bank_forgets_what_does_not_fit_its_memory() -> None:
    pictures = Counted()
    bank = ThingBank(pictures, memory_px=1)
    for seed in range(10):
        bank.draw(np.random.default_rng(seed))
    assert len(pictures.read) > 20


def test_the_rare_are_drawn_first() -> None:
    street = with_thing(empty_street(), "car", 110, 120, RED, InstanceInfo("car"))
    street = with_thing(street, "bicyclist", 120, 50, RED, InstanceInfo("bicyclist"))
    bank = ThingBank([street])
    rng = np.random.default_rng(0)
    drawn = [thing.info.class_name for thing in (bank.draw(rng) for _ in range(200)) if thing is not None]
    assert drawn.count("bicyclist") == pytest.approx(160, abs=20)


def test_real_things_find_places_on_real_streets(shared_data: Path) -> None:
    frames = CamVid(shared_data / "camvid", "train")
    street = frames[200]
    bank = ThingBank([frames[index] for index in range(195, 240, 5)])
    rng = np.random.default_rng(0)
    placed = [paste(street, thing, rng) for thing in (bank.draw(rng) for _ in range(12)) if thing is not None]
    found = [image for image in placed if image is not None]
    assert len(found) >= 4
    for image in found:
        assert set(np.unique(image.instance_map)) - {0} == set(image.instances)
