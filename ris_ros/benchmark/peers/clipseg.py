"""CLIPSeg with random weights: the configuration of its published release, for its speed only.

Lüddecke and Ecker, "Image Segmentation Using Text and Image Prompts", CVPR 2022: CLIP's ViT-B/16 and a decoder of three
layers of width 64 (section 3; the release CIDAS/clipseg-rd64-refined), images of 352x352 pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ris_ros.benchmark.peers.export import Part

INPUT_SIZE_PX = (352, 352)
TOKENS = 77
EMBEDDING_WIDTH = 512


def make() -> nn.Module:
    """The network as transformers builds it."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    config = CLIPSegConfig(
        vision_config={"patch_size": 16},
        use_complex_transposed_convolution=True,
        attn_implementation="eager",
    )
    network: nn.Module = CLIPSegForImageSegmentation(config)
    return network


class ImagePart(nn.Module):
    """From an image and a command's embedding to the mask; runs for every image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, embedding: Tensor) -> Tensor:
        """Segment float32 [1, 3, 352, 352], normalised, by float32 [1, 512]; returns float32 [1, 352, 352]."""
        logits: Tensor = self.network(
            pixel_values=image, conditional_embeddings=embedding, interpolate_pos_encoding=True
        ).logits
        return logits


class TextPart(nn.Module):
    """From a command to its embedding; runs once for each command."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.clip: Any = network.clip

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Encode int64 [1, 77] ids, and their mask, as float32 [1, 512]."""
        features = self.clip.get_text_features(input_ids=token_ids, attention_mask=token_mask)
        embedding: Tensor = getattr(features, "pooler_output", features)
        return embedding


def parts() -> dict[str, Part]:
    """The graphs: ``image`` for every image and command, ``text`` once for each command.

    What the mask does not need, the last two layers of the vision transformer, does not come into the graph.
    """
    torch.manual_seed(0)
    network = make()
    width, height = INPUT_SIZE_PX
    ids = torch.ones(1, TOKENS, dtype=torch.int64)
    image = {"image": torch.randn(1, 3, height, width), "embedding": torch.randn(1, EMBEDDING_WIDTH)}
    return {
        "image": Part(ImagePart(network), image, "logits"),
        "text": Part(TextPart(network), {"token_ids": ids, "token_mask": ids}, "embedding"),
    }
