"""A network of a few thousand weights and inputs for it, for tests."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ris_ros.config.network import NetworkSettings
from ris_ros.model.network import ReferringNetwork

# Threads that wait for each other cost more than these small sums.
torch.set_num_threads(1)

TINY: dict[str, Any] = {
    "input_size_px": (96, 64),
    "stem_channels": 8,
    "channels": (8, 12, 16, 16),
    "blocks": (1, 1, 1, 1),
    "pyramid_channels": (8, 8, 12, 16),
    "detail_channels": 8,
    "heads": 2,
    "joint_layers": 1,
    "existence_width": 8,
    "text_width": 12,
}


def tiny_settings() -> NetworkSettings:
    return NetworkSettings.model_validate(TINY)


def tiny_network(seed: int = 0) -> ReferringNetwork:
    torch.manual_seed(seed)
    return ReferringNetwork(**tiny_settings().model_dump()).eval()


def stirred(network: ReferringNetwork, seed: int = 1) -> ReferringNetwork:
    """The same network with no weight left at zero, so that every part of it counts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return network


def images(count: int, seed: int = 2) -> Tensor:
    return torch.randint(0, 256, (count, 64, 96, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def text(count: int, tokens: int = 7, real: int = 4, seed: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Words [count, tokens, 12] of which the first ``real`` count, their mask, sentences."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(count, tokens)
    mask[:, :real] = 1.0
    words = torch.randn(count, tokens, 12, generator=generator) * mask[..., None]
    return words, mask, torch.randn(count, 12, generator=generator)
