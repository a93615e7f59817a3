"""The running mean of the weights, which is what is validated and shipped."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


class WeightAverage(Generic[N]):
    """Exponential moving average of a network's weights and buffers.

    Args:
        network: The network; its state at this moment is the first mean.
        decay: Share of the old mean that a step keeps. Early steps keep less, so that the start is forgotten soon.
    """

    def __init__(self, network: N, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: N, step: int) -> None:
        """Take in the weights after step ``step`` (from 1)."""
        decay = min(self._decay, (1.0 + step) / (10.0 + step))
        mean: list[Tensor] = []
        fresh: list[Tensor] = []
        for old, new in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if old.is_floating_point():
                mean.append(old)
                fresh.append(new)
            else:
                old.copy_(new)
        torch._foreach_lerp_(mean, fresh, 1.0 - decay)
