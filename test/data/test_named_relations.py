"""Names by relation, denial and contrast: each means one thing, and what a mirror turns round turns round."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street import WIDTH, busy_street, mirrored, street

from ris_ros.data.expressions.contrasts import say_contrast
from ris_ros.data.expressions.describe import Description, Pick, absent, single
from ris_ros.data.expressions.lexicon import TERMS, Term
from ris_ros.data.expressions.near_misses import NEAR_MISS_KINDS, near_miss
from ris_ros.data.expressions.phrasing import Phrasing
from ris_ros.data.expressions.predicates import HasAttribute, HasColour, Not, OnSide
from ris_ros.data.expressions.realise import noun_phrase
from ris_ros.data.expressions.relating import deny_thing, relate_thing
from ris_ros.data.expressions.relations import RelatedTo, relations_in
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.expressions.standing import OPPOSITE, RELATIONS, relation_holds
from ris_ros.data.labeled_image import InstanceInfo

CAR, VAN = InstanceInfo("car"), InstanceInfo("van", "white")


def term(name: str) -> Term:
    return next(t for t in TERMS if t.sure == {name})


def phrasings(count: int) -> list[Phrasing]:
    return [Phrasing(np.random.default_rng(seed), "train") for seed in range(count)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, WIDTH - 120), st.integers(0, WIDTH - 120), st.integers(20, 60), st.integers(20, 60))
def test_a_mirror_exchanges_left_of_and_right_of_and_keeps_the_rest(one, other, width, height):
    image = street([((one, 140, one + width, 175), CAR), ((other, 150, other + 60, 150 + height), VAN)])
    if len(np.unique(image.instance_map)) < 3:
        return
    here, there = Scene(image), Scene(mirrored(image))
    turned = {"left": "right", "right": "left"}
    for relation in RELATIONS:
        seen = relation_holds(relation, here.thing(1), here.thing(2))
        assert seen == relation_holds(turned.get(relation, relation), there.thing(1), there.thing(2))
        opposite = OPPOSITE.get(relation)
        if seen and opposite is not None:
            assert relation_holds(opposite, here.thing(2), here.thing(1)) is not False
            assert not relation_holds(opposite, here.thing(1), here.thing(2))


def test_a_named_relation_picks_the_one_that_stands_so():
    image = street(
        [
            ((60, 140, 100, 170), CAR),
            ((150, 138, 200, 170), VAN),
            ((380, 140, 420, 170), CAR),
            ((430, 138, 475, 170), InstanceInfo("van", "red")),
        ]
    )
    scene = Scene(image)
    white = Description(term("van"), (HasColour("white"),))
    assert single(scene, Description(term("car"), (RelatedTo("left", 2, white),))).key == 1
    assert single(scene, Description(term("car"), (RelatedTo("right", 2, white),))).key == 3
    assert single(scene, Description(term("car"), (), Pick("nearest_to", 0, 2, white))).key == 1
    assert absent(scene, Description(term("bus"), (RelatedTo("left", 2, white),)))


@pytest.mark.parametrize("key", range(1, 9))
def test_related_and_denied_names_mean_their_thing_alone(key):
    scene = Scene(busy_street())
    thing = scene.thing(key)
    for phrasing in phrasings(12):
        for name in (relate_thing(scene, phrasing, thing), deny_thing(scene, phrasing, thing)):
            if name is None:
                continue
            assert single(scene, name).key == key
            words = noun_phrase(phrasing, name)
            assert "{" not in words and relations_in(name) <= 3


def test_some_names_have_three_relations_and_some_are_nested():
    scene = Scene(busy_street())
    names = [
        name
        for thing in scene.things
        for phrasing in phrasings(40)
        if (name := relate_thing(scene, phrasing, thing)) is not None
    ]
    assert max(map(relations_in, names)) == 3
    assert any(isinstance(c, RelatedTo) and relations_in(c.name) for name in names for c in name.claims)


def test_a_denial_is_true_where_the_claim_is_false_and_silent_where_it_is_in_doubt():
    image = street([((60, 140, 100, 170), InstanceInfo("car", "red")), ((300, 140, 350, 170), InstanceInfo("car"))])
    scene = Scene(image)
    assert Not(HasColour("white")).holds(scene, scene.thing(1)) is True
    assert Not(HasColour("red")).holds(scene, scene.thing(1)) is False
    assert Not(HasAttribute("parked")).holds(scene, scene.thing(1)) is None


def test_without_a_bag_is_said_only_where_the_source_tells_what_is_worn():
    told = ("wearing a red coat", "walking")
    boxes = ((60, 110, 90, 190), (300, 110, 330, 190))
    people = [
        (boxes[0], InstanceInfo("pedestrian", attributes=(*told, "with a blue backpack"))),
        (boxes[1], InstanceInfo("pedestrian", attributes=told)),
    ]
    claim = Not(HasAttribute("with a backpack"))
    scene = Scene(street(people))
    assert [claim.holds(scene, thing) for thing in scene.things] == [False, True]
    untold = Scene(street([people[0], (boxes[1], InstanceInfo("pedestrian", attributes=("in a red coat",)))]))
    assert claim.holds(untold, untold.thing(2)) is None


def test_a_contrast_names_both_and_the_other_one_only_of_two():
    scene = Scene(
        street(
            [
                ((60, 140, 110, 170), InstanceInfo("car", "white")),
                ((200, 138, 250, 170), InstanceInfo("car", "red")),
                ((380, 140, 430, 170), InstanceInfo("car", "blue")),
            ]
        )
    )
    said = [say_contrast(scene, phrasing, scene.thing(2)) for phrasing in phrasings(60)]
    assert sum(map(bool, said)) > 10
    for text in filter(None, said):
        assert not re.search(r"\bother\b|\btwo\b", text), text
    two = replace(scene.image, instance_map=np.where(scene.image.instance_map == 3, 0, scene.image.instance_map))
    assert any("other" in say_contrast(Scene(two), phrasing, Scene(two).thing(2)) for phrasing in phrasings(80))


@pytest.mark.parametrize("kind", NEAR_MISS_KINDS)
def test_near_misses_fit_nothing_and_are_one_slot_from_the_truth(kind):
    scene = Scene(busy_street())
    found = [near for phrasing in phrasings(60) if (near := near_miss(scene, phrasing, kind)) is not None]
    assert len(found) > 8
    for near in found:
        assert absent(scene, near) and single(scene, near) is None
        if kind in ("wrong_colour", "wrong_attribute"):
            # Without the wrong slot, which comes first, something fits.
            right = replace(near, claims=near.claims[1:], pick=None)
            assert not absent(scene, right)


def test_second_on_the_right_counts_by_distance():
    boxes = [(300, 150, 360, 210), (330, 140, 370, 180), (350, 130, 380, 155)]
    scene = Scene(
        street([(box, InstanceInfo("car", None, d)) for box, d in zip(boxes, (8.0, 14.0, 30.0), strict=True)])
    )
    for rank in range(3):
        assert single(scene, Description(term("car"), (OnSide("right"),), Pick("nearest", rank))).key == rank + 1
