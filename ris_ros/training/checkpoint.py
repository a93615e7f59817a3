"""Checkpoints without pickle: tensors in safetensors, everything else in JSON, both in one folder.

``weights.safetensors`` holds the network (``network.``), its running mean (``average.``) and the optimiser's state
(``optimiser.<parameter>.<name>``); ``state.json`` the settings and how far the run is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ris_ros.config.strict import parse_settings
from ris_ros.config.training import TrainingSettings
from ris_ros.errors import DataError, MissingExtraError, OutputError

FORMAT = 1
_TENSORS = "weights.safetensors"
_STATE = "state.json"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is.

    Attributes:
        step: Optimiser steps done.
        elapsed_s: Seconds of training, resumed parts included.
        images: Images seen, repetitions included.
        sentences: Sentences seen, repetitions included.
    """

    step: int = 0
    elapsed_s: float = 0.0
    images: int = 0
    sentences: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint as read from disk.

    Attributes:
        settings: Of the run.
        position: How far the run was.
        tensors: By prefixed name, see the module.
        origin: What the weights had gone through when the run began; all zero from scratch.
    """

    settings: TrainingSettings
    position: Position
    tensors: Mapping[str, Tensor]
    origin: Position = field(default_factory=Position)

    @property
    def lifetime(self) -> Position:
        """Everything that the weights have gone through, earlier runs included."""
        run, before = asdict(self.position), asdict(self.origin)
        return Position(**{name: run[name] + before[name] for name in run})

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose name begins with ``prefix`` and a dot, without it."""
        return {n[len(prefix) + 1 :]: t for n, t in self.tensors.items() if n.startswith(f"{prefix}.")}


def write_checkpoint(
    folder: Path,
    settings: TrainingSettings,
    position: Position,
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    origin: Position,
) -> None:
    """Write a checkpoint; an older one at ``folder`` is replaced only once the whole of this one is on disk.

    Raises:
        OutputError: The folder cannot be written.
    """
    save_file = _safetensors().save_file
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    tensors: dict[str, Tensor] = {}
    for prefix, module in (("network", network), ("average", average)):
        tensors |= {f"{prefix}.{name}": tensor for name, tensor in module.state_dict().items()}
    for trained, state in optimiser.state.items():
        tensors |= {f"optimiser.{names[id(trained)]}.{key}": value for key, value in state.items()}
    fresh, old = folder.with_name(folder.name + ".part"), folder.with_name(folder.name + ".old")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        fresh.mkdir(parents=True)
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, fresh / _TENSORS)
        (fresh / _STATE).write_text(_state(settings, position, origin), encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{folder}: the checkpoint cannot be written ({error.strerror}): free the place.") from None


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        DataError: It is missing, cut short, or of another format.
        ConfigError: Its settings are not understood.
    """
    load_file = _safetensors().load_file
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            raise ValueError(f"format {state['format']}, not {FORMAT}")
        position, origin = Position(**state["position"]), Position(**state.get("origin", {}))
        tensors = load_file(folder / _TENSORS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: is no checkpoint of `ris train` ({error}): name another folder.") from None
    except Exception as error:  # safetensors raises a class of its own
        raise DataError(f"{folder / _TENSORS}: is damaged ({error}): use another checkpoint.") from None
    settings = parse_settings(TrainingSettings, state["settings"], str(folder / _STATE))
    return Checkpoint(settings, position, tensors, origin)


def restore(checkpoint: Checkpoint, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put a checkpoint's tensors into a network, its running mean and its optimiser.

    Raises:
        DataError: The tensors do not fit the network.
    """
    try:
        network.load_state_dict(checkpoint.part("network"))
        average.load_state_dict(checkpoint.part("average"))
    except RuntimeError as error:
        raise DataError(f"The checkpoint does not fit its network ({str(error).splitlines()[0]}).") from None
    by_parameter: dict[str, dict[str, Tensor]] = {}
    for name, tensor in checkpoint.part("optimiser").items():
        owner, _, key = name.rpartition(".")
        by_parameter.setdefault(owner, {})[key] = tensor
    for name, parameter in network.named_parameters():
        if name in by_parameter:
            optimiser.state[parameter] = {
                key: tensor if key == "step" else torch.empty_like(parameter).copy_(tensor)
                for key, tensor in by_parameter[name].items()
            }


def write_start(folder: Path, checkpoint: Checkpoint) -> None:
    """Write what another run needs to begin with these weights: the running mean, in half precision.

    Raises:
        OutputError: The folder cannot be written.
    """
    halves = {f"average.{name}": tensor for name, tensor in in_half(checkpoint.part("average")).items()}
    state = _state(checkpoint.settings, checkpoint.position, checkpoint.origin)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _safetensors().save_file(halves, folder / _TENSORS)
        (folder / _STATE).write_text(state, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder}: the weights cannot be written ({error.strerror}): free the place.") from None


def start_from(checkpoint: Checkpoint, network: nn.Module) -> None:
    """Put the running mean of another run into a network that begins a run of its own.

    The input size may differ, since no weight depends on it.

    Raises:
        DataError: The tensors do not fit the network.
    """
    try:
        network.load_state_dict(checkpoint.part("average"))
    except RuntimeError as error:
        message = f"The weights to start from do not fit the network ({str(error).splitlines()[1].strip()})"
        raise DataError(f"{message}: give the settings the network of that run.") from None


def in_half(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, those of floating point in half precision."""
    return {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }


def _state(settings: TrainingSettings, position: Position, origin: Position) -> str:
    state = {
        "format": FORMAT,
        "settings": settings.model_dump(mode="json"),
        "position": asdict(position),
        "origin": asdict(origin),
    }
    return json.dumps(state, indent=1)


def _safetensors() -> Any:
    try:
        import safetensors.torch as safetensors_torch
    except ImportError:
        raise MissingExtraError("safetensors", "train") from None
    return safetensors_torch
