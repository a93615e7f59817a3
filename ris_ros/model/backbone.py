"""The convolutional backbone: plain 3x3 residual blocks, the shape that matrix units of CPUs and GPUs run fastest."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ris_ros.model.blocks import ConvUnit, ResidualBlock


class Backbone(nn.Module):
    """Four stages at strides 4, 8, 16 and 32.

    Args:
        stem_channels: Channels at stride 2.
        channels: Channels of the four stages.
        blocks: Residual blocks of the four stages; each of the last three begins with the block that halves.
    """

    def __init__(self, stem_channels: int, channels: Sequence[int], blocks: Sequence[int]):
        super().__init__()
        self.stem = nn.Sequential(
            ConvUnit(3, stem_channels, stride=2),
            ConvUnit(stem_channels, channels[0], stride=2),
        )
        stages = []
        width = channels[0]
        for level, (count, wide) in enumerate(zip(blocks, channels, strict=True)):
            first_stride = 1 if level == 0 else 2
            layers = [ResidualBlock(width, wide, first_stride)]
            layers += [ResidualBlock(wide, wide) for _ in range(count - 1)]
            stages.append(nn.Sequential(*layers))
            width = wide
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Extract features.

        Args:
            image: Normalised RGB [C, 3, H, W], both sides a multiple of 32.

        Returns:
            The stages' maps [C, channels[i], H / s, W / s] for s = 4, 8, 16, 32.
        """
        x = self.stem(image)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps
