"""The training loop: one optimiser step after the other, resumable to the step."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from ris_ros.config.training import TrainingSettings
from ris_ros.errors import ConfigError, OutputError
from ris_ros.model.network import ReferringNetwork
from ris_ros.training.average import WeightAverage
from ris_ros.training.checkpoint import Checkpoint, Position, restore, start_from, write_checkpoint
from ris_ros.training.losses import LossWeights, referring_loss
from ris_ros.training.samples import Batch
from ris_ros.training.schedule import Budget, learning_rate_factor
from ris_ros.training.team import Team, TeamOrder
from ris_ros.training.text import TextMemo, TextTensors

LOG = "log.jsonl"
"""Name of the log in a run's folder: one JSON object a line."""

Validate = Callable[[ReferringNetwork], Mapping[str, float]]
"""Figures of a network on validation data."""


class Trainer:
    """Trains one network.

    Args:
        settings: Of the run.
        text: Encodes sentences.
        folder: Where the checkpoint (``checkpoint/``) and the log (:data:`LOG`) go.
        max_minutes: Time budget of the whole run; the schedule ends with it. None for no limit.
        team: The processes that train together; this one alone by default.
        checkpoint: A run to go on with.
        start: Another run whose weights this one begins with.

    Raises:
        ConfigError: The images of a step cannot be shared out equally.
        DataError: The checkpoint does not fit the settings' network.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        text: TextMemo,
        folder: Path,
        max_minutes: float | None = None,
        team: Team | None = None,
        checkpoint: Checkpoint | None = None,
        start: Checkpoint | None = None,
    ):
        team = team or Team()
        if settings.images_per_step % team.size:
            raise ConfigError(f"images_per_step: {settings.images_per_step} cannot be shared by {team.size} processes.")
        torch.manual_seed(settings.seed)
        # The identity at the start makes tiny gradients, and arithmetic on subnormal numbers is many times as slow.
        torch.set_flush_denormal(True)
        self.settings = settings
        self.position = Position()
        self._text = text
        self._folder = folder
        self._budget = Budget(settings.steps, max_minutes)
        self._team = team
        self._weights = LossWeights(**settings.losses.model_dump())
        self._origin = Position() if start is None else start.lifetime
        network = ReferringNetwork(**settings.network.model_dump())
        if start is not None:
            start_from(start, network)
        self.network = network.to(team.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network, settings.average_decay)
        self._optimiser = _optimiser(self.network, settings)
        if checkpoint is not None:
            restore(checkpoint, self.network, self.average.network, self._optimiser)
            self.position, self._origin = checkpoint.position, checkpoint.origin
        trained = _Trained(self.network)
        self._trained = trained if team.size == 1 else DistributedDataParallel(trained)

    @property
    def progress(self) -> float:
        """Share of the run that is over, 0 to 1."""
        return self._budget.progress(self.position.step, self.position.elapsed_s)

    def run(self, samples: Dataset[Batch], validate: Validate | None = None) -> None:
        """Train until the budget is spent, writing checkpoints and a log on the way and at the end.

        Args:
            samples: The samples of the whole run, from its first step on.
            validate: Called on the running mean now and then, and at the end.

        Raises:
            OutputError: A checkpoint or the log cannot be written.
        """
        settings = self.settings
        saved_s = validated_s = self.position.elapsed_s
        sums: dict[str, float] = {}
        since = self.position
        self.network.train()
        batches = iter(self._batches(samples))
        while self.progress < 1.0:
            started = time.monotonic()
            batch = next(batches)
            losses = self._step(batch)
            self._advance(started, batch)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value
            if self.position.step % settings.log_every == 0 or self.progress >= 1.0:
                self._log_losses(sums, since)
                sums, since = {}, self.position
            if self.position.elapsed_s - saved_s > 60 * settings.checkpoint_minutes:
                self.save()
                saved_s = self.position.elapsed_s
            if validate is not None and self.position.elapsed_s - validated_s > 60 * settings.validate_minutes:
                self._validate(validate)
                validated_s = self.position.elapsed_s
        self.save()
        if validate is not None:
            self._validate(validate)

    def save(self) -> None:
        """Write the checkpoint, if this process leads."""
        if not self._team.leads:
            return
        write_checkpoint(
            self._folder / "checkpoint",
            self.settings,
            self.position,
            self.network,
            self.average.network,
            self._optimiser,
            self._origin,
        )

    def _batches(self, samples: Dataset[Batch]) -> Iterator[Batch]:
        per_step, workers = self.settings.images_per_step, self.settings.workers
        loader: DataLoader[Batch] = DataLoader(
            samples,
            batch_size=per_step // self._team.size,
            sampler=TeamOrder(self._team, self.position.step, self.settings.steps, per_step),
            num_workers=workers,
            collate_fn=Batch.join,
            worker_init_fn=_single_threaded if workers else None,
            prefetch_factor=4 if workers else None,
            # Forking a process whose threads are at work can hang the child.
            multiprocessing_context="spawn" if workers else None,
        )
        return iter(loader)

    def _step(self, batch: Batch) -> dict[str, float]:
        """One optimiser step; the parts of the loss and the gradient's norm."""
        factor = learning_rate_factor(self.progress, self.settings.warm_up)
        for group in self._optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        batch = batch.to(self._team.device)
        text = self._text.features(batch.texts).to(self._team.device)
        with self._precision():
            outputs, class_logits, colour_logits = self._trained(batch, text)
        losses = referring_loss(outputs, class_logits, colour_logits, batch, self._weights)
        total = torch.stack(list(losses.values())).sum()
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        if torch.isfinite(norm):
            self._optimiser.step()
        if self._team.leads:
            self.average.update(self.network, self.position.step + 1)
        parts = {name: float(value.detach()) for name, value in losses.items()}
        return parts | {"gradient": float(norm)}

    def _precision(self) -> contextlib.AbstractContextManager[None]:
        if self.settings.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self._team.device.type, torch.bfloat16)

    def _advance(self, started: float, batch: Batch) -> None:
        """Count the step; the leader's clock is everyone's, so that all stop at the same step."""
        seconds = time.monotonic() - started if self._team.leads else 0.0
        seconds, images, sentences = self._team.total([seconds, len(batch.images), len(batch.texts)])
        at = self.position
        self.position = Position(
            at.step + 1, at.elapsed_s + seconds, at.images + int(images), at.sentences + int(sentences)
        )

    def _log_losses(self, sums: Mapping[str, float], since: Position) -> None:
        at = self.position
        steps = at.step - since.step
        seconds = max(at.elapsed_s - since.elapsed_s, 1e-9)
        remaining = at.elapsed_s * (1.0 / self.progress - 1.0)
        self._log(
            {
                "kind": "train",
                **asdict(at),
                "progress": self.progress,
                "learning_rate": self._optimiser.param_groups[0]["lr"],
                "images_per_s": (at.images - since.images) / seconds,
                "text_memo_hits": 1.0 - self._text.encoded / max(self._text.read, 1),
                "remaining_minutes": remaining / 60.0,
                **{name: value / steps for name, value in sums.items()},
            }
        )

    def _validate(self, validate: Validate) -> None:
        if not self._team.leads:
            return
        started = time.monotonic()
        figures = dict(validate(self.average.network))
        self._log({"kind": "validation", **asdict(self.position), "seconds": time.monotonic() - started, **figures})

    def _log(self, line: Mapping[str, object]) -> None:
        if not self._team.leads:
            return
        rounded = {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in line.items()}
        text = json.dumps(rounded)
        print(text, flush=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / LOG).open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:
            message = f"{self._folder}: the log cannot be written ({error.strerror}): free the place."
            raise OutputError(message) from None


class _Trained(nn.Module):
    """All that a training step computes with weights, as one module, which is what gradients are shared over."""

    def __init__(self, network: ReferringNetwork):
        super().__init__()
        self.network = network

    def forward(self, batch: Batch, text: TextTensors) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        features = self.network.see(batch.images)
        outputs = self.network.ground(features, text.words, text.word_mask, text.sentence, batch.camera_index)
        return outputs, *self.network.classify(features)


def _optimiser(network: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW; norms and biases are not decayed."""
    decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    free = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def _single_threaded(_worker: int) -> None:
    import cv2

    cv2.setNumThreads(0)
    torch.set_num_threads(1)
