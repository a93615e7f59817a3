"""The CUDA runtime as far as the backend calls it, on host memory; see ``fake_tensorrt.py``."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class FakeCuda:
    """A fake GPU.

    Attributes:
        calls: What was called, in order, such as ``cudaMalloc``.
        alive: Device memory, pinned memory, streams and graphs that were not given back, by address or handle.
        refuse: Names of calls that fail.
        status: With which they fail.
        cuda_runtime: What stands for the module ``cuda.bindings.runtime``.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.alive: dict[int, str] = {}
        self.refuse: set[str] = set()
        self.status = 2
        self.free_bytes = 8 * 2**30
        self.capturing: list[Callable[[], None]] | None = None
        self._memory: dict[int, Any] = {}
        self._graphs: dict[int, list[Callable[[], None]]] = {}
        self._next = 1000
        self.cuda_runtime = SimpleNamespace(
            **{name: self._cuda(name) for name in dir(self) if name.startswith("cuda")},
            cudaStreamNonBlocking=1,
            cudaMemcpyKind=SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2),
            cudaStreamCaptureMode=SimpleNamespace(cudaStreamCaptureModeThreadLocal=1),
        )

    def count(self, name: str) -> int:
        """How often something was called."""
        return self.calls.count(name)

    def do(self, work: Callable[[], None]) -> None:
        """Do it, or record it while capturing."""
        if self.capturing is None:
            work()
        else:
            self.capturing.append(work)

    def _cuda(self, name: str) -> Callable[..., tuple[Any, ...]]:
        real = getattr(self, name)

        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append(name)
            if name in self.refuse:
                return self.status, *([None] if name != "cudaMemcpyAsync" else [])
            result = real(*arguments)
            return (0,) if result is None else (0, *result) if isinstance(result, tuple) else (0, result)

        return call

    def _new(self, kind: str) -> int:
        self._next += 1
        self.alive[self._next] = kind
        return self._next

    def _take(self, size: int, kind: str) -> int:
        memory = (ctypes.c_uint8 * size)()
        address = ctypes.addressof(memory)
        self._memory[address] = memory
        self.alive[address] = kind
        return address

    def cudaGetDeviceCount(self) -> int:
        return 1

    def cudaSetDevice(self, device: int) -> None: ...

    def cudaGetDeviceProperties(self, device: int) -> Any:
        return SimpleNamespace(name=b"Fake Orin", major=8, minor=7, integrated=1, multiProcessorCount=8)

    def cudaMemGetInfo(self) -> tuple[int, int]:
        return self.free_bytes, 2 * self.free_bytes

    def cudaGetErrorString(self, status: int) -> bytes:
        return b"out of memory"

    def cudaMalloc(self, size: int) -> int:
        return self._take(size, "device")

    def cudaHostAlloc(self, size: int, flags: int) -> int:
        return self._take(size, "pinned")

    def cudaFree(self, address: int) -> None:
        del self.alive[address]

    def cudaFreeHost(self, address: int) -> None:
        del self.alive[address]

    def cudaStreamCreateWithFlags(self, flags: int) -> int:
        return self._new("stream")

    def cudaStreamDestroy(self, stream: int) -> None:
        del self.alive[stream]

    def cudaStreamSynchronize(self, stream: int) -> None:
        assert self.capturing is None, "a capture forbids waiting"

    def cudaMemcpyAsync(self, target: int, source: int, size: int, kind: int, stream: int) -> None:
        self.do(lambda: ctypes.memmove(target, source, size) and None)

    def cudaStreamBeginCapture(self, stream: int, mode: int) -> None:
        self.capturing = []

    def cudaStreamEndCapture(self, stream: int) -> int:
        graph = self._new("graph")
        assert self.capturing is not None
        self._graphs[graph], self.capturing = self.capturing, None
        return graph

    def cudaGraphInstantiate(self, graph: int, flags: int) -> int:
        ready = self._new("recording")
        self._graphs[ready] = self._graphs[graph]
        return ready

    def cudaGraphDestroy(self, graph: int) -> None:
        del self.alive[graph]

    def cudaGraphExecDestroy(self, graph: int) -> None:
        del self.alive[graph]

    def cudaGraphLaunch(self, graph: int, stream: int) -> None:
        for work in self._graphs[graph]:
            work()
