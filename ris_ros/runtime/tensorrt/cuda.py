"""The CUDA runtime: all calls of it, through NVIDIA's ``cuda.bindings``.

The package ``cuda-bindings`` has wheels for x86-64 and aarch64, carries the runtime in itself, and needs only the
driver. Every call gives its status first; here a status other than success becomes a sentence.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MissingExtraError

_MEMINFO = Path("/proc/meminfo")
_OLD_DRIVER = 35
_LOST = frozenset({214, 700, 702, 710, 714, 715, 716, 717, 718, 719})
"""Errors such as an illegal address, after which every call of this process fails until it ends."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """The GPU that engines are built for and run on.

    Attributes:
        name: As the driver says it.
        compute_capability: Such as ``8.7``.
        multiprocessors: How many it has: Jetsons of one name differ by it.
        shares_memory: Whether its memory is the processor's, as on a Jetson.
    """

    name: str
    compute_capability: str
    multiprocessors: int
    shares_memory: bool


class Cuda:
    """The runtime of device 0; the environment variable CUDA_VISIBLE_DEVICES says which GPU that is.

    Args:
        runtime: The module ``cuda.bindings.runtime``; None imports it.

    Raises:
        BackendError: There is no GPU, or its driver is too old.
        MissingExtraError: ``cuda-bindings`` is not installed.
    """

    def __init__(self, runtime: Any = None) -> None:
        if runtime is None:
            try:
                from cuda.bindings import runtime as installed
            except ImportError:
                raise MissingExtraError("cuda.bindings", "tensorrt") from None
            runtime = installed
        self._runtime = runtime
        count = self._call("cudaGetDeviceCount")
        if not count:
            raise BackendError("CUDA finds no GPU: use the backend onnx, which runs on the processor.")
        self._call("cudaSetDevice", 0)

    def gpu(self) -> Gpu:
        """What device 0 is."""
        found = self._call("cudaGetDeviceProperties", 0)
        name = found.name.decode() if isinstance(found.name, bytes) else str(found.name)
        capability = f"{found.major}.{found.minor}"
        return Gpu(name.strip("\0 "), capability, int(found.multiProcessorCount), bool(found.integrated))

    def free_bytes(self, meminfo: Path = _MEMINFO) -> int:
        """Memory that can still be taken; where processor and GPU share it, what the system can spare.

        Args:
            meminfo: Where Linux says how much memory is available.
        """
        free, _ = self._call("cudaMemGetInfo")
        if self.gpu().shares_memory and meminfo.is_file():
            for line in meminfo.read_text(encoding="ascii").splitlines():
                if line.startswith("MemAvailable:"):
                    return min(int(free), int(line.split()[1]) * 1024)
        return int(free)

    def allocate(self, size: int) -> int:
        """Device memory of ``size`` bytes; its address."""
        return int(self._call("cudaMalloc", size))

    def free(self, address: int) -> None:
        """Give device memory back."""
        self._call("cudaFree", address)

    def allocate_host(self, size: int) -> int:
        """Pinned host memory, which the GPU copies from and to by itself; its address."""
        return int(self._call("cudaHostAlloc", size, 0))

    def free_host(self, address: int) -> None:
        """Give pinned memory back; no array made by :meth:`view` may be used afterwards."""
        self._call("cudaFreeHost", address)

    def view(self, address: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array on pinned memory."""
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        memory = (ctypes.c_uint8 * size).from_address(address)
        return np.frombuffer(memoryview(memory).cast("B"), dtype).reshape(shape)

    def create_stream(self) -> int:
        """A stream that does not wait for the default stream."""
        return int(self._call("cudaStreamCreateWithFlags", self._runtime.cudaStreamNonBlocking))

    def destroy_stream(self, stream: int) -> None:
        """Give a stream back."""
        self._call("cudaStreamDestroy", stream)

    def synchronize(self, stream: int) -> None:
        """Wait until all that was put into the stream is done; failures on the GPU show here."""
        self._call("cudaStreamSynchronize", stream)

    def upload(self, device: int, host: int, size: int, stream: int) -> None:
        """Copy pinned memory to the device, in the stream."""
        self._call("cudaMemcpyAsync", device, host, size, self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice, stream)

    def download(self, host: int, device: int, size: int, stream: int) -> None:
        """Copy device memory to pinned memory, in the stream."""
        self._call("cudaMemcpyAsync", host, device, size, self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost, stream)

    def capture(self, stream: int, enqueue: Callable[[], None]) -> int:
        """Record what ``enqueue`` puts into the stream, without running it, as a graph that can be launched.

        Raises:
            BackendError: Something in it cannot be recorded; the stream can be used as before.
        """
        # Only this thread is held to what a capture forbids: other threads may use CUDA meanwhile.
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", stream, mode)
        try:
            enqueue()
        except BaseException:
            _, graph = self._runtime.cudaStreamEndCapture(stream)
            if graph is not None and int(graph):
                self._call("cudaGraphDestroy", graph)
            raise
        graph = self._call("cudaStreamEndCapture", stream)
        try:
            return int(self._call("cudaGraphInstantiate", graph, 0))
        finally:
            self._call("cudaGraphDestroy", graph)

    def launch(self, graph: int, stream: int) -> None:
        """Run a recorded graph."""
        self._call("cudaGraphLaunch", graph, stream)

    def destroy_graph(self, graph: int) -> None:
        """Give a recorded graph back."""
        self._call("cudaGraphExecDestroy", graph)

    def _call(self, name: str, *arguments: Any) -> Any:
        status, *results = getattr(self._runtime, name)(*arguments)
        if int(status) != 0:
            _, said = self._runtime.cudaGetErrorString(status)
            reason = said.decode() if isinstance(said, bytes) else str(said)
            if int(status) == _OLD_DRIVER:
                raise BackendError(
                    "The driver of this GPU is older than cuda-bindings, or there is none: on JetPack 6 run "
                    "`pip install 'cuda-bindings<13'`, or use the backend onnx."
                )
            if int(status) in _LOST:
                raise BackendError(f"CUDA failed for good ({name}: {reason}): start the program again.")
            raise BackendError(f"CUDA failed ({name}: {reason}): run `ris doctor`, or use the backend onnx.")
        if not results:
            return None
        return results[0] if len(results) == 1 else tuple(results)
