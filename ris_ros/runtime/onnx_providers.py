"""What ONNX Runtime runs a graph on: the processor, CUDA, or its own use of TensorRT.

Option names are those of ONNX Runtime's pages on its CUDA and TensorRT execution providers. The two GPU providers have
never run on a GPU in this project's development; what can be checked without one is checked by tests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.devices import gpu_name, module_version
from ris_ros.runtime.private_files import is_private_folder, own_folder

ProviderOptions = Mapping[str, str]
Shape = tuple[int, ...]
_TF32_OPTION_SINCE = (1, 18)
_MIB = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """One way to run graphs.

    Attributes:
        row: The backend's name.
        wanted: ONNX Runtime's name of it; if it steps aside, loading fails.
        device: Where tensors lie, as ONNX Runtime names it.
        precision: The arithmetic.
        missing: What to do where ONNX Runtime does not have it.
        options: Options by graph; the processor and CUDA take the same for both.
        helpers: What runs the operators that ``wanted`` lacks, best first.
        size_px: (width, height) of the only images that it is made for; None for any.
    """

    row: str
    wanted: str
    device: str
    precision: str
    missing: str = ""
    options: Mapping[str, ProviderOptions] = field(default_factory=dict)
    helpers: Sequence[tuple[str, ProviderOptions]] = ()
    size_px: tuple[int, int] | None = None

    def all_for(self, graph: str) -> list[tuple[str, dict[str, str]]]:
        """What a session of ``vision`` or ``ground`` is made with."""
        chain = [(self.wanted, self.options.get(graph, {})), *self.helpers]
        return [(name, dict(options)) for name, options in chain]


# What is needed and no more: with the default, an arena doubles whenever images become larger or more.
CPU = Provider(
    row="onnx",
    wanted="CPUExecutionProvider",
    device="cpu",
    precision="fp32",
    options={graph: {"arena_extend_strategy": "kSameAsRequested"} for graph in ("vision", "ground")},
)


TENSORRT = Provider(
    row="onnx-tensorrt",
    wanted="TensorrtExecutionProvider",
    device="cuda",
    precision="fp16",
    missing="install `onnxruntime-gpu` in place of `onnxruntime`, and the TensorRT that it was made with",
)
"""Without what depends on the model: see :func:`tensorrt_provider`."""


def cuda_provider(version: str) -> Provider:
    """CUDA in single precision.

    CUDA graphs are not used: ONNX Runtime records them only where every operator runs on the GPU and every tensor keeps
    its address and shape, but the numbers of images and commands change here from frame to frame.

    Args:
        version: Of ONNX Runtime.
    """
    options = _cuda_options(version)
    return Provider(
        row="onnx-cuda",
        wanted="CUDAExecutionProvider",
        device="cuda",
        precision="fp32",
        missing="install `onnxruntime-gpu` in place of `onnxruntime`, with the CUDA and cuDNN that it asks for",
        options={"vision": options, "ground": options},
        helpers=[("CPUExecutionProvider", {})],
    )


def _cuda_options(version: str) -> dict[str, str]:
    options = {
        "device_id": "0",
        "arena_extend_strategy": "kSameAsRequested",
        # An exhaustive search takes seconds for each new size of the image.
        "cudnn_conv_algo_search": "HEURISTIC",
        "do_copy_in_default_stream": "1",
    }
    if _version(version) >= _TF32_OPTION_SINCE:
        options["use_tf32"] = "0"  # its ten bits of mantissa are not single precision
    return options


def tensorrt_provider(
    version: str,
    bundle: Bundle,
    size_px: tuple[int, int],
    settings: TensorRtSettings,
    feature_shapes: Mapping[str, Shape],
    cancelled: Callable[[], bool],
) -> Provider:
    """ONNX Runtime's use of TensorRT, in half precision or single, for one size of the image.

    ONNX Runtime builds its engines when a session is made, which takes minutes, says nothing meanwhile and cannot be
    stopped; it keeps them in a folder that only this user can write, one for each of what they depend on.

    Args:
        version: Of ONNX Runtime.
        bundle: The model.
        size_px: (width, height) of the images.
        settings: Precision, and numbers of images and commands.
        feature_shapes: Of each feature of one image, by name; the first axis counts images.
        cancelled: Whether a build is unwelcome.

    Raises:
        BackendError: It asks for int8 or a DLA, the folder is not ours, or there is no engine yet and a build is
            unwelcome.
    """
    if settings.precision == "int8" or settings.dla is not None:
        raise BackendError("onnx-tensorrt computes in fp16 or fp32 and on no DLA: use the backend tensorrt for those.")
    precision = "fp32" if settings.precision == "fp32" else "fp16"
    ranges = _ranges(bundle, size_px, settings, feature_shapes)
    depends_on = {
        "graphs": [bundle.settings.files["vision.onnx"], bundle.settings.files["ground.onnx"]],
        "onnxruntime": version,
        "tensorrt": module_version("tensorrt"),
        "gpu": gpu_name(),
        "precision": precision,
        "workspace_mib": settings.workspace_mib,
        "ranges": {graph: [asdict(one) for one in found] for graph, found in ranges.items()},
    }
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    folder = cache_folder("onnx-tensorrt") / digest
    if cancelled() and not _holds_engine(folder):
        raise BackendError(
            "ONNX Runtime has built no TensorRT engine of this model yet: load the backend onnx-tensorrt by name once, "
            "which takes minutes."
        )
    own_folder(folder.parent)
    own_folder(folder)
    options = {
        graph: {
            "device_id": "0",
            "trt_fp16_enable": "1" if precision == "fp16" else "0",
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "1",
            **({"trt_max_workspace_size": str(settings.workspace_mib * _MIB)} if settings.workspace_mib else {}),
            "trt_profile_min_shapes": _profile((one.name, one.least) for one in found),
            "trt_profile_opt_shapes": _profile((one.name, one.usual) for one in found),
            "trt_profile_max_shapes": _profile((one.name, one.most) for one in found),
        }
        for graph, found in ranges.items()
    }
    return replace(
        TENSORRT,
        precision=precision,
        options=options,
        helpers=[("CUDAExecutionProvider", _cuda_options(version)), ("CPUExecutionProvider", {})],
        size_px=size_px,
    )


@dataclass(frozen=True, slots=True)
class _Range:
    """The shapes of one input that an engine is built for."""

    name: str
    least: Shape
    usual: Shape
    most: Shape


def _ranges(
    bundle: Bundle, size_px: tuple[int, int], settings: TensorRtSettings, feature_shapes: Mapping[str, Shape]
) -> dict[str, list[_Range]]:
    width, height = size_px
    text = bundle.settings.text
    images = {"image": (height, width, 3), **{name: tuple(shape[1:]) for name, shape in feature_shapes.items()}}
    commands: dict[str, Shape] = {
        "words": (text.max_tokens, text.width),
        "word_mask": (text.max_tokens,),
        "sentence": (text.width,),
        "camera_index": (),
    }

    def counted(name: str, rest: Shape, most: int) -> _Range:
        return _Range(name, (1, *rest), (1, *rest), (most, *rest))

    seen = [counted(name, rest, settings.cameras) for name, rest in images.items()]
    asked = [counted(name, rest, settings.commands) for name, rest in commands.items()]
    return {"vision": seen[:1], "ground": [*seen[1:], *asked]}


def _profile(shapes: Iterable[tuple[str, Shape]]) -> str:
    return ",".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes)


def _holds_engine(folder: Path) -> bool:
    return is_private_folder(folder) and next(folder.glob("*.engine"), None) is not None


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
