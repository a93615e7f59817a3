"""The refer layout: RefCOCO and its kin, with Python 2 pickles, polygons and run lengths."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from published_sets import (
    HEIGHT,
    WIDTH,
    annotation,
    box,
    reference,
    runs,
    runs_as_text,
    write_json,
    write_picture,
    write_refer_set,
)

from ris_ros.data.classes import VOID
from ris_ros.data.published import refer
from ris_ros.data.saying import expression_of
from ris_ros.errors import DataError
from ris_ros.types import Target

LEFT, RIGHT = box(5, 10, 15, 20), box(30, 12, 50, 30)
LEFT_POLYGON = [[5.0, 10.0, 15.0, 10.0, 15.0, 20.0, 5.0, 20.0]]
RIGHT_RUNS = {"size": [HEIGHT, WIDTH], "counts": runs(RIGHT)}
RIGHT_TEXT = {"size": [HEIGHT, WIDTH], "counts": runs_as_text(runs(RIGHT))}


@pytest.fixture
def refcoco(tmp_path):
    write_refer_set(
        tmp_path,
        "refcoco",
        "refs(unc).p",
        [
            reference(1, 7, 70, "train", ["the left car", "caf\xe9 car"]),
            reference(2, 7, 71, "train", ["right one"]),
            reference(3, 8, 80, "testA", ["lone car"]),
        ],
        [annotation(70, 7, LEFT_POLYGON), annotation(71, 7, RIGHT_RUNS), annotation(80, 8, RIGHT_TEXT)],
    )
    return tmp_path


def test_an_image_has_all_that_was_said_about_it(refcoco):
    (image,) = refer.REFCOCO(refcoco, "train")
    assert image.id == "refcoco/COCO_train2014_000000000007"
    assert image.image_rgb.shape == (HEIGHT, WIDTH, 3)
    assert [(s.text, s.kind, s.target, s.exists) for s in image.sayings] == [
        ("the left car", "said_thing", Target.OBJECT, True),
        ("café car", "said_thing", Target.OBJECT, True),
        ("right one", "said_thing", Target.OBJECT, True),
    ]
    for saying, mask in zip(image.sayings, (LEFT, LEFT, RIGHT), strict=True):
        assert np.array_equal(expression_of(saying, image).object_mask, mask)
        assert saying.region_mask is None


def test_nothing_is_claimed_of_the_other_pixels(refcoco):
    (image,) = refer.REFCOCO(refcoco, "train")
    assert (image.class_map == VOID).all() and not image.instance_map.any()
    assert not image.known_classes and not image.instances


def test_parts_go_by_their_own_names(refcoco):
    images = refer.REFCOCO(refcoco, "testA")
    assert images.frames == ["COCO_train2014_000000000008"]
    assert np.array_equal(images[0].sayings[0].object_mask, RIGHT)
    assert len(refer.REFCOCO(refcoco, "test")) == 1
    with pytest.raises(DataError, match="has no part 'testB': use one of testA, train"):
        refer.REFCOCO(refcoco, "testB")


def test_a_partition_can_be_named(refcoco):
    with pytest.raises(DataError, match=r"refs\(google\)\.p: is not there: get RefCOCO from"):
        refer.REFCOCO(refcoco, "google:train")
    assert len(refer.REFCOCO(refcoco, "unc:train")) == 1


def test_a_source_travels_to_other_processes(refcoco):
    (image,) = pickle.loads(pickle.dumps(refer.REFCOCO(refcoco, "train")))
    assert [s.text for s in image.sayings] == ["the left car", "café car", "right one"]
    assert image.sayings[0].object_mask is image.sayings[1].object_mask


def test_slices_and_the_end(refcoco):
    images = refer.REFCOCO(refcoco, "train")
    assert [image.id for image in images[:5]] == [images[-1].id]
    with pytest.raises(IndexError):
        images[1]


def test_a_json_twin_of_the_pickle_serves(tmp_path):
    references = [reference(1, 7, 70, "val", ["the car"])]
    write_refer_set(tmp_path, "refcocog", "refs(umd).json", references, [annotation(70, 7, LEFT_POLYGON)])
    assert [s.text for s in refer.REFCOCOG(tmp_path, "val")[0].sayings] == ["the car"]


def test_grefcoco_names_several_or_none(tmp_path):
    references = [
        reference(1, 7, [70, 71], "train", ["both cars"]),
        {**reference(2, 7, [-1], "train", ["the dog"]), "no_target": True},
        reference(3, 7, [71], "train", ["the right car"]),
    ]
    annotations = [annotation(70, 7, LEFT_POLYGON), annotation(71, 7, RIGHT_TEXT)]
    write_refer_set(tmp_path, "grefcoco", "grefs(unc).json", references, annotations)
    both, dog, right = refer.GREFCOCO(tmp_path, "train")[0].sayings
    assert both.kind == "said_group" and np.array_equal(both.object_mask, LEFT | RIGHT)
    assert dog.kind == "said_absent" and not dog.exists and dog.object_mask is None
    assert right.kind == "said_thing" and np.array_equal(right.object_mask, RIGHT)


def test_robust_sentences_say_whether_they_are_true(tmp_path):
    sentences = [{"sent": "the left car", "exist": True}, {"sent": "the left bus", "exist": False}, "a car"]
    references = [reference(1, 7, 70, "val", sentences)]
    write_refer_set(tmp_path, "rrefcoco", "refs(unc).p", references, [annotation(70, 7, LEFT_POLYGON)])
    sayings = refer.R_REFCOCO(tmp_path, "val")[0].sayings
    assert [(s.text, s.exists) for s in sayings] == [("the left car", True), ("the left bus", False), ("a car", True)]
    assert sayings[1].object_mask is None


def test_referit_has_lists_of_runs_and_tests_that_share_images(tmp_path):
    references = [reference(1, 7, 70, "testAB", ["sky"]), reference(2, 8, 80, "testC", ["sand"])]
    annotations = [annotation(70, 7, [RIGHT_TEXT]), annotation(80, 8, [RIGHT_TEXT])]
    write_refer_set(tmp_path, "refclef", "refs(unc).p", references, annotations, "images/saiapr_tc-12")
    for split, count in (("testA", 1), ("testB", 1), ("testC", 1), ("test", 2)):
        images = refer.REFERIT(tmp_path, split)
        assert len(images) == count
        assert np.array_equal(images[0].sayings[0].object_mask, RIGHT)


def test_what_is_missing_is_said(tmp_path, refcoco):
    with pytest.raises(DataError, match=r"refs\(unc\)\.p: is not there: get RefCOCO from the project lichengunc/refer"):
        refer.REFCOCO(tmp_path / "elsewhere", "train")
    with pytest.raises(DataError, match=r"grefs\(unc\)\.json: is not there"):
        refer.GREFCOCO(tmp_path, "train")
    picture = refcoco / "images/mscoco/images/train2014/COCO_train2014_000000000007.jpg"
    picture.unlink()
    with pytest.raises(DataError, match=r"000007\.jpg: is not there.*COCO's train2014"):
        refer.REFCOCO(refcoco, "train")[0]


def test_files_that_do_not_belong_together_are_refused(refcoco):
    write_picture(refcoco / "images/mscoco/images/train2014/COCO_train2014_000000000007.jpg", (20, 20))
    with pytest.raises(DataError, match="was drawn on 60x40 pixels"):
        refer.REFCOCO(refcoco, "train")[0]
    write_json(refcoco / "refcoco" / "instances.json", {"images": [], "annotations": []})
    with pytest.raises(DataError, match="has no image 7"):
        refer.REFCOCO(refcoco, "train")


@pytest.mark.parametrize("name", ["../../secret.jpg", "/etc/passwd", ""])
def test_pictures_lie_in_their_folder(refcoco, name):
    pictures = [{"id": 7, "file_name": name, "height": HEIGHT, "width": WIDTH}]
    annotations = [annotation(70, 7, LEFT_POLYGON), annotation(71, 7, RIGHT_RUNS)]
    write_json(refcoco / "refcoco" / "instances.json", {"images": pictures, "annotations": annotations})
    with pytest.raises(DataError, match="leads out of"):
        refer.REFCOCO(refcoco, "train")


@pytest.mark.parametrize("content", [[], {}, {"images": 3, "annotations": []}, {"images": [1], "annotations": []}])
def test_another_file_under_the_name_is_refused(refcoco, content):
    write_json(refcoco / "refcoco" / "instances.json", content)
    with pytest.raises(DataError, match=r"instances\.json"):
        refer.REFCOCO(refcoco, "train")
