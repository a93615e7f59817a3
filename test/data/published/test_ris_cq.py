"""RIS-CQ: sentences over segments of panoptic maps."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import box, write_json, write_panoptic_map, write_picture

from ris_ros.data.published.ris_cq import open_ris_cq
from ris_ros.errors import DataError

SEGMENT = 3648962  # more than 16 bits: all three channels count
PERSON = box(10, 5, 20, 35)


@pytest.fixture
def root(tmp_path):
    queries = [
        {
            "file_name": f"train2017/{number:012d}.jpg",
            "sentence": "The person is beside another person and on the grass.",
            "pan_seg_file": f"panoptic_train2017/{number:012d}.png",
            "id": SEGMENT,
        }
        for number in range(1, 41)
    ]
    write_json(tmp_path / "sub_ris.json", [*queries, {**queries[0], "sentence": "The person who stands."}])
    for query in queries[:2]:
        write_picture(tmp_path / query["file_name"])
        write_panoptic_map(tmp_path / query["pan_seg_file"], np.where(PERSON, SEGMENT, 255).astype(np.int32))
    return tmp_path


def test_the_mask_is_the_segment(root):
    first = open_ris_cq(root, "all")[0]
    assert [s.text for s in first.sayings] == [
        "The person is beside another person and on the grass.",
        "The person who stands.",
    ]
    assert all(s.kind == "said_complex" and np.array_equal(s.object_mask, PERSON) for s in first.sayings)


def test_parts_share_no_picture_and_lose_none(root):
    parts = {split: set(open_ris_cq(root, split).frames) for split in ("train", "val", "all")}
    assert parts["train"] | parts["val"] == parts["all"] and len(parts["all"]) == 40
    assert not parts["train"] & parts["val"] and parts["val"]


def test_what_does_not_fit_is_refused(root):
    write_panoptic_map(root / "panoptic_train2017/000000000001.png", np.zeros((40, 60), np.int32))
    with pytest.raises(DataError, match=f"is segment {SEGMENT}, which 000000000001.png does not"):
        open_ris_cq(root, "all")[0]
    (root / "panoptic_train2017/000000000002.png").unlink()
    with pytest.raises(DataError, match=r"000002\.png: is not there: get RIS-CQ from the project lili0415/DuMoGa"):
        open_ris_cq(root, "all")[1]
    with pytest.raises(DataError, match="split 'test': RIS-CQ has train, val, all"):
        open_ris_cq(root, "test")
