from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, Field

from ris_ros.config.strict import Settings, load_settings, parse_settings
from ris_ros.errors import ConfigError


def _never(value: list[int]) -> list[int]:
    raise ValueError("no list will do")


class Inner(Settings):
    deep: int = Field(1, ge=0)


class Sample(Settings):
    count: int = 3
    inner: Inner = Inner()
    never: Annotated[list[int], AfterValidator(_never)] | None = None


def load(tmp_path: Path, text: str | bytes) -> Sample:
    path = tmp_path / "settings.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(Sample, path)


def test_what_is_written_is_read_and_the_rest_has_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "inner: {deep: 5}").inner.deep == 5
    assert load(tmp_path, "") == Sample()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("count: 1\ncount: 2", "'count' stands twice"),
        ("inner: {deep: 1, deep: 1}", "'deep' stands twice"),
        ("other: 1", "unknown key 'other'"),
        ("inner: {deep: -1}", r"'inner\.deep' is -1"),
        ("- 1", "not a list"),
        ("{{{", "not YAML"),
        ("count: 2026-99-99", "not YAML"),
        (b"\xff\xfe", "not YAML"),
        ("[" * 5000, "not YAML"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str | bytes, named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        load(tmp_path, text)
    assert "settings.yaml" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="check the path"):
        load_settings(Sample, tmp_path / "none.yaml")


def test_a_long_value_is_not_shown_whole() -> None:
    with pytest.raises(ConfigError, match="no list will do") as caught:
        parse_settings(Sample, {"never": list(range(10_000))}, "here")
    assert len(str(caught.value)) < 300
    assert "value error" not in str(caught.value).lower()
