"""OpenVINO: the fastest on Intel CPUs, in bfloat16 where the CPU has instructions for it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MissingExtraError
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

Shape = tuple[int, ...]

_DEVICE = "CPU"
_SHAPES_KEPT = 6
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
        self._text_width = bundle.settings.text.width
        self._vision = self._engine(bundle, "vision.onnx")
        self._ground = self._engine(bundle, "ground.onnx")
        self._feature_names = self._vision.output_names
        wanted = set(self._ground.input_names)
        if wanted != {*self._feature_names, *GROUND_TEXT_INPUTS}:
            raise BackendError(
                f"{bundle.path}: ground.onnx takes {sorted(wanted)}, which vision.onnx and text do not give: "
                f"export the bundle again."
            )
        width, height = bundle.input_size_px
        compiled, _ = self._vision.compiled({"image": (1, height, width, 3)})
        self._precision = _heavy_precision(compiled)

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def device(self) -> str:
        name = str(self._core.get_property(_DEVICE, "FULL_DEVICE_NAME")).strip()
        return f"cpu, {name} (openvino {self._openvino.__version__.split('-')[0]})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._input_size_px)
        # Held in this frame until the run is over: the tensor points into its memory.
        images = np.ascontiguousarray(images_rgb)
        request = self._vision.infer({"image": self._openvino.Tensor(images, shared_memory=True)})
        return VisionFeatures({name: request.get_tensor(name) for name in self._feature_names}, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text_width)
        arrays = {name: np.ascontiguousarray(getattr(text, name)) for name in GROUND_TEXT_INPUTS}
        tensors = {name: self._openvino.Tensor(array, shared_memory=True) for name, array in arrays.items()}
        request = self._ground.infer({**features.tensors, **tensors})
        # Copied: the request writes its next answer to the same memory.
        return GroundOutput(*(np.array(request.get_tensor(name).data, np.float32) for name in GROUND_OUTPUTS))

    def close(self) -> None:
        del self._vision, self._ground

    def _engine(self, bundle: Bundle, name: str) -> _Engine:
        try:
            return _Engine(self._core, self._core.read_model(bundle.read(name), b""), self._config, name)
        except RuntimeError as error:
            raise BackendError(
                f"{bundle.path / name}: OpenVINO cannot load it ({_last_line(error)}): use the backend onnx."
            ) from None


class _Engine:
    """A graph, compiled once for each set of input shapes: fixed shapes make it up to twice as fast as open ones.

    Compiling takes a few tenths of a second, when the number of cameras or of commands is one not met lately.
    """

    def __init__(self, core: Any, model: Any, config: dict[str, str], name: str) -> None:
        self._core = core
        self._model = model
        self._config = config
        self._name = name.removesuffix(".onnx")
        self.input_names = [port.get_any_name() for port in model.inputs]
        self.output_names = [port.get_any_name() for port in model.outputs]
        self._compiled: OrderedDict[frozenset[tuple[str, Shape]], tuple[Any, Any]] = OrderedDict()

    def infer(self, inputs: dict[str, Any]) -> Any:
        """Run on tensors by name; returns the request that holds the outputs until the next run of the same shapes."""
        _, request = self.compiled({name: tuple(tensor.shape) for name, tensor in inputs.items()})
        try:
            request.infer(inputs, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise self._failure(error) from None
        return request

    def compiled(self, shapes: dict[str, Shape]) -> tuple[Any, Any]:
        """The graph compiled for these shapes, and its one request, whose tensors are allocated once."""
        key = frozenset(shapes.items())
        if key in self._compiled:
            self._compiled.move_to_end(key)
            return self._compiled[key]
        try:
            model = self._model.clone()
            model.reshape({name: list(shape) for name, shape in shapes.items()})
            compiled = self._core.compile_model(model, _DEVICE, self._config)
            entry = self._compiled[key] = compiled, compiled.create_infer_request()
        except RuntimeError as error:
            raise self._failure(error) from None
        if len(self._compiled) > _SHAPES_KEPT:
            self._compiled.popitem(last=False)
        return entry

    def _failure(self, error: RuntimeError) -> BackendError:
        return BackendError(f"The {self._name} engine of OpenVINO failed: {_last_line(error)}.")


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
