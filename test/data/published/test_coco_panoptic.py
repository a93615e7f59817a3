"""COCO panoptic: segments by name, crowds, and people at bicycles."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import write_json, write_panoptic_map, write_picture

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.published.coco_panoptic import CocoPanoptic
from ris_ros.errors import DataError

SIZE = (80, 160)
CATEGORIES = {1: "person", 2: "bicycle", 3: "car", 149: "road", 187: "sky-other-merged", 199: "wall-other-merged"}
SKY, ROAD = 1000, 70000


def write(root, things, crowds=()):
    """A picture of sky and road with things: segment id -> (category, (x0, y0, x1, y1))."""
    segment_map = np.full(SIZE, SKY, np.int32)
    segment_map[30:] = ROAD
    for value, (_, (x0, y0, x1, y1)) in things.items():
        segment_map[y0:y1, x0:x1] = value
    categories = {SKY: 187, ROAD: 149, **{value: category for value, (category, _) in things.items()}}
    segments = [
        {"id": value, "category_id": category, "iscrowd": int(value in crowds), "bbox": [0, 0, 1, 1], "area": 1}
        for value, category in categories.items()
    ]
    content = {
        "images": [{"id": 9, "file_name": "000000000009.jpg", "height": SIZE[0], "width": SIZE[1]}],
        "annotations": [{"image_id": 9, "file_name": "000000000009.png", "segments_info": segments}],
        "categories": [
            {"id": number, "name": name, "isthing": int(number < 90), "supercategory": "x"}
            for number, name in CATEGORIES.items()
        ],
    }
    write_json(root / "annotations" / "panoptic_val2017.json", content)
    write_panoptic_map(root / "panoptic_val2017" / "000000000009.png", segment_map)
    write_picture(root / "val2017" / "000000000009.jpg", SIZE)
    return segment_map


def test_segments_become_street_classes(tmp_path):
    segment_map = write(tmp_path, {5: (3, (20, 40, 50, 60)), 300: (1, (90, 40, 100, 70)), 70001: (199, (0, 0, 20, 9))})
    (image,) = CocoPanoptic(tmp_path, "val")
    assert image.id == "coco_panoptic/000000000009"
    for value, name in ((SKY, "sky"), (ROAD, "road"), (5, "car"), (300, "pedestrian"), (70001, "void")):
        assert (image.class_map[segment_map == value] == BY_NAME[name].id).all()
    assert sorted(i.class_name for i in image.instances.values()) == ["car", "pedestrian"]
    assert {"car", "pedestrian"} <= image.known_classes
    assert not {"sign", "van", "bicyclist", "pole"} & image.known_classes


def test_a_crowd_is_several(tmp_path):
    write(tmp_path, {5: (1, (20, 40, 80, 60))}, crowds=(5,))
    (info,) = CocoPanoptic(tmp_path, "val")[0].instances.values()
    assert info.merged


def test_nobody_knows_who_rides(tmp_path):
    segment_map = write(tmp_path, {5: (1, (20, 40, 28, 60)), 6: (2, (16, 58, 34, 70)), 7: (1, (100, 40, 108, 65))})
    (image,) = CocoPanoptic(tmp_path, "val")
    assert (image.class_map[(segment_map == 5) | (segment_map == 6)] == VOID).all()
    assert [info.class_name for info in image.instances.values()] == ["pedestrian"]
    assert "pedestrian" not in image.known_classes


def test_what_is_missing_or_damaged_is_said(tmp_path):
    with pytest.raises(DataError, match=r"panoptic_val2017\.json: is not there: get COCO panoptic 2017 from"):
        CocoPanoptic(tmp_path, "val")
    write(tmp_path, {})
    with pytest.raises(DataError, match=r"panoptic_train2017\.json"):
        CocoPanoptic(tmp_path, "train")
    write_panoptic_map(tmp_path / "panoptic_val2017" / "000000000009.png", np.zeros((4, 4), np.int32))
    with pytest.raises(DataError, match="has 4x4 pixels, its picture 160x80"):
        CocoPanoptic(tmp_path, "val")[0]
    (tmp_path / "panoptic_val2017" / "000000000009.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="is no map"):
        CocoPanoptic(tmp_path, "val")[0]
    (tmp_path / "annotations" / "panoptic_val2017.json").write_text("{")
    with pytest.raises(DataError, match="is not JSON"):
        CocoPanoptic(tmp_path, "val")
