"""The inference backends, a row each: what it needs, what it offers, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from ris_ros.config.backend import Precision
from ris_ros.config.tensorrt import EnginePrecision, TensorRtSettings
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.devices import importable


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What backends are made with; each takes what concerns it.

    Attributes:
        threads: Threads of one run.
        precision: The arithmetic, one that the backend offers, or ``auto``.
        tensorrt: What TensorRT engines are built for; its precision is the one above.
        cancelled: Asked, before and while something long is built, whether to stop; then loading fails.
    """

    threads: int
    precision: Precision
    tensorrt: TensorRtSettings
    cancelled: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """One row of the table.

    Attributes:
        module: The module that must be installed.
        extra: The extra of this package that brings it; empty where none does, and the backend says itself what to do.
        help: What it is for, for people.
        load: Makes the backend of a bundle.
        precisions: What it computes in.
        needs_gpu: Whether it runs on NVIDIA GPUs only.
        chosen_with_gpu: Whether ``auto`` considers it only where there is such a GPU, though it runs without.
        built: What lies in its cache folder for each thing that it has built, as a pattern; empty where it builds none.
    """

    module: str
    extra: str
    help: str
    load: Callable[[Bundle, LoadOptions], Backend]
    precisions: tuple[Precision, ...] = ("fp32",)
    needs_gpu: bool = False
    chosen_with_gpu: bool = False
    built: str = ""

    @property
    def installed(self) -> bool:
        """Whether its module can be found."""
        return importable(self.module)


def _load_onnx(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.onnx_backend import OnnxBackend

    return OnnxBackend(bundle, options.threads)


def _load_onnx_cuda(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.onnx_backend import load_on_cuda

    return load_on_cuda(bundle, options.threads)


def _load_onnx_tensorrt(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.onnx_backend import load_on_tensorrt

    return load_on_tensorrt(bundle, options.threads, options.tensorrt, options.cancelled)


def _load_openvino(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.openvino.backend import OpenVinoBackend

    return OpenVinoBackend(bundle, options.threads, options.precision)


def _load_torch(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.torch_backend import TorchBackend

    return TorchBackend(bundle, options.threads, options.precision)


def _load_torch_compile(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.torch_backend import TorchCompileBackend

    return TorchCompileBackend(bundle, options.threads, options.precision, options.cancelled)


def _load_tensorrt(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.tensorrt.backend import TensorRtBackend

    return TensorRtBackend(bundle, options.tensorrt, options.cancelled)


BACKENDS: dict[str, BackendEntry] = {
    "onnx": BackendEntry("onnxruntime", "", "ONNX Runtime on the processor: runs everywhere", _load_onnx),
    "onnx-cuda": BackendEntry(
        "onnxruntime", "", "ONNX Runtime on an NVIDIA GPU: needs no building", _load_onnx_cuda, needs_gpu=True
    ),
    "onnx-tensorrt": BackendEntry(
        "onnxruntime",
        "",
        "ONNX Runtime's own use of TensorRT, where TensorRT's Python library is not to be had",
        _load_onnx_tensorrt,
        ("fp16",),
        needs_gpu=True,
        built="*/built",
    ),
    "openvino": BackendEntry(
        "openvino",
        "openvino",
        "OpenVINO: fastest on Intel CPUs, bf16 with AMX",
        _load_openvino,
        ("fp32", "bf16", "int8"),
    ),
    "torch": BackendEntry(
        "torch",
        "train",
        "PyTorch: the reference for comparisons",
        _load_torch,
        ("fp32", "fp16", "bf16"),
        chosen_with_gpu=True,
    ),
    "torch-compile": BackendEntry(
        "torch",
        "train",
        "PyTorch compiled, with CUDA graphs on a GPU; compiles for a minute first",
        _load_torch_compile,
        ("fp32", "fp16", "bf16"),
        chosen_with_gpu=True,
        built="*.made",
    ),
    "tensorrt": BackendEntry(
        "tensorrt",
        "",
        "TensorRT: for NVIDIA GPUs and Jetson; builds an engine first",
        _load_tensorrt,
        get_args(EnginePrecision),
        needs_gpu=True,
        built="*/engine.json",
    ),
}
