"""Settings of TensorRT engines: what they are built for."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ris_ros.config.strict import Settings

Precision = Literal["auto", "fp32", "fp16", "int8"]
MAX_CAMERAS = 6
MAX_COMMANDS = 16
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


class TensorRtSettings(Settings):
    """How an engine is built; another value of any of these is another engine."""

    precision: Precision = Field(
        default="auto", description="Arithmetic: auto (fp16), fp32, fp16, or int8 (calibrated)."
    )
    size_px: SizePx = Field(
        default=None,
        description="Width and height of the network's input, multiples of 32; none takes the bundle's largest.",
    )
    cameras: int = Field(default=MAX_CAMERAS, ge=1, le=64, description="Images that are looked at together, at most.")
    commands: int = Field(
        default=MAX_COMMANDS, ge=1, le=256, description="Commands answered together, at most; more go by turns."
    )
    workspace_mib: int | None = Field(
        default=None, ge=1, le=65536, description="Scratch memory of a build, MiB; none takes what is free."
    )
    dla: int | None = Field(
        default=None, ge=0, le=7, description="DLA core for the vision engine (fp16, up to 10.7); none takes the GPU."
    )
