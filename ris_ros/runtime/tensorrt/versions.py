"""What differs between TensorRT 8.6, 10 and 11, chosen by version number; the other files ask here.

Read from the Python bindings of 8.6.1, 10.3.0, 10.13.3 and 11.4.0 (``scripts/check_tensorrt_types.py`` does it again)
and from NVIDIA's notes on removed interfaces. The same in all, so not here: named tensors, ``execute_async_v3``,
``set_memory_pool_limit``, timing caches and the inspector. Camera indices need no difference either: they are int32 in
the prepared graphs, because 8.6 knows no int64 tensor, and every later version takes int32 as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_ros.errors import BackendError

if TYPE_CHECKING:
    import tensorrt

OLDEST = (8, 6)
NEWEST_MAJOR = 11


@dataclass(frozen=True, slots=True)
class Differences:
    """How to talk to one version.

    Attributes:
        version: As the library says it, such as ``10.3.0``.
        network_flags: Names of the ``NetworkDefinitionCreationFlag`` to create a network with.
        builder_flags: Precision -> names of the ``BuilderFlag`` without which that arithmetic is not used.
        previews: Names of the ``PreviewFeature`` to switch on.
        types_by_hand: Whether the builder may compute a layer in another precision than the graph says, unless told.
        reports_progress: Whether a build can be watched and cancelled (``IProgressMonitor``).
        has_dla: Whether it can build for a deep learning accelerator.
        shares_memory_by_name: Whether a context without memory of its own is made by a method of that name.
    """

    version: str
    network_flags: tuple[str, ...]
    builder_flags: dict[str, tuple[str, ...]]
    previews: tuple[str, ...]
    types_by_hand: bool
    reports_progress: bool
    has_dla: bool
    shares_memory_by_name: bool

    def hold_single(self, module: Any, network: tensorrt.INetworkDefinition) -> None:
        """Hold to single precision what the graph has in it, where the types of a graph are only proposals."""
        for index in range(network.num_layers if self.types_by_hand else 0):
            layer: Any = network.get_layer(index)
            outputs = [layer.get_output(place) for place in range(layer.num_outputs)]
            # Constants have no arithmetic, and shapes are not computed on the GPU: neither takes a precision.
            if layer.type != module.LayerType.CONSTANT and all(
                tensor.is_execution_tensor and tensor.dtype == module.DataType.FLOAT for tensor in outputs
            ):
                layer.precision = module.DataType.FLOAT

    def watch(self, config: Any, monitor: Any) -> None:
        """Let a monitor follow the build and stop it, where that can be."""
        if self.reports_progress:
            config.progress_monitor = monitor

    def bare_context(self, module: Any, engine: Any) -> tensorrt.IExecutionContext | None:
        """A context without memory of its own; None where there is no room for it.

        Args:
            module: The module ``tensorrt``.
            engine: The ``ICudaEngine`` that it is to run.
        """
        made: tensorrt.IExecutionContext | None
        if self.shares_memory_by_name:
            made = engine.create_execution_context_without_device_memory()
        else:
            made = engine.create_execution_context(module.ExecutionContextAllocationStrategy.USER_MANAGED)
        return made

    def scratch_bytes(self, engine: Any) -> int:
        """Device memory that a context of an ``ICudaEngine`` needs while it runs."""
        return int(engine.device_memory_size if self.shares_memory_by_name else engine.device_memory_size_v2)

    def lend_scratch(self, context: Any, address: int, size: int) -> None:
        """Let a bare ``IExecutionContext`` run in this device memory."""
        if self.shares_memory_by_name:
            context.device_memory = address
        else:
            context.set_device_memory(address, size)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``10.13.3.9`` gives (10, 13, 3, 9).

    Raises:
        BackendError: It does not begin with two numbers.
    """
    match = re.match(r"\d+(\.\d+)+", version)
    if match is None:
        raise BackendError(f"TensorRT calls itself version '{version}', which is no version: install it again.")
    return tuple(int(part) for part in match.group().split("."))


def differences(version: str) -> Differences:
    """How to talk to a version.

    Raises:
        BackendError: It is older or newer than those this package was written for.
    """
    found = numbers(version)
    if found[:2] < OLDEST:
        raise BackendError(
            f"TensorRT {version} is too old: version 8.6 or later is needed, which JetPack 6 brings to a Jetson; "
            f"until then use the backend onnx."
        )
    if found[0] > NEWEST_MAJOR:
        raise BackendError(
            f"TensorRT {version} is newer than this version of ris_ros knows: install 8.6 to 11, or a later ris_ros."
        )
    if found[0] < 10:  # 9 was never in a JetPack, and is taken for 8.6
        return Differences(
            version,
            network_flags=("EXPLICIT_BATCH",),
            # Not OBEY, by which one layer without a kernel in the wanted precision fails the whole build.
            builder_flags={"fp32": (), "fp16": ("FP16", "PREFER_PRECISION_CONSTRAINTS"), "int8": ("INT8",)},
            previews=("PROFILE_SHARING_0806",),
            types_by_hand=True,
            reports_progress=False,
            has_dla=True,
            shares_memory_by_name=True,
        )
    return Differences(
        version,
        network_flags=("STRONGLY_TYPED",) if found[0] == 10 else (),
        builder_flags={"fp32": (), "fp16": (), "int8": ()},
        previews=(),
        types_by_hand=False,
        reports_progress=True,
        has_dla=found[:2] <= (10, 7),
        # The later way came with 10.0 for contexts, and with 10.1 for the memory that they run in.
        shares_memory_by_name=found[:2] < (10, 1),
    )
