"""Open what the parameters name: bundle, backend, text encoder. To be called in the thread that will use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ris_ros.config.node import NodeConfig
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime import registry
from ris_ros.runtime.bundle import Bundle, default_path
from ris_ros.types import Command, Frame, Target

_LIKELY_IMAGE_PX = (1280, 720)
"""Most cameras' shape: what an engine makes for it while configuring, the first image then finds made."""


@dataclass(frozen=True, slots=True, eq=False)
class Engines:
    """What was opened.

    Attributes:
        bundle: The model's name and version.
        perceiver: Ready to answer.
    """

    bundle: str
    perceiver: Perceiver

    def describe(self) -> Mapping[str, str]:
        """What runs at this moment, for people; another backend may have taken over since the last time.

        May be called in any thread.
        """
        backend = self.perceiver.backend
        known = {"backend": backend.name, "precision": backend.precision, "device": backend.device}
        return {"bundle": self.bundle, **known, **backend.notes}


def open_engines(config: NodeConfig, cancelled: Callable[[], bool]) -> Engines:
    """Open bundle, text encoder and backend.

    Args:
        config: The node's parameters.
        cancelled: Asked, while an engine is built, whether to stop.

    Raises:
        BundleError: Bundle or text weights are missing, malformed or altered.
        BackendError: The backend is unknown, or cannot run the bundle.
        MissingExtraError: Its library is not installed.
    """
    bundle = Bundle.open(Path(config.bundle).expanduser() if config.bundle else default_path())
    input_size_px = bundle.largest_input(config.input_size_px)
    encoder = bundle.load_text_encoder()
    backend = registry.load(
        config.backend, bundle, config.threads, config.precision, tensorrt=config.tensorrt, cancelled=cancelled
    )
    try:
        thresholds = Thresholds.of(bundle.settings.thresholds)
        perceiver = Perceiver(backend, encoder, input_size_px, thresholds, config.mask_size)
        _run_once(perceiver, config.cameras, backend.camera_size_px or _LIKELY_IMAGE_PX)
    except BaseException:
        backend.close()
        raise
    return Engines(bundle.label, perceiver)


def _run_once(perceiver: Perceiver, cameras: Sequence[str], image_size_px: tuple[int, int]) -> None:
    """Engines allocate, tune and fail at their first run: better while configuring than on the first frame."""
    width, height = image_size_px
    frames = [Frame(camera, np.zeros((height, width, 3), np.uint8), stamp_ns=0) for camera in cameras]
    perceiver.perceive(frames, [Command("first", "the road", Target.OBJECT, uttered_ns=0)])
