"""The node with a backend ``doomed``, whose engine is dead for good from the first deadly image on, in a way to choose.

The environment variable DOOM says how: ``look`` and ``question`` raise what no engine should, ``numbers`` gives NaN.
With ALONE set there is no other backend, and the engine is dead on deadly images only.
"""

from __future__ import annotations

import os
import sys

import numpy as np
from numpy.typing import NDArray

from ris_ros.ros.main import main
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.table import BACKENDS, BackendEntry, LoadOptions
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

DOOM, ALONE = os.environ["DOOM"], "ALONE" in os.environ
DEADLY = 7
"""Value of each pixel of a deadly image, unlike any that the node makes up to prepare its engines."""


class Doomed(OnnxBackend):
    """Lives until it sees a deadly image."""

    name = "doomed"

    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__(bundle, threads)
        self._dead = False

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        deadly = bool((images_rgb == DEADLY).all())
        self._dead = deadly or (self._dead and not ALONE)
        if self._dead and DOOM == "look":
            raise MemoryError("the engine fell over")
        return super().see(images_rgb)

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        output = super().ground(features, text)
        if self._dead and DOOM == "question":
            raise MemoryError("the engine fell over")
        if self._dead and DOOM == "numbers":
            output.object_logits[:] = np.nan
        return output


def _doomed(bundle: Bundle, options: LoadOptions) -> Backend:
    return Doomed(bundle, options.threads)


if __name__ == "__main__":
    if ALONE:
        BACKENDS.clear()
    BACKENDS["doomed"] = BackendEntry("onnxruntime", "all", "for tests", _doomed)
    sys.exit(main())
