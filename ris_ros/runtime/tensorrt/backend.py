"""The backend ``tensorrt``: engines out of the cache, or built when they are first asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import MisuseError
from ris_ros.runtime.backend import ClosesOnExit, check_images, check_text, empty_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.engines import Workshop, open_engines
from ris_ros.runtime.tensorrt.library import load_library
from ris_ros.runtime.tensorrt.progress import Progress, never
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

if TYPE_CHECKING:
    from ris_ros.runtime.tensorrt.report import BuildReport

_log = logging.getLogger(__name__)


def log_progress(progress: Progress) -> None:
    """Tell the log of a build, at its beginning and every tenth."""
    if progress.share is None or round(progress.share * 100) % 10 == 0:
        share = "" if progress.share is None else f" {progress.share:.0%}"
        left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
        _log.info("TensorRT: %s%s%s", progress.stage, share, left)


def _said(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}x{size_px[1]}"


class TensorRtBackend(ClosesOnExit):
    """The bundle's graphs on TensorRT. Where no engine is in the cache, it is built first, which takes minutes.

    Args:
        bundle: Verified bundle.
        settings: What engines are built for.
        cancelled: Asked during a build whether to stop.
        workshop: What to build with; None loads TensorRT and CUDA.

    Raises:
        BackendError: There is no GPU, or engines cannot be built, or do not answer as ONNX Runtime does.
        MissingExtraError: TensorRT, or a library that building needs, is not installed.
    """

    name = "tensorrt"

    def __init__(
        self,
        bundle: Bundle,
        settings: TensorRtSettings,
        cancelled: Callable[[], bool] = never,
        workshop: Workshop | None = None,
    ) -> None:
        if workshop is None:
            workshop = Workshop(load_library(), Cuda(), report=log_progress, cancelled=cancelled)
        self._text = bundle.settings.text
        opened = open_engines(bundle, settings, workshop)
        self._runner = opened.runner
        self._specification = opened.specification
        self.report: BuildReport = opened.report
        self._seen: VisionFeatures | None = None

    @property
    def precision(self) -> str:
        return self.report.precision

    @property
    def fixed_size_px(self) -> tuple[int, int]:
        return self._specification.size_px

    @property
    def camera_size_px(self) -> tuple[int, int] | None:
        return self._specification.camera_size_px

    @property
    def device(self) -> str:
        return f"cuda, {self.report.gpu} (tensorrt {self.report.tensorrt})"

    @property
    def notes(self) -> Mapping[str, str]:
        layers = ", ".join(f"{count} {name}" for name, count in sorted(self.report.layers.items()))
        asked = self._specification
        shrunk = "" if asked.camera_size_px is None else f" of camera images of {_said(asked.camera_size_px)}"
        return {
            "input": f"{_said(asked.size_px)}{shrunk} (cameras: {asked.cameras}, commands: {asked.commands})",
            "layers": layers or "the inspector names none",
            "parity": str(self.report.parity),
        }

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        """See :meth:`ris_ros.runtime.backend.Backend.prepare`; a shape is recorded when it runs for the second time."""
        if size_px != self.fixed_size_px:
            raise MisuseError(
                f"The engine was built for {self.fixed_size_px}, not for {size_px}: letterbox to its size."
            )
        width, height = self._specification.image_size_px
        images = np.zeros((cameras, height, width, 3), np.uint8)
        text = empty_text(self._text, [0] * commands)
        for _ in range(2):
            self.ground(self.see(images), text)

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._specification.image_size_px)
        self._seen = None
        self._runner.see(images_rgb)
        self._seen = VisionFeatures(dict(self._runner.features), len(images_rgb))
        return self._seen

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text)
        if features is not self._seen:
            raise MisuseError("These features were overwritten by a later look: ground before looking again.")
        return self._runner.ground(features.camera_count, text)

    def close(self) -> None:
        self._seen = None
        self._runner.close()
