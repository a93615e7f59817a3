"""The referring network: seen once per image, grounded once for all commands.

``see`` is the vision graph of the bundle and ``ground`` the grounding graph; training runs both. From scratch and small
on purpose: plain convolutions (:mod:`~ris_ros.model.backbone`), one pyramid that no command changes
(:mod:`~ris_ros.model.pyramid`), a fusion that starts as the identity (:mod:`~ris_ros.model.fusion`) and light heads
(:mod:`~ris_ros.model.heads`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ris_ros.model.backbone import Backbone
from ris_ros.model.blocks import Pointwise, channels_first, key_bias, select_rows
from ris_ros.model.fusion import FusionLevel, JointReasoning
from ris_ros.model.heads import MASKS, ExistenceHead, MaskHead
from ris_ros.model.pyramid import PixelHead, Pyramid

FEATURES = ("p4", "p8", "p16", "p32")
"""Outputs of the vision graph, which are inputs of the grounding graph."""


class ReferringNetwork(nn.Module):
    """Object mask, region mask and existence for commands on images.

    Args:
        input_size_px: (width, height) of the largest input, both a multiple of 32; any smaller multiples will do too.
        mean: Mean of red, green, blue on the scale 0 to 255; subtracted inside the graph.
        std: Deviation of the same, on the same scale; divided by inside the graph.
        stem_channels: Backbone channels at stride 2.
        channels: Backbone channels at strides 4, 8, 16, 32.
        blocks: Backbone blocks at the same strides.
        pyramid_channels: Pyramid channels at the same strides.
        detail_channels: Channels of what lies at stride 4, folded to stride 8.
        heads: Attention heads; must divide the pyramid's channels at stride 32.
        joint_layers: Layers of joint reasoning over coarse pixels and words.
        existence_width: Hidden width of the existence classifier.
        text_width: Channels of the text encoder.
        classes: Classes of the auxiliary semantic head.
        colours: Colours of the auxiliary colour head.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        input_size_px: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        stem_channels: int,
        channels: Sequence[int],
        blocks: Sequence[int],
        pyramid_channels: Sequence[int],
        detail_channels: int,
        heads: int,
        joint_layers: int,
        existence_width: int,
        text_width: int,
        classes: int,
        colours: int,
    ):
        super().__init__()
        width, height = input_size_px
        if width % 32 or height % 32:
            raise ValueError(f"input_size_px must be multiples of 32, not {input_size_px}")
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1), persistent=False)
        self.backbone = Backbone(stem_channels, channels, blocks)
        self.pyramid = Pyramid(channels, pyramid_channels, detail_channels, heads)
        _, fine, middle, coarse = pyramid_channels
        self.joint = JointReasoning(coarse, text_width, heads, joint_layers)
        self.fuse_middle = FusionLevel(middle, coarse, coarse, text_width)
        self.fuse_fine = FusionLevel(fine, middle, coarse, text_width)
        self.draw = MaskHead(fine, detail_channels)
        self.exists = ExistenceHead(fine, coarse, text_width, existence_width)
        self.semantic = PixelHead(detail_channels, fine, classes)
        self.colour = PixelHead(detail_channels, fine, colours)
        self.draw_coarse = Pointwise(middle, MASKS)

    def see(self, images: Tensor) -> dict[str, Tensor]:
        """Look at images, before any command.

        Args:
            images: uint8 [C, H, W, 3], red first.

        Returns:
            ``p8``, ``p16`` and ``p32`` [C, H / 8, W / 8, .] and so on; ``p4`` [C, H / 8, W / 8, .], the detail at
            stride 4 with 2x2 pixels folded into channels.
        """
        x = (images.permute(0, 3, 1, 2).to(self.mean.dtype) - self.mean) / self.std
        return dict(zip(FEATURES, self.pyramid(self.backbone(x)), strict=True))

    def ground(
        self,
        features: Mapping[str, Tensor],
        words: Tensor,
        word_mask: Tensor,
        sentence: Tensor,
        camera_index: Tensor,
    ) -> dict[str, Tensor]:
        """Answer N commands.

        Args:
            features: What :meth:`see` returned for C images.
            words: [N, T, text_width].
            word_mask: [N, T], 1 for a token, 0 for padding.
            sentence: [N, text_width].
            camera_index: int64 [N], the image that each command is asked of.

        Returns:
            ``object_logits`` and ``region_logits`` [N, H / 4, W / 4], ``existence_logit`` [N]; and for training
            ``coarse_logits`` [N, 2, H / 16, W / 16], object then region.
        """
        p4, p8, p16, p32 = (select_rows(features[name], camera_index, self.training) for name in FEATURES)
        coarse, spoken = self.joint(p32, words, word_mask, sentence)
        word_bias = key_bias(word_mask)
        middle = self.fuse_middle(p16, coarse, spoken, word_bias, sentence)
        fine = self.fuse_fine(p8, middle, spoken, word_bias, sentence)
        masks, base = self.draw(fine, p4)
        object_logits, region_logits = masks.unbind(dim=1)
        return {
            "object_logits": object_logits,
            "region_logits": region_logits,
            "existence_logit": self.exists(fine, base, coarse, spoken, word_mask, sentence),
            "coarse_logits": channels_first(self.draw_coarse(middle)),
        }

    def classify(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What every pixel shows, for the auxiliary losses.

        Returns:
            Class logits [C, classes, H / 4, W / 4] and colour logits [C, colours, H / 4, W / 4].
        """
        p4, p8 = features["p4"], features["p8"]
        return self.semantic(p4, p8), self.colour(p4, p8)
