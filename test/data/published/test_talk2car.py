"""Talk2Car's commands with boxes, and the regions of Talk2Car-RegSeg."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import box, write_json, write_map, write_picture

from ris_ros.data.origins import ORIGINS
from ris_ros.data.published.talk2car import BOX_KIND, open_talk2car, read_commands
from ris_ros.data.published.talk2car_regseg import open_talk2car_regseg
from ris_ros.errors import DataError
from ris_ros.types import Target


def command(text: str, image: str, box_xywh: list[int]) -> dict[str, object]:
    return {
        "scene_token": "s",
        "sample_token": "t",
        "translation": [-12.9, 1.3, 34.6],
        "size": [1.9, 4.7, 2.0],
        "rotation": ["-0.13", "-0.14", "-0.68", "0.69"],
        "command": text,
        "obj_name": "vehicle.car",
        "box_token": "b",
        "command_token": "c",
        "2d_box": box_xywh,
        "t2c_img": image,
    }


def test_the_real_commands_are_read(shared_data):
    path = shared_data / "talk2car" / "val_commands.json"
    if not path.is_file():
        pytest.skip("Talk2Car's commands are not among the shared data")
    commands = read_commands(path)
    assert len(commands) == 1163
    assert commands[0].command == "once the light turns green, turn left behind the silver car"
    assert commands[0].box_xywh == (260, 479, 191, 82) and commands[0].obj_name == "vehicle.car"
    for one in commands:
        x, y, width, height = one.box_xywh
        assert width > 0 and height > 0 and x + width <= 1600 and y + height <= 900


def test_without_pictures_the_real_commands_are_no_source(shared_data):
    if not (shared_data / "talk2car" / "val_commands.json").is_file():
        pytest.skip("Talk2Car's commands are not among the shared data")
    with pytest.raises(DataError, match="images: is not there: get Talk2Car from the project talk2car/Talk2Car"):
        open_talk2car(shared_data / "talk2car", "val")


def test_boxes_are_for_pointing(tmp_path):
    commands = [command("park behind that van", "img_val_0.jpg", [10, 5, 20, 10])]
    write_json(tmp_path / "commands" / "val_commands.json", {"commands": commands, "scene_tokens": ["s"]})
    write_picture(tmp_path / "images" / "img_val_0.jpg")
    (image,) = open_talk2car(tmp_path, "val")
    (saying,) = image.sayings
    assert (saying.text, saying.kind, saying.target) == ("park behind that van", BOX_KIND, Target.OBJECT)
    assert np.array_equal(saying.object_mask, box(10, 5, 30, 15))
    assert not ORIGINS["talk2car"].has_masks


def test_commands_without_boxes_are_refused(tmp_path):
    row = command("go", "img_test_0.jpg", [1, 1, 2, 2])
    del row["2d_box"]
    write_json(tmp_path / "test_commands.json", {"commands": [row]})
    with pytest.raises(DataError, match=r"commands\.0\.2d_box"):
        read_commands(tmp_path / "test_commands.json")
    with pytest.raises(DataError, match="split 'test': Talk2Car has train, val"):
        open_talk2car(tmp_path, "test")


def test_regions_are_regions(tmp_path):
    rows = {"10": {"command": "pull over here", "img": "img_val_10.jpg", "referred_object": [1, 2, 3, 4]}}
    write_json(tmp_path / "talk2car_w_rpn_no_duplicates.json", {"val": rows, "train": {}})
    write_json(tmp_path / "talk2car_test.json", {"test": {"0": {"command": "stop", "img": "img_test_0.jpg"}}})
    region = box(20, 25, 40, 40)
    for split, number in (("val", 10), ("test", 0)):
        write_picture(tmp_path / "imgs" / f"img_{split}_{number}.jpg")
        values = region.astype(np.uint8) * 255
        write_map(tmp_path / "val_masks_new" / f"gt_img_ann_{split}_{number}.png", values)
        (image,) = open_talk2car_regseg(tmp_path, split)
        (saying,) = image.sayings
        assert saying.target is Target.REGION and saying.kind == "said_region"
        assert np.array_equal(saying.region_mask, region) and saying.object_mask is None
    assert len(open_talk2car_regseg(tmp_path, "train")) == 0


def test_an_empty_region_teaches_nothing(tmp_path):
    write_json(tmp_path / "talk2car_test.json", {"test": {"0": {"command": "stop", "img": "img_test_0.jpg"}}})
    write_picture(tmp_path / "imgs" / "img_test_0.jpg")
    write_map(tmp_path / "val_masks_new" / "gt_img_ann_test_0.png", np.zeros((40, 60), np.uint8))
    assert open_talk2car_regseg(tmp_path, "test")[0].sayings == ()


def test_a_region_of_another_size_is_refused(tmp_path):
    write_json(tmp_path / "talk2car_test.json", {"test": {"0": {"command": "stop", "img": "img_test_0.jpg"}}})
    write_picture(tmp_path / "imgs" / "img_test_0.jpg")
    write_map(tmp_path / "val_masks_new" / "gt_img_ann_test_0.png", np.ones((20, 30), np.uint8))
    with pytest.raises(DataError, match="has 30x20 pixels, its picture 60x40"):
        open_talk2car_regseg(tmp_path, "test")[0]
