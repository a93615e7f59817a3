"""Run any ONNX graph in the runtimes that are installed, on inputs that fit its shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.benchmark.timing import Call
from ris_ros.errors import BackendError, RisError, first_line
from ris_ros.runtime.onnx_backend import session_options
from ris_ros.runtime.openvino.library import DEVICE, Library, compile_config

_OPEN_LENGTH = 16
"""Given to a dimension that a graph leaves open and that is neither a batch nor a side of an image."""
_TYPES: Mapping[str, type] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_Provider = tuple[str, Mapping[str, Any]]
_GPU_PROVIDERS: Mapping[str, _Provider] = {
    "ONNX Runtime CUDA": ("CUDAExecutionProvider", {}),
    "ONNX Runtime TensorRT fp16": ("TensorrtExecutionProvider", {"trt_fp16_enable": True}),
}


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A graph, loaded.

    Attributes:
        name: Runtime and precision.
        call: Runs it.
    """

    name: str
    call: Call


def engines(graph: Path, picture_rgb: NDArray[np.uint8], open_size_px: tuple[int, int], threads: int) -> list[Engine]:
    """A graph in every runtime here: ONNX Runtime on the processor, and on a GPU where it can; OpenVINO.

    Args:
        graph: The file.
        picture_rgb: Shown where the graph takes an image, uint8 [H, W, 3].
        open_size_px: (width, height) of images whose size the graph leaves open.
        threads: Threads of one run, the same for all.

    Raises:
        BackendError: No runtime can load the graph, or its inputs cannot be filled.
    """
    try:
        session = _session(graph, threads, "CPUExecutionProvider")
    except Exception as error:  # ONNX Runtime raises classes of its own that share no base
        raise BackendError(f"{graph}: ONNX Runtime cannot load it ({first_line(error)}): export it again.") from None
    inputs = {
        port.name: fill(port.name, port.type, port.shape, picture_rgb, open_size_px) for port in session.get_inputs()
    }
    found = [Engine("ONNX Runtime fp32", lambda: session.run(None, inputs))]
    found += [engine for name, provider in _GPU_PROVIDERS.items() if (engine := _on_gpu(name, provider, graph, inputs))]
    if (other := _openvino(graph, inputs, threads)) is not None:
        found.append(other)
    return found


def fill(
    name: str, type_: str, shape: list[int | str | None], picture_rgb: NDArray[np.uint8], open_size_px: tuple[int, int]
) -> NDArray[Any]:
    """A value for an input: the picture where it is an image, else ones for whole numbers and masks, else noise.

    Args:
        name: Its name.
        type_: Its type, in ONNX Runtime's words.
        shape: Its dimensions; whatever is no number is open.
        picture_rgb: See :func:`engines`.
        open_size_px: See :func:`engines`.

    Raises:
        BackendError: It is of a type that nothing is known of.
    """
    if type_ not in _TYPES:
        raise BackendError(f"The input '{name}' is a {type_}: measure graphs whose inputs are numbers or truth values.")
    dtype = _TYPES[type_]
    channels = next((axis for axis in (1, 3) if len(shape) == 4 and shape[axis] == 3), None)
    open_sides = [_OPEN_LENGTH] * len(shape)
    if shape:
        open_sides[0] = 1
    if channels is not None:
        sides = (2, 3) if channels == 1 else (1, 2)
        open_sides[sides[0]], open_sides[sides[1]] = open_size_px[1], open_size_px[0]
    lengths = [given if isinstance(given, int) else open_ for given, open_ in zip(shape, open_sides, strict=True)]
    if channels is not None:
        height, width = (lengths[2], lengths[3]) if channels == 1 else (lengths[1], lengths[2])
        picture = np.asarray(cv2.resize(picture_rgb, (width, height)))
        image = picture if dtype is np.uint8 else (picture.astype(np.float32) / 255.0 - 0.45) / 0.225
        whole = np.broadcast_to(image if channels == 3 else image.transpose(2, 0, 1), lengths)
        return np.ascontiguousarray(whole, dtype)
    if not issubclass(dtype, np.floating) or "mask" in name:
        return np.ones(lengths, dtype)
    return np.random.default_rng(0).standard_normal(lengths).astype(dtype)


def _on_gpu(name: str, provider: _Provider, graph: Path, inputs: Mapping[str, NDArray[Any]]) -> Engine | None:
    """None where there is no such provider, no GPU, or it does not take the graph."""
    import onnxruntime

    if provider[0] not in onnxruntime.get_available_providers():
        return None
    try:
        session = _session(graph, 1, provider)
        if session.get_providers()[0] != provider[0]:
            return None
        session.run(None, dict(inputs))
    except Exception:  # see above; a provider without its GPU or libraries may raise anything
        return None
    return Engine(name, lambda: session.run(None, dict(inputs)))


def _session(graph: Path, threads: int, provider: str | _Provider) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(graph), session_options(threads), providers=[provider])


def _openvino(graph: Path, inputs: Mapping[str, NDArray[Any]], threads: int) -> Engine | None:
    """None where OpenVINO is not installed, does not work here, or does not take the graph."""
    try:
        library = Library()
        arithmetic = library.arithmetic("auto")
        model = library.core.read_model(str(graph))
        model.reshape({name: list(value.shape) for name, value in inputs.items()})
        compiled = library.core.compile_model(model, DEVICE, compile_config(arithmetic, threads, streams=1))
        request = compiled.create_infer_request()
        request.infer(dict(inputs), share_inputs=True)
    except (RisError, RuntimeError):
        return None
    name = f"OpenVINO {'fp32' if arithmetic == 'f32' else arithmetic}"
    return Engine(name, lambda: request.infer(dict(inputs), share_inputs=True, share_outputs=True))
