"""OpenVINO itself: whether it works here, and what its CPU device computes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MissingExtraError

DEVICE = "CPU"
_BF16 = "BF16"
# Layers whose arithmetic decides speed and accuracy; the rest is data movement.
_HEAVY_LAYERS = frozenset({"Convolution", "GroupConvolution", "FullyConnected", "MatMul", "Deconvolution"})
_NAMES = {"f32": "fp32", "f16": "fp16", "i8": "int8", "u8": "int8"}


class Library:
    """The module and its CPU device.

    Attributes:
        module: The module ``openvino``.
        core: Its ``Core``.
        capabilities: What the CPU device computes in, as OpenVINO names it.

    Raises:
        BackendError: OpenVINO has no CPU device that works here.
        MissingExtraError: It is not installed.
    """

    def __init__(self) -> None:
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("openvino", "openvino") from None
        self.module: Any = openvino
        try:
            self.core: Any = openvino.Core()
            self.capabilities = tuple(sorted(self.core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")))
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO has no CPU device that works here ({last_line(error)}): use the backend onnx."
            ) from None

    @property
    def version(self) -> str:
        """Release and build."""
        return str(self.module.get_version())

    @property
    def cpu(self) -> str:
        """Name of the processor."""
        return str(self.core.get_property(DEVICE, "FULL_DEVICE_NAME")).strip()

    @property
    def has_bf16(self) -> bool:
        """Whether the processor has instructions for bfloat16."""
        return _BF16 in self.capabilities

    def arithmetic(self, precision: Precision) -> str:
        """OpenVINO's name of the arithmetic for what is not quantised.

        Raises:
            BackendError: The processor does not compute so.
        """
        if precision == "bf16" and not self.has_bf16:
            raise BackendError("This CPU does not compute in bf16: leave the precision at auto, or take fp32.")
        return "bf16" if self.has_bf16 and precision != "fp32" else "f32"


def compile_config(arithmetic: str, threads: int, streams: int) -> dict[str, str]:
    """How models are compiled here.

    Args:
        arithmetic: See :meth:`Library.arithmetic`.
        threads: Threads of one run, and of all streams together.
        streams: How many runs go on at the same time.
    """
    return {
        "INFERENCE_PRECISION_HINT": arithmetic,
        "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": str(streams),
        "INFERENCE_NUM_THREADS": str(threads),
        # Other processes of the robot share the cores: a pinned thread waits behind them.
        "ENABLE_CPU_PINNING": "NO",
    }


def heavy_precision(compiled: Any) -> str:
    """The arithmetic of most heavy layers, read from the compiled graph and not from what was asked for."""
    counts: dict[str, int] = {}
    for layer in compiled.get_runtime_model().get_ordered_ops():
        info = layer.get_rt_info()
        if str(info["layerType"].astype(str)) in _HEAVY_LAYERS:
            found = info["runtimePrecision"].astype(str)
            name = _NAMES.get(found, found)
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name]) if counts else "fp32"


@contextmanager
def failures(what: str) -> Iterator[None]:
    """Turn what OpenVINO raises into a sentence.

    Args:
        what: Beginning of the sentence, such as ``The vision engine of OpenVINO failed``.

    Raises:
        BackendError: It raised something.
    """
    try:
        yield
    except RuntimeError as error:
        raise BackendError(f"{what} ({last_line(error)}): use the backend onnx.") from None


def last_line(error: Exception) -> str:
    """What OpenVINO says, without the places in its source that come before it."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
