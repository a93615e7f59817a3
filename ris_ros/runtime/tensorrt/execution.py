"""Run plans: device buffers made once, one stream, and a CUDA graph for the shape at hand.

A run of a new shape goes step by step; the next of the same shape is recorded; from then on the recording is replayed,
copies included. A recording is of one context in one state, so another shape drops it: cameras and commands change
rarely, and what changes at every frame runs step by step, which is no slower than without recordings.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MisuseError
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.library import Library

_PROFILE = 0
_DTYPES = {"FLOAT": np.float32, "HALF": np.float16, "INT32": np.int32, "UINT8": np.uint8}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A named input or output of an engine.

    Attributes:
        name: As in the graph.
        is_input: Whether the engine reads it.
        dtype: Its numbers.
        most: Its shape at the largest number of rows.
        fewest_rows: The smallest number of rows that the engine takes; of an output, 1.
    """

    name: str
    is_input: bool
    dtype: np.dtype[Any]
    most: tuple[int, ...]
    fewest_rows: int = 1

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(np.prod(self.most[1:], dtype=np.int64)) * self.dtype.itemsize

    @property
    def size(self) -> int:
        """Bytes at the largest number of rows."""
        return self.row_bytes * self.most[0]


class Memory:
    """Device buffers by tensor name, shared by the engines that pass a tensor on; pinned host arrays beside some.

    Args:
        cuda: The runtime.
    """

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self.device: dict[str, int] = {}
        self.host: dict[str, NDArray[Any]] = {}
        self._sizes: dict[str, int] = {}
        self._pinned: dict[str, int] = {}

    def add(self, tensor: Tensor, on_host: bool) -> None:
        """Make room for a tensor, unless another engine has.

        Raises:
            BackendError: Memory ran out, or the engines disagree about the tensor.
        """
        if tensor.name not in self.device:
            self.device[tensor.name] = self._cuda.allocate(tensor.size)
            self._sizes[tensor.name] = tensor.size
        elif self._sizes[tensor.name] != tensor.size:
            raise BackendError(f"The engines disagree about the size of {tensor.name}: build them again with --force.")
        if on_host and tensor.name not in self.host:
            address = self._pinned[tensor.name] = self._cuda.allocate_host(tensor.size)
            self.host[tensor.name] = self._cuda.view(address, tensor.most, tensor.dtype)

    @property
    def size(self) -> int:
        """Bytes on the device."""
        return sum(self._sizes.values())

    def pinned_address(self, name: str) -> int:
        """Where a tensor's host array lies."""
        return self._pinned[name]

    def close(self) -> None:
        """Give everything back, whatever fails on the way."""
        self.host.clear()
        for free, table in ((self._cuda.free, self.device), (self._cuda.free_host, self._pinned)):
            while table:
                _, address = table.popitem()
                with contextlib.suppress(BackendError):
                    free(address)


class Engine:
    """A plan, ready to run in one stream.

    Args:
        library: TensorRT.
        runtime: A ``tensorrt.Runtime``.
        cuda: The CUDA runtime.
        name: ``vision`` or ``ground``.
        plan: What the builder gave.

    Raises:
        BackendError: The plan cannot be read or run by this library on this GPU.
    """

    def __init__(self, library: Library, runtime: Any, cuda: Cuda, name: str, plan: bytes) -> None:
        self.name = name
        self._library = library
        self._cuda = cuda
        self._recorded: int | None = None
        self._rows: tuple[tuple[str, int], ...] = ()
        self._runs = 0
        self._records = True
        self.engine = runtime.deserialize_cuda_engine(plan)
        if self.engine is None:
            raise self._failed("cannot be loaded")
        self._context = self.engine.create_execution_context()
        if self._context is None:
            raise self._failed("has no room to run")
        self.tensors = self._read_tensors()

    @property
    def records(self) -> bool:
        """Whether runs are recorded and replayed; False once this GPU has refused to record."""
        return self._records

    def connect(self, memory: Memory, on_host: frozenset[str]) -> None:
        """Bind each tensor to its buffer, once and for all.

        Args:
            memory: Where the buffers are, or are made.
            on_host: Tensors that also need a host array: they are copied at every run.
        """
        for tensor in self.tensors.values():
            memory.add(tensor, tensor.name in on_host)
            if not self._context.set_tensor_address(tensor.name, memory.device[tensor.name]):
                raise self._failed(f"does not take the buffer of {tensor.name}")
        self._memory = memory
        self._on_host = on_host

    def run(self, rows: Mapping[str, int], stream: int) -> None:
        """Upload, run and download in the stream, and wait.

        Args:
            rows: Rows of each input at hand; outputs that are downloaded get the rows of ``rows[""]``.
            stream: The stream.

        Raises:
            BackendError: Something failed on the GPU.
        """
        wanted = tuple(sorted(rows.items()))
        if wanted != self._rows:
            self._forget()
            self._rows = ()
            self._shape(rows)
            self._rows = wanted
        if self._recorded is None and self._runs > 0 and self._records:
            self._recorded = self._record(rows, stream)
        if self._recorded is None:
            self._enqueue(rows, stream)
        else:
            self._cuda.launch(self._recorded, stream)
        self._cuda.synchronize(stream)
        self._runs += 1

    def close(self) -> None:
        """Release recording, context and engine, in this order; they refer to each other."""
        with contextlib.suppress(BackendError):
            self._forget()
        self._context = None
        self.engine = None

    def _read_tensors(self) -> dict[str, Tensor]:
        trt = self._library.module
        names = [self.engine.get_tensor_name(index) for index in range(self.engine.num_io_tensors)]
        inputs = [name for name in names if self.engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        tensors = {}
        for name in inputs:
            least, _, most = (tuple(shape) for shape in self.engine.get_tensor_profile_shape(name, _PROFILE))
            tensors[name] = Tensor(name, True, self._dtype(name), most, least[0])
            if not self._context.set_input_shape(name, most):
                raise self._failed(f"does not take its own largest {name}")
        for name in names:
            if name not in tensors:
                # With every input at its largest, an output is at its largest too.
                most = tuple(self._context.get_tensor_shape(name))
                if min(most, default=0) < 1:
                    raise self._failed(f"does not know the shape of {name}")
                tensors[name] = Tensor(name, False, self._dtype(name), most)
        return tensors

    def _dtype(self, name: str) -> np.dtype[Any]:
        kind = self.engine.get_tensor_dtype(name).name
        if kind not in _DTYPES:
            raise self._failed(f"gives {name} as {kind}, which is not expected")
        return np.dtype(_DTYPES[kind])

    def _shape(self, rows: Mapping[str, int]) -> None:
        for tensor in self.tensors.values():
            if tensor.is_input:
                shape = (rows[tensor.name], *tensor.most[1:])
                if not self._context.set_input_shape(tensor.name, shape):
                    raise self._failed(f"does not take {tensor.name} of shape {list(shape)}")

    def _enqueue(self, rows: Mapping[str, int], stream: int) -> None:
        for tensor in self.tensors.values():
            if tensor.is_input and tensor.name in self._on_host:
                host, device = self._memory.pinned_address(tensor.name), self._memory.device[tensor.name]
                self._cuda.upload(device, host, tensor.row_bytes * rows[tensor.name], stream)
        if not self._context.execute_async_v3(stream):
            raise self._failed("failed")
        for tensor in self.tensors.values():
            if not tensor.is_input and tensor.name in self._on_host:
                host, device = self._memory.pinned_address(tensor.name), self._memory.device[tensor.name]
                self._cuda.download(host, device, tensor.row_bytes * rows[""], stream)

    def _record(self, rows: Mapping[str, int], stream: int) -> int | None:
        try:
            return self._cuda.capture(stream, lambda: self._enqueue(rows, stream))
        except BackendError:
            # Some layers, such as a DLA's, cannot be recorded: they run step by step for good.
            self._records = False
            return None

    def _forget(self) -> None:
        recorded, self._recorded = self._recorded, None
        self._runs = 0
        if recorded is not None:
            self._cuda.destroy_graph(recorded)

    def _failed(self, what: str) -> BackendError:
        said = self._library.complaint()
        reason = f" ({said})" if said else ""
        return BackendError(f"The {self.name} engine of TensorRT {what}{reason}: run `ris build-engine --force`.")


class OwningThread:
    """Remembers the thread that made an engine, and refuses every other."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()

    def require(self) -> None:
        """Refuse another thread.

        Raises:
            MisuseError: This is another thread than the one that made the engine.
        """
        if threading.get_ident() != self._owner:
            raise MisuseError("A TensorRT backend belongs to the thread that made it: make one for each thread.")
