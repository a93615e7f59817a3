"""Nouns, counts and free phrases of a source: used where they single a thing out, silent where they might not."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from street import mirrored, street

from ris_ros.data.expression import Expression
from ris_ros.data.expressions import generate
from ris_ros.data.expressions.attributes import Known, phrase_holds, shades_differ
from ris_ros.data.expressions.describe import Description, group, single
from ris_ros.data.expressions.lexicon import TERMS, Term
from ris_ros.data.expressions.nouns import NARROW_NOUNS, canonical_noun, noun_fits
from ris_ros.data.expressions.predicates import HasAttribute, IsKind, OnSide
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.expressions.view_words import view_claim
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

LEFT, RIGHT = (60, 110, 85, 190), (390, 110, 415, 190)


def term(name: str) -> Term:
    return next(t for t in TERMS if t.sure == {name})


def people(*told: tuple[str, ...]) -> LabeledImage:
    boxes = (LEFT, RIGHT, (200, 115, 225, 180))
    return street(
        [(box, InstanceInfo("pedestrian", None, None, words)) for box, words in zip(boxes, told, strict=False)]
    )


def sentences(image: LabeledImage, rounds: int = 30, **options: object) -> list[Expression]:
    rng = np.random.default_rng(1)
    return [e for _ in range(rounds) for e in generate(image, rng, 12, **options)]  # type: ignore[arg-type]


def test_attributes_are_sorted_into_noun_count_and_phrases():
    info = InstanceInfo("car", attributes=("noun:station wagon", "count:2", "parked", "with its lights on"))
    assert Known.read(info) == Known("car", None, "estate car", 2, ("parked", "with its lights on"))
    assert Known.read(InstanceInfo("car", attributes=("noun:car",))) == Known("car", None, None, 1, ())
    assert Known.read(InstanceInfo("car", merged=True)).count is None
    assert Known.read(InstanceInfo("sign", attributes=("noun:speed limit sign",))).noun == "speed limit sign"


def test_a_noun_names_its_thing_only_where_all_others_are_named_differently():
    claim = Description(term("pedestrian"), (IsKind("woman"),))
    assert single(Scene(people(("noun:woman",), ("noun:man",))), claim).key == 1
    assert single(Scene(people(("noun:woman",), ())), claim) is None
    assert single(Scene(people(("noun:woman",), ("noun:girl",))), claim) is None
    assert single(Scene(people(("noun:woman",), ("noun:lady",))), claim) is None
    # Where the place tells apart, the unnamed one does no harm.
    placed = replace(claim, claims=(*claim.claims, OnSide("left")))
    assert single(Scene(people(("noun:woman",), ())), placed).key == 1


@pytest.mark.parametrize("noun", sorted(NARROW_NOUNS))
def test_nouns_agree_both_ways(noun):
    assert canonical_noun(noun) == noun and noun_fits(noun, noun) is True and noun_fits(noun, None) is None
    for other in NARROW_NOUNS:
        assert noun_fits(noun, other) == noun_fits(other, noun)


def test_a_counted_group_is_named_in_the_plural_and_never_as_one():
    pair = street([((60, 110, 110, 190), InstanceInfo("pedestrian", attributes=("count:2", "in dark clothes")))])
    scene = Scene(pair)
    assert single(scene, Description(term("pedestrian"))) is None
    assert [thing.key for thing in group(scene, Description(term("pedestrian")))] == [1]
    told = [
        e
        for e in sentences(pair)
        if e.exists and e.object_mask is not None and (e.object_mask & (pair.instance_map == 1)).any()
    ]
    assert any(re.search(r"\b(two|both|pair of)\b", e.text.lower()) for e in told)
    for e in told:
        assert not re.search(r"\b(person|pedestrian|man|woman|three)\b", e.text.lower()), e.text


def test_free_phrases_follow_the_noun_as_they_stand():
    image = people(("noun:woman", "pushing a pram"), ("noun:man", "in a red coat"))
    texts = [e.text.lower() for e in sentences(image) if e.exists]
    assert any("woman pushing a pram" in text for text in texts)
    assert any(re.search(r"\bman (?:in|wearing|with|who).* red ", text) for text in texts)


def test_a_phrase_that_another_may_share_singles_nothing_out():
    claim = Description(term("pedestrian"), (HasAttribute("carrying a bag"),))
    assert single(Scene(people(("carrying a bag",))), claim).key == 1
    assert single(Scene(people(("carrying a bag",), ("in a red coat",))), claim) is None


@pytest.mark.parametrize(
    ("asked", "known", "truth"),
    [
        ("in a red coat", ("in dark clothes",), None),
        ("in a white shirt", ("in dark clothes",), False),
        ("in a blue jacket and jeans", ("in a green coat",), False),
        ("showing green", ("showing red",), False),
        ("oncoming", ("coming towards us",), True),
        ("parked", ("coming towards us in the distance",), False),
        ("oncoming", ("driving away from us",), False),
        ("walking towards us", ("walking away from us",), False),
        ("walking", ("walking on the left pavement",), True),
        ("standing", ("waiting at the crossing",), True),
        ("standing", ("walking along",), False),
        ("with a roof rack", ("parked",), None),
    ],
)
def test_phrases_exclude_only_what_they_contradict(asked, known, truth):
    assert phrase_holds(asked, known) is truth


def test_dark_and_light_exclude_only_the_far_ends():
    assert shades_differ("dark", "white") and shades_differ("pale", "black")
    assert not shades_differ("dark", "blue") and not shades_differ("light", "grey") and not shades_differ("", "red")


@pytest.mark.parametrize(
    ("phrase", "claim"),
    [
        ("in a red coat", "free"),
        ("parked right behind the bus", "free"),
        ("on the left pavement", "left"),
        ("walking on the right", "right"),
        ("driving ahead of us", "ahead"),
        ("facing left", "bound"),
        ("to the right of the van", "bound"),
        ("at the right edge", "bound"),
        ("nearest to us", "bound"),
        ("second in the queue", "bound"),
        ("on the left with an arrow to the right", "bound"),
    ],
)
def test_phrases_that_a_crop_or_a_mirror_may_falsify_are_known(phrase, claim):
    assert view_claim(phrase) == claim


def test_a_told_side_is_said_only_where_it_is_still_true():
    image = people(("noun:woman", "on the left pavement"))
    claim = HasAttribute("on the left pavement")
    as_told, turned = Scene(image), Scene(mirrored(image))
    assert claim.holds(as_told, as_told.things[0]) is True
    assert claim.holds(turned, turned.things[0]) is None
