from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ris_ros.runtime.openvino import cache as cache_module
from ris_ros.runtime.openvino.cache import ModelCache

KEY, OTHER = {"graph": "a", "shapes": "[1]"}, {"graph": "a", "shapes": "[2]"}
CONTENT = b"compiled" * 100


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    cache = ModelCache(tmp_path / "ris_ros" / "openvino")
    cache.store(KEY, CONTENT)
    return cache


def files(cache: ModelCache) -> list[Path]:
    return sorted(cache.folder.iterdir())


def test_what_is_kept_comes_back_private_and_under_its_key_only(cache: ModelCache) -> None:
    assert cache.load(KEY) == CONTENT
    assert cache.load(OTHER) is None
    assert cache.trouble == ""
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(cache)] == [0o600]


def test_a_key_keeps_what_was_stored_last(cache: ModelCache) -> None:
    cache.store(KEY, b"another")
    assert cache.load(KEY) == b"another"
    assert len(files(cache)) == 1


def alter(cache: ModelCache) -> None:
    (path,) = files(cache)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut(cache: ModelCache) -> None:
    (path,) = files(cache)
    os.truncate(path, 20)


def take_for_another(cache: ModelCache) -> None:
    (path,) = files(cache)
    cache.store(OTHER, b"other")
    (other,) = set(files(cache)) - {path}
    other.replace(path)


def link(cache: ModelCache) -> None:
    (path,) = files(cache)
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


@pytest.mark.parametrize(
    "spoil",
    [
        alter,
        cut,
        take_for_another,
        link,
        lambda cache: files(cache)[0].chmod(0o640),
        lambda cache: files(cache)[0].chmod(0o602),
        lambda cache: cache.folder.chmod(0o750),
    ],
)
def test_what_is_altered_or_open_to_others_is_not_loaded(
    cache: ModelCache, spoil: Callable[[ModelCache], None]
) -> None:
    spoil(cache)
    assert cache.load(KEY) is None


def test_what_another_user_owns_is_neither_loaded_nor_replaced(
    cache: ModelCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load(KEY) is None
    cache.store(OTHER, CONTENT)
    assert len(files(cache)) == 1
    theirs = ModelCache(cache.folder)
    assert "not a folder of this user" in theirs.trouble
    assert len(caplog.records) == 1


def test_a_folder_that_cannot_be_made_costs_one_line_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = ModelCache(tmp_path / "file" / "openvino")
    cache.store(KEY, CONTENT)
    assert cache.load(KEY) is None
    assert "set XDG_CACHE_HOME" in cache.trouble
    assert len(caplog.records) == 1


def test_a_full_disk_ends_the_keeping(
    cache: ModelCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module, "replace_private", full)
    cache.store(OTHER, CONTENT)
    cache.store(OTHER, CONTENT)
    assert "No space left" in cache.trouble
    assert len(caplog.records) == 1
    assert cache.load(KEY) == CONTENT


def test_what_was_used_longest_ago_makes_room(cache: ModelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    (old,) = files(cache)
    cache.store(OTHER, CONTENT)
    for path, age in zip([old, *(set(files(cache)) - {old})], (1000, 2000), strict=True):
        os.utime(path, (age, age))
    assert cache.load(KEY) == CONTENT  # which makes it the one used last
    monkeypatch.setattr(cache_module, "MAX_BYTES", 2 * len(CONTENT) + 100)
    killed = cache.folder / ".half-written"
    killed.write_bytes(CONTENT)
    os.utime(killed, (500, 500))
    cache.store({"graph": "b"}, CONTENT)
    assert (cache.load(KEY), cache.load(OTHER), cache.load({"graph": "b"})) == (CONTENT, None, CONTENT)
    assert not killed.exists()
