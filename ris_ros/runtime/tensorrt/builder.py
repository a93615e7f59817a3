"""Build a plan from a prepared graph: profiles, memory, precision, progress, cancelling, timing cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_ros.config.tensorrt import EnginePrecision
from ris_ros.errors import BackendError
from ris_ros.runtime.backend import GROUND_TEXT_INPUTS
from ris_ros.runtime.tensorrt.library import Library
from ris_ros.runtime.tensorrt.progress import BuildProgress, Progress, Report, monitor, never, silent

if TYPE_CHECKING:
    import tensorrt

MIB = 2**20
LEAST_WORKSPACE = 64 * MIB
MOST_WORKSPACE = 1024 * MIB
"""Where no limit is given: kernels for these small maps gain nothing from more."""
_RESERVE = 512 * MIB
"""Left free beside the workspace: a build also holds weights, candidates' outputs, and the driver's code."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AxisRange:
    """Sizes of the open axis that an engine serves: smallest, the one it is tuned for, largest."""

    least: int
    usual: int
    most: int

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.usual <= self.most:
            raise ValueError(f"an axis runs from 1 up, not {self.least} to {self.usual} to {self.most}")


@dataclass(frozen=True, slots=True)
class Profile:
    """Shapes that kernels are chosen for together.

    Attributes:
        images: Range of the first axis of images and of feature maps.
        commands: Range of the first axis of what commands bring.
    """

    images: AxisRange
    commands: AxisRange


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One graph to build.

    Attributes:
        name: ``vision`` or ``ground``.
        graph: The prepared ONNX graph.
        precision: How it was prepared.
        profiles: At least one; a run takes the first that fits, and the last has the largest of every axis.
        dla_core: The deep learning accelerator to build for; None for the GPU.
    """

    name: str
    graph: bytes
    precision: EnginePrecision
    profiles: tuple[Profile, ...]
    dla_core: int | None = None


def workspace_bytes(free: int, asked_mib: int | None) -> int:
    """How much scratch memory a build may use.

    Args:
        free: Memory that can still be taken.
        asked_mib: What the user allows; None leaves it to this function.

    Raises:
        BackendError: Too little memory is free for any build, or for what was asked.
    """
    spare = free - _RESERVE
    if asked_mib is not None:
        if asked_mib * MIB > spare:
            raise BackendError(
                f"A workspace of {asked_mib} MiB does not fit: {free // MIB} MiB of memory are free, of which a build "
                f"needs {_RESERVE // MIB} for itself; stop other programs or give a smaller --workspace-mib."
            )
        return asked_mib * MIB
    if spare < LEAST_WORKSPACE:
        raise BackendError(
            f"Only {free // MIB} MiB of memory are free, and building an engine takes at least "
            f"{(_RESERVE + LEAST_WORKSPACE) // MIB}: stop other programs, such as the desktop, and try again."
        )
    return min(MOST_WORKSPACE, spare // 2)


def build_plan(
    library: Library,
    job: Job,
    workspace: int,
    timing: bytes = b"",
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    expected_s: float | None = None,
) -> tuple[bytes, bytes]:
    """Build one engine.

    Args:
        library: TensorRT.
        job: What to build.
        workspace: Bytes of scratch memory.
        timing: What earlier builds measured, empty for nothing.
        report: Told of progress (TensorRT 10 and later; 8.6 says nothing until it is done).
        cancelled: Asked whether to stop; 8.6 asks only before it begins.
        expected_s: How long an earlier build took.

    Returns:
        The plan, and what was measured, for the next build.

    Raises:
        BackendError: The graph cannot be read or built, or the build was cancelled.
    """
    trt, known = library.module, library.differences
    if cancelled():
        raise _stopped(job)
    builder: tensorrt.Builder = library.make("Builder", library.logger)
    flags = sum(1 << int(getattr(trt.NetworkDefinitionCreationFlag, name)) for name in known.network_flags)
    network = builder.create_network(flags)
    # It owns the weights that the network refers to, so it stays until the build is over.
    parser: tensorrt.OnnxParser = library.make("OnnxParser", network, library.logger)
    if not parser.parse(job.graph):
        said = parser.get_error(0).desc() if parser.num_errors else library.complaint()
        raise BackendError(f"TensorRT {known.version} cannot read the {job.name} graph ({said}): use the backend onnx.")
    config = builder.create_builder_config()
    if config is None:
        raise BackendError(f"TensorRT {known.version} has no room to build in: stop other programs and try again.")
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace)
    for name in known.builder_flags[job.precision]:
        config.set_flag(getattr(trt.BuilderFlag, name))
    for name in known.previews:
        config.set_preview_feature(getattr(trt.PreviewFeature, name), True)
    if job.precision == "fp16":
        known.hold_single(trt, network)
    if job.precision == "fp32":
        # TensorFloat-32 keeps 10 bits of a product's factors, which is half precision by another name.
        config.clear_flag(trt.BuilderFlag.TF32)
    # Else the inspector knows layers by name only, and cannot tell their precision.
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if job.dla_core is not None:
        _use_dla(library, builder, config, job.dla_core)
    for profile in job.profiles:
        _add_profile(builder, network, config, profile, job.name)
    measured = config.create_timing_cache(timing)
    if measured is None or not config.set_timing_cache(measured, False):
        _log.info("The timing cache is damaged or another GPU's: %s is timed afresh.", job.name)
        config.set_timing_cache(config.create_timing_cache(b""), False)
    stage = f"building {job.name}"
    report(Progress(stage, left_s=expected_s))
    progress = BuildProgress(stage, report, cancelled, expected_s)
    watcher = monitor(trt, progress) if known.reports_progress else None  # must outlive the build
    known.watch(config, watcher)
    plan = builder.build_serialized_network(network, config)
    if progress.stopped or cancelled():
        raise _stopped(job)
    if plan is None:
        said = library.complaint() or "it says nothing"
        raise BackendError(
            f"TensorRT {known.version} cannot build the {job.name} engine ({said}): "
            f"try another precision, more memory, or the backend onnx."
        )
    return bytes(plan), bytes(config.get_timing_cache().serialize())


def _stopped(job: Job) -> BackendError:
    return BackendError(f"Building the {job.name} engine was cancelled: start again to go on from what was timed.")


def _use_dla(library: Library, builder: tensorrt.Builder, config: tensorrt.IBuilderConfig, core: int) -> None:
    trt, known = library.module, library.differences
    cores = int(builder.num_DLA_cores) if known.has_dla else 0
    if not known.has_dla:
        raise BackendError(f"TensorRT {known.version} builds for no DLA (10.7 was the last): leave --dla away.")
    if core >= cores:
        raise BackendError(f"There is no DLA core {core} here ({cores} found): leave --dla away.")
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)


def _add_profile(
    builder: tensorrt.Builder,
    network: tensorrt.INetworkDefinition,
    config: tensorrt.IBuilderConfig,
    wanted: Profile,
    name: str,
) -> None:
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        axis = wanted.commands if tensor.name in GROUND_TEXT_INPUTS else wanted.images
        rest = tuple(tensor.shape)[1:]
        profile.set_shape(tensor.name, (axis.least, *rest), (axis.usual, *rest), (axis.most, *rest))
    if config.add_optimization_profile(profile) < 0:
        raise BackendError(f"TensorRT takes no {name} engine for {wanted}: choose other --cameras or --commands.")
