"""Measures of navigable regions: clear of the thing named, and on the side asked for."""

from __future__ import annotations

import numpy as np
import pytest
from scored import match, scored
from street import busy_street, mirrored, street

from ris_ros.data.expressions import generate
from ris_ros.data.expressions.generate import KINDS, REGION_KINDS
from ris_ros.data.labeled_image import InstanceInfo
from ris_ros.evaluation.figures import figures
from ris_ros.evaluation.regions import Side, clear_share, on_side, side_asked
from ris_ros.evaluation.results import Results
from ris_ros.pipeline.thresholds import Thresholds

VAN = (200, 122, 280, 180)
STREET = street([(VAN, InstanceInfo("van", "white", 12.0, ("parked",)))])
NAMED = STREET.instance_map == 1


def spot(x: int, y: int) -> np.ndarray:
    """A small region whose middle is there."""
    mask = np.zeros(STREET.class_map.shape, np.bool_)
    mask[y - 2 : y + 3, x - 4 : x + 5] = True
    return mask


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("park behind the van", Side.ALONG_THING),
        ("Stop in front of that man, please.", Side.ALONG_THING),
        ("there is a space behind the van, park there", Side.ALONG_THING),
        ("leave the car at the back of the van", Side.ALONG_THING),
        ("see the van on the left next to the bus? park behind it", Side.ALONG_THING),
        ("brake before you get to the cyclist", Side.ALONG_THING),
        ("stop next to the man behind the van", Side.ACROSS_THING),
        ("pull over to the left of the van", Side.ACROSS_THING),
        ("wait for the man next to the bus", None),
        ("my friend is in front of us, follow the van", None),
        ("follow the van", None),
        ("park near the van on the left", None),
    ],
)
def test_words_about_a_thing_ask_for_its_sides(text, side):
    assert side_asked(text, names_thing=True) is side


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("pull over on the left", Side.LEFT),
        ("Turn right", Side.RIGHT),
        ("go right here", Side.RIGHT),
        ("take the next left", Side.LEFT),
        ("make a right turn", Side.RIGHT),
        ("change to the left lane", Side.LEFT_LANE),
        ("switch lanes to the right", Side.RIGHT_LANE),
        ("stay in this lane", Side.OUR_LANE),
        ("stop right here", None),
        ("right, carry on", None),
        ("turn left, no, turn right", None),
        ("go straight on", None),
    ],
)
def test_words_without_a_thing_ask_for_ours(text, side):
    assert side_asked(text, names_thing=False) is side


@pytest.mark.parametrize(
    ("truth", "answer", "right"),
    [((240, 220), (240, 200), True), ((240, 220), (240, 150), False), ((240, 150), (240, 140), True)],
)
def test_along_the_road_the_truth_says_whether_nearer_or_beyond_is_right(truth, answer, right):
    assert on_side("park in front of the van", spot(*answer), spot(*truth), NAMED, STREET) is right


def test_beside_a_thing_the_answer_lies_where_the_truth_does():
    text, truth = "stop next to the van", spot(320, 185)
    assert on_side(text, spot(300, 200), truth, NAMED, STREET) is True
    assert on_side(text, spot(180, 185), truth, NAMED, STREET) is False
    assert on_side(text, spot(180, 185), spot(240, 185), NAMED, STREET) is None  # the truth is before the van


def test_sides_of_ours_are_those_of_straight_ahead():
    left, right = spot(150, 240), spot(330, 240)
    assert on_side("pull over on the left", left, left, None, STREET) is True
    assert on_side("pull over on the left", right, left, None, STREET) is False
    assert on_side("pull over on the left", right, right, None, STREET) is None  # the truth is not on the left


def test_a_lane_is_half_a_lane_away_and_ours_is_not():
    ahead, little, far = spot(240, 240), spot(215, 240), spot(60, 240)
    assert on_side("change to the left lane", far, far, None, STREET) is True
    assert on_side("change to the left lane", little, far, None, STREET) is False
    assert on_side("stay in this lane", little, ahead, None, STREET) is True
    assert on_side("stay in this lane", far, ahead, None, STREET) is False


def test_nothing_is_said_of_what_was_not_predicted_or_not_named():
    nothing = np.zeros_like(NAMED)
    assert on_side("park behind the van", nothing, spot(240, 220), NAMED, STREET) is None
    assert clear_share(nothing, NAMED) is None
    assert clear_share(spot(240, 220), None) is None
    assert clear_share(spot(240, 220), nothing) is None


def test_the_share_off_the_thing_is_of_the_prediction():
    half = np.zeros_like(NAMED)
    half[VAN[3] - 10 : VAN[3] + 10, 220:240] = True
    assert clear_share(half, NAMED) == pytest.approx(0.5)
    assert clear_share(spot(240, 220), NAMED) == 1.0


def test_true_regions_are_on_their_own_side_and_mirrored_ones_are_not():
    scene = busy_street()
    others = [kind for kind in KINDS if kind not in REGION_KINDS]
    judged, lost = 0, 0
    for seed in range(4):
        for said in generate(scene, np.random.default_rng(seed), 24, exclude_kinds=others):
            truth, named = said.region_mask, said.object_mask
            assert truth is not None
            assert clear_share(truth, named) in (None, 1.0)
            side = side_asked(said.text, named is not None)
            right = on_side(said.text, truth, truth, named, scene)
            assert right is not False, said.text
            if right and side in (Side.LEFT, Side.RIGHT, Side.LEFT_LANE, Side.RIGHT_LANE):
                judged += 1
                lost += on_side(said.text, truth[:, ::-1], truth, named, scene) is False
                assert on_side(said.text, truth[:, ::-1], truth[:, ::-1], named, mirrored(scene)) is None
    assert judged >= 4
    assert lost == judged


def test_figures_count_what_was_judged_and_gate_what_was_refused():
    answers = (
        scored("a", match(), target="region", road_share=1.0, clear_share=0.9, on_side=True),
        scored("b", match(), target="region", road_share=1.0, clear_share=1.0, on_side=False),
        scored("c", match(), target="region", found=False, clear_share=0.2, on_side=False),
        scored("d", match(), target="region", road_share=1.0),
    )
    made = figures(Results(answers, ()), Thresholds(0.5, 0.5, 0.5))
    gated, ungated = made["targets"]["region"]["gated"], made["targets"]["region"]["ungated"]
    assert gated["share_clear_of_object"] == pytest.approx(0.95)
    assert (gated["entirely_clear_of_object"], gated["clear_of_object_count"]) == (0.5, 2)
    assert (gated["on_side"], gated["on_side_count"]) == (0.5, 2)
    assert ungated["on_side"] == pytest.approx(1 / 3)
    assert "on_side" not in made["targets"]["object"]["gated"]
    headline = made["headline"]
    assert headline["region_clear_of_object"]["value"] == pytest.approx(0.95)
    assert headline["region_entirely_clear"]["value"] == pytest.approx(0.5)
    assert headline["region_on_side"]["value"] == pytest.approx(0.5)


def test_results_of_before_these_measures_still_read(tmp_path):
    Results((scored("a", match(), target="region", road_share=0.5),), ()).write(tmp_path)
    path = tmp_path / "scores.jsonl"
    line = path.read_text()
    assert line.count(',"clear_share":null,"on_side":null') == 1
    path.write_text(line.replace(',"clear_share":null,"on_side":null', ""))
    (read,) = Results.read(tmp_path).scores
    assert (read.clear_share, read.on_side) == (None, None)
