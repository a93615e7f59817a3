"""The table of inference backends, and how one of them is made."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from ris_ros.config.backend import PRECISIONS, Precision
from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError, MissingExtraError, RisError
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle

AUTO = "auto"
MAX_THREADS = 256
"""More would exhaust the machine: engines make a thread for each."""
_log = logging.getLogger(__name__)


def _never() -> bool:
    return False


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
    """

    module: str
    extra: str
    help: str
    load: Callable[[Bundle, LoadOptions], Backend]
    precisions: tuple[Precision, ...] = ("fp32",)
    needs_gpu: bool = False
    chosen_with_gpu: bool = False

    @property
    def installed(self) -> bool:
        """Whether its module can be found."""
        return importlib.util.find_spec(self.module) is not None


def _load_onnx(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.onnx_backend import OnnxBackend

    return OnnxBackend(bundle, options.threads)


def _load_openvino(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.openvino_backend import OpenVinoBackend

    return OpenVinoBackend(bundle, options.threads, options.precision)


def _load_torch(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.torch_backend import TorchBackend

    return TorchBackend(bundle, options.threads)


def _load_tensorrt(bundle: Bundle, options: LoadOptions) -> Backend:
    from ris_ros.runtime.tensorrt.backend import TensorRtBackend

    return TensorRtBackend(bundle, options.tensorrt, options.cancelled)


BACKENDS: dict[str, BackendEntry] = {
    "onnx": BackendEntry("onnxruntime", "", "ONNX Runtime: runs everywhere", _load_onnx),
    "openvino": BackendEntry(
        "openvino", "openvino", "OpenVINO: fastest on Intel CPUs, bf16 with AMX", _load_openvino, ("fp32", "bf16")
    ),
    "torch": BackendEntry("torch", "train", "PyTorch: the reference for comparisons", _load_torch),
    "tensorrt": BackendEntry(
        "tensorrt",
        "",
        "TensorRT: for NVIDIA GPUs and Jetson; builds an engine first",
        _load_tensorrt,
        ("fp32", "fp16", "int8"),
        needs_gpu=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that ``auto`` may take, and why it stands where it stands."""

    name: str
    reason: str


def rank() -> list[Choice]:
    """What ``auto`` tries, best first: OpenVINO where the CPU computes in bfloat16, else ONNX Runtime."""
    choices = []
    if BACKENDS["openvino"].installed:
        from ris_ros.runtime.openvino_backend import cpu_has_bf16

        if cpu_has_bf16():
            choices.append(Choice("openvino", "OpenVINO is installed and this CPU computes in bf16"))
    if BACKENDS["onnx"].installed:
        choices.append(Choice("onnx", "ONNX Runtime is installed and runs on any CPU"))
    return choices


def load(
    name: str,
    bundle: Bundle,
    threads: int = 2,
    precision: Precision = "auto",
    tensorrt: TensorRtSettings | None = None,
    cancelled: Callable[[], bool] = _never,
) -> Backend:
    """Make a backend that keeps answering: where its engine fails at run time, another takes over.

    Args:
        name: A row of :data:`BACKENDS`, or ``auto``, which takes the first of :func:`rank` that loads, and logs why.
        bundle: Verified bundle.
        threads: Threads of one run.
        precision: Arithmetic; ``auto`` leaves it to the backend.
        tensorrt: What TensorRT engines are built for, but for the precision; None for the defaults.
        cancelled: Asked, while an engine is built, whether to stop; then loading fails.

    Raises:
        BackendError: There is no such backend, or it cannot run this bundle, or not in this precision.
        MissingExtraError: Its library is not installed.
    """
    require_known(name)
    if name == AUTO:
        return _load_best(bundle, make_options(threads, precision, tensorrt, cancelled))
    return load_exact(name, bundle, threads, precision, tensorrt, cancelled)


def load_exact(
    name: str,
    bundle: Bundle,
    threads: int = 2,
    precision: Precision = "auto",
    tensorrt: TensorRtSettings | None = None,
    cancelled: Callable[[], bool] = _never,
) -> Backend:
    """Make the backend of one row and nothing else: for tests, comparisons and measurements.

    Args:
        name: A row of :data:`BACKENDS`.
        bundle: See :func:`load`, as all others.
        threads: Threads of one run.
        precision: Arithmetic.
        tensorrt: What TensorRT engines are built for.
        cancelled: Asked, while an engine is built, whether to stop.

    Raises:
        BackendError: See :func:`load`.
        MissingExtraError: Its library is not installed.
    """
    options = make_options(threads, precision, tensorrt, cancelled)
    if name not in BACKENDS:
        require_known(name)
        raise BackendError(f"'{AUTO}' is no backend by itself: name one of {', '.join(BACKENDS)}.")
    return _load_entry(name, bundle, options)


def make_options(
    threads: int, precision: Precision, tensorrt: TensorRtSettings | None, cancelled: Callable[[], bool]
) -> LoadOptions:
    """The options of :func:`load`, checked.

    Raises:
        BackendError: A value is out of range.
    """
    if not 1 <= threads <= MAX_THREADS:
        raise BackendError(f"A backend cannot run on {threads} threads: give 1 to {MAX_THREADS}.")
    if precision not in PRECISIONS:
        raise BackendError(f"Unknown precision '{precision}': use one of {', '.join(PRECISIONS)}.")
    return LoadOptions(threads, precision, tensorrt or TensorRtSettings(), cancelled)


def require_known(name: str) -> None:
    """Refuse a name that is neither ``auto`` nor a row of :data:`BACKENDS`.

    Raises:
        BackendError: There is no such backend.
    """
    if name != AUTO and name not in BACKENDS:
        known = "; ".join(f"{row} ({entry.help})" for row, entry in BACKENDS.items())
        raise BackendError(f"Unknown backend '{name}': use {AUTO}, or one of {known}.")


def _load_entry(name: str, bundle: Bundle, options: LoadOptions) -> Backend:
    entry = BACKENDS[name]
    if options.precision not in ("auto", *entry.precisions):
        others = [row for row, other in BACKENDS.items() if options.precision in other.precisions]
        raise BackendError(
            f"The backend {name} computes in {' or '.join(entry.precisions)}, not in {options.precision}: "
            f"use {' or '.join(others)}, or leave the precision at auto."
        )
    if entry.extra and not entry.installed:
        raise MissingExtraError(entry.module, entry.extra)
    if options.precision != "auto":
        tensorrt = options.tensorrt.model_copy(update={"precision": options.precision})
        options = replace(options, tensorrt=tensorrt)
    return entry.load(bundle, options)


def _load_best(bundle: Bundle, options: LoadOptions) -> Backend:
    failures = []
    for choice in rank():
        try:
            backend = _load_entry(choice.name, bundle, options)
        except RisError as error:
            failures.append(f"{choice.name}: {error}")
            _log.warning("backend %s cannot be used: %s", choice.name, error)
            continue
        _log.info("backend %s (%s): %s", choice.name, backend.precision, choice.reason)
        return backend
    reasons = "; ".join(failures) or "neither onnxruntime nor openvino is installed"
    raise BackendError(f"No backend can run the bundle ({reasons}): run `ris doctor`.")
