"""How a backend is made: the one that is named, or the fastest here, and those that take over where it fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ris_ros import __version__
from ris_ros.config.backend import PRECISIONS, Precision
from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError, MissingExtraError, cause
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.choose import Contest
from ris_ros.runtime.devices import cpu_name, gpu_driver, gpu_name, has_nvidia_gpu, module_version, usable_cores
from ris_ros.runtime.fallback import Candidate, FallbackBackend
from ris_ros.runtime.kept_choice import KeptChoice, choice_file, read_choice, write_choice
from ris_ros.runtime.table import BACKENDS, LoadOptions

__all__ = ["AUTO", "BACKENDS", "CHOICE", "load", "load_exact", "make_options", "require_known"]

AUTO: Final = "auto"
REFERENCE = "onnx"
"""The row that all others are held against, and the last that is fallen back to."""
CHOICE = "choice"
"""The note that says what ``auto`` measured."""
MAX_THREADS = 256
"""More would exhaust the machine: engines make a thread for each."""
_log = logging.getLogger(__name__)


def _never() -> bool:
    return False


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
        name: A row of :data:`BACKENDS`, or ``auto``: the fastest of those that apply to this machine, by a measurement
            of about two seconds that is kept for the next time. It is logged and told in ``notes``.
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
    options = make_options(threads, precision, tensorrt, cancelled)
    if name == AUTO:
        return _load_auto(bundle, options)
    backend = _load_entry(name, bundle, options)
    others = [row for row in _applicable(_rescue(options)) if row != name]
    return _with_fallback(backend, [name, *others], bundle, options, {})


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
    if options.precision not in (AUTO, *entry.precisions):
        others = " or ".join(row for row, other in BACKENDS.items() if options.precision in other.precisions)
        raise BackendError(
            f"The backend {name} computes in {' or '.join(entry.precisions)}, not in {options.precision}: "
            f"{f'use {others}, or ' if others else ''}leave the precision at auto."
        )
    if entry.extra and not entry.installed:
        raise MissingExtraError(entry.module, entry.extra)
    if options.precision != AUTO:
        tensorrt = options.tensorrt.model_copy(update={"precision": options.precision})
        options = replace(options, tensorrt=tensorrt)
    return entry.load(bundle, options)


def _load_auto(bundle: Bundle, options: LoadOptions) -> Backend:
    names = _applicable(options)
    if not names:
        raise BackendError(_nothing_for(options.precision))
    path = choice_file(_situation(bundle, options, names))
    kept = read_choice(path, names)
    if kept is not None:
        backend = _load_kept(kept, path, bundle, options)
        if backend is not None:
            return backend
    candidates = [_candidate(name, bundle, options) for name in names]
    reference = _candidate(REFERENCE, bundle, _rescue(options)) if REFERENCE in BACKENDS else None
    found = Contest(bundle, bundle.largest_input(options.tensorrt.size_px)).run(candidates, reference)
    if found[0].ms is None:
        reasons = "; ".join(f"{measured.name}: {measured.left_out}" for measured in found)
        raise BackendError(f"No backend can run the bundle ({reasons}): run `ris doctor`.")
    choice = KeptChoice(tuple(found), time.strftime("%Y-%m-%d"))
    if kept is None:
        write_choice(path, choice)
    # Made afresh: the one that was measured holds what the measurement's images took, 70 MB with OpenVINO.
    winner = _candidate(found[0].name, bundle, options).load()
    return _chosen(winner, choice, bundle, options)


def _load_kept(kept: KeptChoice, path: Path, bundle: Bundle, options: LoadOptions) -> Backend | None:
    """The winner of an earlier measurement; None where it cannot be loaded.

    The measurement stays as it is: a GPU whose memory is taken for a moment must not cost the robot its GPU for good.
    """
    winner = kept.found[0].name
    try:
        backend = _candidate(winner, bundle, options).load()
    except Exception as error:  # whatever a library throws: the others are measured, for this time
        _log.warning(
            "The backend %s, which was the fastest, cannot be loaded (%s): the others are measured for this start; if "
            "it is gone for good, remove %s",
            winner,
            cause(error),
            path,
        )
        return None
    return _chosen(backend, kept, bundle, options)


def _chosen(backend: Backend, choice: KeptChoice, bundle: Bundle, options: LoadOptions) -> Backend:
    _log.info("auto takes the backend %s: %s", backend.name, choice)
    order = [measured.name for measured in choice.found if not measured.left_out]
    return _with_fallback(backend, order, bundle, options, {CHOICE: str(choice)})


def _with_fallback(
    backend: Backend, order: Sequence[str], bundle: Bundle, options: LoadOptions, notes: Mapping[str, str]
) -> Backend:
    """The first of an order, wrapped; the last is always ONNX Runtime on the processor, which needs least."""
    rescue = _rescue(options)
    first, *others = order
    last = [REFERENCE] if REFERENCE in BACKENDS and first != REFERENCE else []
    names = [name for name in others if name != REFERENCE] + last
    candidates = [_candidate(first, bundle, options), *(_candidate(name, bundle, rescue) for name in names)]
    return FallbackBackend(backend, candidates, notes)


def _candidate(name: str, bundle: Bundle, options: LoadOptions) -> Candidate:
    """A row, to be loaded with what is at hand: a build of minutes is for who asks for that backend by name."""
    ready = replace(options, cancelled=lambda: True)
    return Candidate(name, lambda: _load_entry(name, bundle, ready))


def _rescue(options: LoadOptions) -> LoadOptions:
    """What a backend that takes over is made with: an answer in another arithmetic is better than none."""
    return replace(options, precision=AUTO)


def _applicable(options: LoadOptions) -> list[str]:
    """The rows that could run here in the precision that is asked for."""
    gpu = has_nvidia_gpu()
    return [
        name
        for name, entry in BACKENDS.items()
        if entry.installed
        and options.precision in (AUTO, *entry.precisions)
        and (gpu or not (entry.needs_gpu or entry.chosen_with_gpu))
    ]


def _nothing_for(precision: Precision) -> str:
    offering = ", ".join(name for name, entry in BACKENDS.items() if precision in (AUTO, *entry.precisions))
    if not offering:
        return f"None of the backends computes in {precision}: leave the precision at auto."
    return (
        f"No backend that is installed computes in {precision} on this machine: install one of {offering} "
        f"(`ris doctor` says how), or leave the precision at auto."
    )


def _situation(bundle: Bundle, options: LoadOptions, names: Sequence[str]) -> dict[str, Any]:
    """All that a measurement depends on."""
    return {
        "ris_ros": __version__,
        "bundle": dict(bundle.settings.files),
        "libraries": {name: module_version(BACKENDS[name].module) for name in names},
        "cpu": cpu_name(),
        "gpu": [gpu_name(), gpu_driver()],
        "cores": usable_cores(),
        "threads": options.threads,
        "precision": options.precision,
        "tensorrt": options.tensorrt.model_dump(mode="json"),
        # What is built lets a backend take part that was left out before.
        "built": {name: _built(name) for name in names if BACKENDS[name].built},
    }


def _built(name: str) -> list[str]:
    folder = cache_folder(name)
    return sorted(str(path.relative_to(folder)) for path in folder.glob(BACKENDS[name].built))
