"""From a bundle and settings to engines that are known to be right: out of the cache, or built and checked."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ris_ros.config.strict import parse_settings
from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError, PlanError, RisError
from ris_ros.runtime import parity
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.samples import read_samples
from ris_ros.runtime.tensorrt.agreement import Answer, measure_parity
from ris_ros.runtime.tensorrt.builder import MIB, build_plan, workspace_bytes
from ris_ros.runtime.tensorrt.cache import PLANS, BuiltEngine, EngineCache, EngineKey
from ris_ros.runtime.tensorrt.calibrate import PlainPair, measure_ranges
from ris_ros.runtime.tensorrt.camera_input import take_camera_images
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.library import Library, load_library
from ris_ros.runtime.tensorrt.prepare import plain_graphs, prepare
from ris_ros.runtime.tensorrt.progress import Progress, Report, never, silent
from ris_ros.runtime.tensorrt.report import BuildReport, inspect
from ris_ros.runtime.tensorrt.runner import Runner
from ris_ros.runtime.tensorrt.specification import Specification

_CALIBRATION_IMAGES = 16
_PARITY_IMAGES = 6
_PARITY_OFFSET = 3  # frames that calibration has not seen
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    """What engines are made with.

    Attributes:
        library: TensorRT.
        cuda: The CUDA runtime.
        cache: Where engines are kept.
        report: Told of progress.
        cancelled: Asked whether to stop.
    """

    library: Library
    cuda: Cuda
    cache: EngineCache = field(default_factory=lambda: EngineCache(cache_folder("tensorrt")))
    report: Report = silent
    cancelled: Callable[[], bool] = never


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Engines that run.

    Attributes:
        runner: Runs them.
        specification: What they were built to be.
        report: What is known of them.
        built: Whether they were built for this.
    """

    runner: Runner
    specification: Specification
    report: BuildReport
    built: bool


def open_engines(bundle: Bundle, settings: TensorRtSettings, workshop: Workshop, force: bool = False) -> Opened:
    """Take engines from the cache, or build, check and keep them.

    Args:
        bundle: Verified bundle.
        settings: What to build.
        workshop: What to build with.
        force: Build even where the cache has them.

    Raises:
        BackendError: They cannot be built, do not answer as ONNX Runtime does, or building was cancelled.
        MissingExtraError: A library that building needs is not installed.
    """
    specification = Specification.of(bundle, settings)
    key = specification.key(bundle, workshop.library.differences, workshop.cuda.gpu())
    kept = None if force else workshop.cache.load(key)
    if kept is not None:
        opened = _open_kept(kept, specification, workshop)
        if opened is not None:
            return opened
    why = "" if force else workshop.cache.why_absent(key)
    if workshop.cancelled():
        nearest = f" ({why})" if why else ""
        raise BackendError(
            f"The cache holds no such TensorRT engine{nearest}: run `ris build-engine`, which takes minutes."
        )
    if why:
        _log.warning("A TensorRT engine is built: %s.", why)
    return _build(bundle, settings, specification, workshop, key)


def kept_settings(bundle: Bundle) -> list[TensorRtSettings]:
    """The settings of all engines of a bundle that the cache holds for this machine, those used last first.

    Builds nothing, and gives none wherever none could run. TensorRT and CUDA are not started where the cache is empty.
    """
    cache = EngineCache(cache_folder("tensorrt"))
    if cache.empty:
        return []
    found = []
    try:
        version, gpu = load_library().differences, Cuda().gpu()
        for key, values in cache.stored():
            with contextlib.suppress(RisError):  # another model's, or another version's of this package
                settings = parse_settings(TensorRtSettings, values, str(cache.folder))
                if Specification.of(bundle, settings).key(bundle, version, gpu) == key:
                    found.append(settings)
    except RisError:
        return []
    return found


def _open_kept(kept: BuiltEngine, specification: Specification, workshop: Workshop) -> Opened | None:
    try:
        report = BuildReport.from_json(kept.report)
        runner = Runner(workshop.library, workshop.cuda, kept.plans, specification.dla)
        return Opened(runner, specification, report, built=False)
    except (KeyError, TypeError, ValueError, AttributeError, PlanError) as error:
        _log.warning("The engine in the cache cannot be used: %s", error)
        return None


def _build(
    bundle: Bundle, settings: TensorRtSettings, specification: Specification, workshop: Workshop, key: EngineKey
) -> Opened:
    start = time.monotonic()
    workshop.cache.make_folder()  # before minutes are spent on what could not be kept
    workspace = workspace_bytes(workshop.cuda.free_bytes(), specification.workspace_mib)
    expected = workshop.cache.earlier_seconds(key)
    workshop.report(Progress("reading sample images", left_s=expected))
    checked = read_samples(bundle, specification.image_size_px, _PARITY_IMAGES, _PARITY_OFFSET)
    workshop.report(Progress("preparing graphs"))
    plain = plain_graphs(bundle, specification.size_px)
    graphs = _prepare(bundle, specification, plain, workshop)
    plans: dict[str, bytes] = {}
    for name in PLANS:
        job = specification.job(name, graphs[name])
        timing = workshop.cache.read_timing(key)
        share = None if expected is None else expected / len(PLANS)
        plans[name], measured = build_plan(
            workshop.library, job, workspace, timing, workshop.report, workshop.cancelled, share
        )
        workshop.cache.write_timing(key, measured)
    runner = Runner(workshop.library, workshop.cuda, plans, specification.dla)
    try:
        layers: Counter[str] = Counter()
        for engine in runner.engines.values():
            layers += inspect(workshop.library, engine.engine)
        workshop.report(Progress("comparing with ONNX Runtime"))
        with _reference(bundle, specification, plain) as answer:
            found = measure_parity(runner, answer, checked, bundle.settings.thresholds)
        report = BuildReport(
            tensorrt=key.tensorrt,
            gpu=workshop.cuda.gpu().name,
            precision=key.precision,
            layers=layers,
            parity=found,
            seconds=time.monotonic() - start,
            workspace_mib=workspace // MIB,
        )
        _log.info("TensorRT engines of %s built in %.0f s: %s", bundle.label, report.seconds, report)
        parity.require(found, key.precision, "TensorRT")
        workshop.cache.store(key, BuiltEngine(plans, settings.model_dump(mode="json"), report.to_json()))
    except BaseException:
        runner.close()
        raise
    return Opened(runner, specification, report, built=True)


@contextlib.contextmanager
def _reference(bundle: Bundle, specification: Specification, plain: Mapping[str, Any]) -> Iterator[Answer]:
    """What ONNX Runtime says: to the bundle itself, or, where images are shrunk in the graph, to the plain graphs.

    Shrinking in the graph rounds nothing, shrinking before it rounds to whole levels, and a check of kernels should
    not see the difference.
    """
    if specification.camera_size_px is None:
        with OnnxBackend(bundle, threads=2) as backend:
            yield lambda sample: backend.ground(backend.see(sample.images_rgb), sample.text)
    else:
        vision = take_camera_images(plain["vision"], specification.camera_size_px)
        yield PlainPair({"vision": vision, "ground": plain["ground"]}).answer


def _prepare(
    bundle: Bundle, specification: Specification, plain: Mapping[str, Any], workshop: Workshop
) -> dict[str, bytes]:
    ranges = None
    if specification.precision != "fp32":
        workshop.report(Progress(f"measuring ranges on {_CALIBRATION_IMAGES} images"))
        ranges = measure_ranges(plain, read_samples(bundle, specification.size_px, _CALIBRATION_IMAGES, 0))
    return prepare(plain, specification.precision, ranges, specification.camera_size_px)
