"""CamVid: classes one to one, instances from components, merged ones flagged."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ris_ros.data.camvid import KNOWN_CLASSES, MIN_INSTANCE_PX, CamVid
from ris_ros.data.classes import BY_NAME
from ris_ros.data.expressions.describe import Description, group, single
from ris_ros.data.expressions.lexicon import TERMS, VEHICLES
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.instances import find_instances
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.errors import DataError

CAR, PEDESTRIAN, ROAD = (BY_NAME[name].id for name in ("car", "pedestrian", "road"))


def write(root: Path, name: str, label: np.ndarray, image: np.ndarray | None = None) -> None:
    for folder in ("images", "labels"):
        (root / "val" / folder).mkdir(parents=True, exist_ok=True)
    image = np.zeros((*label.shape, 3), np.uint8) if image is None else image
    cv2.imwrite(str(root / "val" / "images" / f"{name}.png"), image)
    cv2.imwrite(str(root / "val" / "labels" / f"{name}.png"), label)


def road() -> np.ndarray:
    return np.full((120, 200), ROAD, np.uint8)


def found(label: np.ndarray) -> dict[int, bool]:
    """Area of each instance -> whether it is merged."""
    image = np.zeros((*label.shape, 3), np.uint8)
    instance_map, instances = find_instances(image, label, MIN_INSTANCE_PX)
    return {int((instance_map == key).sum()): info.merged for key, info in instances.items()}


def test_labels_are_the_classes_and_colours_are_rgb(tmp_path):
    label = road()
    label[40:70, 50:90] = CAR
    image = np.zeros((120, 200, 3), np.uint8)
    image[..., 2] = 255  # red in OpenCV's order
    write(tmp_path, "a", label, image)
    (frame,) = CamVid(tmp_path, "val")
    assert frame.id == "camvid/val/a"
    assert np.array_equal(frame.class_map, label)
    assert frame.image_rgb[0, 0].tolist() == [255, 0, 0]
    assert frame.known_classes == KNOWN_CLASSES and "van" not in KNOWN_CLASSES
    assert [info.class_name for info in frame.instances.values()] == ["car"]


def test_apart_means_two_instances_and_specks_none():
    label = road()
    label[40:70, 20:60] = CAR
    label[40:70, 100:140] = CAR
    label[10:14, 10:14] = CAR
    instance_map, instances = find_instances(np.zeros((120, 200, 3), np.uint8), label, MIN_INSTANCE_PX)
    assert len(instances) == 2 and instance_map[12, 12] == 0


@pytest.mark.parametrize(
    ("boxes", "class_id", "merged"),
    [
        ([(20, 40, 60, 70)], CAR, False),
        ([(20, 40, 120, 70)], CAR, True),  # wider than any car
        ([(20, 20, 60, 70), (60, 50, 100, 60)], CAR, True),  # no outline of one car
        ([(20, 60, 60, 100), (60, 35, 90, 60)], CAR, True),  # its foot line climbs
        ([(20, 20, 36, 80)], PEDESTRIAN, False),
        ([(20, 20, 56, 80)], PEDESTRIAN, True),
    ],
)
def test_shapes_no_single_thing_has_are_merged(boxes, class_id, merged):
    label = road()
    for x0, y0, x1, y1 in boxes:
        label[y0:y1, x0:x1] = class_id
    assert list(found(label).values()) == [merged]


def test_a_missing_set_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="get CamVid in its 11-class form from"):
        CamVid(tmp_path, "val")


def test_an_image_without_label_is_named(tmp_path):
    write(tmp_path, "a", road())
    (tmp_path / "val" / "labels" / "a.png").unlink()
    with pytest.raises(DataError, match=r"labels.a\.png: is not there"):
        CamVid(tmp_path, "val")


@pytest.mark.parametrize("label", [np.full((120, 200), 12, np.uint8), np.zeros((60, 200), np.uint8)])
def test_a_label_of_other_values_or_size_is_refused(tmp_path, label):
    write(tmp_path, "a", label, np.zeros((120, 200, 3), np.uint8))
    with pytest.raises(DataError, match="must be an 8-bit map"):
        CamVid(tmp_path, "val")[0]


def test_a_damaged_picture_is_named(tmp_path):
    write(tmp_path, "a", road())
    (tmp_path / "val" / "images" / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="is not a picture"):
        CamVid(tmp_path, "val")[0]


def test_the_real_set_has_its_size_and_instances(shared_data):
    train, val = (CamVid(shared_data / "camvid", split) for split in ("train", "val"))
    assert (len(train), len(val)) == (367, 101)
    frames = train[::60]
    assert all(frame.image_rgb.shape == (360, 480, 3) for frame in frames)
    for frame in frames:
        for key, info in frame.instances.items():
            classes = np.unique(frame.class_map[frame.instance_map == key])
            assert classes.tolist() == [BY_NAME[info.class_name].id]


def test_a_tall_vehicle_is_no_car_for_sure():
    label = road()
    label[20:80, 20:60] = CAR
    label[50:80, 100:150] = CAR
    image = np.zeros((120, 200, 3), np.uint8)
    instance_map, instances = find_instances(image, label, MIN_INSTANCE_PX)
    scene = Scene(LabeledImage("tall", image, label, instance_map, instances, KNOWN_CLASSES))
    car, vehicle = (next(t for t in TERMS if t.sure == sure) for sure in ({"car"}, VEHICLES))
    assert single(scene, Description(car)) is None and group(scene, Description(car)) is None
    assert len(group(scene, Description(vehicle))) == 2
