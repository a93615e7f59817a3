"""Names as ROS takes them, checked before a node of that name fails somewhere in the middleware."""

from __future__ import annotations

import re

_MAX_TOPIC_CHARACTERS = 150  # of the middleware's 250 or so; the namespace and what we append need the rest
_TOPIC = re.compile(r"/?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_FRAME = re.compile(r"[^\s/]\S*")


def topic(name: str) -> str:
    """Check the name of a topic, an action or a namespace, and return it.

    Raises:
        ValueError: It is none.
    """
    if not _TOPIC.fullmatch(name):
        raise ValueError(f"'{name}' is not a topic name (letters, digits, '_' and '/', not starting with a digit)")
    if len(name) > _MAX_TOPIC_CHARACTERS:
        raise ValueError(f"'{name[:20]}...' has {len(name)} characters, more than {_MAX_TOPIC_CHARACTERS}")
    return name


def frame(name: str) -> str:
    """Check the name of a tf frame, and return it; tf2 takes no slash before it.

    Raises:
        ValueError: It is none.
    """
    if not _FRAME.fullmatch(name):
        raise ValueError("a frame is named without spaces and without a slash before it, such as base_link")
    return name


def frame_or_none(name: str) -> str:
    """Check the name of a tf frame that may be empty, and return it.

    Raises:
        ValueError: It is none.
    """
    return frame(name) if name else name
