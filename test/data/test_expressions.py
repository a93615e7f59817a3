"""Laws of the grammar: what is true stays true, what is false is false, and nothing is ambiguous."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street import HEIGHT, WIDTH, busy_street, mirrored, street

from ris_ros.data.camvid import CamVid
from ris_ros.data.classes import BY_NAME
from ris_ros.data.expression import Expression
from ris_ros.data.expressions import KINDS, generate
from ris_ros.data.expressions import lexicon as lexicon_module
from ris_ros.data.expressions.attributes import phrase_holds
from ris_ros.data.expressions.describe import Description, Pick, absent, group, single
from ris_ros.data.expressions.lexicon import TERMS, Term
from ris_ros.data.expressions.manoeuvre_table import MANOEUVRES
from ris_ros.data.expressions.manoeuvres import REGION_KINDS
from ris_ros.data.expressions.negatives import NEGATIVE_KINDS
from ris_ros.data.expressions.predicates import HasAttribute, HasColour, OnSide
from ris_ros.data.expressions.relations import NextTo
from ris_ros.data.expressions.scene import Scene
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.language.intent import resolve_target
from ris_ros.types import Target


def term(name: str) -> Term:
    return next(t for t in TERMS if t.sure == {name})


def many(image: LabeledImage, rounds: int = 25, **options: object) -> list[Expression]:
    rng = np.random.default_rng(0)
    return [expression for _ in range(rounds) for expression in generate(image, rng, 12, **options)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def busy() -> list[Expression]:
    return many(busy_street(), 60)


@pytest.fixture(scope="module")
def real(shared_data) -> list[tuple[LabeledImage, Expression]]:
    frames = [*CamVid(shared_data / "camvid", "val")[::20], *CamVid(shared_data / "camvid", "train")[::40]]
    return [(frame, expression) for frame in frames for expression in many(frame, 2, split="all")]


def check(image: LabeledImage, expression: Expression) -> None:
    """What holds of every sentence."""
    assert expression.text.strip() == expression.text and "{" not in expression.text and "  " not in expression.text
    assert expression.kind in KINDS
    road = image.class_map == BY_NAME["road"].id
    if not expression.exists:
        assert expression.kind in NEGATIVE_KINDS
        assert not expression.object_mask.any() and not expression.region_mask.any()
        return
    asked = expression.region_mask if expression.target is Target.REGION else expression.object_mask
    assert asked is not None and asked.dtype == np.bool_ and asked.shape == road.shape and asked.any()
    if expression.target is Target.REGION:
        assert expression.kind in REGION_KINDS
        assert not (asked & ~road).any()
        if expression.object_mask is not None:
            assert expression.object_mask.any() and not (asked & expression.object_mask).any()
    else:
        assert expression.region_mask is None


def test_every_sentence_about_a_drawn_street_is_sound(busy):
    image = busy_street()
    for expression in busy:
        check(image, expression)


def test_every_sentence_about_real_frames_is_sound(real):
    assert len(real) > 200
    for image, expression in real:
        check(image, expression)


def test_a_busy_street_calls_forth_every_sort(busy):
    rare = set(KINDS) - {expression.kind for expression in busy}
    assert len(rare) < 6
    image = busy_street()
    missing = {
        kind
        for kind in rare
        if not any(generate(image, np.random.default_rng(i), 3, exclude_kinds=set(KINDS) - {kind}) for i in range(20))
    }
    # A straight street has no junction to turn at, and cars fill the lanes beside ours.
    assert missing <= {"turn", "lane_change"}, missing
    assert len({expression.text for expression in busy}) > 0.8 * len(busy)


def test_the_same_seed_gives_the_same_sentences():
    one, other = (generate(busy_street(), np.random.default_rng(5), 20) for _ in range(2))
    assert [e.text for e in one] == [e.text for e in other]
    assert all(np.array_equal(a.object_mask, b.object_mask) for a, b in zip(one, other, strict=True) if a.exists)


def test_plain_style_has_one_template_for_each_meaning():
    plain = many(busy_street(), 60, style="plain")
    assert {"class", "colour", "group", "stuff", "park", "absent_class", "wrong_colour"} <= {e.kind for e in plain}
    assert len({e.text for e in plain}) < 150
    meanings = [e for e in plain if e.kind in ("class", "colour", "side", "group", "wrong_colour", "absent_class")]
    for expression in meanings:
        assert re.fullmatch(r"(all )?the( [a-z]+)? (traffic )?[a-z]+( on the (left|right)| ahead)?", expression.text), (
            expression.text
        )
    image = busy_street()
    for expression in plain:
        check(image, expression)


def test_excluded_kinds_stay_away():
    left_out = {"colour", "absent_class", *REGION_KINDS}
    assert not left_out & {expression.kind for expression in many(busy_street(), 8, exclude_kinds=left_out)}
    with pytest.raises(ValueError, match="unknown kinds: colr"):
        generate(busy_street(), np.random.default_rng(0), 1, exclude_kinds=("colr",))


def test_an_empty_picture_gives_what_it_can():
    image = LabeledImage(
        "void", np.zeros((40, 60, 3), np.uint8), np.full((40, 60), 11, np.uint8), np.zeros((40, 60), np.int32)
    )
    for expression in many(image, 3):
        assert not expression.exists


# Held-out phrasing


def held_out_phrases() -> set[str]:
    phrases = {phrase for t in TERMS for choice in (t.singular, t.plural) for phrase in choice.held_out}
    for stuff in lexicon_module.STUFF.values():
        phrases |= {phrase for noun in stuff for phrase in noun.names.held_out}
    for manoeuvre in MANOEUVRES:
        phrases |= {phrase.split(" {")[0] for phrase in manoeuvre.wordings.held_out if phrase.count(" ") > 1}
    return (phrases - {"let"}) | set(lexicon_module.HELD_OUT_ABSENT_THINGS)


def says(text: str, phrase: str) -> bool:
    return re.search(rf"\b{re.escape(phrase.lower())}\b", text.lower()) is not None


def test_training_never_says_what_is_held_out(busy):
    phrases = held_out_phrases()
    assert len(phrases) > 40
    for expression in busy:
        assert not [phrase for phrase in phrases if says(expression.text, phrase)], expression.text


def test_held_out_sentences_never_occur_in_training(busy):
    held_out = many(busy_street(), 10, split="heldout")
    assert len(held_out) > 100
    known = {expression.text.lower() for expression in busy}
    assert not known & {expression.text.lower() for expression in held_out}


def test_targets_are_those_that_the_words_ask_for(busy):
    asked = [resolve_target(expression.text, Target.AUTO) is expression.target for expression in busy]
    assert np.mean(asked) > 0.97


# Left and right


@settings(max_examples=60)
@given(st.integers(0, WIDTH - 40), st.integers(8, 40), st.sampled_from(["left", "right", "ahead"]))
def test_a_mirror_exchanges_left_and_right(x, width, side):
    image = street([((x, 140, x + width, 180), InstanceInfo("car"))])
    other_side = {"left": "right", "right": "left", "ahead": "ahead"}[side]
    here, there = Scene(image), Scene(mirrored(image))
    assert OnSide(side).holds(here, here.things[0]) == OnSide(other_side).holds(there, there.things[0])


def test_a_side_is_never_claimed_of_both_a_picture_and_its_mirror():
    for expression in many(busy_street(), 15, split="train"):
        side = re.search(r"\b(left|right)(?!-?\w| in front| next| by)", expression.text.lower())
        if expression.kind in ("side", "group_side") and side:
            columns = np.nonzero(expression.object_mask)[1]
            centre = float(columns.mean()) / WIDTH
            assert (centre < 0.5) == (side[1] == "left"), expression.text


# Unambiguous or silent


def test_two_cars_make_the_car_ambiguous_and_a_colour_decides():
    image = street(
        [((100, 140, 150, 170), InstanceInfo("car", "red")), ((300, 140, 350, 170), InstanceInfo("car", "white"))]
    )
    scene = Scene(image)
    assert single(scene, Description(term("car"))) is None
    assert single(scene, Description(term("car"), (HasColour("red"),))).key == 1
    assert len(group(scene, Description(term("car")))) == 2


def test_a_doubtful_colour_silences_both_claim_and_denial():
    image = street([((100, 140, 150, 170), InstanceInfo("car", "silver")), ((300, 140, 350, 170), InstanceInfo("car"))])
    scene = Scene(image)
    for colour in ("grey", "white"):
        assert single(scene, Description(term("car"), (HasColour(colour),))) is None
        assert not absent(scene, Description(term("car"), (HasColour(colour),)))


def test_a_merged_row_is_a_group_and_never_one_car():
    image = street([((100, 140, 250, 170), InstanceInfo("car", merged=True))])
    scene = Scene(image)
    assert single(scene, Description(term("car"))) is None
    assert [thing.key for thing in group(scene, Description(term("car")))] == [1]
    assert not absent(scene, Description(term("car"), (), Pick("from_left", 2)))


def test_nearly_equal_sizes_and_distances_decide_nothing():
    cars = [((100, 140, 150, 170), InstanceInfo("car")), ((300, 142, 352, 172), InstanceInfo("car"))]
    scene = Scene(street(cars))
    for by in ("biggest", "smallest", "nearest", "furthest"):
        assert single(scene, Description(term("car"), (), Pick(by))) is None
    assert single(scene, Description(term("car"), (), Pick("from_left", 1))).key == 2


def test_order_counts_from_either_end():
    boxes = [(60 + 90 * i, 140, 110 + 90 * i, 170) for i in range(4)]
    scene = Scene(street([(box, InstanceInfo("car")) for box in boxes]))
    for rank in range(4):
        assert single(scene, Description(term("car"), (), Pick("from_left", rank))).key == 1 + rank
        assert single(scene, Description(term("car"), (), Pick("from_right", rank))).key == 4 - rank
    assert absent(scene, Description(term("car"), (), Pick("from_left", 4)))


def test_what_a_source_cannot_tell_apart_is_not_denied():
    frame = street([((100, 140, 150, 170), InstanceInfo("car"))])
    blind = LabeledImage(
        frame.id, frame.image_rgb, frame.class_map, frame.instance_map, frame.instances, frozenset({"car", "road"})
    )
    assert absent(Scene(frame), Description(term("van")))
    assert not absent(Scene(blind), Description(term("van")))
    assert absent(Scene(street()), Description(term("van")))


def test_much_without_a_class_forbids_denial_but_the_own_bonnet_does_not():
    def denies(rows: slice) -> bool:
        frame = street()
        frame.class_map[rows] = 11
        return absent(Scene(frame), Description(term("car")))

    assert denies(slice(0, 0)) and denies(slice(HEIGHT - 30, HEIGHT))
    assert not denies(slice(100, 130))


def test_next_to_needs_both_nearness_and_like_distance():
    def told(box: tuple[int, int, int, int]) -> bool | None:
        scene = Scene(street([((100, 140, 150, 170), InstanceInfo("car")), (box, InstanceInfo("bicyclist"))]))
        return NextTo(frozenset({"bicyclist"})).holds(scene, scene.of_class("car")[0])

    assert told((160, 135, 175, 171)) is True
    assert told((400, 135, 415, 171)) is False
    assert told((160, 220, 200, 270)) is False


@pytest.mark.parametrize(
    ("asked", "known", "truth"),
    [
        ("wearing a red jacket", ("wearing a red jacket", "walking"), True),
        ("wearing a red jacket", ("wearing a green coat",), False),
        ("wearing a red jacket", ("wearing a red coat",), None),
        ("wearing a red jacket", (), None),
        ("wearing a helmet", ("wearing a red jacket", "walking"), False),
        ("parked", ("driving ahead",), False),
        ("walking", ("crossing the road",), True),
        ("parked", ("SUV",), None),
    ],
)
def test_attributes_exclude_only_what_they_contradict(asked, known, truth):
    assert phrase_holds(asked, known) is truth


def test_an_attribute_claim_needs_the_others_to_be_clear():
    people = [((60, 110, 85, 190), InstanceInfo("pedestrian", attributes=("wearing a red coat",)))]
    claim = Description(term("pedestrian"), (HasAttribute("wearing a red coat"),))
    assert single(Scene(street(people)), claim).key == 1
    people.append(((160, 110, 185, 190), InstanceInfo("pedestrian")))
    assert single(Scene(street(people)), claim) is None


# Negatives, looked at again by other means

NOUNS = {
    "car": "car", "cars": "car", "van": "van", "vans": "van", "truck": "truck", "trucks": "truck", "bus": "bus",
    "buses": "bus", "pedestrian": "pedestrian", "pedestrians": "pedestrian", "cyclist": "bicyclist",
    "cyclists": "bicyclist", "bicyclist": "bicyclist", "cone": "cone", "cones": "cone", "pole": "pole", "post": "pole",
    "sign": "sign", "signs": "sign",
}  # fmt: skip
NOUN = rf"(?:{'|'.join(NOUNS)})"
COLOURS = ("white", "black", "red", "blue", "green", "yellow", "orange", "pink", "purple")


def test_negatives_are_false_by_their_words(busy):
    known = busy_street().instances.values()
    looked_at = Counter()
    for expression in busy:
        words = re.findall(r"[a-z]+", expression.text.lower())
        nouns = [NOUNS[word] for word in words if word in NOUNS]
        if expression.exists or len(nouns) != 1:
            continue
        same = [info for info in known if info.class_name == nouns[0]]
        if expression.kind == "absent_class":
            assert not same, expression.text
        elif expression.kind == "wrong_colour":
            # With a further claim ("the white car on the left") a white car may be elsewhere.
            plain = re.search(rf"(?:^|\b(?:the|that|a|an) )({'|'.join(COLOURS)}) {NOUN}\W*$", expression.text.lower())
            if plain is None:
                continue
            assert all(info.colour != plain[1] for info in same), expression.text
        else:
            continue
        looked_at[expression.kind] += 1
    assert looked_at["absent_class"] > 5 and looked_at["wrong_colour"] > 5


def test_positives_are_true_by_their_words(busy):
    image = busy_street()
    looked_at = Counter()
    for expression in busy:
        if not expression.exists or expression.kind not in ("class", "colour", "attribute", "group", "group_claim"):
            continue
        keys = set(np.unique(image.instance_map[expression.object_mask]).tolist()) - {0}
        words = re.findall(r"[a-z]+", expression.text.lower())
        nouns = {NOUNS[word] for word in words if word in NOUNS}
        told = [colour for colour in COLOURS if colour in words]
        if len(nouns) != 1 or len(told) > 1:
            continue
        same = {key: info for key, info in image.instances.items() if info.class_name in nouns}
        if told and expression.kind == "colour":
            same = {key: info for key, info in same.items() if info.colour == told[0]}
        elif told:
            same = {key: info for key, info in same.items() if any(told[0] in word for word in info.attributes)}
        elif expression.kind not in ("class", "group"):
            continue
        assert keys == set(same), expression.text
        looked_at[expression.kind] += 1
    assert looked_at["class"] > 5 and looked_at["colour"] > 5 and looked_at["attribute"] > 3


def test_absent_classes_of_real_frames_have_no_pixel(real):
    looked_at = 0
    for image in {id(image): image for image, _ in real}.values():
        for expression in many(image, 1, exclude_kinds=set(KINDS) - {"absent_class"}):
            for word in re.findall(r"[a-z]+", expression.text.lower()):
                if word in NOUNS:
                    looked_at += 1
                    assert not (image.class_map == BY_NAME[NOUNS[word]].id).any(), expression.text
    assert looked_at > 5


def test_masks_of_singles_are_whole_instances(busy):
    instances = busy_street().instance_map
    for expression in busy:
        if expression.exists and expression.kind in ("class", "colour", "side", "order", "near", "attribute", "kind"):
            keys = np.unique(instances[expression.object_mask])
            assert len(keys) == 1 and np.array_equal(expression.object_mask, instances == keys[0])


def test_padding_does_not_shift_the_middle():
    image = street([((230, 140, 250, 180), InstanceInfo("car"))])
    wide = np.full((HEIGHT, WIDTH + 200), 11, np.uint8)
    wide[:, 200:] = image.class_map
    instances = np.zeros(wide.shape, np.int32)
    instances[:, 200:] = image.instance_map
    scene = Scene(LabeledImage("pad", np.zeros((*wide.shape, 3), np.uint8), wide, instances, image.instances))
    assert OnSide("ahead").holds(scene, scene.things[0])
