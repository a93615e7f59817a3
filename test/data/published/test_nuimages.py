"""nuImages: tables that point at each other, masks in base 64."""

from __future__ import annotations

import json

import numpy as np
import pytest
from published_sets import HEIGHT, WIDTH, box, nuimages_mask, write_json, write_picture

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.published.nuimages import NuImages
from ris_ros.errors import DataError

FILE = "samples/CAM_FRONT/n003-2018__CAM_FRONT__1.jpg"
ROAD, CAR, RIDER, BARRIER = box(0, 20, 60, 40), box(10, 12, 25, 30), box(40, 10, 46, 30), box(30, 25, 36, 30)
CATEGORIES = ("flat.driveable_surface", "vehicle.car", "vehicle.bicycle", "movable_object.barrier")


def ann(token, category, mask, attributes=()):
    return {
        "token": token,
        "sample_data_token": "key",
        "category_token": f"c-{category}",
        "attribute_tokens": [f"a-{name}" for name in attributes],
        "bbox": [0, 0, 1, 1],
        "mask": None if mask is None else nuimages_mask(mask),
    }


@pytest.fixture
def root(tmp_path):
    tables = tmp_path / "v1.0-mini"
    write_json(tables / "category.json", [{"token": f"c-{n}", "name": n, "description": ""} for n in CATEGORIES])
    attributes = ("vehicle.parked", "cycle.with_rider", "cycle.without_rider")
    write_json(tables / "attribute.json", [{"token": f"a-{n}", "name": n, "description": ""} for n in attributes])
    write_json(tables / "sample.json", [{"token": "s", "key_camera_token": "key", "log_token": "l", "timestamp": 1}])
    rows = [("key", FILE, True), ("sweep", "sweeps/CAM_FRONT/x.jpg", False), ("lidar", "samples/LIDAR/x.bin", True)]
    data = [{"token": t, "filename": f, "is_key_frame": k, "width": WIDTH, "height": HEIGHT} for t, f, k in rows]
    write_json(tables / "sample_data.json", data)
    write_json(tables / "surface_ann.json", [ann("1", "flat.driveable_surface", ROAD)])
    things = [
        ann("2", "vehicle.car", CAR, ["vehicle.parked"]),
        ann("3", "vehicle.bicycle", RIDER, ["cycle.with_rider"]),
        ann("4", "movable_object.barrier", BARRIER),
    ]
    write_json(tables / "object_ann.json", things)
    write_picture(tmp_path / FILE)
    return tmp_path


def change(root, table, key, value):
    """Change one value of the first row of a table."""
    path = root / "v1.0-mini" / f"{table}.json"
    rows = json.loads(path.read_text())
    rows[0][key] = value
    write_json(path, rows)


def test_key_pictures_have_things_on_the_road(root):
    (image,) = NuImages(root, "mini")
    assert image.id == "nuimages/n003-2018__CAM_FRONT__1"
    road = image.class_map == BY_NAME["road"].id
    assert np.array_equal(road, ROAD & ~CAR & ~RIDER & ~BARRIER)
    assert (image.class_map[BARRIER] == VOID).all()
    masks = {i.class_name: image.instance_map == key for key, i in image.instances.items()}
    assert np.array_equal(masks["car"], CAR) and np.array_equal(masks["bicyclist"], RIDER)
    (car,) = [i for i in image.instances.values() if i.class_name == "car"]
    assert "parked" in car.attributes
    assert "cone" in image.known_classes and "building" not in image.known_classes


def test_a_bicycle_that_nobody_rides_has_no_class(root):
    rows = [ann("3", "vehicle.bicycle", RIDER, ["cycle.without_rider"])]
    write_json(root / "v1.0-mini" / "object_ann.json", rows)
    image = NuImages(root, "mini")[0]
    assert not image.instances and (image.class_map[RIDER] == VOID).all()


def test_a_thing_without_mask_leaves_its_class_open(root):
    write_json(root / "v1.0-mini" / "object_ann.json", [ann("2", "vehicle.car", None)])
    image = NuImages(root, "mini")[0]
    assert not image.instances and "car" not in image.known_classes


@pytest.mark.parametrize(
    "mask",
    [
        {"size": [4, 4], "counts": ""},
        {"size": [HEIGHT, WIDTH], "counts": "?"},
        {"size": [HEIGHT, WIDTH], "counts": "MA=="},
    ],
)
def test_damaged_masks_are_named(root, mask):
    change(root, "object_ann", "mask", mask)
    with pytest.raises(DataError, match="the mask of annotation 2"):
        NuImages(root, "mini")[0]


def test_what_is_missing_is_said(root):
    with pytest.raises(DataError, match=r"v1\.0-val.category\.json: is not there: get nuImages from the nuScenes site"):
        NuImages(root, "val")
    with pytest.raises(DataError, match="split 'test': nuImages has train, val, mini"):
        NuImages(root, "test")
    (root / FILE).unlink()
    with pytest.raises(DataError, match=r"1\.jpg: is not there"):
        NuImages(root, "mini")[0]
    change(root, "object_ann", "token", 3)
    with pytest.raises(DataError, match=r"object_ann\.json: 0\.token"):
        NuImages(root, "mini")
