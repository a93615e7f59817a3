"""Camera messages as they came over the wire: their fields are read where they lie, and the pixels are not copied.

The way to a Python message copies the pixels twice more, which takes 0.2 to 0.3 ms of an image of 1280x720.
What is read here is the plain CDR of the OMG's DDS-XTypes 1.3, section 7.4, which every ROS 2 middleware sends.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

from ris_ros.errors import ImageError

_BIG_ENDIAN, _LITTLE_ENDIAN = b"\x00\x00", b"\x00\x01"
_ENCAPSULATION = 4
_MOST_FIELDS = 256


@dataclass(frozen=True, slots=True)
class Stamp:
    """``builtin_interfaces/Time``."""

    sec: int
    nanosec: int


@dataclass(frozen=True, slots=True)
class StampedFrame:
    """``std_msgs/Header``."""

    stamp: Stamp
    frame_id: str


@dataclass(frozen=True, slots=True, eq=False)
class SerializedImage:
    """``sensor_msgs/Image``, its data a view of the message."""

    header: StampedFrame
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


@dataclass(frozen=True, slots=True, eq=False)
class SerializedCompressedImage:
    """``sensor_msgs/CompressedImage``, its data a view of the message."""

    header: StampedFrame
    format: str
    data: memoryview


@dataclass(frozen=True, slots=True)
class SerializedField:
    """``sensor_msgs/PointField``."""

    name: str
    offset: int
    datatype: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class SerializedCloud:
    """``sensor_msgs/PointCloud2``, its data a view of the message."""

    header: StampedFrame
    height: int
    width: int
    fields: tuple[SerializedField, ...]
    is_bigendian: int
    point_step: int
    row_step: int
    data: memoryview


CameraMessage = Image | CompressedImage | SerializedImage | SerializedCompressedImage


def read_image(message: bytes) -> Any:
    """The fields of a serialised ``sensor_msgs/Image``.

    Raises:
        ImageError: It is truncated or damaged.
    """
    if not _is_plain(message):
        return _read_by_middleware(message, Image)
    reader = _Reader(message)
    header = reader.header()
    height, width, encoding = reader.number(), reader.number(), reader.text()
    return SerializedImage(header, height, width, encoding, reader.octet(), reader.number(), reader.octets())


def read_compressed_image(message: bytes) -> Any:
    """The fields of a serialised ``sensor_msgs/CompressedImage``.

    Raises:
        ImageError: It is truncated or damaged.
    """
    if not _is_plain(message):
        return _read_by_middleware(message, CompressedImage)
    reader = _Reader(message)
    return SerializedCompressedImage(reader.header(), reader.text(), reader.octets())


def read_cloud(message: bytes) -> Any:
    """The fields of a serialised ``sensor_msgs/PointCloud2``.

    Raises:
        ImageError: It is truncated or damaged.
    """
    if not _is_plain(message):
        return _read_by_middleware(message, PointCloud2)
    reader = _Reader(message)
    header, height, width = reader.header(), reader.number(), reader.number()
    count = reader.number()
    if count > _MOST_FIELDS:
        raise _damaged(message)
    fields = tuple(
        SerializedField(reader.text(), reader.number(), reader.octet(), reader.number()) for _ in range(count)
    )
    steps = reader.octet(), reader.number(), reader.number()
    return SerializedCloud(header, height, width, fields, *steps, reader.octets())


def _is_plain(message: bytes) -> bool:
    return message[:2] in (_BIG_ENDIAN, _LITTLE_ENDIAN)


def _read_by_middleware(message: bytes, kind: type) -> Any:
    try:
        return deserialize_message(message, kind)
    except RuntimeError:  # the base of its errors, which have no public name
        raise _damaged(message) from None


def _damaged(message: bytes) -> ImageError:
    return ImageError(f"A message of {len(message)} bytes is truncated or damaged: check the publisher.")


class _Reader:
    """Reads a message in plain CDR from its beginning, field by field; what does not fit into it is an ImageError."""

    def __init__(self, message: bytes) -> None:
        self._order = "<" if message[:2] == _LITTLE_ENDIAN else ">"
        self._message = message
        self._view = memoryview(message)[_ENCAPSULATION:]
        self._at = 0

    def header(self) -> StampedFrame:
        (seconds,) = self._take("i", 4)
        return StampedFrame(Stamp(seconds, self.number()), self.text())

    def number(self) -> int:
        return int(self._take("I", 4)[0])

    def octet(self) -> int:
        return int(self._take("B", 1)[0])

    def text(self) -> str:
        return bytes(self._octets(self.number())).rstrip(b"\0").decode(errors="replace")

    def octets(self) -> memoryview:
        """A sequence of octets."""
        return self._octets(self.number())

    def _take(self, form: str, size: int) -> tuple[Any, ...]:
        start = -(-self._at // size) * size  # numbers lie at multiples of their size
        self._at = start + size
        try:
            return struct.unpack_from(self._order + form, self._view, start)
        except struct.error:
            raise _damaged(self._message) from None

    def _octets(self, count: int) -> memoryview:
        octets = self._view[self._at : self._at + count]
        if len(octets) != count:
            raise _damaged(self._message)
        self._at += count
        return octets
