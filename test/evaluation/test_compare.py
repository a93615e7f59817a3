"""Two runs on the same sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scored import match, scored

from ris_ros.errors import DataError
from ris_ros.evaluation.compare import compare, comparison_table
from ris_ros.evaluation.overlap import Overlap
from ris_ros.evaluation.results import Results
from ris_ros.evaluation.semantic import ClassScore


def run(gain_px: int = 0, false_existence: float = 0.6, images: int = 30) -> Results:
    """Sentences of very unequal difficulty, an answer ``gain_px`` better than that of the plain run."""
    rng = np.random.default_rng(0)
    scores = []
    for number in range(images):
        hit = int(rng.integers(5, 90))
        scores.append(scored(f"drive_{number}", match(hit + gain_px, 100), text="the car"))
        scores.append(scored(f"drive_{number}", text="the ghost", kind="said_absent", existence=false_existence))
    classes = [ClassScore(f"drive_{n}", "road", Overlap(50 + gain_px, 100)) for n in range(images)]
    return Results(tuple(scores), tuple(classes))


def test_a_small_gain_on_every_sentence_is_seen_although_sentences_differ_widely():
    made = compare(run(), run(gain_px=2))
    iou = made.headline["object_mean_iou"]
    assert (made.paired, made.only_a, made.only_b) == (60, 0, 0)
    assert iou.difference == pytest.approx(0.02) and iou.low == pytest.approx(0.02)
    assert iou.verdict == made.headline["semantic_mean_iou"].verdict == "better"
    assert compare(run(gain_px=2), run()).headline["object_mean_iou"].verdict == "worse"
    assert made.kinds["object said_thing"].verdict == "better"


def test_of_a_score_whose_small_values_are_good_the_smaller_is_better():
    made = compare(run(false_existence=0.9), run(false_existence=0.3))
    assert made.headline["existence_brier"].difference < 0
    assert made.headline["existence_brier"].verdict == "better"


def test_a_run_is_not_better_than_itself_nor_than_luck():
    made = compare(run(), run())
    assert {part.verdict for part in (*made.headline.values(), *made.kinds.values())} == {"open"}
    lucky = run()
    rng = np.random.default_rng(3)
    scores = [s if s.match is None else replace(s, match=match(int(rng.integers(5, 90)), 100)) for s in lucky.scores]
    assert compare(run(), Results(tuple(scores), ())).headline["object_mean_iou"].verdict == "open"


def test_only_sentences_of_both_with_the_same_truth_are_compared():
    common = scored("a", match())
    moved = scored("a", match(), text="the bus")
    ours = Results((common, moved, scored("a", match(), text="the van")), ())
    theirs = Results((replace(moved, match=match(truth_key="other")), common), ())
    made = compare(ours, theirs)
    assert (made.paired, made.only_a, made.only_b) == (1, 2, 1)
    with pytest.raises(DataError, match="no sentence in common"):
        compare(ours, Results((scored("elsewhere"),), ()))


def test_what_was_asked_twice_pairs_in_order():
    first, second = scored("a", match(10, 100)), scored("a", match(90, 100))
    results = Results((first, second), ())
    assert compare(results, results).headline["object_mean_iou"].difference == 0.0
    assert compare(results, results).paired == 2


def test_a_false_kind_is_compared_by_its_rejections():
    ours = Results((scored("a"), scored("b")), ())
    theirs = Results((scored("a", found=False), scored("b", found=False)), ())
    kind = compare(ours, theirs).kinds["object said_thing"]
    assert (kind.label, kind.a, kind.b, kind.verdict) == ("object said_thing: rejected", 0.0, 1.0, "better")


def test_the_table_names_the_better_run():
    text = comparison_table(compare(run(), run(gain_px=2)), ("old", "new"))
    assert "A: old" in text and "+0.020" in text and "B is better" in text
