"""Layers that the vision pass and the grounding pass are built from.

Convolutions carry batch normalisation, which the export folds away, and rectified linear units, the cheapest activation
for every engine. Attention is written as two matrix products and a softmax with finite masks, so that every ONNX
engine accepts it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

MASKED_SCORE = 1e4
"""Subtracted from the score of a masked key: finite and within half precision, so that no engine meets an infinity."""


class Pointwise(nn.Conv2d):
    """A 1x1 convolution of maps whose channels come last: one matrix product, and no engine has to turn the map.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        bias: Whether a bias is added.
    """

    def __init__(self, channels_in: int, channels_out: int, bias: bool = True):
        super().__init__(channels_in, channels_out, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., channels_in] to [..., channels_out]."""
        return functional.linear(x, self.weight.flatten(1), self.bias)


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation and, if asked for, a rectified linear unit.

    Args:
        channels_in: Channels of the input map.
        channels_out: Channels of the output map.
        kernel: Side of the square kernel, odd.
        stride: Step of the kernel.
        activate: Whether the rectified linear unit follows.
        start_at_zero: Whether the normalisation scales by zero at first.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 3,
        stride: int = 1,
        activate: bool = True,
        start_at_zero: bool = False,
    ):
        norm = nn.BatchNorm2d(channels_out)
        if start_at_zero:
            nn.init.zeros_(norm.weight)
        layers: list[nn.Module] = [
            nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False),
            norm,
        ]
        if activate:
            layers.append(nn.ReLU())
        super().__init__(*layers)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the block starts as its shortcut.

    A block of stride 2 averages 2x2 pixels in its shortcut before changing the number of channels, so that no pixel
    is skipped.

    Args:
        channels_in: Channels of the input map.
        channels_out: Channels of the output map.
        stride: 1, or 2 to halve the resolution.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.first = ConvUnit(channels_in, channels_out, stride=stride)
        self.second = ConvUnit(channels_out, channels_out, activate=False, start_at_zero=True)
        shortcut: list[nn.Module] = []
        if stride == 2:
            shortcut.append(nn.AvgPool2d(2))
        if channels_in != channels_out:
            shortcut.append(ConvUnit(channels_in, channels_out, kernel=1, activate=False))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, channels_in, H, W] to [B, channels_out, H / stride, W / stride]."""
        return functional.relu(self.second(self.first(x)) + self.shortcut(x))


class SelfAttentionLayer(nn.Module):
    """One pre-norm transformer encoder layer.

    Args:
        width: Channels of a token.
        heads: Attention heads; must divide ``width``.
        expansion: Width of the feed-forward part over ``width``.
    """

    def __init__(self, width: int, heads: int, expansion: int = 2):
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.norm_feed = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, expansion * width), nn.ReLU(), nn.Linear(expansion * width, width))

    def forward(self, tokens: Tensor, key_bias: Tensor | None = None) -> Tensor:
        """Let every token read every other.

        Args:
            tokens: [N, L, width].
            key_bias: [N, 1, 1, L], added to the scores: 0 for a token, ``-MASKED_SCORE`` for padding.

        Returns:
            [N, L, width].
        """
        length, width = tokens.shape[1], tokens.shape[2]
        per_head = width // self.heads
        packed = self.query_key_value(self.norm_attention(tokens))
        query, key, value = (
            part.reshape(-1, length, self.heads, per_head).transpose(1, 2) for part in packed.split(width, dim=-1)
        )
        scores = torch.matmul(query * (1.0 / math.sqrt(per_head)), key.transpose(-1, -2))
        if key_bias is not None:
            scores = scores + key_bias.to(scores.dtype)
        mixed = torch.matmul(scores.softmax(dim=-1), value).transpose(1, 2).reshape(-1, length, width)
        tokens = tokens + self.merge(mixed)
        fed: Tensor = self.feed(self.norm_feed(tokens))
        return tokens + fed


def select_rows(x: Tensor, index: Tensor, training: bool) -> Tensor:
    """Rows of a batch of maps by index.

    In training as a product with a matrix of zeros and ones: the gradient of ``index_select`` scatters number by
    number, which takes twenty times as long on a CPU.

    Args:
        x: [B, ...], finite.
        index: int64 [N], rows of ``x``.
        training: Whether gradients are wanted.

    Returns:
        [N, ...].
    """
    if not training:
        return torch.index_select(x, 0, index)
    chosen = functional.one_hot(index, x.shape[0]).to(x.dtype)
    return torch.matmul(chosen, x.reshape(x.shape[0], -1)).reshape(-1, *x.shape[1:])


def channels_last(x: Tensor) -> Tensor:
    """[B, C, H, W] as [B, H, W, C]."""
    return x.permute(0, 2, 3, 1)


def channels_first(x: Tensor) -> Tensor:
    """[B, H, W, C] as [B, C, H, W], as convolutions take it; they are fastest on this very order in memory."""
    return x.permute(0, 3, 1, 2)


def key_bias(mask: Tensor) -> Tensor:
    """Turn a mask [N, L] of ones and zeros into the additive score bias [N, 1, L]."""
    return ((mask - 1.0) * MASKED_SCORE)[:, None]


COORDINATES = 8


def coordinate_maps(height: int, width: int) -> Tensor:
    """Where each pixel lies, as smooth maps.

    Written so that an exported graph works them out for whatever size its input has.

    Returns:
        float32 [height, width, COORDINATES]: x and y from -1 to 1 (right, down), then the sine and cosine of half a
        turn of each across half the image, and of a whole one of x.
    """
    y, x = torch.meshgrid(_from_minus_one_to_one(height), _from_minus_one_to_one(width), indexing="ij")
    turns = (f(math.pi * t) for t in (x, y) for f in (torch.sin, torch.cos))
    return torch.stack([x, y, *turns, torch.sin(2 * math.pi * x), x * y], dim=-1)


def _from_minus_one_to_one(count: int) -> Tensor:
    steps = torch.as_tensor(count - 1, dtype=torch.float32)
    return (2.0 * torch.arange(count, dtype=torch.float32) - steps) / steps.clamp(min=1.0)


def add_doubled(fine: Tensor, coarse: Tensor) -> Tensor:
    """Add to each pixel of [B, H, W, C] the one of [B, H / 2, W / 2, C] that it lies in."""
    batch, height, width, channels = coarse.shape
    # Broadcast, so that the doubled map is never written to memory.
    fours = fine.reshape(batch, height, 2, width, 2, channels) + coarse[:, :, None, :, None]
    return fours.reshape(batch, 2 * height, 2 * width, channels)
