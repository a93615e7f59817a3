"""OpenVINO: the fastest on Intel CPUs, in bfloat16 where the CPU has instructions for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MissingExtraError
from ris_ros.runtime.backend import GROUND_OUTPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

_DEVICE = "CPU"
# Layers whose arithmetic decides speed and accuracy; the rest is data movement.
_HEAVY_LAYERS = frozenset({"Convolution", "GroupConvolution", "FullyConnected", "MatMul", "Deconvolution"})


def cpu_has_bf16() -> bool:
    """Whether OpenVINO is installed and its CPU device computes in bfloat16."""
    try:
        import openvino

        return "BF16" in openvino.Core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):  # RuntimeError: installed, but without a CPU device that works here
        return False


class OpenVinoBackend(ClosesOnExit):
    """The bundle's graphs on OpenVINO's CPU device.

    Each is compiled for one image and one command, and run as often as there are. On a CPU a batch gains little (a
    tenth to a quarter on two cores), open shapes lose more than that, and compiling for every number of images and
    commands would take half a second and 40 MB each, in the middle of a drive. So an answer never depends on its batch.

    Args:
        bundle: Verified bundle.
        threads: Threads of one run.
        precision: ``fp32``, ``bf16``, or ``auto``: bf16 where the CPU has instructions for it.

    Raises:
        BackendError: A graph cannot be loaded, or the CPU does not compute in this precision.
        MissingExtraError: OpenVINO is not installed.
    """

    name = "openvino"

    def __init__(self, bundle: Bundle, threads: int, precision: Precision = "auto") -> None:
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("openvino", "openvino") from None
        self._openvino = openvino
        try:
            self._core = openvino.Core()
            capabilities = self._core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO has no CPU device that works here ({_last_line(error)}): use the backend onnx."
            ) from None
        if precision == "bf16" and "BF16" not in capabilities:
            raise BackendError("This CPU does not compute in bf16: leave the precision at auto, or take fp32.")
        self._config = {
            "INFERENCE_PRECISION_HINT": "bf16" if "BF16" in capabilities and precision != "fp32" else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
            # Other processes of the robot share the cores: a pinned thread waits behind them.
            "ENABLE_CPU_PINNING": "NO",
        }
        self._input_size_px = bundle.input_size_px
        self._text_width = bundle.settings.text.width
        width, height = bundle.input_size_px
        self._vision = self._compile(bundle, "vision.onnx", {"image": [1, height, width, 3]})
        feature_shapes = {port.get_any_name(): list(port.shape) for port in self._vision.outputs}
        text = bundle.settings.text
        text_shapes = {
            "words": [1, text.max_tokens, text.width],
            "word_mask": [1, text.max_tokens],
            "sentence": [1, text.width],
            "camera_index": [1],
        }
        self._ground = self._compile(bundle, "ground.onnx", {**feature_shapes, **text_shapes})
        self._looking = self._vision.create_infer_request()
        self._answering = self._ground.create_infer_request()
        # The features of the image in each row of a batch, written in place.
        self._features: list[dict[str, Any]] = []
        self._precision = _heavy_precision(self._vision)

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._input_size_px

    @property
    def device(self) -> str:
        name = str(self._core.get_property(_DEVICE, "FULL_DEVICE_NAME")).strip()
        return f"cpu, {name} (openvino {self._openvino.__version__.split('-')[0]})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._input_size_px)
        # Held in this frame until the runs are over: the engine reads it in place.
        images = np.ascontiguousarray(images_rgb)
        for row in range(len(images)):
            for name, tensor in self._features_of(row).items():
                self._looking.set_tensor(name, tensor)
            self._run(self._looking, {"image": images[row : row + 1]}, "vision")
        seen = self._features[: len(images)]
        return VisionFeatures({name: [row[name] for row in seen] for name in seen[0]}, len(images))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text_width)
        rows = [self._ground_one(features, text, row) for row in range(len(text.camera_index))]
        return GroundOutput(*(np.concatenate(outputs) for outputs in zip(*rows, strict=True)))

    def close(self) -> None:
        del self._looking, self._answering, self._features, self._vision, self._ground

    def _ground_one(self, features: VisionFeatures, text: TextBatch, row: int) -> list[NDArray[np.float32]]:
        camera = int(text.camera_index[row])
        inputs: dict[str, Any] = {name: tensors[camera] for name, tensors in features.tensors.items()}
        # The engine is shown that one image only.
        inputs["camera_index"] = np.zeros(1, np.int64)
        for name in ("words", "word_mask", "sentence"):
            inputs[name] = np.ascontiguousarray(getattr(text, name)[row : row + 1])
        self._run(self._answering, inputs, "ground")
        # Copied: the request writes its next answer to the same memory.
        return [np.array(self._answering.get_tensor(name).data, np.float32) for name in GROUND_OUTPUTS]

    def _features_of(self, row: int) -> dict[str, Any]:
        while len(self._features) <= row:
            outputs = self._vision.outputs
            self._features.append(
                {port.get_any_name(): self._openvino.Tensor(port.element_type, port.shape) for port in outputs}
            )
        return self._features[row]

    def _compile(self, bundle: Bundle, name: str, shapes: dict[str, list[int]]) -> Any:
        try:
            model = self._core.read_model(bundle.read(name), b"")
            found = {port.get_any_name() for port in model.inputs}
            if found != set(shapes):
                raise BackendError(
                    f"{bundle.path / name}: takes {sorted(found)}, not {sorted(shapes)}: export the bundle again."
                )
            model.reshape(shapes)
            return self._core.compile_model(model, _DEVICE, self._config)
        except RuntimeError as error:
            raise BackendError(
                f"{bundle.path / name}: OpenVINO cannot load it ({_last_line(error)}): use the backend onnx."
            ) from None

    def _run(self, request: Any, inputs: dict[str, Any], graph: str) -> None:
        try:
            request.infer(inputs, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise BackendError(
                f"The {graph} engine of OpenVINO failed ({_last_line(error)}): use the backend onnx."
            ) from None


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
