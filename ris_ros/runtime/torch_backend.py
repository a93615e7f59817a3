"""PyTorch: eager, the reference that other backends are compared with; and compiled, with CUDA graphs on a GPU."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ris_ros import __version__
from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MissingExtraError, first_line
from ris_ros.runtime.backend import GROUND_OUTPUTS, ClosesOnExit, check_images, check_text, empty_text
from ris_ros.runtime.bundle import MANIFEST, Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.private_files import own_folder
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

if TYPE_CHECKING:
    from ris_ros.model.network import ReferringNetwork

WEIGHTS = "weights.safetensors"
_COMPILERS = ("g++", "clang++")


class TorchBackend(ClosesOnExit):
    """The network itself, eager, on the first CUDA device or on the CPU; features stay on the device.

    Args:
        bundle: Verified bundle, with ``weights.safetensors``.
        threads: Threads of one run; PyTorch has one setting for the whole process.
        precision: ``fp32``, ``bf16``, ``fp16`` on a GPU only, or ``auto``: fp16 on a GPU, else fp32. The two short ones
            are PyTorch's autocast: products and convolutions in 16 bits, softmax and normalisation in 32.

    Raises:
        BackendError: The weights do not fit the network, or the precision not the device.
        BundleError: The bundle has no weights for PyTorch.
        MissingExtraError: PyTorch is not installed.
    """

    name = "torch"

    def __init__(self, bundle: Bundle, threads: int, precision: Precision = "auto") -> None:
        weights = bundle.read(WEIGHTS)  # first: importing PyTorch takes seconds, and memory for good
        try:
            import torch
        except ImportError:
            raise MissingExtraError("torch", "train") from None
        self._torch = torch
        torch.set_num_threads(threads)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._precision = _decided(precision, self._device.type)
        self._autocast_dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(self._precision)
        if self._device.type == "cuda":
            # Ten bits of mantissa are not single precision.
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = self._precision != "fp32"
        self._fixed_size_px = bundle.fixed_size_px
        self._text = bundle.settings.text
        network: Any = _build(bundle, weights)
        network.to(self._device, memory_format=torch.channels_last)
        self._see, self._ground = network.see, network.ground

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def device(self) -> str:
        name = self._torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else "cpu"
        kind = "cuda, " if self._device.type == "cuda" else ""
        return f"{kind}{name} (torch {self._torch.__version__})"

    def prepare(self, size_px: tuple[int, int], cameras: int, commands: int) -> None:
        width, height = size_px
        features = self.see(np.zeros((cameras, height, width, 3), np.uint8))
        for count in {1, cameras * commands}:
            self.ground(features, empty_text(self._text, [index % cameras for index in range(count)]))

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._fixed_size_px)
        with self._running("vision"):
            tensors = self._see(self._tensor(images_rgb))
        return VisionFeatures(tensors, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text)
        with self._running("ground"):
            answers = self._ground(
                features.tensors,
                self._tensor(text.words),
                self._tensor(text.word_mask),
                self._tensor(text.sentence),
                self._tensor(text.camera_index),
            )
            # Within: a GPU tells of a failure only when its results are fetched.
            outputs = [answers[name].float().cpu().numpy() for name in GROUND_OUTPUTS]
        return GroundOutput(*outputs)

    def close(self) -> None:
        del self._see, self._ground
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()  # else it keeps the network's memory from whoever runs in its place

    @contextmanager
    def _running(self, graph: str) -> Iterator[None]:
        torch = self._torch
        try:
            with (
                torch.inference_mode(),
                torch.autocast(self._device.type, dtype=self._autocast_dtype, enabled=self._autocast_dtype is not None),
            ):
                yield
        except RuntimeError as error:  # such as a GPU without memory; also the base of what its compiler raises
            raise BackendError(
                f"The {graph} network in PyTorch failed ({first_line(error)}): use the backend onnx."
            ) from None

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


class TorchCompileBackend(TorchBackend):
    """The network compiled by TorchInductor: C++ on a CPU, Triton kernels replayed as CUDA graphs on a GPU.

    Compiling takes minutes at the first start on a machine; what it makes is kept in the user's cache. It is made for
    one image, and for one command and for any number; several images, or another size, compile again at their first
    look, unless :meth:`prepare` did so ahead of time. On a GPU this has never run in this project's development.

    Args:
        bundle: As :class:`TorchBackend`, and the same for the others.
        threads: Threads of one run.
        precision: Arithmetic.
        cancelled: Asked before anything is compiled for the first time whether that is unwelcome.

    Raises:
        BackendError: As :class:`TorchBackend`; or there is nothing to compile with, compiling fails, or is unwelcome.
        BundleError: The bundle has no weights for PyTorch.
        MissingExtraError: PyTorch is not installed.
    """

    name = "torch-compile"

    def __init__(
        self,
        bundle: Bundle,
        threads: int,
        precision: Precision = "auto",
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(bundle, threads, precision)
        self._graphs = self._device.type == "cuda"
        _require_compiler(on_gpu=self._graphs)
        folder = cache_folder("torch-compile")
        own_folder(folder)
        # Read when PyTorch's compiler is first used in this process.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder))
        made = folder / f"{self._compiled_for(bundle)}.made"
        if cancelled() and not made.exists():
            raise BackendError(
                "PyTorch has not compiled this model yet: load the backend torch-compile by name once, which takes "
                "minutes."
            )
        mode = "reduce-overhead" if self._graphs else "default"
        self._see = self._torch.compile(self._see, mode=mode)
        self._ground = self._torch.compile(self._ground, mode=mode)
        for commands in (1, 2):
            self.prepare(bundle.input_size_px, 1, commands)
        made.touch()

    def _compiled_for(self, bundle: Bundle) -> str:
        """Names what the compiled code is for."""
        of = [__version__, bundle.settings.files[WEIGHTS], f"{bundle.input_size_px}", self._precision, self.device]
        return hashlib.sha256("\n".join(of).encode()).hexdigest()

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        self._begin()
        seen = super().see(images_rgb)
        if not self._graphs:
            return seen
        # A replayed graph writes to the same memory each time, and questions are a graph of their own.
        return VisionFeatures({name: tensor.clone() for name, tensor in seen.tensors.items()}, seen.camera_count)

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        self._begin()
        return super().ground(features, text)

    def _begin(self) -> None:
        if self._graphs:
            self._torch.compiler.cudagraph_mark_step_begin()


def _decided(precision: Precision, device: str) -> str:
    if precision == "auto":
        return "fp16" if device == "cuda" else "fp32"
    if precision == "fp16" and device == "cpu":
        raise BackendError("PyTorch computes in fp16 on a GPU only: use bf16 or fp32, or leave the precision at auto.")
    return precision


def _require_compiler(on_gpu: bool) -> None:
    if on_gpu:
        if importlib.util.find_spec("triton") is None:
            raise BackendError(
                "PyTorch compiles for a GPU with Triton: `pip install triton`, or use the backend torch."
            )
        return
    wanted = [os.environ["CXX"]] if os.environ.get("CXX") else list(_COMPILERS)
    if not any(shutil.which(name) for name in wanted):
        raise BackendError(
            f"PyTorch compiles for a CPU with a C++ compiler, and there is no {' or '.join(wanted)}: "
            f"`apt install g++`, or use the backend torch."
        )


def _build(bundle: Bundle, weights: bytes) -> ReferringNetwork:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load
    except ImportError:
        raise MissingExtraError("safetensors", "train") from None
    from ris_ros.model.network import ReferringNetwork

    settings = bundle.settings.network
    assert settings is not None  # the bundle's settings refuse weights without it
    try:
        network = ReferringNetwork(**settings.model_dump())
        network.load_state_dict(load(weights))
    except (SafetensorError, RuntimeError, TypeError, ValueError) as error:
        raise BackendError(
            f"{bundle.path}: {WEIGHTS} does not fit the network that {MANIFEST} describes ({first_line(error)}): "
            f"export the bundle again with this version of ris_ros."
        ) from None
    return network.eval()
