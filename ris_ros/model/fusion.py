"""How a command changes what is seen: the per-command part of the network.

Three published mechanisms, each residual and each starting as the identity:

* joint reasoning over coarse pixels and words in one transformer encoder, as in RNR (Rufus et al., IROS 2021, the
  "joint reasoning module"), from which both come back changed, so that finer levels read words that have seen the
  image (two-way interaction);
* word-granularity modulation of MGFI (PRCV 2020): every pixel attends to the words and is scaled and shifted by what
  it reads;
* sentence-granularity context of MGFI with the separable attention of LDA (ICRA 2021): one channel gate times one
  spatial gate, both from the whole sentence.

Channels come last throughout: per command there is more to carry than to compute, and engines turn a map for every
product that finds its channels elsewhere.
"""

from __future__ import annotations

import math

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
    key_bias,
)


class JointReasoning(nn.Module):
    """A transformer encoder over the pixels of the coarsest map and the words of the command.

    Args:
        width: Channels of a token.
        text_width: Channels of the text encoder.
        heads: Attention heads.
        layers: Encoder layers.
    """

    def __init__(self, width: int, text_width: int, heads: int, layers: int):
        super().__init__()
        self.place = nn.Linear(COORDINATES, width, bias=False)
        self.read_words = nn.Sequential(nn.Linear(text_width, width), nn.LayerNorm(width))
        self.read_sentence = nn.Linear(text_width, width)
        self.layers = nn.ModuleList(SelfAttentionLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, coarse: Tensor, words: Tensor, word_mask: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor]:
        """Let pixels and words read each other.

        Args:
            coarse: [N, h, w, width].
            words: [N, T, text_width].
            word_mask: [N, T].
            sentence: [N, text_width].

        Returns:
            The pixels [N, h, w, width] and the words [N, T, width], both informed of the other.
        """
        batch, height, width, channels = coarse.shape
        placed = coarse + self.place(coordinate_maps(height, width).to(coarse))
        pixels = placed.reshape(batch, height * width, channels)
        spoken = self.read_words(words) + self.read_sentence(sentence)[:, None]
        tokens = torch.cat([pixels, spoken], dim=1)
        # The image has no padding, so its keys take no bias.
        bias = functional.pad(key_bias(word_mask), (height * width, 0))[:, None]
        for layer in self.layers:
            tokens = layer(tokens, bias)
        tokens = self.norm(tokens)
        return tokens[:, : height * width].reshape(batch, height, width, channels), tokens[:, height * width :]


class WordModulation(nn.Module):
    """Word-granularity feature modulation (MGFI): each pixel is scaled and shifted by the words it attends to.

    What is read is linear in the words, so that scale and shift are projected on the few words and not on the many
    pixels. Starts as the identity.

    Args:
        channels: Channels of the map.
        word_width: Channels of a word.
        key_width: Channels of queries and keys.
    """

    def __init__(self, channels: int, word_width: int, key_width: int):
        super().__init__()
        self.query = Pointwise(channels, key_width)
        self.key = nn.Linear(word_width, key_width)
        self.scale = nn.Linear(word_width, channels)
        self.shift = nn.Linear(word_width, channels)
        for start_at_zero in (*self.scale.parameters(), *self.shift.parameters()):
            nn.init.zeros_(start_at_zero)

    def forward(self, x: Tensor, words: Tensor, word_bias: Tensor) -> Tensor:
        """Modulate.

        Args:
            x: [N, pixels, channels].
            words: [N, T, word_width].
            word_bias: [N, 1, T], additive mask of the words.

        Returns:
            [N, pixels, channels].
        """
        key = self.key(words) * (1.0 / math.sqrt(self.query.out_channels))
        scores = torch.matmul(self.query(x), key.transpose(1, 2))
        attention = (scores + word_bias.to(scores.dtype)).softmax(dim=-1)
        scale, shift = (torch.matmul(attention, part(words)) for part in (self.scale, self.shift))
        return x + (x * scale + shift)


class SentenceModulation(nn.Module):
    """Sentence-granularity context (MGFI) steering a channel gate and a spatial gate (LDA).

    The sentence picks the pixels whose mean is its context; sentence and context open channels; the sentence alone
    opens pixels. The gated map is added through a projection that starts at zero.

    Args:
        channels: Channels of the map.
        text_width: Channels of the sentence.
    """

    def __init__(self, channels: int, text_width: int):
        super().__init__()
        self.query = nn.Linear(text_width, 2 * channels)
        self.channel_gate = nn.Sequential(
            nn.Linear(2 * channels, channels // 2), nn.ReLU(), nn.Linear(channels // 2, channels)
        )
        self.add = Pointwise(channels, channels)
        for start_at_zero in self.add.parameters():
            nn.init.zeros_(start_at_zero)

    def forward(self, x: Tensor, sentence: Tensor) -> Tensor:
        """Modulate ``x`` [N, pixels, channels] by ``sentence`` [N, text_width]; the shape stays."""
        channels = x.shape[2]
        asked, subject = self.query(sentence).split(channels, dim=-1)
        scores = torch.matmul(x, asked[..., None] * (1.0 / math.sqrt(channels)))
        context = torch.matmul(scores.transpose(1, 2).softmax(dim=-1), x)[:, 0]
        channel_gate = self.channel_gate(torch.cat([context, subject], dim=-1)).sigmoid()[:, None]
        added: Tensor = self.add(x * channel_gate * scores.sigmoid())
        return x + added


class FusionLevel(nn.Module):
    """One level of the per-command decoder: what is seen here, what came from above, then what was said.

    Args:
        channels: Channels of this level.
        channels_above: Channels of the level above (half the resolution).
        word_width: Channels of an image-aware word.
        text_width: Channels of the sentence.
    """

    def __init__(self, channels: int, channels_above: int, word_width: int, text_width: int):
        super().__init__()
        self.descend = Pointwise(channels_above, channels)
        self.by_words = WordModulation(channels, word_width, key_width=channels // 2)
        self.by_sentence = SentenceModulation(channels, text_width)
        self.refine = ConvUnit(channels, channels)

    def forward(self, seen: Tensor, above: Tensor, words: Tensor, word_bias: Tensor, sentence: Tensor) -> Tensor:
        """Fuse.

        Args:
            seen: [N, h, w, channels], the pyramid's map for each command.
            above: [N, h / 2, w / 2, channels_above], the coarser level's answer.
            words: [N, T, word_width].
            word_bias: [N, 1, T].
            sentence: [N, text_width].

        Returns:
            [N, h, w, channels].
        """
        x = add_doubled(seen, self.descend(above))
        batch, height, width, channels = x.shape
        pixels = self.by_words(x.reshape(batch, height * width, channels), words, word_bias)
        pixels = self.by_sentence(pixels, sentence)
        neighbours = self.refine(channels_first(pixels.reshape(batch, height, width, channels)))
        refined = pixels + channels_last(neighbours).reshape(batch, height * width, channels)
        fused: Tensor = refined.reshape(batch, height, width, channels)
        return fused
