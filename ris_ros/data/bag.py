"""ROS 2 bags (mcap or sqlite3) as serialised messages, without ROS.

Messages stay as the bytes they were recorded as (CDR). All that is read of them is the stamp of the header that every
sensor message begins with, so that images can be played again without being decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ris_ros.errors import DataError, MissingExtraError, first_line

if TYPE_CHECKING:
    from rosbags.rosbag2 import Reader

_NS = 10**9
_STAMP_OFFSET = 4  # after the CDR encapsulation: int32 seconds, uint32 nanoseconds
_STAMP_END = _STAMP_OFFSET + 8


@dataclass(frozen=True, slots=True, eq=False)
class BagMessage:
    """One recorded message.

    Attributes:
        topic: Absolute topic name.
        type: Such as ``sensor_msgs/msg/Image``.
        log_ns: When it was recorded.
        cdr: The serialised message, encapsulation first.
    """

    topic: str
    type: str
    log_ns: int
    cdr: bytes


class Bag:
    """An open bag; made by :func:`open_bag`.

    Attributes:
        topics: Topic -> message type, of everything in the bag.
    """

    def __init__(self, path: Path, reader: Reader) -> None:
        self.path = path
        self._reader = reader
        self.topics: Mapping[str, str] = {c.topic: c.msgtype for c in reader.connections}

    def messages(self, topics: Collection[str]) -> Iterator[BagMessage]:
        """The messages of these topics in the order they were recorded.

        Raises:
            DataError: A message cannot be read.
        """
        wanted = [c for c in self._reader.connections if c.topic in topics]
        if not wanted:
            return
        try:
            for connection, log_ns, cdr in self._reader.messages(wanted):
                yield BagMessage(connection.topic, connection.msgtype, log_ns, bytes(cdr))
        except Exception as error:  # the storages raise whatever their decoders do
            raise _unreadable(self.path, error) from error


@contextmanager
def open_bag(path: Path) -> Iterator[Bag]:
    """Open a bag folder, or a single ``.mcap`` or ``.db3`` file.

    Raises:
        DataError: There is no such bag, or it cannot be read.
        MissingExtraError: ``rosbags`` is not installed.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ImportError:
        raise MissingExtraError("rosbags", "ros") from None
    if not path.exists():
        raise DataError(f"There is no bag at '{path}': give the folder of a ROS 2 bag, or its .mcap or .db3 file.")
    if path.suffix == ".bag":
        raise DataError(f"'{path}' is a ROS 1 bag: convert it with `rosbags-convert --src {path} --dst FOLDER`.")
    try:
        reader = Reader(path)
        reader.open()
    except Exception as error:  # see above
        raise _unreadable(path, error) from error
    try:
        yield Bag(path, reader)
    finally:
        reader.close()


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"The bag '{path}' cannot be read ({first_line(error)}): record or copy it again.")


def header_stamp_ns(cdr: bytes) -> int:
    """The stamp of a serialised message that begins with a ``std_msgs/Header``.

    Raises:
        DataError: The message is shorter than a header.
    """
    if len(cdr) < _STAMP_END:
        raise DataError(f"A message of {len(cdr)} bytes has no header: the bag is damaged.")
    seconds, nanoseconds = struct.unpack_from(_byte_order(cdr) + "iI", cdr, _STAMP_OFFSET)
    return int(seconds) * _NS + int(nanoseconds)


def with_header_stamp(cdr: bytes, stamp_ns: int) -> bytes:
    """The same serialised message under another stamp.

    Raises:
        DataError: The message is shorter than a header.
    """
    if len(cdr) < _STAMP_END:
        raise DataError(f"A message of {len(cdr)} bytes has no header: the bag is damaged.")
    stamp = struct.pack(_byte_order(cdr) + "iI", stamp_ns // _NS, stamp_ns % _NS)
    return cdr[:_STAMP_OFFSET] + stamp + cdr[_STAMP_END:]


def _byte_order(cdr: bytes) -> str:
    return "<" if cdr[1] & 1 else ">"  # CDR_LE and CDR_BE differ in the lowest bit of the encapsulation
