"""Run plans: device buffers made once, one stream, and for each shape a context and a CUDA graph of its own.

The first run of a shape goes step by step; the second is recorded; from then on the recording is replayed, copies
included. A recording is of one context in one state, so every shape has a context, tuned by the profile that fits it
best. Contexts share the memory that they run in, since a stream runs one after the other, and the latest few are kept:
where cameras come and go or commands change, nothing is prepared or recorded again.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ris_ros.errors import BackendError, MisuseError, PlanError
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.library import Library
from ris_ros.runtime.tensorrt.memory import Memory, Tensor

if TYPE_CHECKING:
    import tensorrt

SHAPES_KEPT = 8
"""Contexts of an engine; each holds some megabytes of host memory."""
_DTYPES = {"FLOAT": np.float32, "HALF": np.float16, "INT32": np.int32, "UINT8": np.uint8}
_Rows = tuple[tuple[str, int], ...]


@dataclass(slots=True, eq=False)
class _Shape:
    """What runs one shape.

    Attributes:
        context: Set to the shape.
        runs: How often it ran.
        recorded: The CUDA graph that replays it, once there is one.
    """

    context: tensorrt.IExecutionContext
    runs: int = 0
    recorded: int | None = None


class Engine:
    """A plan, ready to run in one stream.

    Args:
        library: TensorRT.
        runtime: A ``tensorrt.Runtime``.
        cuda: The CUDA runtime.
        name: ``vision`` or ``ground``.
        plan: What the builder gave.
        stream: The stream that everything runs in.

    Raises:
        PlanError: The plan cannot be read by this library on this GPU.
        BackendError: There is no room for it.
    """

    def __init__(
        self, library: Library, runtime: tensorrt.Runtime, cuda: Cuda, name: str, plan: bytes, stream: int
    ) -> None:
        self.name = name
        self._library = library
        self._runtime: tensorrt.Runtime | None = runtime  # must outlive the engine
        self._cuda = cuda
        self._stream = stream
        self._records = True
        self._shapes: OrderedDict[_Rows, _Shape] = OrderedDict()
        self.engine: tensorrt.ICudaEngine | None = runtime.deserialize_cuda_engine(plan)
        if self.engine is None:
            raise PlanError(str(self._failed("cannot be loaded")))
        self._profiles = [self._read_profile(index) for index in range(self.engine.num_optimization_profiles)]
        self.tensors: dict[str, Tensor] = {}

    @property
    def names(self) -> list[str]:
        """Its inputs and outputs."""
        engine = self._live_engine()
        return [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]

    @property
    def scratch_bytes(self) -> int:
        """Device memory that it needs while it runs."""
        return self._library.differences.scratch_bytes(self._live_engine())

    def connect(self, memory: Memory, on_host: frozenset[str]) -> None:
        """Make room for each tensor, once and for all.

        Args:
            memory: Where the buffers are, or are made; has scratch memory for this engine.
            on_host: Tensors that also need a host array: they are copied at every run.

        Raises:
            BackendError: The engine's tensors are not understood, or memory ran out.
        """
        self._memory = memory
        self.tensors = self._read_tensors()
        for tensor in self.tensors.values():
            memory.add(tensor, tensor.name in on_host)
        self._on_host = on_host

    def run(self, rows: Mapping[str, int]) -> None:
        """Upload, run and download in the stream, and wait.

        Args:
            rows: Rows of each input at hand; outputs that are downloaded get the rows of ``rows[""]``.

        Raises:
            BackendError: Something failed on the GPU.
        """
        shape = self._shaped(rows)
        if shape.recorded is None and shape.runs > 0 and self._records:
            shape.recorded = self._record(shape, rows)
        if shape.recorded is None:
            self._enqueue(shape, rows)
        else:
            self._cuda.launch(shape.recorded, self._stream)
        self._cuda.synchronize(self._stream)
        shape.runs += 1

    def close(self) -> None:
        """Release recordings, contexts, engine and runtime, in this order; they refer to each other."""
        while self._shapes:
            self._forget_oldest()
        self.engine = None
        self._runtime = None

    def _live_engine(self) -> tensorrt.ICudaEngine:
        if self.engine is None:
            raise BackendError("The TensorRT backend is closed: load it again.")
        return self.engine

    def _is_input(self, name: str) -> bool:
        return bool(self._live_engine().get_tensor_mode(name) == self._library.module.TensorIOMode.INPUT)

    def _read_profile(self, index: int) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
        """Smallest and largest shape of each input."""
        engine = self._live_engine()
        shapes = {name: engine.get_tensor_profile_shape(name, index) for name in self.names if self._is_input(name)}
        return {name: (tuple(least), tuple(most)) for name, (least, _, most) in shapes.items()}

    def _read_tensors(self) -> dict[str, Tensor]:
        tensors = {}
        for name in self._profiles[0]:
            least = min(profile[name][0][0] for profile in self._profiles)
            most = max(profile[name][1] for profile in self._profiles)
            tensors[name] = Tensor(name, True, self._dtype(name), most, least)
        # With every input at its largest, an output is at its largest too.
        context = self._context({name: tensor.most[0] for name, tensor in tensors.items()}, tensors)
        for name in self.names:
            if name not in tensors:
                most = tuple(context.get_tensor_shape(name))
                if min(most, default=0) < 1:
                    raise self._failed(f"does not know the shape of {name}")
                tensors[name] = Tensor(name, False, self._dtype(name), most)
        return tensors

    def _dtype(self, name: str) -> np.dtype[Any]:
        kind = self._live_engine().get_tensor_dtype(name).name
        if kind not in _DTYPES:
            raise self._failed(f"gives {name} as {kind}, which is not expected")
        return np.dtype(_DTYPES[kind])

    def _shaped(self, rows: Mapping[str, int]) -> _Shape:
        key = tuple(rows.items())
        shape = self._shapes.get(key)
        if shape is None:
            while len(self._shapes) >= SHAPES_KEPT:
                self._forget_oldest()
            context = self._context(rows, self.tensors)
            for name in self.tensors:
                if not context.set_tensor_address(name, self._memory.device[name]):
                    raise self._failed(f"does not take the buffer of {name}")
            shape = self._shapes[key] = _Shape(context)
        else:
            self._shapes.move_to_end(key)
        return shape

    def _context(self, rows: Mapping[str, int], tensors: Mapping[str, Tensor]) -> tensorrt.IExecutionContext:
        """A context set to a shape, which runs in the scratch memory."""
        context = self._library.differences.bare_context(self._library.module, self._live_engine())
        if context is None:
            raise self._failed("has no room to run")
        # Built to tell the inspector all, it would otherwise tell a profiler all at every run.
        context.nvtx_verbosity = self._library.module.ProfilingVerbosity.NONE
        self._library.differences.lend_scratch(context, *self._memory.scratch)
        inputs = {name: rows[name] for name in self._profiles[0]}
        fitting = (
            index
            for index, profile in enumerate(self._profiles)
            if all(profile[name][0][0] <= count <= profile[name][1][0] for name, count in inputs.items())
        )
        index = next(fitting, None)
        if index is None:
            raise self._failed(f"was built for other numbers of rows than {inputs}")
        try:
            context.set_optimization_profile_async(index, self._stream)
        except RuntimeError:
            raise self._failed(f"does not take its own profile {index}") from None
        self._cuda.synchronize(self._stream)
        for name, count in inputs.items():
            shape = (count, *tensors[name].most[1:])
            if not context.set_input_shape(name, shape):
                raise self._failed(f"does not take {name} of shape {list(shape)}")
        return context

    def _enqueue(self, shape: _Shape, rows: Mapping[str, int]) -> None:
        for tensor in self.tensors.values():
            if tensor.is_input and tensor.name in self._on_host:
                host, device = self._memory.pinned_address(tensor.name), self._memory.device[tensor.name]
                self._cuda.upload(device, host, tensor.row_bytes * rows[tensor.name], self._stream)
        if not shape.context.execute_async_v3(self._stream):
            raise self._failed("failed")
        for tensor in self.tensors.values():
            if not tensor.is_input and tensor.name in self._on_host:
                host, device = self._memory.pinned_address(tensor.name), self._memory.device[tensor.name]
                self._cuda.download(host, device, tensor.row_bytes * rows[""], self._stream)

    def _record(self, shape: _Shape, rows: Mapping[str, int]) -> int | None:
        try:
            return self._cuda.capture(self._stream, lambda: self._enqueue(shape, rows))
        except BackendError:
            # Some layers, such as a DLA's, cannot be recorded: they run step by step for good.
            self._records = False
            return None

    def _forget_oldest(self) -> None:
        _, shape = self._shapes.popitem(last=False)
        if shape.recorded is not None:
            with contextlib.suppress(BackendError):
                self._cuda.destroy_graph(shape.recorded)

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
