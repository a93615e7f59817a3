"""Words of place: mirroring is its own inverse, and what leans on the whole picture is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.data.place_words import depends_on_frame, mirrored_text

WORDS = st.sampled_from(
    ["the", "car", "left", "right", "Left", "RIGHT", "leftmost", "right-hand", "lane", "behind", "now", "of", "bus"]
)


@given(st.lists(WORDS, min_size=1, max_size=10))
def test_mirroring_twice_changes_nothing(words: list[str]) -> None:
    text = " ".join(words)
    assert mirrored_text(mirrored_text(text)) == text


@pytest.mark.parametrize(
    ("said", "mirrored"),
    [
        ("the car on the left", "the car on the right"),
        ("Right lane, then the left-hand shop", "Left lane, then the right-hand shop"),
        ("the rightmost cyclist", "the leftmost cyclist"),
        ("stop right behind the van on the right", "stop right behind the van on the left"),
        ("the man right in front of us", "the man right in front of us"),
        ("turn right", "turn left"),
        ("a bright light", "a bright light"),
    ],
)
def test_mirroring_swaps_sides_and_nothing_else(said: str, mirrored: str) -> None:
    assert mirrored_text(said) == mirrored


@pytest.mark.parametrize("text", ["second car from the left", "the nearest van", "the only bus", "both cyclists"])
def test_order_side_and_distance_depend_on_the_frame(text: str) -> None:
    assert depends_on_frame(text)


@pytest.mark.parametrize("text", ["the woman in the red coat", "silver estate coming towards us", "traffic light"])
def test_looks_do_not_depend_on_the_frame(text: str) -> None:
    assert not depends_on_frame(text)
