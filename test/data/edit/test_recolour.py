from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_street import empty_street, with_thing

from ris_ros.data.camvid import CamVid
from ris_ros.data.colours import body_colour, colours_differ
from ris_ros.data.edit.recolour import PEOPLE, VEHICLES, draw_colour, recolour
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.saying import Saying
from ris_ros.types import Target

SILVER = (165, 168, 172)


def silver_car(*attributes: str, merged: bool = False) -> LabeledImage:
    info = InstanceInfo("car", "silver", attributes=attributes, merged=merged)
    return with_thing(empty_street(), "car", 120, 100, SILVER, info)


def person(*attributes: str) -> LabeledImage:
    return with_thing(
        empty_street(), "pedestrian", 125, 60, (60, 62, 60), InstanceInfo("pedestrian", attributes=attributes)
    )


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["red", "blue", "white", "black", "yellow", "green"]), st.integers(0, 1000))
def test_only_the_paint_changes_and_gets_the_colour_asked_for(colour: str, seed: int) -> None:
    image = silver_car()
    edited = recolour(image, 1, colour, np.random.default_rng(seed))
    assert edited is not None
    inside = image.instance_map == 1
    np.testing.assert_array_equal(edited.image_rgb[~inside], image.image_rgb[~inside])
    rows = np.flatnonzero(inside.any(axis=1))
    top, height = rows[0], len(rows)
    glass = (slice(top + round(0.2 * height), top + round(0.38 * height)), slice(90, 110))
    np.testing.assert_array_equal(edited.image_rgb[glass], image.image_rgb[glass])
    body = edited.image_rgb[top + round(0.55 * height) : top + round(0.8 * height), 80:120].reshape(-1, 3).mean(axis=0)
    assert {
        "red": body[0] > 1.8 * max(body[1:]),
        "blue": body[2] > 1.3 * max(body[:2]),
        "green": body[1] > 1.3 * max(body[0], body[2]),
        "yellow": min(body[:2]) > 2 * body[2],
        "white": min(body) > 175,
        "black": max(body) < 60,
    }[colour]
    assert edited.instances[1].colour == colour
    np.testing.assert_array_equal(edited.instance_map, image.instance_map)
    np.testing.assert_array_equal(edited.class_map, image.class_map)


def test_light_and_shade_stay_where_they_were() -> None:
    image = silver_car()
    edited = recolour(image, 1, "red", np.random.default_rng(0))
    assert edited is not None
    rows = np.flatnonzero((image.instance_map == 1).any(axis=1))
    body = slice(rows[0] + round(0.5 * len(rows)), rows[0] + round(0.8 * len(rows)))
    before, after = (picture.image_rgb[body, 100].astype(float).sum(axis=1) for picture in (image, edited))
    assert np.corrcoef(before, after)[0, 1] > 0.95


def test_the_same_chance_gives_the_same_picture() -> None:
    image = silver_car()
    first, again = (recolour(image, 1, "blue", np.random.default_rng(5)) for _ in range(2))
    assert first is not None and again is not None
    np.testing.assert_array_equal(first.image_rgb, again.image_rgb)


def test_what_was_told_of_the_paint_follows() -> None:
    image = silver_car("noun:silver hatchback", "silver", "with a black roof", "behind the red van", "parked")
    edited = recolour(image, 1, "green", np.random.default_rng(0))
    assert edited is not None
    assert edited.instances[1].attributes == ("noun:green hatchback", "green", "behind the red van", "parked")


@pytest.mark.parametrize(
    ("told", "then"),
    [
        (("in a dark blue jacket",), ("in a red jacket",)),
        (("wearing an orange top", "noun:woman"), ("wearing a red top", "noun:woman")),
        (("in a black jacket and jeans",), ("in a red jacket and jeans",)),
        (("in blue jeans", "carrying a white bag"), ("in blue jeans", "carrying a white bag", "wearing a red top")),
        (("in black",), ("wearing a red top",)),
        (("left of the man in the green coat", "walking"), None),
        ((), ("wearing a red top",)),
    ],
)
def test_what_was_told_of_clothes_follows(told: tuple[str, ...], then: tuple[str, ...] | None) -> None:
    edited = recolour(person(*told), 1, "red", np.random.default_rng(0))
    assert edited is not None
    assert edited.instances[1].attributes == (then or (*told, "wearing a red top"))


@pytest.mark.parametrize(
    "told", ["in a striped shirt", "with a backpack", "in a long grey coat", "noun:motorbike", "in a red dress"]
)
def test_people_whose_words_cannot_follow_are_left_alone(told: str) -> None:
    assert recolour(person(told), 1, "red", np.random.default_rng(0)) is None


@pytest.mark.parametrize("told", ["cream and blue", "with a police livery", "noun:ambulance"])
def test_vehicles_in_more_than_one_colour_are_left_alone(told: str) -> None:
    assert recolour(silver_car(told), 1, "red", np.random.default_rng(0)) is None


def test_groups_small_things_other_classes_and_the_same_colour_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    assert recolour(silver_car(merged=True), 1, "red", rng) is None
    assert recolour(silver_car(), 1, "silver", rng) is None
    far = with_thing(empty_street(), "car", 75, 100, SILVER, InstanceInfo("car", "silver"))
    assert recolour(far, 1, "red", rng) is None
    pole = with_thing(empty_street(), "pole", 95, 100, SILVER, InstanceInfo("pole"))
    assert recolour(pole, 1, "red", rng) is None


def test_black_paint_is_not_told_from_black_glass() -> None:
    image = with_thing(empty_street(), "car", 120, 100, (26, 27, 30), InstanceInfo("car", "black"))
    assert recolour(image, 1, "red", np.random.default_rng(0)) is None


def test_nobody_tells_colours_at_night() -> None:
    image = silver_car()
    dark = replace(image, image_rgb=(image.image_rgb * 0.25).astype(np.uint8))
    assert recolour(dark, 1, "red", np.random.default_rng(0)) is None


def test_unknown_colours_and_instances_are_refused() -> None:
    with pytest.raises(ValueError, match="colour must be one of"):
        recolour(silver_car(), 1, "reddish", np.random.default_rng(0))
    with pytest.raises(ValueError, match="no instance 7"):
        recolour(silver_car(), 7, "red", np.random.default_rng(0))


def test_sayings_follow_or_fall_away() -> None:
    image = silver_car()
    image = with_thing(
        image, "pedestrian", 125, 40, (60, 60, 60), InstanceInfo("pedestrian", attributes=("by the silver car",))
    )

    def said(text: str, *keys: int, exists: bool = True, target: Target = Target.OBJECT) -> Saying:
        return Saying(text, "said_thing", target, exists, keys)

    image = replace(
        image,
        sayings=(
            said("the silver car", 1),
            said("the car by the kerb", 1),
            said("park behind the silver one", 1, target=Target.REGION),
            said("the car before the silver van", 1),
            said("the man by the silver car", 2),
            said("the man", 2),
            said("the man in the red coat", 2),
            said("the man in the green coat", 2),
            said("a red bus", exists=False),
            said("a blue bus", exists=False),
        ),
    )
    edited = recolour(image, 1, "red", np.random.default_rng(0))
    assert edited is not None
    assert [saying.text for saying in edited.sayings] == [
        "the red car", "the car by the kerb", "park behind the red one", "the man", "the man in the green coat",
        "a blue bus",
    ]  # fmt: skip
    assert edited.instances[2].attributes == ()


def test_another_colour_is_drawn() -> None:
    rng = np.random.default_rng(0)
    for name in ("red", "white", "blue"):
        drawn = {draw_colour(InstanceInfo("car", name), rng) for _ in range(60)}
        assert len(drawn) > 3 and all(colours_differ(name, other) for other in drawn)
    assert "red" not in {draw_colour(InstanceInfo("pedestrian", attributes=("in a red coat",)), rng) for _ in range(60)}


def test_real_vehicles_and_people_come_out_in_a_colour_that_eyes_confirm(shared_data: Path) -> None:
    frames = CamVid(shared_data / "camvid", "train")
    rng = np.random.default_rng(0)
    done, confirmed = 0, 0
    for index in range(70, 360, 20):
        image = frames[index]
        for key, info in image.instances.items():
            if info.class_name not in VEHICLES | PEOPLE:
                continue
            edited = recolour(image, key, "red", rng)
            if edited is None:
                continue
            inside = image.instance_map == key
            np.testing.assert_array_equal(edited.image_rgb[~inside], image.image_rgb[~inside])
            done += 1
            if info.class_name in VEHICLES:
                ys, xs = np.nonzero(inside)
                box = (slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1))
                confirmed += body_colour(edited.image_rgb[box], inside[box], 100.0) == "red"
    assert done >= 12 and confirmed >= 4
