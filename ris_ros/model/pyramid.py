"""The part of the decoder that no command changes: context at stride 32, then a feature pyramid down to stride 4.

It runs once per image, so that what each command adds (:mod:`ris_ros.model.fusion`) stays small.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ris_ros.model.blocks import (
    COORDINATES,
    ConvUnit,
    Pointwise,
    SelfAttentionLayer,
    add_doubled,
    channels_first,
    channels_last,
    coordinate_maps,
)


class Placed(nn.Module):
    """Adds where each pixel lies: a learned mixture of fixed coordinate maps.

    Args:
        channels: Channels of the map.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.mix = Pointwise(COORDINATES, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape of ``x`` [B, H, W, channels]."""
        placed: Tensor = x + self.mix(coordinate_maps(x.shape[1], x.shape[2]).to(x))
        return placed


class Pyramid(nn.Module):
    """Lateral connections, a self-attention layer over the coarsest map, and a top-down path.

    Args:
        channels_in: Channels of the backbone's maps at strides 4, 8, 16, 32.
        channels_out: Channels of the pyramid at the same strides.
        detail: Channels of the folded detail.
        heads: Attention heads at stride 32.
    """

    def __init__(self, channels_in: Sequence[int], channels_out: Sequence[int], detail: int, heads: int):
        super().__init__()
        self.lateral = nn.ModuleList(
            ConvUnit(wide, thin, kernel=1, activate=False) for wide, thin in zip(channels_in, channels_out, strict=True)
        )
        self.placed = nn.ModuleList(Placed(channels) for channels in channels_out[1:])
        self.context = SelfAttentionLayer(channels_out[3], heads)
        self.descend = nn.ModuleList(Pointwise(channels_out[i + 1], channels_out[i]) for i in range(3))
        self.smooth = nn.ModuleList(ConvUnit(channels_out[i], channels_out[i]) for i in range(3))
        self.fold = nn.Conv2d(channels_out[0], detail, 2, stride=2)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Build the pyramid.

        Args:
            maps: The backbone's maps [C, channels_in[i], H / s, W / s] at strides 4, 8, 16, 32.

        Returns:
            First the detail [C, H / 8, W / 8, detail]: what lies at stride 4, 2x2 pixels folded into channels, signed
            because commands multiply it. Then maps [C, H / s, W / s, channels_out[i]] at s = 8, 16, 32. Channels come
            last, as convolutions leave them in memory and products take them.
        """
        coarse = self.placed[2](channels_last(self.lateral[3](maps[3])))
        batch, height, width, channels = coarse.shape
        tokens = self.context(coarse.reshape(batch, height * width, channels))
        pyramid = [tokens.reshape(batch, height, width, channels)]
        for level in (2, 1, 0):
            x = add_doubled(channels_last(self.lateral[level](maps[level])), self.descend[level](pyramid[0]))
            if level > 0:
                x = self.placed[level - 1](x)
            pyramid.insert(0, channels_last(self.smooth[level](channels_first(functional.relu(x)))))
        pyramid[0] = channels_last(self.fold(channels_first(pyramid[0])))
        return pyramid


class PixelHead(nn.Module):
    """Class or colour of every pixel from the pyramid: a help to training from scratch that is not exported.

    Args:
        detail: Channels of the folded detail.
        channels: Channels of the pyramid at stride 8.
        classes: Number of classes or colours.
    """

    def __init__(self, detail: int, channels: int, classes: int):
        super().__init__()
        self.fine = Pointwise(detail, 4 * classes)
        self.coarse = Pointwise(channels, classes)

    def forward(self, detail: Tensor, p8: Tensor) -> Tensor:
        """Logits [C, classes, H / 4, W / 4]."""
        coarse = functional.interpolate(
            channels_first(self.coarse(p8)), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return torch.add(coarse, functional.pixel_shuffle(channels_first(self.fine(detail)), 2))
