"""From a bundle and settings to engines that are known to be right: out of the cache, or built and checked."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ris_ros.config.share import share_file
from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError, RisError
from ris_ros.runtime import parity
from ris_ros.runtime import samples as sampling
from ris_ros.runtime.backend import SIDE_STEP
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.onnx_backend import OnnxBackend
from ris_ros.runtime.samples import Sample, read_samples
from ris_ros.runtime.tensorrt import calibrate, fold, onnx_model, prepare
from ris_ros.runtime.tensorrt.builder import MIB, AxisRange, Job, Profile, build_plan, workspace_bytes
from ris_ros.runtime.tensorrt.cache import PLANS, BuiltEngine, EngineCache, EngineKey
from ris_ros.runtime.tensorrt.calibrate import measure_ranges
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.library import Library, load_library
from ris_ros.runtime.tensorrt.prepare import Ranges, Typed
from ris_ros.runtime.tensorrt.progress import Progress, Report, never, silent
from ris_ros.runtime.tensorrt.report import BuildReport, inspect
from ris_ros.runtime.tensorrt.runner import Runner
from ris_ros.types import TextBatch

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
        report: What is known of them.
        built: Whether they were built for this.
    """

    runner: Runner
    report: BuildReport
    built: bool


def typed(settings: TensorRtSettings) -> Typed:
    """The arithmetic that is meant: ``auto`` is half precision, which strays a hundred times less than int8."""
    return "fp16" if settings.precision == "auto" else settings.precision


def input_size(bundle: Bundle, settings: TensorRtSettings) -> tuple[int, int]:
    """(width, height) of the images that an engine is built for.

    Raises:
        BackendError: The bundle's graphs take no images of the size that was asked for.
    """
    largest = bundle.input_size_px
    size = settings.size_px or largest
    fits = all(side % SIDE_STEP == 0 and side <= most for side, most in zip(size, largest, strict=True))
    if size != largest and not (fits and bundle.fixed_size_px is None):
        multiples = f"multiples of {SIDE_STEP} up to " if bundle.fixed_size_px is None else ""
        raise BackendError(
            f"{bundle.label} takes no images of {size[0]}x{size[1]}: give {multiples}{largest[0]}x{largest[1]}."
        )
    return size


def engine_key(bundle: Bundle, settings: TensorRtSettings, workshop: Workshop) -> EngineKey:
    """The key of a bundle's engine on this machine; reads no graph, so that a cached engine needs no ``onnx``."""
    files = bundle.settings.files
    content = hashlib.sha256((files["vision.onnx"] + files["ground.onnx"]).encode())
    for module in (onnx_model, fold, prepare, calibrate, sampling):
        content.update(Path(str(module.__file__)).read_bytes())
    precision = typed(settings)
    if precision != "fp32":
        for file in sorted((share_file("sample") / "drive").iterdir()):
            content.update(file.read_bytes())
    gpu = workshop.cuda.gpu()
    width, height = input_size(bundle, settings)
    return EngineKey(
        graphs_sha256=content.hexdigest(),
        tensorrt=workshop.library.differences.version,
        gpu=f"{gpu.name} with {gpu.multiprocessors} multiprocessors",
        compute_capability=gpu.compute_capability,
        precision=precision,
        shapes=f"{width}x{height}, 1 to {settings.cameras} cameras, 1 to {settings.commands} commands",
        builder=f"workspace {settings.workspace_mib or 'auto'}, dla {'none' if settings.dla is None else settings.dla}",
    )


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
    refuse_impossible(settings, workshop)
    key = engine_key(bundle, settings, workshop)
    kept = None if force else workshop.cache.load(key)
    if kept is not None:
        opened = _open_kept(kept, settings, workshop)
        if opened is not None:
            return opened
    elif not force:
        why = workshop.cache.why_absent(key)
        if why:
            _log.warning("%s", why)
    if workshop.cancelled():
        raise BackendError(
            "The cache holds no TensorRT engine of this model: run `ris build-engine`, which takes minutes."
        )
    return _build(bundle, settings, workshop, key)


def engine_is_cached(bundle: Bundle, settings: TensorRtSettings) -> bool:
    """Whether an engine would be taken from the cache; builds nothing, and is False wherever none could run.

    Loads TensorRT and starts CUDA only where the cache holds anything at all.
    """
    cache = EngineCache(cache_folder("tensorrt"))
    if cache.empty:
        return False
    try:
        workshop = Workshop(load_library(), Cuda(), cache)
        refuse_impossible(settings, workshop)
        return cache.load(engine_key(bundle, settings, workshop)) is not None
    except RisError:  # no TensorRT, no GPU, or settings that no engine meets
        return False


def refuse_impossible(settings: TensorRtSettings, workshop: Workshop) -> None:
    """Refuse settings that no build can meet, before any time is spent.

    Raises:
        BackendError: A DLA is asked for in a precision or of a version that has none.
    """
    if settings.dla is None:
        return
    if typed(settings) != "fp16":
        raise BackendError(f"A DLA computes in fp16 here, not in {typed(settings)}: leave --precision or --dla away.")
    version = workshop.library.differences
    if not version.has_dla:
        raise BackendError(f"TensorRT {version.version} builds for no DLA (10.7 was the last): leave --dla away.")


def _open_kept(kept: BuiltEngine, settings: TensorRtSettings, workshop: Workshop) -> Opened | None:
    try:
        report = BuildReport.from_json(kept.report)
        return Opened(Runner(workshop.library, workshop.cuda, kept.plans, settings.dla), report, built=False)
    except (KeyError, TypeError, ValueError, AttributeError, BackendError) as error:
        _log.warning("The engine in the cache cannot be used (%s): it is built again.", error)
        return None


def _build(bundle: Bundle, settings: TensorRtSettings, workshop: Workshop, key: EngineKey) -> Opened:
    start = time.monotonic()
    workspace = workspace_bytes(workshop.cuda.free_bytes(), settings.workspace_mib)
    expected = workshop.cache.earlier_seconds(key)
    workshop.report(Progress("reading sample images", left_s=expected))
    size_px = input_size(bundle, settings)
    checked = read_samples(bundle, size_px, _PARITY_IMAGES, _PARITY_OFFSET)
    graphs = _prepare(bundle, size_px, typed(settings), workshop)
    plans: dict[str, bytes] = {}
    for name in PLANS:
        job = _job(name, graphs[name], settings)
        timing = workshop.cache.read_timing(key)
        share = None if expected is None else expected / len(PLANS)
        plans[name], measured = build_plan(
            workshop.library, job, workspace, timing, workshop.report, workshop.cancelled, share
        )
        workshop.cache.write_timing(key, measured)
    runner = Runner(workshop.library, workshop.cuda, plans, settings.dla)
    try:
        layers: Counter[str] = Counter()
        for engine in runner.engines.values():
            layers += inspect(workshop.library, engine.engine)
        workshop.report(Progress("comparing with ONNX Runtime"))
        found = measure_parity(bundle, runner, checked)
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
        workshop.cache.store(key, BuiltEngine(plans, report.to_json()))
    except BaseException:
        runner.close()
        raise
    return Opened(runner, report, built=True)


def measure_parity(bundle: Bundle, runner: Runner, samples: Sequence[Sample]) -> parity.Parity:
    """How far the engines stray from ONNX Runtime on samples: one at a time, by one command, and several at once.

    Each of these takes kernels of its own.

    Raises:
        BackendError: Either failed.
    """
    first, text = samples[0].images_rgb, samples[0].text
    together = np.concatenate([sample.images_rgb for sample in samples[: runner.most_images]])
    spread = np.arange(len(text.words), dtype=np.int64) % len(together)
    one_command = TextBatch(text.words[:1], text.word_mask[:1], text.sentence[:1], text.camera_index[:1])
    several = TextBatch(text.words, text.word_mask, text.sentence, spread)
    found = []
    with OnnxBackend(bundle, threads=2) as reference:
        for sample in [*samples, Sample(first, one_command), Sample(together, several)]:
            expected = reference.ground(reference.see(sample.images_rgb), sample.text)
            runner.see(sample.images_rgb)
            answers = runner.ground(len(sample.images_rgb), sample.text)
            found.append(parity.compare(expected, answers, bundle.settings.thresholds))
    return parity.worst(found)


def _prepare(bundle: Bundle, size_px: tuple[int, int], precision: Typed, workshop: Workshop) -> dict[str, bytes]:
    workshop.report(Progress("preparing graphs"))
    graphs = prepare.plain_graphs(bundle, size_px)
    ranges: dict[str, Ranges] | None = None
    if precision != "fp32":
        workshop.report(Progress(f"measuring ranges on {_CALIBRATION_IMAGES} images"))
        ranges = measure_ranges(graphs, read_samples(bundle, size_px, _CALIBRATION_IMAGES, 0))
    return prepare.prepare(graphs, precision, ranges)


def _job(name: str, graph: bytes, settings: TensorRtSettings) -> Job:
    one, cameras, commands = AxisRange(1, 1, 1), settings.cameras, settings.commands
    dla_core = settings.dla if name == "vision" else None
    # One camera and one command is the most frequent case by far, and kernels for a fixed size are the fastest.
    if dla_core is not None:  # a DLA knows no open axis
        profiles = [Profile(AxisRange(cameras, cameras, cameras), one)]
    elif name == "vision":
        profiles = [Profile(one, one)]
        if cameras > 1:
            profiles.append(Profile(AxisRange(2, cameras, cameras), one))
    else:
        some = AxisRange(1, 1, cameras)
        profiles = [Profile(some, one)]
        if commands > 1:
            profiles.append(Profile(some, AxisRange(2, max(2, commands // 2), commands)))
    return Job(name, graph, typed(settings), tuple(profiles), dla_core)
