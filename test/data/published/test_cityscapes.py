"""Cityscapes: 16-bit instance maps, riders and their bicycles."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import write_map, write_picture

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.expressions import generate
from ris_ros.data.published.cityscapes import Cityscapes
from ris_ros.errors import DataError

SIZE = (80, 160)
FRAME = "aachen_000000_000019"


def write(root, values):
    """A frame with these instance ids; the label map follows from them."""
    folder = root / "leftImg8bit" / "train" / "aachen"
    write_picture(folder / f"{FRAME}_leftImg8bit.png", SIZE)
    labels = root / "gtFine" / "train" / "aachen"
    write_map(labels / f"{FRAME}_gtFine_instanceIds.png", values.astype(np.uint16))
    own = np.where(values >= 1000, values // 1000, values)
    write_map(labels / f"{FRAME}_gtFine_labelIds.png", own.astype(np.uint8))


def street():
    values = np.full(SIZE, 23)  # sky
    values[30:] = 7  # road
    values[30:40] = 11  # building
    return values


def only(root):
    (image,) = Cityscapes(root, "train")
    return image


def test_touching_cars_are_two(tmp_path):
    values = street()
    values[45:60, 20:40], values[45:60, 40:60] = 26000, 26001
    write(tmp_path, values)
    image = only(tmp_path)
    assert image.id == f"cityscapes/{FRAME}"
    assert [(i.class_name, i.merged) for i in image.instances.values()] == [("car", False)] * 2
    keys = [int(key) for key in np.unique(image.instance_map) if key]
    assert [int((image.instance_map == key).sum()) for key in keys] == [300, 300]
    assert np.unique(image.class_map).tolist() == sorted(BY_NAME[n].id for n in ("sky", "building", "road", "car"))


def test_vans_may_hide_among_cars_and_cones_are_not_labelled(tmp_path):
    write(tmp_path, street())
    assert {"van", "cone"} & only(tmp_path).known_classes == set()
    assert {"car", "truck", "bus", "traffic light", "bicyclist"} <= only(tmp_path).known_classes


def test_a_group_is_merged_and_signs_are_found_as_components(tmp_path):
    values = street()
    values[45:60, 20:80] = 26  # a row of cars that nobody told apart
    values[10:20, 100:110] = values[10:20, 130:140] = 20  # two traffic signs
    write(tmp_path, values)
    found = sorted((i.class_name, i.merged) for i in only(tmp_path).instances.values())
    assert found == [("car", True), ("sign", False), ("sign", False)]


def test_a_rider_and_the_bicycle_are_one_cyclist(tmp_path):
    values = street()
    values[40:60, 50:56] = 25000
    values[56:66, 46:60] = 33000
    values[56:66, 100:114] = 33001  # nobody on it
    write(tmp_path, values)
    image = only(tmp_path)
    (key,) = image.instances
    assert image.instances[key].class_name == "bicyclist"
    assert np.array_equal(image.instance_map == key, (values == 25000) | (values == 33000))
    assert (image.class_map[values == 33001] == VOID).all()
    assert "bicyclist" in image.known_classes


def test_a_rider_on_what_cannot_be_seen_leaves_cyclists_open(tmp_path):
    values = street()
    values[40:60, 50:56] = 25000
    write(tmp_path, values)
    image = only(tmp_path)
    assert not image.instances and (image.class_map[values == 25000] == VOID).all()
    assert "bicyclist" not in image.known_classes


def test_a_motorcyclist_is_no_cyclist(tmp_path):
    values = street()
    values[40:60, 50:56], values[56:66, 46:60] = 25000, 32000
    write(tmp_path, values)
    image = only(tmp_path)
    assert not image.instances and "bicyclist" in image.known_classes
    assert (image.class_map[values >= 1000] == VOID).all()


def test_the_grammar_speaks_about_it(tmp_path):
    values = street()
    values[45:60, 20:40], values[45:75, 100:110] = 26000, 24000
    write(tmp_path, values)
    said = generate(only(tmp_path), np.random.default_rng(0), 6)
    assert any(e.exists and e.object_mask is not None and e.object_mask.any() for e in said)


def test_what_is_missing_or_mixed_up_is_said(tmp_path):
    with pytest.raises(DataError, match=r"leftImg8bit.train: is not there: get Cityscapes from the Cityscapes site"):
        Cityscapes(tmp_path, "train")
    with pytest.raises(DataError, match="split 'test': Cityscapes has train, val"):
        Cityscapes(tmp_path, "test")
    write(tmp_path, street())
    labels = tmp_path / "gtFine" / "train" / "aachen" / f"{FRAME}_gtFine_labelIds.png"
    write_map(labels, np.zeros(SIZE, np.uint8))
    with pytest.raises(DataError, match="labelIds and instanceIds differ"):
        only(tmp_path)
    labels.unlink()
    with pytest.raises(DataError, match=r"labelIds\.png: is not there"):
        only(tmp_path)
