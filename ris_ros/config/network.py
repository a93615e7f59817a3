"""The shape of the referring network: what a checkpoint and the weights of a bundle say of themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ris_ros.config.strict import Settings

Channels = Annotated[int, Field(ge=4, le=1024)]
FourLevels = tuple[Channels, Channels, Channels, Channels]
Blocks = Annotated[int, Field(ge=1, le=32)]


class NetworkSettings(Settings):
    """Arguments of :class:`ris_ros.model.network.ReferringNetwork`."""

    input_size_px: tuple[int, int] = Field((512, 384), description="(width, height) of the input, multiples of 32.")
    mean: tuple[float, float, float] = Field(
        (103.0, 107.0, 106.0), description="Mean of red, green, blue, 0 to 255; subtracted inside the graph."
    )
    std: tuple[float, float, float] = Field(
        (74.0, 76.0, 76.0), description="Deviation of red, green, blue, 0 to 255; divided by inside the graph."
    )
    stem_channels: Channels = Field(32, description="Backbone channels at stride 2.")
    channels: FourLevels = Field((48, 96, 160, 192), description="Backbone channels at strides 4, 8, 16, 32.")
    blocks: tuple[Blocks, Blocks, Blocks, Blocks] = Field(
        (1, 2, 4, 2), description="Residual blocks of the backbone at strides 4, 8, 16, 32."
    )
    pyramid_channels: FourLevels = Field((32, 64, 128, 192), description="Pyramid channels at strides 4, 8, 16, 32.")
    detail_channels: Channels = Field(64, description="Channels of the stride-4 detail, folded to stride 8.")
    heads: int = Field(4, ge=1, le=16, description="Attention heads at stride 32; divide its pyramid channels.")
    joint_layers: int = Field(2, ge=1, le=8, description="Transformer layers over coarse pixels and words.")
    existence_width: Channels = Field(128, description="Hidden width of the existence classifier.")
    text_width: Channels = Field(384, description="Channels of the text encoder.")
    classes: int = Field(17, ge=2, le=255, description="Classes of the auxiliary semantic head.")
    colours: int = Field(14, ge=2, le=255, description="Colours of the auxiliary colour head.")

    @model_validator(mode="after")
    def _consistent(self) -> NetworkSettings:
        if any(side < 32 or side % 32 or side > 2048 for side in self.input_size_px):
            raise ValueError(f"input_size_px must be multiples of 32 up to 2048, not {self.input_size_px}")
        if self.pyramid_channels[3] % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide pyramid_channels[3] ({self.pyramid_channels[3]})")
        if min(self.std) <= 0:
            raise ValueError("std must be positive")
        return self
