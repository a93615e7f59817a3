"""A serialised camera message holds what the middleware's own reading of it gives."""

from __future__ import annotations

import array
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="rclpy cannot be imported: run `make setup`")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image, PointCloud2, PointField
from std_msgs.msg import Header

from ris_ros.errors import ImageError
from ris_ros.ros.convert import image_size_px, to_frame
from ris_ros.ros.serialized import SerializedImage, read_cloud, read_compressed_image, read_image

LIMIT = 1_000_000
unsigned = st.integers(0, 2**32 - 1)
# A NUL would end a string of C; half surrogates cannot be sent.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def header(sec: int, nanosec: int, frame_id: str) -> Header:
    stamped = Header(frame_id=frame_id)
    stamped.stamp.sec, stamped.stamp.nanosec = sec, nanosec
    return stamped


headers = st.builds(header, st.integers(-(2**31), 2**31 - 1), unsigned, texts)


@settings(deadline=None)
@given(headers, unsigned, unsigned, texts, st.integers(0, 255), unsigned, st.binary(max_size=40))
def test_every_field_of_an_image_is_read(
    stamped: Header, height: int, width: int, encoding: str, is_bigendian: int, step: int, data: bytes
) -> None:
    message = Image(header=stamped, height=height, width=width, encoding=encoding, is_bigendian=is_bigendian, step=step)
    message.data = array.array("B", data)
    read = read_image(serialize_message(message))
    assert isinstance(read, SerializedImage)
    assert (read.header.stamp.sec, read.header.stamp.nanosec) == (stamped.stamp.sec, stamped.stamp.nanosec)
    assert (read.header.frame_id, read.encoding) == (stamped.frame_id, encoding)
    assert (read.height, read.width, read.is_bigendian, read.step) == (height, width, is_bigendian, step)
    assert bytes(read.data) == data


fields = st.builds(PointField, name=texts, offset=unsigned, datatype=st.integers(0, 255), count=unsigned)


@settings(deadline=None)
@given(headers, unsigned, unsigned, st.lists(fields, max_size=5), st.booleans(), unsigned, st.binary(max_size=40))
def test_every_field_of_a_cloud_is_read(
    stamped: Header, height: int, width: int, some: list[PointField], is_bigendian: bool, step: int, data: bytes
) -> None:
    message = PointCloud2(header=stamped, height=height, width=width, fields=some, is_bigendian=is_bigendian)
    message.point_step, message.row_step, message.data = step, step, array.array("B", data)
    read = read_cloud(serialize_message(message))
    assert (read.header.stamp.sec, read.header.stamp.nanosec) == (stamped.stamp.sec, stamped.stamp.nanosec)
    assert (read.header.frame_id, read.height, read.width) == (stamped.frame_id, height, width)
    assert [(one.name, one.offset, one.datatype, one.count) for one in read.fields] == [
        (one.name, one.offset, one.datatype, one.count) for one in some
    ]
    assert (bool(read.is_bigendian), read.point_step, read.row_step) == (is_bigendian, step, step)
    assert bytes(read.data) == data


@settings(deadline=None)
@given(headers, texts, st.binary(max_size=40))
def test_every_field_of_a_compressed_image_is_read(stamped: Header, format_: str, data: bytes) -> None:
    message = CompressedImage(header=stamped, format=format_)
    message.data = array.array("B", data)
    read = read_compressed_image(serialize_message(message))
    assert (read.header.stamp.sec, read.header.stamp.nanosec) == (stamped.stamp.sec, stamped.stamp.nanosec)
    assert (read.header.frame_id, read.format, bytes(read.data)) == (stamped.frame_id, format_, data)


def picture() -> Image:
    message = Image(header=header(3, 4, "optical"), height=4, width=6, encoding="rgb8", step=18)
    message.data = array.array("B", range(72))
    return message


def big_endian(message: Image) -> bytes:
    """Written by hand: no machine at hand would."""
    frame_id, encoding = (text.encode() + b"\0" for text in (message.header.frame_id, message.encoding))
    stamp = message.header.stamp
    parts: list[Any] = [struct.pack(">iII", stamp.sec, stamp.nanosec, len(frame_id)), frame_id]
    written = b"".join(parts)
    written += bytes(-len(written) % 4) + struct.pack(">III", message.height, message.width, len(encoding)) + encoding
    written += bytes([message.is_bigendian])
    written += bytes(-len(written) % 4) + struct.pack(">II", message.step, len(message.data)) + bytes(message.data)
    return b"\0\0\0\0" + written


def test_the_order_of_bytes_is_the_senders() -> None:
    read = read_image(big_endian(picture()))
    assert (read.header.stamp.sec, read.header.frame_id, read.encoding) == (3, "optical", "rgb8")
    assert (read.height, read.width, read.step, bytes(read.data)) == (4, 6, 18, bytes(range(72)))


def test_pixels_are_a_view_and_the_frame_is_that_of_the_message() -> None:
    serialized = serialize_message(picture())
    read = read_image(serialized)
    assert np.shares_memory(np.frombuffer(read.data, np.uint8), np.frombuffer(serialized, np.uint8))
    one, other = (to_frame("camera", message, LIMIT) for message in (read, picture()))
    assert image_size_px(read) == one.size_px == other.size_px == (6, 4)
    assert (one.stamp_ns, one.frame_id) == (other.stamp_ns, other.frame_id) == (3_000_000_004, "optical")
    assert np.array_equal(one.image_rgb, other.image_rgb)


@pytest.mark.parametrize("start", [b"", b"\0\0\0\0", b"\0\1\0\0", b"\0\7\0\0", b"\7\7\7\7"])
@given(rest=st.binary(max_size=80))
def test_any_bytes_are_a_message_or_an_image_error(start: bytes, rest: bytes) -> None:
    """Those in another writing are left to the middleware."""
    for read in (read_image, read_compressed_image):
        try:
            message = read(start + rest)
        except ImageError as error:
            assert str(error).endswith(".")
        else:
            assert bytes(message.data) in start + rest


@given(st.integers(0, 10**9), st.booleans())
def test_a_message_that_is_cut_off_is_refused(at: int, big: bool) -> None:
    whole = big_endian(picture()) if big else serialize_message(picture())
    end = len(whole) if big else whole.index(bytes(range(72))) + 72  # padding may follow
    with pytest.raises(ImageError, match="truncated"):
        read_image(whole[: at % end])


def test_a_frame_id_in_another_alphabet_is_no_reason_to_refuse_an_image() -> None:
    read = read_image(big_endian(picture()).replace(b"optical", b"opt\xe9que"))
    assert (read.header.frame_id, bytes(read.data)) == ("opt\ufffdque", bytes(range(72)))
