"""Colour words: of painted rectangles, and the law that likeness is mutual."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ris_ros.data.colours import COLOURS, body_colour, clothes_colour, colours_differ, ruled_out_colours

ROAD = 100.0
WORDS = st.sampled_from(COLOURS)


def car(body: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A box with dark windows above, the body in the middle and dark tyres below."""
    crop = np.full((60, 80, 3), 20, np.uint8)
    crop[18:48] = body
    return crop, np.ones((60, 80), np.bool_)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ((200, 20, 25), "red"),
        ((20, 60, 200), "blue"),
        ((30, 140, 50), "green"),
        ((210, 190, 30), "yellow"),
        ((25, 25, 25), "black"),
        ((240, 240, 240), "white"),
        ((110, 115, 122), "silver"),
        ((85, 85, 85), None),
        ((150, 90, 150), None),
    ],
)
def test_a_plain_car_has_its_colour_or_none(body, word):
    assert body_colour(*car(body), ROAD) == word


@pytest.mark.parametrize(
    ("body", "possible"),
    [
        ((200, 20, 25), {"red"}),
        ((20, 60, 200), {"blue"}),
        ((30, 140, 50), {"green"}),
        ((210, 190, 30), {"yellow"}),
        ((25, 25, 25), {"black"}),
        ((240, 240, 240), {"white"}),
        ((90, 70, 50), {"orange", "brown"}),
    ],
)
def test_only_colours_that_nothing_of_a_car_shows_are_ruled_out(body, possible):
    out = ruled_out_colours(*car(body), ROAD)
    assert not out & possible and len(out) >= 4
    assert not ruled_out_colours(*car(body), 30.0)


@given(st.tuples(*[st.integers(0, 255)] * 3))
@example((0, 36, 0))
def test_the_colour_that_is_told_is_never_ruled_out(body):
    assert body_colour(*car(body), ROAD) not in ruled_out_colours(*car(body), ROAD)


def test_dusk_tells_red_and_little_else():
    assert body_colour(*car((200, 20, 25)), 30.0) == "red"
    assert body_colour(*car((25, 25, 25)), 30.0) is None
    assert body_colour(*car((20, 60, 200)), 30.0) is None


def test_too_few_pixels_have_no_colour():
    crop, inside = car((200, 20, 25))
    assert body_colour(crop[:8, :12], inside[:8, :12], ROAD) is None
    assert clothes_colour(crop[:8, :4], inside[:8, :4], ROAD) is None


def test_pixels_beside_the_car_do_not_count():
    crop, inside = car((200, 20, 25))
    inside[:, 30:] = False
    crop[:, 30:] = (20, 60, 200)
    assert body_colour(crop, inside, ROAD) == "red"


@pytest.mark.parametrize(
    ("top", "word"),
    [((190, 30, 40), "red"), ((25, 25, 25), "black"), ((230, 230, 230), "white"), ((100, 100, 102), "grey")],
)
def test_clothes_are_read_between_neck_and_hips(top, word):
    crop = np.full((100, 30, 3), (90, 60, 200), np.uint8)
    crop[20:45] = top
    assert clothes_colour(crop, np.ones((100, 30), np.bool_), ROAD) == word


@given(WORDS, WORDS)
def test_difference_is_mutual_and_never_of_itself(one, other):
    assert colours_differ(one, other) == colours_differ(other, one)
    assert not colours_differ(one, one)


def test_what_people_mix_up_does_not_differ():
    assert not colours_differ("silver", "grey") and not colours_differ("white", "silver")
    assert colours_differ("red", "blue") and colours_differ("white", "black")
