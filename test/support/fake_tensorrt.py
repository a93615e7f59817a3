"""TensorRT and CUDA as far as the backend calls them, for machines that have neither.

Stands in at the binding boundary only. Every call is recorded; a name that the bindings of the chosen version do not
have (``tensorrt_surface.json``) raises AttributeError, as it would there. Device memory is host memory, a plan is the
graph it was built from, and executing it runs that graph on ONNX Runtime: so buffers, shapes, order and replay are put
to the test, and TensorRT's own arithmetic and speed are not.
"""

from __future__ import annotations

import base64
import ctypes
import enum
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
from fake_cuda import FakeCuda

from ris_ros.runtime.tensorrt.onnx_model import element_types

SURFACE: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("tensorrt_surface.json").read_text(encoding="utf-8")
)["versions"]
VERSIONS = tuple(SURFACE)
_DTYPES = {1: ("FLOAT", np.float32), 2: ("UINT8", np.uint8), 6: ("INT32", np.int32), 10: ("HALF", np.float16)}


class Machine(FakeCuda):
    """A fake GPU with TensorRT.

    Args:
        version: One of :data:`VERSIONS`.

    Attributes:
        tensorrt: What stands for the module ``tensorrt``.
    """

    def __init__(self, version: str = "10.3.0") -> None:
        super().__init__()
        self.version = version
        self.tensorrt = _module(self)


class _Guard:
    """Lets through what the version has, and records it."""

    def __init__(self, machine: Machine, kind: str, inner: Any) -> None:
        object.__setattr__(self, "_parts", (machine, kind, inner))

    def __getattr__(self, name: str) -> Any:
        machine, kind, inner = object.__getattribute__(self, "_parts")
        _require(machine, kind, name)
        value = getattr(inner, name)
        if not callable(value):
            return value

        def call(*arguments: Any) -> Any:
            machine.calls.append(f"{kind}.{name}")
            return False if f"{kind}.{name}" in machine.refuse else value(*arguments)

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        machine, kind, inner = object.__getattribute__(self, "_parts")
        _require(machine, kind, name)
        machine.calls.append(f"{kind}.{name}=")
        setattr(inner, name, value)


def _inner(guarded: Any) -> Any:
    return object.__getattribute__(guarded, "_parts")[2]


def _require(machine: Machine, kind: str, name: str) -> None:
    if name not in SURFACE[machine.version][kind].split():
        raise AttributeError(f"{kind} of TensorRT {machine.version} has no {name}")


def _module(machine: Machine) -> Any:
    surface = SURFACE[machine.version]
    enums = (
        "BuilderFlag NetworkDefinitionCreationFlag MemoryPoolType TensorIOMode DataType DeviceType ProfilingVerbosity "
        "LayerInformationFormat LayerType PreviewFeature ExecutionContextAllocationStrategy"
    )
    parts: dict[str, Any] = {
        name: enum.IntEnum(name, {member: index for index, member in enumerate(surface[name].split())})
        for name in enums.split()
        if name in surface
    }

    class Logger:
        Severity = enum.IntEnum("Severity", "INTERNAL_ERROR ERROR WARNING INFO VERBOSE")

    class Monitor: ...

    def guarded(kind: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def construct(*arguments: Any) -> Any:
            if kind in machine.refuse:
                raise TypeError("pybind11::init(): factory function returned nullptr")  # as the bindings do
            return _Guard(machine, kind, make(machine, *arguments))

        return construct

    if "IProgressMonitor" in surface:
        parts["IProgressMonitor"] = Monitor
    return SimpleNamespace(
        __version__=machine.version,
        ILogger=Logger,
        Builder=guarded("Builder", _Builder),
        OnnxParser=guarded("OnnxParser", _Parser),
        Runtime=guarded("Runtime", _Runtime),
        **parts,
    )


class _Builder:
    num_DLA_cores = 2

    def __init__(self, machine: Machine, logger: Any) -> None:
        self._machine, self._logger = machine, logger

    def create_network(self, flags: int) -> Any:
        network = SimpleNamespace(flags=flags, graph=b"", num_inputs=0, get_input=None, num_layers=0, get_layer=None)
        return _Guard(self._machine, "INetworkDefinition", network)

    def create_builder_config(self) -> Any:
        return _Guard(self._machine, "IBuilderConfig", _Config(self._machine))

    def create_optimization_profile(self) -> Any:
        profile = SimpleNamespace(shapes={})
        profile.set_shape = lambda *shapes: profile.shapes.__setitem__(shapes[0], shapes[1:])
        return _Guard(self._machine, "IOptimizationProfile", profile)

    def build_serialized_network(self, network: Any, config: Any) -> bytes | None:
        settings = _inner(config)
        monitor = settings.progress_monitor
        if monitor is not None:
            monitor.phase_start("Building Engine", None, 4)
            for step in range(4):
                if not monitor.step_complete("Building Engine", step):
                    return None
            monitor.phase_finish("Building Engine")
        if "build" in self._machine.refuse:
            self._logger.log(self._logger.Severity.ERROR, "no kernel fits\nmore")
            return None
        settings.cache += b"timed"
        graph = base64.b64encode(_inner(network).graph).decode()
        held = [layer.name for layer in _inner(network).layers if layer.precision is not None]
        shared = "PROFILE_SHARING_0806" in settings.previews or not self._machine.version.startswith("8")
        profiles = [profile.shapes for profile in settings.profiles]
        return json.dumps({"graph": graph, "profiles": profiles, "shared": shared, "held": held}).encode()


class _Config:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.progress_monitor = self.profiling_verbosity = self.default_device_type = self.DLA_core = None
        self.cache = b""
        self.workspace = 0
        self.profiles: list[Any] = []
        self.previews: list[str] = []

    def set_memory_pool_limit(self, pool: Any, size: int) -> None:
        self.workspace = size

    def set_flag(self, flag: Any) -> None:
        self._machine.calls.append(f"set {flag.name}")

    def clear_flag(self, flag: Any) -> None:
        self._machine.calls.append(f"clear {flag.name}")

    def set_preview_feature(self, feature: Any, wanted: bool) -> None:
        self.previews.append(feature.name)

    def create_timing_cache(self, content: bytes) -> bytes | None:
        return None if "timing cache" in self._machine.refuse and content else content

    def set_timing_cache(self, cache: bytes, ignore_mismatch: bool) -> bool:
        self.cache = cache
        return True

    def get_timing_cache(self) -> Any:
        return SimpleNamespace(serialize=lambda: self.cache)

    def add_optimization_profile(self, profile: Any) -> int:
        self.profiles.append(_inner(profile))
        return -1 if "profile" in self._machine.refuse else len(self.profiles) - 1


class _Parser:
    num_errors = 1

    def __init__(self, machine: Machine, network: Any, logger: Any) -> None:
        self._machine, self._network = machine, _inner(network)

    def parse(self, graph: bytes) -> bool:
        try:
            model = onnx.load_from_string(graph)
        except Exception:
            return False
        types = element_types(model)
        inputs = [
            SimpleNamespace(
                name=value.name,
                shape=tuple(
                    dim.dim_value if dim.HasField("dim_value") else -1 for dim in value.type.tensor_type.shape.dim
                ),
            )
            for value in model.graph.input
        ]
        self._network.graph, self._network.num_inputs = graph, len(inputs)
        self._network.get_input = inputs.__getitem__
        self._network.layers = [_layer(self._machine, node, types) for node in model.graph.node]
        self._network.num_layers, self._network.get_layer = len(self._network.layers), self._network.layers.__getitem__
        return True

    def get_error(self, index: int) -> Any:
        return SimpleNamespace(desc=lambda: "no such operator")


def _layer(machine: Machine, node: Any, types: dict[str, int]) -> Any:
    kinds = machine.tensorrt.DataType
    outputs = [
        SimpleNamespace(
            is_execution_tensor=True, dtype=kinds[_DTYPES[types[name]][0]] if types[name] in _DTYPES else None
        )
        for name in node.output
    ]
    return SimpleNamespace(
        name=node.output[0], type=None, precision=None, num_outputs=len(outputs), get_output=outputs.__getitem__
    )


class _Runtime:
    DLA_core = None

    def __init__(self, machine: Machine, logger: Any) -> None:
        self._machine, self._logger = machine, logger

    def deserialize_cuda_engine(self, plan: bytes) -> Any:
        once = "Runtime.deserialize_cuda_engine once"
        if once in self._machine.refuse:
            self._machine.refuse.remove(once)
            return None
        try:
            content = json.loads(plan)
        except ValueError:
            self._logger.log(self._logger.Severity.ERROR, "magic tag does not match")
            return None
        return _Guard(self._machine, "ICudaEngine", _Engine(self._machine, content))


class _Engine:
    def __init__(self, machine: Machine, content: dict[str, Any]) -> None:
        self._machine = machine
        self.profiles, self.shared = content["profiles"], content["shared"]
        self.num_optimization_profiles = len(self.profiles)
        self.in_use: set[int] = set()
        self.device_memory_size = self.device_memory_size_v2 = 4096
        graph = base64.b64decode(content["graph"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        model = onnx.load_from_string(graph)
        self.inputs = [value.name for value in model.graph.input]
        values = (*model.graph.input, *model.graph.output)
        self.types = {value.name: value.type.tensor_type.elem_type for value in values}
        self.num_io_tensors = len(self.types)

    def get_tensor_name(self, index: int) -> str:
        return list(self.types)[index]

    def get_tensor_mode(self, name: str) -> Any:
        modes = self._machine.tensorrt.TensorIOMode
        return modes.INPUT if name in self.inputs else modes.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        return self._machine.tensorrt.DataType[_DTYPES[self.types[name]][0]]

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[list[int]]:
        return self.profiles[profile][name]

    def create_execution_context(self, strategy: Any) -> Any:
        assert strategy.name == "USER_MANAGED"
        return self.create_execution_context_without_device_memory()

    def create_execution_context_without_device_memory(self) -> Any:
        return _Guard(self._machine, "IExecutionContext", _Context(self._machine, self))

    def create_engine_inspector(self) -> Any:
        inspector = SimpleNamespace(
            get_engine_information=lambda kind: json.dumps(
                {"Layers": [{"Name": "conv", "Inputs": [{"Format/Datatype": "Channel major FP16 format"}]}, "nameless"]}
            )
        )
        return _Guard(self._machine, "EngineInspector", inspector)


class _Context:
    def __init__(self, machine: Machine, engine: _Engine) -> None:
        self._machine, self._engine = machine, engine
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}
        self._profile: int | None = None
        self._scratch = 0

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        assert self._machine.alive[stream] == "stream"
        assert self._scratch, "memory comes before the profile"
        assert self._engine.shared or profile not in self._engine.in_use, "another context has this profile"
        self._engine.in_use.add(profile)
        self._profile = profile
        return True

    def set_device_memory(self, memory: int, size: int) -> None:
        assert size >= self._engine.device_memory_size
        self.device_memory = memory

    @property
    def device_memory(self) -> int:
        return self._scratch

    @device_memory.setter
    def device_memory(self, memory: int) -> None:
        assert self._machine.alive[memory] == "device"
        self._scratch = memory

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert self._profile is not None, "a context needs a profile before shapes"
        least, _, most = self._engine.profiles[self._profile][name]
        self._shapes[name] = tuple(shape)
        return all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._run({key: self._zeros(key) for key in self._engine.inputs})[name].shape)

    def set_tensor_address(self, name: str, memory: int) -> bool:
        assert self._machine.alive[memory] == "device"
        self._addresses[name] = memory
        return True

    def execute_async_v3(self, stream: int) -> bool:
        if set(self._addresses) != set(self._engine.types) or self._machine.alive[stream] != "stream":
            return False
        if self._machine.alive.get(self._scratch) != "device":
            return False
        shapes = dict(self._shapes)
        self._machine.do(lambda: self._execute(shapes))
        return True

    def _execute(self, shapes: dict[str, tuple[int, ...]]) -> None:
        feeds = {}
        for name in self._engine.inputs:
            dtype = np.dtype(_DTYPES[self._engine.types[name]][1])
            size = int(np.prod(shapes[name])) * dtype.itemsize
            content = ctypes.string_at(self._addresses[name], size)
            feeds[name] = np.frombuffer(content, dtype).reshape(shapes[name])
        for name, value in self._run(feeds).items():
            content = np.ascontiguousarray(value).tobytes()
            ctypes.memmove(self._addresses[name], content, len(content))

    def _run(self, feeds: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in self._engine.types if name not in self._engine.inputs]
        return dict(zip(names, self._engine.session.run(names, feeds), strict=True))

    def _zeros(self, name: str) -> Any:
        return np.zeros(self._shapes[name], _DTYPES[self._engine.types[name]][1])
