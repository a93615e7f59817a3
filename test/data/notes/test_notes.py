"""Notes: what a line may say, and what it does to the image that it was written about."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ris_ros.data.camvid import KNOWN_CLASSES
from ris_ros.data.classes import BY_NAME
from ris_ros.data.instances import find_instances
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.data.notes.apply import NotedImages, apply_notes
from ris_ros.data.notes.read import FrameNotes, read_notes
from ris_ros.data.pictures import Pictures
from ris_ros.data.saying import draw_sayings, expression_of
from ris_ros.data.sources import SOURCES
from ris_ros.errors import DataError
from ris_ros.types import Target

CAR, ROAD, SIGN, BUILDING = (BY_NAME[name].id for name in ("car", "road", "sign", "building"))


def street() -> LabeledImage:
    """Two touching vehicles (columns 20 to 60 and 60 to 90), a sign and a building over a road."""
    classes = np.full((80, 120), BUILDING, np.uint8)
    classes[40:] = ROAD
    classes[30:60, 20:60] = CAR
    classes[20:64, 60:90] = CAR
    classes[5:15, 100:108] = SIGN
    image = np.full((80, 120, 3), 128, np.uint8)
    instance_map, instances = find_instances(image, classes, 20)
    return LabeledImage("test/one", image, classes, instance_map, instances, KNOWN_CLASSES)


def note(**changes: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "frame": "one",
        "things": [
            {"k": "a", "at": [20, 30, 60, 60], "class": "car", "noun": "hatchback", "colour": "red", "is": ["parked"]},
            {"k": "b", "at": [60, 20, 90, 64], "class": "van", "colour": "gray", "n": 2},
            {"k": "l", "at": [103, 9], "class": "traffic light"},
        ],
        "areas": [{"k": "s", "poly": [[0, 0], [15, 0], [15, 39], [0, 39]], "label": "building", "noun": "shop"}],
        "say": [["the red one", "a"], ["both vehicles", ["a", "b"]], ["the shop", "s"]],
        "not": ["the blue bus"],
        "go": [
            ["stop here", [[20, 62], [80, 62], [80, 78], [20, 78]]],
            ["wait by it", [[0, 70], [9, 70], [9, 79]], "a"],
        ],
    }
    return line | changes


def noted() -> LabeledImage:
    return apply_notes(street(), FrameNotes.model_validate(note()))


def test_a_box_parts_what_touches() -> None:
    image = noted()
    by_class = {info.class_name: key for key, info in image.instances.items()}
    car, van = (image.instance_map == by_class[name] for name in ("car", "van"))
    assert car[45, 59] and not car[45, 60] and van[45, 60] and not (car & van).any()
    assert car.sum() == 30 * 40 and van.sum() == 44 * 30
    assert (image.class_map[van] == BY_NAME["van"].id).all()


def test_facts_become_words() -> None:
    infos = {info.class_name: info for info in noted().instances.values()}
    assert infos["car"].colour == "red" and infos["car"].attributes == ("parked", "noun:hatchback")
    assert infos["van"].colour == "grey" and infos["van"].attributes == ("count:2",) and infos["van"].merged


def test_what_was_told_apart_everywhere_can_be_denied() -> None:
    assert noted().known_classes >= {"van", "truck", "bus", "traffic light"}
    one_overlooked = FrameNotes.model_validate(note(things=note()["things"][:1], say=[], areas=[], go=[]))
    image = apply_notes(street(), one_overlooked)
    assert "van" not in image.known_classes and "traffic light" not in image.known_classes
    left_over = [info for info in image.instances.values() if info.class_name == "car" and info.merged]
    assert len(left_over) == 1


def test_sayings_carry_their_masks() -> None:
    image = noted()
    said = {saying.text: expression_of(saying, image) for saying in image.sayings}
    both = said["both vehicles"].object_mask
    assert both is not None and both.sum() == 30 * 40 + 44 * 30
    shop = said["the shop"].object_mask
    assert shop is not None and shop[10, 5] and shop.sum() == 16 * 40
    absent = said["the blue bus"]
    assert not absent.exists and absent.object_mask is None
    there = said["stop here"]
    assert there.target is Target.REGION and there.region_mask is not None and there.region_mask[70, 50]
    beside = said["wait by it"].object_mask
    assert beside is not None and beside.sum() == 30 * 40


def test_drawing_gives_each_saying_once() -> None:
    image = noted()
    drawn = [expression.text for expression in draw_sayings(image, np.random.default_rng(0), 99)]
    assert sorted(drawn) == sorted(saying.text for saying in image.sayings)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"say": [["the blue one", "z"]]}, "names z"),
        ({"things": [{"k": "a", "at": [1, 2], "class": "unicorn"}]}, "unicorn"),
        ({"things": [{"k": "a", "at": [1, 2, 3], "class": "car"}]}, "things"),
        ({"go": [["stop", [[1, 2], [3, 4]]]]}, "go"),
        ({"remark": "nice"}, "remark"),
        ({"areas": [{"k": "a", "poly": [[0, 0], [1, 0], [1, 1]], "label": "building"}]}, "share a key"),
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_text(json.dumps(note(frame="zero")) + "\n" + json.dumps(note(**changes)) + "\n")
    with pytest.raises(DataError, match=f"line 2.*{complaint}"):
        read_notes(file)


@pytest.mark.parametrize("line", ["{", "[]", '{"frame": "x", "say": [["lonely"]]}'])
def test_what_is_no_note_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.jsonl").write_text(line)
    with pytest.raises(DataError, match="line 1"):
        read_notes(tmp_path / "notes.jsonl")


def test_one_frame_is_described_once(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text((json.dumps(note()) + "\n") * 2)
    with pytest.raises(DataError, match=r"line 2.*before"):
        read_notes(tmp_path / "notes.jsonl")


def test_a_source_shows_only_the_frames_with_notes() -> None:
    class Streets(Pictures):
        @property
        def frames(self) -> list[str]:
            return ["other", "one"]

        def read(self, index: int) -> LabeledImage:
            return street()

    images = NotedImages(Streets(), {"one": FrameNotes.model_validate(note())})
    assert images.frames == ["one"] and len(images[0].sayings) == 6


@pytest.mark.parametrize(("split", "least"), [("train", 367), ("val", 51)])
def test_the_shipped_notes_fit_their_frames(shared_data: Path, split: str, least: int) -> None:
    images = SOURCES["camvid_notes"](shared_data / "camvid", split)
    assert len(images) == least
    for index in range(0, len(images), 25):
        image = images[index]
        assert any(saying.exists for saying in image.sayings), image.id
        for saying in image.sayings:
            expression = expression_of(saying, image)
            mask = expression.region_mask if expression.target is Target.REGION else expression.object_mask
            assert (mask is not None and bool(mask.any())) == saying.exists, (image.id, saying.text)
