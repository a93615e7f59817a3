"""ONNX Runtime: runs everywhere; on the processor, on CUDA, and by its own use of TensorRT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError, first_line
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_providers import BUILT, CPU, TENSORRT, Provider, cuda_provider, tensorrt_provider
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures


class OnnxBackend(ClosesOnExit):
    """The bundle's graphs on ONNX Runtime.

    Args:
        bundle: Verified bundle.
        threads: Threads of one run; they wait passively, because spinning threads starve the processes beside them.
        provider: What it runs on.
        graphs: ``vision`` and ``ground`` to run in place of the bundle's own.

    Raises:
        BackendError: A graph cannot be loaded or is not one of a bundle, ONNX Runtime is not installed, or it would run
            on something else than the provider that was asked for.
    """

    def __init__(
        self, bundle: Bundle, threads: int, provider: Provider = CPU, graphs: Mapping[str, bytes] | None = None
    ) -> None:
        self._runtime = _onnxruntime()
        _require_provider(self._runtime, provider)
        self._provider = provider
        self._fixed_size_px = provider.size_px or bundle.fixed_size_px
        self._text = bundle.settings.text
        graphs = graphs or {name: bundle.read(f"{name}.onnx") for name in ("vision", "ground")}
        self._vision = self._session(bundle, "vision", graphs, threads)
        self._ground = self._session(bundle, "ground", graphs, threads)
        self._feature_names = [output.name for output in self._vision.get_outputs()]
        self._check_graphs(bundle)

    @property
    def name(self) -> str:
        return self._provider.row

    @property
    def precision(self) -> str:
        return self._provider.precision

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def device(self) -> str:
        return f"{self._provider.device} (onnxruntime {self._runtime.__version__})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._fixed_size_px)
        most = self._provider.most_images
        if most is not None and len(images_rgb) > most:
            raise BackendError(
                f"The engine was built for {most} cameras, not {len(images_rgb)}: set the parameter tensorrt_cameras."
            )
        images = np.ascontiguousarray(images_rgb)
        binding = self._vision.io_binding()
        binding.bind_cpu_input("image", images)
        for name in self._feature_names:
            # The engine makes the tensor, where it runs: features never pass through this process's memory twice.
            binding.bind_output(name, self._provider.device)
        self._run(self._vision, binding, "vision")
        tensors = dict(zip(self._feature_names, binding.get_outputs(), strict=True))
        return VisionFeatures(tensors, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text)
        count = len(text.camera_index)
        most = self._provider.most_commands or count
        turns = [self._turn(features, text, slice(start, start + most)) for start in range(0, count, most)]
        return GroundOutput(*(np.concatenate(part) if len(turns) > 1 else part[0] for part in zip(*turns, strict=True)))

    def _turn(self, features: VisionFeatures, text: TextBatch, rows: slice) -> list[NDArray[np.float32]]:
        binding = self._ground.io_binding()
        for name, tensor in features.tensors.items():
            binding.bind_ortvalue_input(name, tensor)
        # Held in this frame until the run is over: the binding points into their memory.
        arrays = {name: np.ascontiguousarray(getattr(text, name)[rows]) for name in GROUND_TEXT_INPUTS}
        arrays["camera_index"] = arrays["camera_index"].astype(self._index_dtype, copy=False)
        for name, array in arrays.items():
            binding.bind_cpu_input(name, array)
        for name in GROUND_OUTPUTS:
            binding.bind_output(name, "cpu")
        self._run(self._ground, binding, "ground")
        outputs: list[NDArray[np.float32]] = binding.copy_outputs_to_cpu()
        return outputs

    def close(self) -> None:
        del self._vision, self._ground

    def _session(self, bundle: Bundle, graph: str, graphs: Mapping[str, bytes], threads: int) -> Any:
        options = session_options(threads)
        try:
            session = self._runtime.InferenceSession(graphs[graph], options, providers=self._provider.all_for(graph))
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base
            raise BackendError(
                f"{bundle.path / graph}.onnx: ONNX Runtime cannot load it ({first_line(error)}): "
                f"{'export the bundle again' if self._provider is CPU else 'use the backend onnx'}."
            ) from None
        # Where CUDA or TensorRT cannot start, ONNX Runtime warns and goes on without.
        if session.get_providers()[0] != self._provider.wanted:
            raise BackendError(_absent(self._provider, "could not start it"))
        return session

    def _check_graphs(self, bundle: Bundle) -> None:
        vision_inputs = [tensor.name for tensor in self._vision.get_inputs()]
        if vision_inputs != ["image"]:
            raise BackendError(
                f"{bundle.path}: vision.onnx takes {vision_inputs}, not 'image': export the bundle again."
            )
        ground_inputs = {tensor.name: tensor.type for tensor in self._ground.get_inputs()}
        if set(ground_inputs) != {*self._feature_names, *GROUND_TEXT_INPUTS}:
            raise BackendError(
                f"{bundle.path}: ground.onnx takes {sorted(ground_inputs)}, which vision.onnx and text do not give: "
                f"export the bundle again."
            )
        self._index_dtype = np.int32 if ground_inputs["camera_index"] == "tensor(int32)" else np.int64
        missing = set(GROUND_OUTPUTS) - {tensor.name for tensor in self._ground.get_outputs()}
        if missing:
            raise BackendError(f"{bundle.path}: ground.onnx does not give {sorted(missing)}: export the bundle again.")

    def _run(self, session: Any, binding: Any, graph: str) -> None:
        try:
            session.run_with_iobinding(binding)
        except Exception as error:
            raise BackendError(
                f"The {graph} engine of ONNX Runtime failed ({first_line(error)}): try another backend."
            ) from None


def load_on_cuda(bundle: Bundle, threads: int) -> OnnxBackend:
    """The graphs on an NVIDIA GPU.

    Raises:
        BackendError: As :class:`OnnxBackend`.
    """
    return OnnxBackend(bundle, threads, cuda_provider(_onnxruntime().__version__))


def load_on_tensorrt(
    bundle: Bundle, threads: int, settings: TensorRtSettings, cancelled: Callable[[], bool]
) -> OnnxBackend:
    """The graphs on TensorRT through ONNX Runtime; where no engine is kept, it is built, which takes minutes.

    Args:
        bundle: Verified bundle.
        threads: Threads for what is left to the processor.
        settings: What the engine is built for; fp16 only, without DLA.
        cancelled: Asked before a build whether it is unwelcome.

    Raises:
        MissingExtraError: ``onnx``, which prepares the graphs, is not installed.
        BackendError: As :class:`OnnxBackend`, or see :func:`~ris_ros.runtime.onnx_providers.tensorrt_provider`.
    """
    from ris_ros.runtime.tensorrt.prepare import plain_graphs

    runtime = _onnxruntime()
    _require_provider(runtime, TENSORRT)
    size_px = bundle.largest_input(settings.size_px)
    graphs = plain_graphs(bundle, size_px)
    provider = tensorrt_provider(runtime.__version__, graphs, size_px, settings, cancelled)
    backend = OnnxBackend(
        bundle, threads, provider, {name: graph.SerializeToString() for name, graph in graphs.items()}
    )
    if provider.folder is not None:
        (provider.folder / BUILT).touch()
    return backend


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise BackendError("'onnxruntime' is not installed: run `pip install onnxruntime`.") from None
    return onnxruntime


def _require_provider(runtime: Any, provider: Provider) -> None:
    if provider.wanted not in runtime.get_available_providers():
        raise BackendError(_absent(provider, "was made without it"))


def _absent(provider: Provider, why: str) -> str:
    return f"This ONNX Runtime has no {provider.wanted} ({why}): {provider.missing}, or use the backend onnx."


def session_options(threads: int) -> Any:
    """``onnxruntime.SessionOptions`` of every session that is run here, a peer's as well.

    Args:
        threads: Threads of one run; they wait passively, because spinning threads starve what runs beside and after.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
