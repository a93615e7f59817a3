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
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from ris_ros.ros.convert import image_size_px, to_frame
from ris_ros.ros.serialized import SerializedImage, read_compressed_image, read_image

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


@given(st.binary(max_size=60), st.booleans())
def test_what_is_not_written_so_is_left_to_the_middleware(rest: bytes, known: bool) -> None:
    """It may refuse the message, in its own words; nothing else comes out."""
    for read, kind in ((read_image, Image), (read_compressed_image, CompressedImage)):
        serialized = (b"\0\1\0\0" if known else b"\0\7\0\0") + rest
        try:
            message = read(serialized)
        except RuntimeError:
            continue
        assert bytes(message.data) in rest or isinstance(message, kind)
