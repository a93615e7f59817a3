"""Both engines on one GPU: images in, features that stay there, answers out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MisuseError, PlanError
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS
from ris_ros.runtime.tensorrt.cache import PLANS
from ris_ros.runtime.tensorrt.cuda import Cuda
from ris_ros.runtime.tensorrt.execution import Engine, OwningThread
from ris_ros.runtime.tensorrt.library import Library
from ris_ros.runtime.tensorrt.memory import Memory
from ris_ros.types import GroundOutput, TextBatch

_ON_HOST = {"vision": frozenset({"image"}), "ground": frozenset({*GROUND_TEXT_INPUTS, *GROUND_OUTPUTS})}


class Runner:
    """The vision and ground engines in one stream; belongs to the thread that makes it.

    Args:
        library: TensorRT.
        cuda: The CUDA runtime.
        plans: Serialised engines by name.
        dla_core: The deep learning accelerator that the vision plan was built for.

    Raises:
        PlanError: A plan cannot be loaded, or is none of a bundle's.
        BackendError: Memory ran out, or CUDA failed.
    """

    def __init__(self, library: Library, cuda: Cuda, plans: Mapping[str, bytes], dla_core: int | None = None) -> None:
        self._thread = OwningThread()
        self._cuda = cuda
        self._memory = Memory(cuda)
        self._engines: dict[str, Engine] = {}
        self._stream: int | None = None
        try:
            self._stream = cuda.create_stream()
            for name in PLANS:
                self._engines[name] = self._load(library, name, plans[name], dla_core, self._stream)
            self._check()
            self._memory.make_scratch(max(engine.scratch_bytes for engine in self._engines.values()))
            for name, engine in self._engines.items():
                engine.connect(self._memory, _ON_HOST[name])
        except BaseException:
            self.close()
            raise

    @property
    def engines(self) -> Mapping[str, Engine]:
        """By name."""
        return MappingProxyType(self._engines)

    @property
    def most_images(self) -> int:
        """How many images fit into one look."""
        return self._engines["vision"].tensors["image"].most[0]

    @property
    def features(self) -> Mapping[str, int]:
        """Device address of each feature map by name."""
        outputs = self._engines["vision"].tensors.values()
        return {tensor.name: self._memory.device[tensor.name] for tensor in outputs if not tensor.is_input}

    def see(self, images_rgb: NDArray[np.uint8]) -> None:
        """Look at C images; the features stay on the device.

        Raises:
            BackendError: There are more than fit, or the engine failed.
        """
        self._require()
        vision = self._engines["vision"]
        image = vision.tensors["image"]
        if len(images_rgb) > image.most[0]:
            raise BackendError(
                f"The engine was built for {image.most[0]} cameras, not {len(images_rgb)}: run `ris build-engine "
                f"--cameras {len(images_rgb)}`, or set the parameter tensorrt_cameras."
            )
        self._memory.host["image"][: len(images_rgb)] = images_rgb
        # An engine for a DLA takes one number of rows only; what lies in the others does not matter.
        vision.run({"image": max(len(images_rgb), image.fewest_rows)})

    def ground(self, image_count: int, text: TextBatch) -> GroundOutput:
        """Answer N commands on the images that were looked at last; more than fit go by turns.

        Raises:
            BackendError: The engine failed.
        """
        self._require()
        most = self._engines["ground"].tensors["words"].most[0]
        turns = [
            self._turn(image_count, text, slice(start, start + most))
            for start in range(0, len(text.camera_index), most)
        ]
        return GroundOutput(*(np.concatenate(part) for part in zip(*turns, strict=True)))

    def close(self) -> None:
        """Give engines, memory and stream back, whatever fails on the way; once is enough."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
        self._memory.close()
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(BackendError):
                self._cuda.destroy_stream(stream)

    def _turn(self, image_count: int, text: TextBatch, rows: slice) -> list[NDArray[np.float32]]:
        ground = self._engines["ground"]
        host = self._memory.host
        count = len(text.camera_index[rows])
        for name in GROUND_TEXT_INPUTS:
            host[name][:count] = getattr(text, name)[rows]
        sizes = dict.fromkeys(self.features, image_count)
        ground.run({**sizes, **dict.fromkeys(GROUND_TEXT_INPUTS, count), "": count})
        # Copied: the next answer is written to the same memory.
        return [np.array(host[name][:count], np.float32) for name in GROUND_OUTPUTS]

    def _load(self, library: Library, name: str, plan: bytes, dla_core: int | None, stream: int) -> Engine:
        runtime = library.make("Runtime", library.logger)
        if name == "vision" and dla_core is not None:
            runtime.DLA_core = dla_core
        return Engine(library, runtime, self._cuda, name, plan, stream)

    def _check(self) -> None:
        """Refuse plans whose tensors are not those of a bundle's graphs."""
        vision, ground = (set(self._engines[name].names) for name in PLANS)
        if ground != (vision - {"image"}) | {*GROUND_TEXT_INPUTS, *GROUND_OUTPUTS} or "image" not in vision:
            raise PlanError("The engines are not those of a bundle: run `ris build-engine --force`.")

    def _require(self) -> None:
        self._thread.require()
        if self._stream is None:
            raise MisuseError("The TensorRT backend is closed: load it again.")
