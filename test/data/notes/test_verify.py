"""Notes against the frames that they were written about."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.notes.read import FrameNotes
from ris_ros.data.notes.sheet import components, draw_sheet
from ris_ros.data.notes.verify import frame_troubles, verify_notes

CAR = {"k": "a", "at": [30, 60], "class": "car"}
KERB = [[40, 70], [80, 70], [80, 90], [40, 90]]


def street() -> LabeledImage:
    class_map = np.full((100, 160), BY_NAME["road"].id, np.uint8)
    class_map[:40] = BY_NAME["building"].id
    class_map[50:66, 20:44] = class_map[50:66, 100:124] = BY_NAME["car"].id
    instance_map = np.zeros(class_map.shape, np.int32)
    return LabeledImage("street/f1", np.zeros((100, 160, 3), np.uint8), class_map, instance_map)


def troubles(**note) -> list[str]:
    notes = FrameNotes.model_validate(json.loads(json.dumps({"frame": "f1", **note})))
    return list(frame_troubles(notes, street()))


def test_good_notes_are_good():
    shop = {"k": "s", "poly": [[10, 5], [60, 5], [60, 30], [10, 30]], "label": "building"}
    said = [["the car", "a"], ["the shop", "s"]]
    assert troubles(things=[CAR], areas=[shop], say=said, go=[["park", KERB]], **{"not": ["a bus"]}) == []


@pytest.mark.parametrize(
    ("note", "part"),
    [
        ({"things": [{**CAR, "at": [5, 5]}]}, "thing 'a' has no pixels of 'car' at (5, 5)"),
        ({"things": [{**CAR, "at": [60, 50, 90, 70]}]}, "thing 'a' has no pixels of 'car'"),
        ({"things": [{**CAR, "class": "van", "at": [70, 60]}]}, "no pixels of 'car'"),
        ({"things": [CAR, {**CAR, "k": "b"}]}, "things 'a' and 'b' are the same pixels"),
        ({"things": [{**CAR, "at": [20, 50, 300, 66]}]}, "thing 'a' lies outside the picture of 160x100"),
        ({"areas": [{"k": "s", "poly": KERB, "label": "tree"}]}, "area 's' is off its label: 0% of it is 'tree'"),
        ({"go": [["park", [[0, 0], [50, 0], [50, 30]]]]}, "the region of 'park' is off the road: 0% of it is road"),
        ({"go": [["park", [[200, 0], [250, 0], [250, 30]]]]}, "the region of 'park' is empty"),
        (
            {"things": [{**CAR, "at": [5, 5]}], "say": [["the car", "a"]]},
            "'the car' names 'a', of which nothing is seen",
        ),
    ],
)
def test_what_is_wrong_is_said(note, part):
    assert any(part in trouble for trouble in troubles(**note)), troubles(**note)


def test_frames_go_by_name():
    notes = {name: FrameNotes.model_validate({"frame": name}) for name in ("f1", "f9")}
    steps = []
    found = verify_notes(notes, [street()], ["f1"], lambda done, total: steps.append((done, total)))
    assert found == ["f9: is no frame of the source."] and steps == [(1, 2), (2, 2)]


def test_a_sheet_numbers_what_a_note_can_point_at():
    image = street()
    found = components(image)
    assert [(c.number, c.class_name, c.area_px) for c in found] == [(1, "car", 384), (2, "car", 384)]
    for component in found:
        x, y = component.at
        assert component.mask[y, x]
        assert troubles(things=[{**CAR, "at": [x, y]}]) == []
    page = draw_sheet(image, found, 2.0)
    assert page.shape[0] > 200 and page.shape[1] > 320
    assert (page == (255, 255, 0)).all(axis=2).any()
