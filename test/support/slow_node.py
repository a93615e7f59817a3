"""The node with a backend ``slow`` more."""

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


def _slow(bundle: Bundle, options: LoadOptions) -> Backend:
    return Slow(bundle, options.threads)


if __name__ == "__main__":
    BACKENDS["slow"] = BackendEntry("onnxruntime", "all", "for tests", _slow)
    sys.exit(main())
