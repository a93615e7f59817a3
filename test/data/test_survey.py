"""Counting what a source holds, and naming what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_images import toy_image

from ris_ros.data.classes import VOID
from ris_ros.data.saying import Saying
from ris_ros.data.survey import spread, survey
from ris_ros.errors import DataError
from ris_ros.types import Target


class Damaged(Sequence):
    """Two good images around one that cannot be read."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index):
        if index == 1:
            raise DataError("b.jpg: is no picture.")
        return toy_image(index)


def said(**changes) -> Saying:
    return replace(Saying("the red car", "said_thing", Target.OBJECT, keys=(1,)), **changes)


def troubles(*sayings: Saying, **changes) -> list[str]:
    return survey([replace(toy_image(0), sayings=sayings, **changes)]).problems


def test_everything_is_counted():
    image = replace(toy_image(0), sayings=(said(), said(kind="said_absent", exists=False, keys=())))
    report = survey([image, toy_image(1)]).as_json()
    assert report["images"] == 2 and report["sizes_px"] == {"96x64": 2}
    assert report["instances"] == {"car": {"count": 4, "merged": 0, "colour_known": 4}}
    assert report["sentences"] == {"said_thing": 1, "said_absent": 1}
    assert sum(report["pixel_share"].values()) == pytest.approx(1.0, abs=1e-4)
    assert report["pixel_share"]["car"] == pytest.approx(800 / (96 * 64), abs=1e-4)
    assert report["problems"] == []


def test_a_damaged_image_is_a_problem_and_no_end():
    steps = []
    found = survey(Damaged(), progress=lambda done, total: steps.append((done, total)))
    assert found.images == 3 and found.problems == ["b.jpg: is no picture."]
    assert found.instances["car"] == 4 and steps[-1] == (3, 3)


def test_what_is_odd_is_named():
    image = toy_image(0)
    nothing = np.zeros_like(image.class_map, np.bool_)
    assert troubles(said()) == []
    assert troubles(said(keys=(7,))) == ["toy/0: 'the red car' names instance 7, which has no pixel."]
    assert troubles(said(keys=(), object_mask=nothing)) == ["toy/0: the mask of 'the red car' is empty."]
    assert troubles(said(keys=())) == ["toy/0: 'the red car' has no mask."]
    assert troubles(said(keys=(), object_mask=np.ones((3, 3), np.bool_))) == [
        "toy/0: the mask of 'the red car' has another size than the picture."
    ]
    assert "instance 2 is on the map" in troubles(instances={1: image.instances[1]})[0]
    assert "instance 9 (car) has no pixel" in troubles(instances={**image.instances, 9: image.instances[1]})[0]
    assert "nobody said anything" in troubles(class_map=np.full_like(image.class_map, VOID))[0]


def test_a_part_without_images_is_a_problem():
    assert survey([]).problems == ["This part of the source holds no image."]


@given(total=st.integers(0, 500), most=st.none() | st.integers(1, 600))
def test_places_are_spread_over_the_whole(total, most):
    places = spread(total, most)
    assert len(places) == (total if most is None else min(total, most))
    assert places == sorted(set(places)) and all(0 <= place < total for place in places)
    if len(places) > 1:
        assert places[0] == 0 and places[-1] == total - 1
