from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.errors import CommandError
from ris_ros.language.utterance import MAX_CHARACTERS, clean


@given(st.text(max_size=300))
def test_any_string_is_cleaned_or_refused_and_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        cleaned = clean(text)
    except CommandError:
        return
    assert 1 <= len(cleaned) <= MAX_CHARACTERS
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert not any(unicodedata.category(character).startswith("C") for character in cleaned)


@given(
    st.lists(
        st.from_regex(r"[a-zA-Z0-9,.'?!]+", fullmatch=True).filter(lambda w: any(c.isalnum() for c in w)), min_size=1
    )
)
def test_plain_words_pass_unchanged(words: list[str]) -> None:
    text = " ".join(words)
    if len(text) <= MAX_CHARACTERS:
        assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  park\tbehind\n\nthe  van ", "park behind the van"),
        ("the\u00a0red\u2003car", "the red car"),
        ("ｔｈｅ ｂｕｓ", "the bus"),
        ("the bus 🚌 ahead 🙂", "the bus ahead"),
        ("the\x00red\x1b[31mcar", "the red [31mcar"),
        ("the ze\u200bbra", "the zebra"),
        ("cafe\u200d\u0301 on the left", "café on the left"),
        ("das blaue Auto", "das blaue Auto"),
    ],
)
def test_what_cannot_be_read_aloud_goes(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "🚗🚗", "?!...", "\u200d\ufe0f"])
def test_nothing_readable_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CommandError, match="the red car"):
        clean(text)


@pytest.mark.parametrize("text", ["a" * 10_000, "\ufdfa" * 999])
def test_a_text_too_long_as_written_or_once_folded_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="at most 1000"):
        clean(text)
