"""Which sentences are asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from street import busy_street

from ris_ros.data.expression import Expression
from ris_ros.data.saying import Saying
from ris_ros.evaluation.questions import questions, truth_of
from ris_ros.types import Target

NOTHING = np.zeros((288, 480), np.bool_)
SAYINGS = (
    Saying("the bus over there", "said_thing", Target.OBJECT, keys=(1,)),
    Saying("any trams about", "said_absent", Target.OBJECT, exists=False),
    Saying("let me out here", "said_region", Target.REGION, region_mask=~NOTHING),
    Saying("the ghost", "said_thing", Target.OBJECT, keys=(99,)),
    Saying("go round the back", "said_region", Target.REGION, keys=(1,)),
)


def asked(sentences, sayings=SAYINGS, count=6):
    image = replace(busy_street(), sayings=sayings)
    return list(questions(image, sentences, np.random.default_rng(0), count))


@pytest.mark.parametrize(
    ("sentences", "sayings", "wordings"),
    [
        (None, SAYINGS, {"said"}),
        (None, (), {"common", "held out"}),
        ("said", (), set()),
        ("grammar", SAYINGS, {"common", "held out"}),
        ("all", SAYINGS, {"said", "common", "held out"}),
    ],
)
def test_the_rule_of_sentences(sentences, sayings, wordings):
    assert {question.wording for question in asked(sentences, sayings)} == wordings


def test_every_saying_is_asked_once_unless_its_truth_covers_nothing():
    assert [q.expression.text for q in asked("said")] == [saying.text for saying in SAYINGS[:3]]


def test_the_mask_of_a_saying_is_that_of_what_it_names():
    bus = asked("said")[0].expression
    np.testing.assert_array_equal(truth_of(bus), busy_street().instance_map == 1)


def test_half_of_the_written_sentences_are_in_held_out_wording():
    wordings = [question.wording for question in asked("grammar", count=9)]
    assert (wordings.count("common"), wordings.count("held out")) == (5, 4)


def test_a_sentence_without_the_mask_it_asks_for_has_no_truth():
    with pytest.raises(ValueError, match="no region mask"):
        truth_of(Expression("park there", "park", Target.REGION, True, ~NOTHING, None))
