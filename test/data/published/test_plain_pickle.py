"""Pickles of data are read, pickles that would run something are not."""

from __future__ import annotations

import collections
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_sets import python2_pickle

from ris_ros.data.published.plain_pickle import read_plain_pickle
from ris_ros.errors import DataError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=12,
)


class Runs:
    """Whoever unpickles this without care makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return os.mkdir, (str(self._path),)


@given(value=PLAIN, protocol=st.integers(0, 4))
def test_plain_values_come_back(value, protocol, tmp_path_factory):
    path = tmp_path_factory.mktemp("pickle") / "refs.p"
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_plain_pickle(path) == value


def test_python_2_byte_strings_are_latin_1(tmp_path):
    (tmp_path / "refs.p").write_bytes(python2_pickle([{b"sent": b"caf\xe9 on the left", "raw": "x", b"ids": [1, 2]}]))
    assert read_plain_pickle(tmp_path / "refs.p") == [{"sent": "café on the left", "raw": "x", "ids": [1, 2]}]


@pytest.mark.parametrize("protocol", range(5))
def test_nothing_is_run(tmp_path, protocol):
    (tmp_path / "refs.p").write_bytes(pickle.dumps([Runs(tmp_path / "made")], protocol))
    with pytest.raises(DataError, match=r"plain lists and dicts \(it holds .*mkdir"):
        read_plain_pickle(tmp_path / "refs.p")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("value", [collections.OrderedDict(a=1), {1, 2}, range(3), Path("x")])
def test_other_objects_are_refused(tmp_path, value):
    (tmp_path / "refs.p").write_bytes(pickle.dumps(value, 2))
    with pytest.raises(DataError, match="get it again"):
        read_plain_pickle(tmp_path / "refs.p")


@given(st.binary(max_size=40))
def test_damage_is_a_data_error_or_a_plain_value(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("pickle") / "refs.p"
    path.write_bytes(content)
    try:
        read_plain_pickle(path)
    except DataError as error:
        assert "refs.p" in str(error)
