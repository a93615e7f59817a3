"""OpenVINO: the fastest on Intel CPUs, in bfloat16 where the CPU has instructions for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MissingExtraError
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

_DEVICE = "CPU"
# Layers whose arithmetic decides speed and accuracy; the rest is data movement.
_HEAVY_LAYERS = frozenset({"Convolution", "GroupConvolution", "FullyConnected", "MatMul", "Deconvolution"})


def cpu_has_bf16() -> bool:
    """Whether OpenVINO is installed and its CPU device computes in bfloat16."""
    try:
        import openvino
    except ImportError:
        return False
    return "BF16" in openvino.Core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")


class OpenVinoBackend(ClosesOnExit):
    """The bundle's graphs on OpenVINO's CPU device.

    Args:
        bundle: Verified bundle.
        threads: Threads of one run.

    Raises:
        BackendError: A graph cannot be loaded.
        MissingExtraError: OpenVINO is not installed.
    """

    name = "openvino"

    def __init__(self, bundle: Bundle, threads: int) -> None:
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("openvino", "openvino") from None
        self._openvino = openvino
        self._core = openvino.Core()
        capabilities = self._core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
        self._config = {
            "INFERENCE_PRECISION_HINT": "bf16" if "BF16" in capabilities else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
            # Other processes of the robot share the cores: a pinned thread waits behind them.
            "ENABLE_CPU_PINNING": "NO",
        }
        self._input_size_px = bundle.input_size_px
        self._vision = self._compile(bundle, "vision.onnx")
        self._ground = self._compile(bundle, "ground.onnx")
        self._feature_names = [output.get_any_name() for output in self._vision.outputs]
        wanted = {port.get_any_name() for port in self._ground.inputs}
        if wanted != {*self._feature_names, *GROUND_TEXT_INPUTS}:
            raise BackendError(
                f"{bundle.path}: ground.onnx takes {sorted(wanted)}, which vision.onnx and the text do not give: "
                f"export the bundle again."
            )
        # One request each, used again for every frame: its tensors are allocated once.
        self._see = self._vision.create_infer_request()
        self._answer = self._ground.create_infer_request()
        self._precision = _heavy_precision(self._vision)

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def device(self) -> str:
        name = str(self._core.get_property(_DEVICE, "FULL_DEVICE_NAME")).strip()
        return f"cpu, {name} (openvino {self._openvino.__version__.split('-')[0]})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._input_size_px)
        images = self._openvino.Tensor(np.ascontiguousarray(images_rgb), shared_memory=True)
        self._run(self._see, {"image": images}, "vision")
        tensors = {name: self._see.get_tensor(name) for name in self._feature_names}
        return VisionFeatures(tensors, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features)
        inputs = dict(features.tensors)
        for name in GROUND_TEXT_INPUTS:
            inputs[name] = self._openvino.Tensor(np.ascontiguousarray(getattr(text, name)), shared_memory=True)
        self._run(self._answer, inputs, "ground")
        # Copied: the request writes its next answer to the same memory.
        return GroundOutput(*(np.array(self._answer.get_tensor(name).data, np.float32) for name in GROUND_OUTPUTS))

    def close(self) -> None:
        del self._see, self._answer, self._vision, self._ground

    def _compile(self, bundle: Bundle, name: str) -> Any:
        try:
            model = self._core.read_model(bundle.read(name), b"")
            return self._core.compile_model(model, _DEVICE, self._config)
        except RuntimeError as error:
            raise BackendError(
                f"{bundle.path / name}: OpenVINO cannot load it ({_last_line(error)}): use the backend onnx."
            ) from None

    def _run(self, request: Any, inputs: dict[str, Any], graph: str) -> None:
        try:
            request.infer(inputs, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise BackendError(f"The {graph} engine of OpenVINO failed: {_last_line(error)}.") from None


def _heavy_precision(compiled: Any) -> str:
    """The arithmetic of most heavy layers, read from the compiled graph and not from what was asked for."""
    counts: dict[str, int] = {}
    for layer in compiled.get_runtime_model().get_ordered_ops():
        info = layer.get_rt_info()
        if str(info["layerType"].astype(str)) in _HEAVY_LAYERS:
            precision = info["runtimePrecision"].astype(str)
            counts[precision] = counts.get(precision, 0) + 1
    most = max(counts, key=lambda precision: counts[precision]) if counts else "f32"
    return {"f32": "fp32", "f16": "fp16"}.get(most, most)


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
