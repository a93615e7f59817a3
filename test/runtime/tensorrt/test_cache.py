"""Engines are code: what another could have written or changed is never loaded."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.errors import BackendError
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.tensorrt.cache import MOST_ENTRIES, RECORD, BuiltEngine, EngineCache, EngineKey

KEY = EngineKey("ab", "10.3.0", "Orin", "8.7", "fp16", "96x64, 1 to 6 cameras", "workspace auto")
ENGINE = BuiltEngine({"vision": b"see" * 50, "ground": b"say" * 70}, {"cameras": 2}, {"seconds": 12.5})


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    made = EngineCache(tmp_path / "ris_ros" / "tensorrt")
    made.store(KEY, ENGINE)
    return made


def entry(cache: EngineCache) -> Path:
    return cache.folder / KEY.digest


def test_what_is_stored_comes_back(cache: EngineCache) -> None:
    found = cache.load(KEY)
    assert found is not None
    assert (found.plans, found.settings, found.report) == (ENGINE.plans, ENGINE.settings, ENGINE.report)
    assert cache.stored() == [(KEY, ENGINE.settings)]
    assert cache.why_absent(dataclasses.replace(KEY, gpu="Xavier")) != ""
    assert [path.name for path in cache.folder.iterdir()] == [KEY.digest], "nothing of the writing is left"


def test_nobody_else_can_read_or_write(cache: EngineCache) -> None:
    for path in (cache.folder, *cache.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@given(other=st.fixed_dictionaries({field.name: st.text(max_size=4) for field in dataclasses.fields(EngineKey)}))
def test_another_key_is_another_engine(other: dict[str, str]) -> None:
    key = EngineKey(**other)
    assert (key.digest == KEY.digest) == (key == KEY)


@given(place=st.integers(0, 149), flip=st.integers(1, 255), name=st.sampled_from(["vision.plan", "ground.plan"]))
def test_a_plan_with_any_byte_changed_is_not_loaded(place: int, flip: int, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = EngineCache(Path(folder) / "c")
        cache.store(KEY, ENGINE)
        content = bytearray((entry(cache) / name).read_bytes())
        content[place] ^= flip
        (entry(cache) / name).write_bytes(content)
        assert cache.load(KEY) is None


@given(
    junk=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: json.dumps({"key": text}).encode()))
)
def test_a_record_that_is_none_is_not_loaded(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = EngineCache(Path(folder) / "c")
        cache.store(KEY, ENGINE)
        (entry(cache) / RECORD).write_bytes(junk)
        assert cache.load(KEY) is None
        assert "damaged" in cache.why_absent(KEY)


def move_entry(cache: EngineCache) -> None:
    entry(cache).rename(cache.folder / "moved")
    (cache.folder / KEY.digest).symlink_to(cache.folder / "moved")


def link_plan(cache: EngineCache) -> None:
    plan = entry(cache) / "vision.plan"
    plan.rename(cache.folder / "elsewhere")
    plan.symlink_to(cache.folder / "elsewhere")


def pipe_plan(cache: EngineCache) -> None:
    (entry(cache) / "vision.plan").unlink()
    os.mkfifo(entry(cache) / "vision.plan", 0o600)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cache: cache.folder.chmod(0o770),
        lambda cache: cache.folder.chmod(0o707),
        lambda cache: entry(cache).chmod(0o750),
        lambda cache: (entry(cache) / RECORD).chmod(0o640),
        lambda cache: (entry(cache) / "ground.plan").chmod(0o602),
        lambda cache: (entry(cache) / "ground.plan").unlink(),
        move_entry,
        link_plan,
        pipe_plan,
    ],
)
def test_what_is_open_to_others_or_no_plain_file_is_not_loaded(
    cache: EngineCache, spoil: Callable[[EngineCache], None]
) -> None:
    spoil(cache)
    assert cache.load(KEY) is None


def test_what_another_user_owns_is_not_loaded(cache: EngineCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load(KEY) is None
    with pytest.raises(BackendError, match="not a folder of this user"):
        cache.store(KEY, ENGINE)


def test_an_entry_under_another_keys_name_is_not_loaded(cache: EngineCache) -> None:
    other = dataclasses.replace(KEY, tensorrt="10.7.0")
    entry(cache).rename(cache.folder / other.digest)
    assert cache.load(other) is None


def test_a_folder_of_ours_that_was_open_is_taken_back_empty(cache: EngineCache) -> None:
    cache.folder.chmod(0o777)
    other = dataclasses.replace(KEY, precision="fp32")
    cache.store(other, ENGINE)
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert cache.load(other) is not None
    assert cache.load(KEY) is None, "anybody could have put it there"


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(BackendError, match="not a folder of this user"):
        EngineCache(tmp_path / "link").store(KEY, ENGINE)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="set XDG_CACHE_HOME"):
        EngineCache(tmp_path / "file" / "c").store(KEY, ENGINE)


def test_storing_again_replaces(cache: EngineCache) -> None:
    cache.store(KEY, BuiltEngine({"vision": b"a", "ground": b"b"}, {}, {}))
    found = cache.load(KEY)
    assert found is not None and found.plans["vision"] == b"a"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tensorrt": "10.7.0"}, "TensorRT 10.3.0, not 10.7.0"),
        ({"gpu": "Xavier"}, "GPU Orin, not Xavier"),
        ({"graphs_sha256": "cd"}, "another model"),
    ],
)
def test_one_sentence_says_what_differs(cache: EngineCache, change: dict[str, str], said: str) -> None:
    sentence = cache.why_absent(dataclasses.replace(KEY, **change))
    assert said in sentence and sentence.startswith("the nearest in the cache is for")


def test_an_empty_cache_has_nothing_to_say(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "none")
    assert (cache.load(KEY), cache.why_absent(KEY), cache.earlier_seconds(KEY)) == (None, "", None)


def test_the_time_of_an_earlier_build_is_known(cache: EngineCache) -> None:
    assert cache.earlier_seconds(dataclasses.replace(KEY, tensorrt="10.7.0")) == 12.5
    assert cache.earlier_seconds(dataclasses.replace(KEY, gpu="Xavier")) is None


def test_the_timing_cache_is_kept_as_carefully(cache: EngineCache) -> None:
    cache.write_timing(KEY, b"measured")
    assert cache.read_timing(KEY) == b"measured"
    assert cache.read_timing(dataclasses.replace(KEY, tensorrt="11.0")) == b""
    (timing,) = cache.folder.glob("timing-*")
    timing.chmod(0o644)
    assert cache.read_timing(KEY) == b""


def test_what_was_used_longest_ago_and_what_a_killed_build_left_make_room(cache: EngineCache) -> None:
    (cache.folder / ".half-written").mkdir()
    for path in cache.folder.iterdir():
        os.utime(path, (1000, 1000))
    assert cache.load(KEY) is not None  # which makes it the one used last
    for number in range(MOST_ENTRIES - 1):
        cache.store(dataclasses.replace(KEY, gpu=str(number)), ENGINE)
    assert len(list(cache.folder.iterdir())) == MOST_ENTRIES
    assert not (cache.folder / ".half-written").exists()
    assert cache.load(KEY) is not None


def test_the_folder_is_the_users() -> None:
    assert cache_folder("tensorrt", {"XDG_CACHE_HOME": "/x"}) == Path("/x/ris_ros/tensorrt")
    for environ in ({}, {"XDG_CACHE_HOME": "relative"}):
        assert cache_folder("tensorrt", environ) == Path.home() / ".cache" / "ris_ros" / "tensorrt"
