"""Settings of TensorRT engines: what they are built for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ris_ros.config.image_size import SizePx
from ris_ros.config.strict import Settings

EnginePrecision = Literal["fp32", "fp16", "int8"]
"""Arithmetic that an engine can be built in."""
MAX_CAMERAS = 6
MAX_COMMANDS = 16


class TensorRtSettings(Settings):
    """How an engine is built; another value of any of these is another engine."""

    precision: Literal["auto", EnginePrecision] = Field(
        default="auto", description="Arithmetic: auto (fp16), fp32, fp16, or int8 (calibrated)."
    )
    size_px: SizePx = Field(
        default=None,
        description="Width and height of the network's input, multiples of 32; none takes the bundle's largest.",
    )
    camera_size_px: SizePx = Field(
        default=None,
        description="Width and height of camera images that the GPU is to shrink; none leaves that to the processor.",
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
