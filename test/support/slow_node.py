"""The node with two more backends: ``slow``, and ``fragile``, whose engine fails on black images."""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray

from ris_ros.ros.main import main
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.registry import BACKENDS, BackendEntry, LoadOptions
from ris_ros.types import VisionFeatures

DELAY_S = 0.3


class Slow(OnnxBackend):
    """Takes its time over every look."""

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        time.sleep(DELAY_S)
        return super().see(images_rgb)


class Fragile(OnnxBackend):
    """Raises what no engine should, on images that are black all over but for the node's first."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__(bundle, threads)
        self._looks = 0

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        self._looks += 1
        if self._looks > 1 and not images_rgb[0, 20:40, 20:40].any():
            raise MemoryError("the engine fell over")
        return super().see(images_rgb)


def _slow(bundle: Bundle, options: LoadOptions) -> Backend:
    return Slow(bundle, options.threads)


def _fragile(bundle: Bundle, options: LoadOptions) -> Backend:
    return Fragile(bundle, options.threads)


if __name__ == "__main__":
    BACKENDS["slow"] = BackendEntry("onnxruntime", "all", "for tests", _slow)
    BACKENDS["fragile"] = BackendEntry("onnxruntime", "all", "for tests", _fragile)
    sys.exit(main())
