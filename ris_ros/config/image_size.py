"""Image sizes as people state them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_MAX_SIDE_PX = 8192


def stated_size(text: str) -> tuple[int, int] | None:
    """(width, height) that a text such as ``512x288`` states; None of an empty one.

    Raises:
        ValueError: It states no size.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= side <= _MAX_SIDE_PX for side in size):
        raise ValueError("must be WIDTHxHEIGHT in pixels, such as 512x288")
    return size


def _size(value: Any) -> Any:
    return stated_size(value) if isinstance(value, str) else value


SizePx = Annotated[tuple[int, int] | None, BeforeValidator(_size)]
