"""The part of the decoder that no command changes: context at stride 32, then a feature pyramid down to stride 4.

It runs once per image, so that what each command adds (:mod:`ris_ros.model.fusion`) stays small.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ris_ros.model.blocks import ConvUnit, SelfAttentionLayer, coordinate_maps, double

COORDINATES = 8


class Placed(nn.Module):
    """Adds where each pixel lies: a learned mixture of fixed coordinate maps, kept as a buffer of fixed size.

    Args:
        channels: Channels of the map.
        size: (height, width) of the map.
    """

    coordinates: Tensor

    def __init__(self, channels: int, size: tuple[int, int]):
        super().__init__()
        self.register_buffer("coordinates", coordinate_maps(*size)[None], persistent=False)
        self.mix = nn.Conv2d(COORDINATES, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape of ``x`` [B, channels, *size]."""
        placed: Tensor = x + self.mix(self.coordinates)
        return placed


class Pyramid(nn.Module):
    """Lateral connections, a self-attention layer over the coarsest map, and a top-down path.

    Args:
        channels_in: Channels of the backbone's maps at strides 4, 8, 16, 32.
        channels_out: Channels of the pyramid at the same strides.
        detail: Channels of the folded detail.
        input_size: (height, width) of the network's input.
        heads: Attention heads at stride 32.
    """

    def __init__(
        self,
        channels_in: Sequence[int],
        channels_out: Sequence[int],
        detail: int,
        input_size: tuple[int, int],
        heads: int,
    ):
        super().__init__()
        self.sizes = [(input_size[0] // stride, input_size[1] // stride) for stride in (4, 8, 16, 32)]
        self.lateral = nn.ModuleList(
            ConvUnit(wide, thin, kernel=1, activate=False) for wide, thin in zip(channels_in, channels_out, strict=True)
        )
        self.placed = nn.ModuleList(
            Placed(channels, size) for channels, size in zip(channels_out[1:], self.sizes[1:], strict=True)
        )
        self.context = SelfAttentionLayer(channels_out[3], heads)
        self.descend = nn.ModuleList(nn.Conv2d(channels_out[i + 1], channels_out[i], 1) for i in range(3))
        self.smooth = nn.ModuleList(ConvUnit(channels_out[i], channels_out[i]) for i in range(3))
        self.fold = nn.Conv2d(channels_out[0], detail, 2, stride=2)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Build the pyramid.

        Args:
            maps: The backbone's maps at strides 4, 8, 16, 32.

        Returns:
            First the detail [C, detail, H / 8, W / 8]: what lies at stride 4, 2x2 pixels folded into channels, signed
            because commands multiply it. Then maps [C, channels_out[i], H / s, W / s] at s = 8, 16, 32.
        """
        height, width = self.sizes[3]
        coarse = self.placed[2](self.lateral[3](maps[3]))
        tokens = self.context(coarse.flatten(2).transpose(1, 2))
        coarse = tokens.transpose(1, 2).reshape(-1, tokens.shape[2], height, width)
        pyramid = [coarse]
        for level in (2, 1, 0):
            x = self.lateral[level](maps[level]) + double(self.descend[level](pyramid[0]), *self.sizes[level])
            if level > 0:
                x = self.placed[level - 1](x)
            pyramid.insert(0, self.smooth[level](functional.relu(x)))
        pyramid[0] = self.fold(pyramid[0])
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
        self.fine = nn.Conv2d(detail, 4 * classes, 1)
        self.coarse = nn.Conv2d(channels, classes, 1)

    def forward(self, detail: Tensor, p8: Tensor) -> Tensor:
        """Logits [C, classes, H / 4, W / 4]."""
        coarse = self.coarse(p8)
        size = (2 * coarse.shape[2], 2 * coarse.shape[3])
        coarse = functional.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
        return torch.add(coarse, functional.pixel_shuffle(self.fine(detail), 2))
