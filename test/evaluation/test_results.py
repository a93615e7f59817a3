"""Scores on disk."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from scored import match, scored

from ris_ros.errors import DataError
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.results import SCORES_FILE, Results
from ris_ros.evaluation.semantic import ClassScore

RESULTS = Results(
    (
        scored("a", match(rank=7), text='the "red" car\nover there'),
        scored("b", None, found=False, kind="said_absent"),
        scored("b", match(), target="region", road_share=0.25),
    ),
    (ClassScore("a", "road", Overlap(1, 3)), ClassScore("c", "road", Overlap(0, 0))),
)


def test_what_is_written_is_read_back_to_the_bit(tmp_path):
    RESULTS.write(tmp_path)
    read = Results.read(tmp_path)
    assert [asdict(s) for s in read.scores] == [asdict(s) for s in RESULTS.scores]
    assert read.classes == RESULTS.classes
    assert read.image_ids == ["a", "c", "b"]


def test_a_missing_file_says_where_it_belongs(tmp_path):
    with pytest.raises(DataError, match=r"beside metrics\.json"):
        Results.read(tmp_path)


@pytest.mark.parametrize("line", ["{}", "not json", '{"image_id": 3}'])
def test_a_broken_line_is_named(tmp_path, line):
    RESULTS.write(tmp_path)
    with (tmp_path / SCORES_FILE).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match=r"scores\.jsonl, line 4"):
        Results.read(tmp_path)


def test_an_overlap_that_cannot_be_is_refused(tmp_path):
    RESULTS.write(tmp_path)
    path = tmp_path / "classes.jsonl"
    path.write_text(path.read_text().replace('"intersection_px":1', '"intersection_px":4'))
    with pytest.raises(DataError, match=r"classes\.jsonl, line 1"):
        Results.read(tmp_path)
