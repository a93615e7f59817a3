"""ONNX Runtime: runs everywhere, in single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, first_line
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

# Best first; a provider that is compiled in but finds no device steps aside for the next.
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_DEVICES = {"CUDAExecutionProvider": "cuda", "CPUExecutionProvider": "cpu"}


class OnnxBackend(ClosesOnExit):
    """The bundle's graphs on ONNX Runtime.

    Args:
        bundle: Verified bundle.
        threads: Threads of one run; they wait passively, because spinning threads starve the processes beside them.

    Raises:
        BackendError: A graph cannot be loaded or is not one of a bundle, or ONNX Runtime is not installed.
    """

    name = "onnx"
    precision = "fp32"

    def __init__(self, bundle: Bundle, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise BackendError("'onnxruntime' is not installed: run `pip install onnxruntime`.") from None
        self._runtime = onnxruntime
        self._fixed_size_px = bundle.fixed_size_px
        self._text_width = bundle.settings.text.width
        self._vision = self._session(bundle, "vision.onnx", threads)
        self._ground = self._session(bundle, "ground.onnx", threads)
        self._feature_names = [output.name for output in self._vision.get_outputs()]
        self._check_graphs(bundle)
        self._device = _DEVICES[self._vision.get_providers()[0]]

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def device(self) -> str:
        return f"{self._device} (onnxruntime {self._runtime.__version__})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._fixed_size_px)
        images = np.ascontiguousarray(images_rgb)
        binding = self._vision.io_binding()
        binding.bind_cpu_input("image", images)
        for name in self._feature_names:
            # The engine makes the tensor, where it runs: features never pass through this process's memory twice.
            binding.bind_output(name, self._device)
        self._run(self._vision, binding, "vision")
        tensors = dict(zip(self._feature_names, binding.get_outputs(), strict=True))
        return VisionFeatures(tensors, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text_width)
        binding = self._ground.io_binding()
        for name, tensor in features.tensors.items():
            binding.bind_ortvalue_input(name, tensor)
        # Held in this frame until the run is over: the binding points into their memory.
        arrays = {name: np.ascontiguousarray(getattr(text, name)) for name in GROUND_TEXT_INPUTS}
        for name, array in arrays.items():
            binding.bind_cpu_input(name, array)
        for name in GROUND_OUTPUTS:
            binding.bind_output(name, "cpu")
        self._run(self._ground, binding, "ground")
        object_logits, region_logits, existence_logit = binding.copy_outputs_to_cpu()
        return GroundOutput(object_logits, region_logits, existence_logit)

    def close(self) -> None:
        del self._vision, self._ground

    def _session(self, bundle: Bundle, name: str, threads: int) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        present = self._runtime.get_available_providers()
        providers = [provider for provider in _PROVIDERS if provider in present]
        try:
            return self._runtime.InferenceSession(bundle.read(name), options, providers=providers)
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base
            raise BackendError(
                f"{bundle.path / name}: ONNX Runtime cannot load it ({first_line(error)}): export the bundle again."
            ) from None

    def _check_graphs(self, bundle: Bundle) -> None:
        vision_inputs = [tensor.name for tensor in self._vision.get_inputs()]
        if vision_inputs != ["image"]:
            raise BackendError(
                f"{bundle.path}: vision.onnx takes {vision_inputs}, not 'image': export the bundle again."
            )
        ground_inputs = {tensor.name for tensor in self._ground.get_inputs()}
        if ground_inputs != {*self._feature_names, *GROUND_TEXT_INPUTS}:
            raise BackendError(
                f"{bundle.path}: ground.onnx takes {sorted(ground_inputs)}, which vision.onnx and text do not give: "
                f"export the bundle again."
            )
        missing = set(GROUND_OUTPUTS) - {tensor.name for tensor in self._ground.get_outputs()}
        if missing:
            raise BackendError(f"{bundle.path}: ground.onnx does not give {sorted(missing)}: export the bundle again.")

    def _run(self, session: Any, binding: Any, graph: str) -> None:
        try:
            session.run_with_iobinding(binding)
        except Exception as error:
            raise BackendError(
                f"The {graph} engine of ONNX Runtime failed ({first_line(error)}): try another backend."
            ) from None
