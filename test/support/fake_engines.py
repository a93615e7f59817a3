"""Engines of the tiny bundle on the fake GPU, and what to show and ask them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tiny_bundle
from fake_tensorrt import Machine
from numpy.typing import NDArray
from tiny_bundle import BLUE, RED, picture

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.runtime.tensorrt.backend import TensorRtBackend
from ris_ros.runtime.tensorrt.cache import EngineCache
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.engines import Workshop
from ris_ros.runtime.tensorrt.library import load_library
from ris_ros.runtime.tensorrt.progress import Progress, never
from ris_ros.types import TextBatch

EXECUTE = "IExecutionContext.execute_async_v3"
BUILD = "Builder.build_serialized_network"
Load = Callable[..., TensorRtBackend]


def loader(folder: Path) -> Load:
    """Loads the backend on a machine, with engines kept in ``folder``; in single precision unless told otherwise."""

    def load(
        machine: Machine,
        cancelled: Callable[[], bool] = never,
        told: list[Progress] | None = None,
        **settings: object,
    ) -> TensorRtBackend:
        report = (lambda progress: None) if told is None else told.append
        library, cuda = load_library(machine.tensorrt), Cuda(machine.cuda_runtime)
        chosen = TensorRtSettings(**{"precision": "fp32", **settings})  # type: ignore[arg-type]
        workshop = Workshop(library, cuda, EngineCache(folder), report, cancelled)
        return TensorRtBackend(tiny_bundle.open_bundle(), chosen, workshop=workshop)

    return load


def images(count: int) -> NDArray[np.uint8]:
    """Images of the tiny bundle's size, with a red or a blue box by turns."""
    boxes = [(RED, (16, 16, 24, 24)), (BLUE, (60, 8, 24, 24))]
    return np.stack([picture(tiny_bundle.INPUT_SIZE_PX, boxes[index % 2]) for index in range(count)])


def text(count: int, cameras: int = 1) -> TextBatch:
    """Commands for the red and the blue car by turns, asked of one camera after the other."""
    features = tiny_bundle.load_text_encoder().encode_many(["the red car", "the blue car"])
    return TextBatch.stack([features[i % 2] for i in range(count)], [i % cameras for i in range(count)])
