"""The node with three backends more.

``slow``, ``heavy``, which is slow with large images only, and ``endless``, which is never built.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError
from ris_ros.ros.main import main
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.table import BACKENDS, BackendEntry, LoadOptions
from ris_ros.types import VisionFeatures

DELAY_S = 0.3
DELAY_PER_PIXEL_S = 0.060 / (96 * 64)


class Slow(OnnxBackend):
    """Takes its time over every look."""

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        time.sleep(DELAY_S)
        return super().see(images_rgb)


class Heavy(OnnxBackend):
    """Takes its time by the number of pixels: 60 ms for the largest input of the tiny bundle."""

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        time.sleep(DELAY_PER_PIXEL_S * images_rgb.shape[1] * images_rgb.shape[2])
        return super().see(images_rgb)


def _slow(bundle: Bundle, options: LoadOptions) -> Backend:
    return Slow(bundle, options.threads)


def _heavy(bundle: Bundle, options: LoadOptions) -> Backend:
    return Heavy(bundle, options.threads)


def _endless(bundle: Bundle, options: LoadOptions) -> Backend:
    print("building", flush=True)
    while not options.cancelled():
        time.sleep(0.01)
    raise BackendError("The build was given up: configure the node again.")


if __name__ == "__main__":
    BACKENDS["slow"] = BackendEntry("onnxruntime", "all", "for tests", _slow)
    BACKENDS["heavy"] = BackendEntry("onnxruntime", "all", "for tests", _heavy)
    BACKENDS["endless"] = BackendEntry("onnxruntime", "all", "for tests", _endless)
    sys.exit(main())
