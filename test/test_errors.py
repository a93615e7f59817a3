from __future__ import annotations

import pytest

from ris_ros.errors import DataError, MissingExtraError, RisError, first_line


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("no device.\nsecond line"), "no device"),
        (RuntimeError("\n  broken\n"), "broken"),
        (ValueError(), "ValueError"),
        (ValueError("  \n"), "ValueError"),
    ],
)
def test_a_foreign_exception_fits_into_a_sentence(error: Exception, said: str) -> None:
    assert first_line(error) == said


def test_a_missing_extra_names_what_brings_it() -> None:
    error = MissingExtraError("torch", "train")
    assert isinstance(error, RisError) and not isinstance(error, DataError)
    assert "'torch'" in str(error) and "'.[train]'" in str(error)
