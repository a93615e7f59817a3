"""Several processes that train one network: what ``torchrun`` started, or this process alone.

On a GPU each process takes one device. On a CPU that others use too, several processes of one thread each are faster
than one process of several threads, because they wait for each other once a step and not thousands of times.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import distributed
from torch.utils.data import Sampler

from ris_ros.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Team:
    """The processes of a run.

    Attributes:
        rank: Which of them this one is, from 0.
        size: How many there are.
        device: What this one computes on.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    def join(cls, device: str) -> Team:
        """Find the others, if ``torchrun`` started any.

        Args:
            device: ``cpu`` or ``cuda``.

        Raises:
            ConfigError: Nothing can be computed on the device here.
        """
        try:
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError):  # AssertionError: a torch that was built without it
            raise ConfigError(f"Device '{device}' cannot be used here: choose cpu or cuda.") from None
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls(device=torch.device(device))
        if device == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if device == "cuda" else "gloo")
        return cls(distributed.get_rank(), size, torch.device(device))

    @property
    def leads(self) -> bool:
        """Whether this process writes checkpoints and logs."""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """Sums over all processes, element by element; every process must call it."""
        if self.size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(sums)
        return [float(value) for value in sums]


class TeamOrder(Sampler[int]):
    """The samples that one process of a team prepares: its share of each step, from a step on.

    Args:
        team: The processes.
        first_step: Where to begin.
        steps: Steps of the whole run.
        per_step: Samples of a step, over all processes.
    """

    def __init__(self, team: Team, first_step: int, steps: int, per_step: int):
        self._team = team
        self._steps = range(first_step, steps)
        self._per_step = per_step

    def __len__(self) -> int:
        return len(self._steps) * (self._per_step // self._team.size)

    def __iter__(self) -> Iterator[int]:
        share = self._per_step // self._team.size
        for step in self._steps:
            start = step * self._per_step + self._team.rank * share
            yield from range(start, start + share)
