"""What ONNX Runtime runs a graph on: the processor, CUDA, or its own use of TensorRT.

Option names are those of ONNX Runtime's pages on its CUDA and TensorRT execution providers. The two GPU providers have
never run on a GPU in this project's development; what can be checked without one is checked by tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError
from ris_ros.runtime.backend import GROUND_TEXT_INPUTS
from ris_ros.runtime.cache_folder import cache_folder, newest_first
from ris_ros.runtime.devices import gpu_name, module_version
from ris_ros.runtime.private_files import is_private_folder, own_folder, remove

ProviderOptions = Mapping[str, str]
BUILT = "built"
"""Marks a folder that holds every engine that its graphs need."""
_MOST_FOLDERS = 8  # of engines, those used last; what is older is of other models or versions
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
        options: Options by graph; none for the processor, whose session options say all.
        helpers: What runs the operators that ``wanted`` lacks, best first.
        size_px: (width, height) of the only images that it is made for; None for any.
        most_images: How many it looks at together; None for any number.
        most_commands: How many it answers together; None for any number.
        folder: Where it keeps engines; None where it builds none.
    """

    row: str
    wanted: str
    device: str
    precision: str
    missing: str = ""
    options: Mapping[str, ProviderOptions] = field(default_factory=dict)
    helpers: Sequence[tuple[str, ProviderOptions]] = ()
    size_px: tuple[int, int] | None = None
    most_images: int | None = None
    most_commands: int | None = None
    folder: Path | None = None

    def all_for(self, graph: str) -> list[tuple[str, dict[str, str]]]:
        """What a session of ``vision`` or ``ground`` is made with."""
        chain = [(self.wanted, self.options.get(graph, {})), *self.helpers]
        return [(name, dict(options)) for name, options in chain]


CPU = Provider(row="onnx", wanted="CPUExecutionProvider", device="cpu", precision="fp32")

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
    graphs: Mapping[str, Any],
    size_px: tuple[int, int],
    settings: TensorRtSettings,
    cancelled: Callable[[], bool],
) -> Provider:
    """ONNX Runtime's use of TensorRT, in half precision, for one size of the image.

    ONNX Runtime builds its engines when a session is made, which takes minutes, says nothing meanwhile and cannot be
    stopped; it keeps them in a folder that only this user can write, one for each of what they depend on.

    Single precision is not offered: TensorRT uses TensorFloat-32 for it, and ONNX Runtime has no option against that.

    Args:
        version: Of ONNX Runtime.
        graphs: From :func:`ris_ros.runtime.tensorrt.prepare.plain_graphs`. Of the bundle's own, TensorRT would leave
            the first step to others (it takes bytes into a cast only), and then asks for profiles of what comes after.
        size_px: (width, height) of the images.
        settings: Precision, and numbers of images and commands.
        cancelled: Whether a build is unwelcome.

    Raises:
        BackendError: It asks for another precision or a DLA, the folder is not ours, or there is no engine yet and a
            build is unwelcome.
    """
    if settings.precision not in ("auto", "fp16") or settings.dla is not None:
        raise BackendError("onnx-tensorrt computes in fp16 only and on no DLA: use the backend tensorrt for others.")
    depends_on = {
        "graphs": [hashlib.sha256(graph.SerializeToString()).hexdigest() for graph in graphs.values()],
        "onnxruntime": version,
        "tensorrt": module_version("tensorrt"),
        "gpu": gpu_name(),
        "settings": settings.model_dump(mode="json"),
    }
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    folder = cache_folder("onnx-tensorrt") / digest
    if cancelled() and not _holds_engines(folder):
        raise BackendError(
            "ONNX Runtime has built no TensorRT engine of this model yet: load the backend onnx-tensorrt by name once, "
            "which takes minutes."
        )
    own_folder(folder.parent)
    own_folder(folder)
    with contextlib.suppress(OSError):
        os.utime(folder)
        for old, _ in newest_first(folder.parent)[_MOST_FOLDERS:]:
            remove(old)
    common = {
        "device_id": "0",
        # In Python it takes these words only, and no numbers.
        "trt_fp16_enable": "True",
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "True",
        # By its documentation it is kept where the process was started, if nothing is said.
        "trt_timing_cache_path": str(folder),
        **({"trt_max_workspace_size": str(settings.workspace_mib * _MIB)} if settings.workspace_mib else {}),
    }
    return replace(
        TENSORRT,
        options={name: {**common, **_profile(graph, settings)} for name, graph in graphs.items()},
        helpers=[("CUDAExecutionProvider", _cuda_options(version)), ("CPUExecutionProvider", {})],
        size_px=size_px,
        most_images=settings.cameras,
        most_commands=settings.commands,
        folder=folder,
    )


def _profile(graph: Any, settings: TensorRtSettings) -> dict[str, str]:
    """The shapes of a graph's inputs that an engine is built for: tuned for one image and one command."""
    one, most = [], []
    for value in graph.graph.input:
        _, *rest = (dim.dim_value for dim in value.type.tensor_type.shape.dim)
        rows = settings.commands if value.name in GROUND_TEXT_INPUTS else settings.cameras
        one.append(f"{value.name}:{'x'.join(map(str, (1, *rest)))}")
        most.append(f"{value.name}:{'x'.join(map(str, (rows, *rest)))}")
    return {
        "trt_profile_min_shapes": ",".join(one),
        "trt_profile_opt_shapes": ",".join(one),
        "trt_profile_max_shapes": ",".join(most),
    }


def _holds_engines(folder: Path) -> bool:
    return is_private_folder(folder) and (folder / BUILT).exists()


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
