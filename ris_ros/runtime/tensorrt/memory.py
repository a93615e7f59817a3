"""The tensors that engines read and write, and the memory that holds them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError
from ris_ros.runtime.tensorrt.cuda import Cuda

_ALIGNMENT = 256


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
        self._scratch: tuple[int, int] = (0, 0)

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

    def make_scratch(self, size: int) -> None:
        """Make room for what engines keep while they run; one room, for they run one after the other.

        Raises:
            BackendError: Memory ran out.
        """
        size = max(size, _ALIGNMENT)
        self._scratch = (self._cuda.allocate(size), size)

    @property
    def scratch(self) -> tuple[int, int]:
        """Address and bytes of that room."""
        return self._scratch

    def pinned_address(self, name: str) -> int:
        """Where a tensor's host array lies."""
        return self._pinned[name]

    def close(self) -> None:
        """Give everything back, whatever fails on the way."""
        self.host.clear()
        if self._scratch[1]:
            self.device[""] = self._scratch[0]
            self._scratch = (0, 0)
        for free, table in ((self._cuda.free, self.device), (self._cuda.free_host, self._pinned)):
            while table:
                _, address = table.popitem()
                with contextlib.suppress(BackendError):
                    free(address)
