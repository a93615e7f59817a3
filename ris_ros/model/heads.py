"""From fused features to masks and to whether the thing is there at all."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ris_ros.model.blocks import Pointwise, channels_first

MASKS = 2
"""Masks per command: the referred object and the referred region."""


FEW = -3.0
"""Logit that a mask starts from: few pixels are foreground, and starting there spares the first steps."""


class MaskHead(nn.Module):
    """Masks at stride 4, drawn at stride 8.

    A coarse pixel of the fused map gives a kernel that is multiplied with the detail which all commands share: the
    four fine pixels below the coarse one, folded into channels. A last 1x1 convolution turns the products into the
    four fine pixels of each mask. So edges are drawn at stride 4, and nothing per command runs there.

    Args:
        channels: Channels of the fused map at stride 8.
        detail: Channels of the folded detail.
    """

    def __init__(self, channels: int, detail: int):
        super().__init__()
        self.base = Pointwise(channels, MASKS, bias=False)
        self.start = nn.Parameter(torch.full((1, MASKS, 1, 1), FEW))
        self.kernel = Pointwise(channels, detail)
        self.unfold = Pointwise(detail, MASKS * 4)

    def forward(self, fused: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        """Draw the masks.

        Args:
            fused: [N, h / 2, w / 2, channels].
            detail: [N, h / 2, w / 2, detail].

        Returns:
            Logits [N, 2, h, w], and the logits at stride 8 [N, 2, h / 2, w / 2] that they refine.
        """
        base = channels_first(self.base(fused)) + self.start
        fours = channels_first(self.unfold(functional.relu(self.kernel(fused)) * detail))
        smooth = functional.interpolate(base, scale_factor=2.0, mode="bilinear", align_corners=False)
        return smooth + functional.pixel_shuffle(fours, 2), base


class ExistenceHead(nn.Module):
    """Whether what the command names is in the image.

    As in RefSegformer (Wu et al., IEEE TIP 2024, "robust referring image segmentation") it reads detached features,
    so that learning to say no does not shape the masks. It looks at what lies under the masks, at what the sentence
    attends to on the coarse map, and at how sure the masks are.

    Args:
        channels: Channels of the fused map at stride 8.
        coarse: Channels of the coarse map and of the image-aware words.
        text_width: Channels of the sentence.
        hidden: Width of the classifier.
    """

    def __init__(self, channels: int, coarse: int, text_width: int, hidden: int):
        super().__init__()
        self.query = nn.Linear(text_width, coarse)
        self.said = nn.Linear(text_width, hidden)
        width = MASKS * (channels + 2) + 2 * coarse + hidden
        self.classify = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(
        self, fused: Tensor, base_logits: Tensor, coarse: Tensor, words: Tensor, word_mask: Tensor, sentence: Tensor
    ) -> Tensor:
        """Judge.

        Args:
            fused: [N, h, w, channels], detached here as all that follows.
            base_logits: [N, 2, h, w], the masks at that resolution.
            coarse: [N, h', w', coarse].
            words: [N, T, coarse], image-aware.
            word_mask: [N, T].
            sentence: [N, text_width].

        Returns:
            Logit [N]; above zero means that it is there.
        """
        fused, base_logits, coarse, words = fused.detach(), base_logits.detach(), coarse.detach(), words.detach()
        logits = base_logits.flatten(2)
        probability = logits.sigmoid()
        area = probability.mean(dim=-1)
        under = torch.matmul(probability, fused.flatten(1, 2)) / (probability.sum(dim=-1)[..., None] + 1.0)
        pixels = coarse.flatten(1, 2)
        query = self.query(sentence)[:, None] * (1.0 / math.sqrt(pixels.shape[2]))
        scores = torch.matmul(query, pixels.transpose(1, 2))
        attended = torch.matmul(scores.softmax(dim=-1), pixels)[:, 0]
        said = torch.matmul(word_mask[:, None], words)[:, 0] / word_mask.sum(dim=-1, keepdim=True).clamp(min=1.0)
        evidence = torch.cat([under.flatten(1), logits.amax(dim=-1), area, attended, said, self.said(sentence)], dim=-1)
        logit: Tensor = self.classify(evidence)
        return logit[:, 0]
