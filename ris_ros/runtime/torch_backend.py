"""PyTorch: the reference that the other backends are compared with, not the one to deploy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, MissingExtraError, first_line
from ris_ros.runtime.backend import GROUND_OUTPUTS, ClosesOnExit, check_images, check_text
from ris_ros.runtime.bundle import MANIFEST, Bundle
from ris_ros.types import GroundOutput, TextBatch, VisionFeatures

if TYPE_CHECKING:
    from ris_ros.model.network import ReferringNetwork

WEIGHTS = "weights.safetensors"


class TorchBackend(ClosesOnExit):
    """The network itself, eager, in single precision, on the CPU or on the first CUDA device.

    Args:
        bundle: Verified bundle, with ``weights.safetensors``.
        threads: Threads of one run; PyTorch has one setting for the whole process.

    Raises:
        BackendError: The weights do not fit the network.
        BundleError: The bundle has no weights for PyTorch.
        MissingExtraError: PyTorch is not installed.
    """

    name = "torch"
    precision = "fp32"

    def __init__(self, bundle: Bundle, threads: int) -> None:
        try:
            import torch
        except ImportError:
            raise MissingExtraError("torch", "train") from None
        self._torch = torch
        torch.set_num_threads(threads)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._fixed_size_px = bundle.fixed_size_px
        self._text_width = bundle.settings.text.width
        self._network = _build(bundle).to(self._device)

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        return self._fixed_size_px

    @property
    def device(self) -> str:
        return f"{self._device} (torch {self._torch.__version__})"

    def see(self, images_rgb: NDArray[np.uint8]) -> VisionFeatures:
        check_images(images_rgb, self._fixed_size_px)
        with self._running("vision"):
            tensors = self._network.see(self._tensor(images_rgb))
        return VisionFeatures(tensors, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        check_text(text, features, self._text_width)
        with self._running("ground"):
            answers = self._network.ground(
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
        del self._network

    @contextmanager
    def _running(self, graph: str) -> Iterator[None]:
        try:
            with self._torch.inference_mode():
                yield
        except RuntimeError as error:  # such as a GPU without memory
            raise BackendError(
                f"The {graph} network in PyTorch failed ({first_line(error)}): use the backend onnx."
            ) from None

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def _build(bundle: Bundle) -> ReferringNetwork:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load
    except ImportError:
        raise MissingExtraError("safetensors", "train") from None
    from ris_ros.model.network import ReferringNetwork

    content = bundle.read(WEIGHTS)
    settings = bundle.settings.network
    assert settings is not None  # the bundle's settings refuse weights without it
    try:
        network = ReferringNetwork(**settings.model_dump())
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError, TypeError, ValueError) as error:
        raise BackendError(
            f"{bundle.path}: {WEIGHTS} does not fit the network that {MANIFEST} describes ({first_line(error)}): "
            f"export the bundle again with this version of ris_ros."
        ) from None
    return network.eval()
