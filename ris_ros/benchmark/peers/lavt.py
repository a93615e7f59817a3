"""LAVT, a language-aware vision transformer, with random weights: the network of its paper, for its speed only.

Yang et al., "LAVT: Language-Aware Vision Transformer for Referring Image Segmentation", CVPR 2022. A Swin-B encoder
(window 12) in which, after each of the four stages, every pixel gathers the words that concern it (pixel-word
attention module, section 3.2), a gate lets a part of that into the next stage (language pathway, section 3.3), and a
light decoder predicts the mask from what was gathered (section 3.4). Words come from BERT-base. Layer sizes are those
of the authors' release: one head, 480x480 images, 20 words.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ris_ros.benchmark.peers.export import Part

INPUT_SIZE_PX = (480, 480)
WORDS = 20
_WORD_WIDTH = 768
_EMBED_WIDTH = 128
_DEPTHS = (2, 2, 18, 2)
_HEADS = (4, 8, 16, 32)
_WINDOW = 12
_DECODER_WIDTH = 512


class PixelWordAttention(nn.Module):
    """Section 3.2 of the paper: each pixel attends to the words, and multiplies what it finds into itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vision = nn.Conv1d(width, width, 1)
        self.query = nn.Sequential(nn.Conv1d(width, width, 1), nn.InstanceNorm1d(width))
        self.key = nn.Conv1d(_WORD_WIDTH, width, 1)
        self.value = nn.Conv1d(_WORD_WIDTH, width, 1)
        self.gathered = nn.Sequential(nn.Conv1d(width, width, 1), nn.InstanceNorm1d(width))
        self.joint = nn.Conv1d(width, width, 1)
        self.scale = width**-0.5

    def forward(self, pixels: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Gather words.

        Args:
            pixels: [1, P, C].
            words: [1, 768, T].
            word_mask: [1, 1, T], 1 for a word, 0 for padding.

        Returns:
            [1, P, C].
        """
        image = pixels.transpose(1, 2)
        keys, values = self.key(words) * word_mask, self.value(words) * word_mask
        scores = self.query(image).transpose(1, 2) @ keys * self.scale + (word_mask - 1.0) * 1e4
        found = self.gathered((scores.softmax(-1) @ values.transpose(1, 2)).transpose(1, 2))
        joint: Tensor = F.gelu(self.joint(F.gelu(self.vision(image)) * found))
        return joint.transpose(1, 2)


class Stage(nn.Module):
    """A stage of Swin, the attention to words after it, and the gate through which they reach the next stage."""

    def __init__(self, swin_stage: Any, width: int) -> None:
        super().__init__()
        self.blocks = swin_stage.blocks
        self.downsample = swin_stage.downsample
        self.fusion = PixelWordAttention(width)
        self.gate = nn.Sequential(
            nn.Linear(width, width, bias=False), nn.ReLU(), nn.Linear(width, width, bias=False), nn.Tanh()
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels: Tensor, side: int, words: Tensor, word_mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the decoder reads [1, C, side, side], and what the next stage does."""
        for block in self.blocks:
            pixels = block(pixels, (side, side), always_partition=True)[0]
        fused = self.fusion(pixels, words, word_mask)
        pixels = pixels + self.gate(fused) * fused
        read = self.norm(fused).transpose(1, 2).reshape(1, -1, side, side)
        return read, pixels if self.downsample is None else self.downsample(pixels, (side, side))


def _convolved(width_in: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for incoming in (width_in, width):
        layers += [nn.Conv2d(incoming, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers)


class Lavt(nn.Module):
    """The network without its text encoder."""

    def __init__(self) -> None:
        from transformers import SwinConfig, SwinModel

        super().__init__()
        config = SwinConfig(
            image_size=INPUT_SIZE_PX[0],
            embed_dim=_EMBED_WIDTH,
            depths=list(_DEPTHS),
            num_heads=list(_HEADS),
            window_size=_WINDOW,
            attn_implementation="eager",
        )
        swin = SwinModel(config, add_pooling_layer=False)
        widths = [_EMBED_WIDTH * 2**level for level in range(len(_DEPTHS))]
        self.embeddings = swin.embeddings
        self.stages = nn.ModuleList(
            Stage(stage, width) for stage, width in zip(swin.encoder.layers, widths, strict=True)
        )
        self.decoder = nn.ModuleList(
            [_convolved(widths[3] + widths[2], _DECODER_WIDTH)]
            + [_convolved(_DECODER_WIDTH + width, _DECODER_WIDTH) for width in widths[1::-1]]
        )
        self.classify = nn.Conv2d(_DECODER_WIDTH, 2, 1)

    def forward(self, image: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Segment.

        Args:
            image: float32 [1, 3, 480, 480], normalised.
            words: float32 [1, 768, 20].
            word_mask: float32 [1, 1, 20].

        Returns:
            float32 [1, 2, 480, 480]: background and thing.
        """
        pixels, (side, _) = self.embeddings(image)
        levels = []
        for stage in self.stages:
            level, pixels = stage(pixels, side, words, word_mask)
            levels.append(level)
            side //= 2
        read = levels.pop()
        for refine in self.decoder:
            finer = levels.pop()
            enlarged = F.interpolate(read, size=finer.shape[-2:], mode="bilinear", align_corners=True)
            read = refine(torch.cat([enlarged, finer], dim=1))
        return F.interpolate(self.classify(read), size=INPUT_SIZE_PX[::-1], mode="bilinear", align_corners=True)


class Words(nn.Module):
    """BERT-base as LAVT's text encoder."""

    def __init__(self) -> None:
        from transformers import BertConfig, BertModel

        super().__init__()
        self.bert = BertModel(BertConfig(attn_implementation="eager"), add_pooling_layer=False)

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Encode int64 [1, 20] ids, and their mask, as float32 [1, 768, 20]."""
        states: Tensor = self.bert(token_ids, attention_mask=token_mask)[0]
        return states.transpose(1, 2)


def parts() -> dict[str, Part]:
    """The graphs: ``image`` for every image and command, because words meet pixels in the encoder; ``text`` once."""
    torch.manual_seed(0)
    width, height = INPUT_SIZE_PX
    ids = torch.ones(1, WORDS, dtype=torch.int64)
    image = {
        "image": torch.randn(1, 3, height, width),
        "words": torch.randn(1, _WORD_WIDTH, WORDS),
        "word_mask": torch.ones(1, 1, WORDS),
    }
    return {
        "image": Part(Lavt(), image, "logits"),
        "text": Part(Words(), {"token_ids": ids, "token_mask": ids}, "words"),
    }
