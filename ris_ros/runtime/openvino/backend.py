"""OpenVINO: the fastest on Intel CPUs, in bfloat16 where the CPU has instructions for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MisuseError
from ris_ros.runtime.backend import (
    GROUND_OUTPUTS,
    GROUND_TEXT_INPUTS,
    ClosesOnExit,
    check_images,
    check_text,
    empty_text,
)
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.openvino.cache import ModelCache
from ris_ros.runtime.openvino.compiler import Compiler, Graph, output_names, read_graph
from ris_ros.runtime.openvino.library import Library, failures, heavy_precision
from ris_ros.runtime.openvino.quantise import quantise, require_parity
from ris_ros.runtime.openvino.streams import PAIR, Job, Pool, plan_commands, run
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

MOST_STREAMS = 8
"""Each takes memory for itself, about 10 MB."""
MOST_MODELS = 8
"""Compiled models that are held, those used last: all of one image size, and what one command needs at others. Each
takes 30 to 50 MB."""
GraphName = Literal["vision", "ground"]


class OpenVinoBackend(ClosesOnExit):
    """The bundle's graphs on OpenVINO's CPU device.

    Compiled for fixed shapes, because open ones cost a sixth more and memory for every shape they meet. So there are,
    for each image size, at most five models, compiled when first needed or by :meth:`prepare`:

    ======  ============  =======  =============================================
    graph   at once       streams  used for
    ======  ============  =======  =============================================
    vision  1 image       1        one image, or one left over: all threads
    vision  1 image       several  several images, a stream each
    ground  1 command     1        one command
    ground  2 commands    several  commands about the same image, two by two
    ground  1 command     several  what is left of them
    ======  ============  =======  =============================================

    No number of cameras or commands needs another model. An answer does not depend on what is asked beside it, but for
    rounding: 1e-6 of a probability in fp32, 0.02 in bf16 (test/runtime/openvino/test_backend.py).

    Args:
        bundle: Verified bundle.
        threads: Threads of one run, and of all streams together.
        precision: ``fp32``, ``bf16``, ``int8`` (the vision graph quantised, the rest in bf16 or fp32), or ``auto``:
            bf16 where the CPU has instructions for it, else fp32.

    Raises:
        BackendError: A graph cannot be loaded or quantised, the CPU does not compute in this precision, or int8 strays
            too far from ONNX Runtime on the sample drive.
        MissingExtraError: OpenVINO is not installed, or for int8 what quantises.
        ConfigError: For int8: the sample drive is not installed.
        DataError: For int8: the sample drive is damaged.
    """

    name = "openvino"

    def __init__(self, bundle: Bundle, threads: int, precision: Precision = "auto") -> None:
        self._library = Library()
        arithmetic = self._library.arithmetic(precision)
        self._cache = ModelCache(cache_folder("openvino"))
        vision = read_graph(self._library, bundle, "vision.onnx", ["image"])
        self._feature_names = output_names(vision)
        ground = read_graph(self._library, bundle, "ground.onnx", [*self._feature_names, *GROUND_TEXT_INPUTS])
        self._compiler = Compiler(self._library, arithmetic, threads, self._cache, self._feature_names)
        missing = set(GROUND_OUTPUTS) - set(output_names(ground))
        if missing:
            raise BackendError(f"{ground.label}: does not give {sorted(missing)}: export the bundle again.")
        if precision == "int8":
            vision = quantise(self._library, bundle, vision, self._cache)
        self._graphs: dict[GraphName, Graph] = {"vision": vision, "ground": ground}
        self._fixed_size_px = bundle.fixed_size_px
        self._text = bundle.settings.text
        self._streams = min(threads, MOST_STREAMS)
        self._precision = {"f32": "fp32"}.get(arithmetic, arithmetic) if precision != "int8" else precision
        self._pools: OrderedDict[tuple[object, ...], Pool] = OrderedDict()
        self._features: list[dict[str, Any]] = []
        """Of the image in each row of a batch; written in place."""
        self._feature_shapes: dict[str, tuple[int, ...]] = {}
        self._seen: VisionFeatures | None = None
        self._parity = require_parity(self, bundle, vision, self._cache) if precision == "int8" else None

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def device(self) -> str:
        return f"cpu, {self._library.cpu} (openvino {self._library.module.__version__.split('-')[0]})"

    @property
    def notes(self) -> Mapping[str, str]:
        compiler = self._compiler
        notes = {
            "streams": f"1 for one image or command, {self._streams} for several",
            "models": f"{len(self._pools)} held, {compiler.compiled} compiled, {compiler.loaded} from the cache",
            "cache": self._cache.trouble or str(self._cache.folder),
        }
        if self._parity is not None:
            notes["int8"] = f"vision only; against ONNX Runtime: {self._parity}"
        return notes

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        """See :meth:`ris_ros.runtime.backend.Backend.prepare`.

        Afterwards no number of commands compiles anything, and with several images no number of these either; if both
        are 1, none but these.
        """
        width, height = size_px
        images = np.zeros((cameras, height, width, 3), np.uint8)
        self.see(images[:1])
        text = empty_text(self._text, [0] * (PAIR * self._streams))
        rows = range(len(text.camera_index))
        self._answer(text, [rows[:1]], 1)
        if cameras * commands > 1:
            self._answer(text, [rows[start : start + PAIR] for start in rows[::PAIR]], self._streams)
            self._answer(text, [rows[start : start + 1] for start in rows], self._streams)
        self.see(images)

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._fixed_size_px)
        self._seen = None
        # Held in this frame until the runs are over: the engine reads it in place, and is shown nothing read-only.
        images = np.require(images_rgb, requirements=("C", "W"))
        count, height, width, _ = images.shape
        # One image that is left over is done sooner by all threads than by one stream.
        shared = count - 1 if count % self._streams == 1 else count
        for rows, streams in ((range(shared), self._streams), (range(shared, count), 1)):
            if rows:
                pool = self._pool("vision", {"image": (1, height, width, 3)}, streams)
                self._make_room(pool, count)
                jobs = [(pool, {"image": self._tensor(images[row : row + 1]), **self._features[row]}) for row in rows]
                self._run(jobs, streams, "vision")
        seen = self._features[:count]
        self._seen = VisionFeatures({name: [row[name] for row in seen] for name in self._feature_names}, count)
        return self._seen

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text)
        if features is not self._seen:
            raise MisuseError("These features were overwritten by a later look: ground before looking again.")
        if len(text.camera_index) == 1:
            return self._answer(text, [(0,)], 1)
        return self._answer(text, plan_commands(text.camera_index, self._streams), self._streams)

    def close(self) -> None:
        self._seen = None
        self._pools.clear()
        self._features.clear()

    def _answer(self, text: TextBatch, groups: Sequence[Sequence[int]], streams: int) -> GroundOutput:
        """Answer commands on the images that were looked at last.

        Args:
            text: N commands.
            groups: Rows that are answered together, one or two about the same image; all rows, each once.
            streams: How many groups are answered at the same time.
        """
        order = [row for group in groups for row in group]
        # Copied, so that what is answered together lies together, in memory that the engine may be shown.
        inputs = {name: getattr(text, name)[order] for name in ("words", "word_mask", "sentence")}
        outputs: dict[str, NDArray[np.float32]] = {}
        jobs: list[Job] = []
        start = 0
        for group in groups:
            rows = slice(start, start + len(group))
            pool = self._ground_pool(len(group), streams)
            if not outputs:
                # Made afresh: an answer outlives the next one.
                outputs = {
                    name: np.empty((len(order), *pool.outputs[name][1][1:]), np.float32) for name in GROUND_OUTPUTS
                }
            tensors = {name: self._tensor(array[rows]) for name, array in (inputs | outputs).items()}
            # The engine is shown that one image only.
            tensors["camera_index"] = self._tensor(np.zeros(len(group), np.int64))
            tensors |= self._features[int(text.camera_index[group[0]])]
            jobs.append((pool, tensors))
            start = rows.stop
        self._run(jobs, streams, "ground")
        if order != sorted(order):
            back = np.argsort(order)
            outputs = {name: array[back] for name, array in outputs.items()}
        return GroundOutput(**outputs)

    def _ground_pool(self, commands: int, streams: int) -> Pool:
        text = self._text
        shapes = {
            **self._feature_shapes,
            "words": (commands, text.max_tokens, text.width),
            "word_mask": (commands, text.max_tokens),
            "sentence": (commands, text.width),
            "camera_index": (commands,),
        }
        return self._pool("ground", shapes, streams)

    def _pool(self, graph: GraphName, shapes: Mapping[str, tuple[int, ...]], streams: int) -> Pool:
        key = (graph, streams, *shapes.values())
        pool = self._pools.get(key)
        if pool is None:
            compiled = self._compiler.compile(self._graphs[graph], shapes, streams)
            if graph == "vision":
                self._precision = heavy_precision(compiled)
            pool = self._pools[key] = Pool(compiled, streams)
            if len(self._pools) > MOST_MODELS:
                self._pools.popitem(last=False)
        self._pools.move_to_end(key)
        return pool

    def _make_room(self, vision: Pool, count: int) -> None:
        shapes = {name: vision.outputs[name][1] for name in self._feature_names}
        if shapes != self._feature_shapes:
            self._features, self._feature_shapes = [], shapes
        while len(self._features) < count:
            tensor = self._library.module.Tensor
            self._features.append({name: tensor(*vision.outputs[name]) for name in self._feature_names})

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._library.module.Tensor(array, shared_memory=True)

    def _run(self, jobs: Sequence[Job], streams: int, graph: GraphName) -> None:
        with failures(f"The {graph} engine of OpenVINO failed"):
            run(jobs, streams)
