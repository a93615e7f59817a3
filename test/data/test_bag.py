"""Bags as serialised messages: topics, order, stamps in place, and refusals in one sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.data.bag import header_stamp_ns, open_bag, with_header_stamp
from ris_ros.errors import DataError

pytest.importorskip("rosbags")

stamps_ns = st.integers(min_value=-(2**31) * 10**9, max_value=(2**31 - 1) * 10**9 + 999_999_999)


def serialised(stamp_ns: int, *, little: bool, body: bytes) -> bytes:
    order = "<" if little else ">"
    return bytes([0, int(little), 0, 0]) + struct.pack(order + "iI", *divmod(stamp_ns, 10**9)) + body


@given(old=stamps_ns, new=stamps_ns, little=st.booleans(), body=st.binary(max_size=40))
def test_only_the_stamp_changes(old: int, new: int, little: bool, body: bytes) -> None:
    restamped = with_header_stamp(serialised(old, little=little, body=body), new)

    assert restamped == serialised(new, little=little, body=body)
    assert header_stamp_ns(restamped) == new


@pytest.mark.parametrize("cdr", [b"", b"\x00\x01\x00\x00", b"\x00\x01\x00\x00" + bytes(7)])
def test_a_message_too_short_for_a_header_is_refused(cdr: bytes) -> None:
    with pytest.raises(DataError, match="no header"):
        header_stamp_ns(cdr)
    with pytest.raises(DataError, match="no header"):
        with_header_stamp(cdr, 1)


def test_a_missing_bag_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no bag"), open_bag(tmp_path / "absent"):
        pass


def test_a_ros1_bag_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    old = tmp_path / "drive.bag"
    old.write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(DataError, match="rosbags-convert"), open_bag(old):
        pass


@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3", "drive.txt"])
def test_a_file_that_is_no_bag_is_refused_by_name(tmp_path: Path, name: str) -> None:
    broken = tmp_path / name
    broken.write_bytes(b"not a bag at all")
    with pytest.raises(DataError, match=name), open_bag(broken) as bag:
        list(bag.messages(list(bag.topics)))


def test_a_folder_without_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"), open_bag(tmp_path):
        pass
