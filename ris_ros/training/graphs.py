"""The network as ONNX graphs: ``vision.onnx`` and ``ground.onnx``, weights stored in half precision.

Storing is all that half precision is used for here: a Cast follows each stored weight, so engines compute in the
precision that they choose.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ris_ros.errors import BundleError, MissingExtraError
from ris_ros.model.network import FEATURES, ReferringNetwork
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS

OPSET = 17
_SMALL = 64
"""Tensors with fewer elements stay in single precision: there is nothing to save."""


class _Vision(nn.Module):
    def __init__(self, network: ReferringNetwork):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        features = self.network.see(image)
        return tuple(features[name] for name in FEATURES)


class _Ground(nn.Module):
    def __init__(self, network: ReferringNetwork):
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        features = dict(zip(FEATURES, inputs[: len(FEATURES)], strict=True))
        outputs = self.network.ground(features, *inputs[len(FEATURES) :])
        return tuple(outputs[name] for name in GROUND_OUTPUTS)


def build_graphs(
    network: ReferringNetwork, input_size_px: tuple[int, int], max_tokens: int, text_width: int
) -> tuple[bytes, bytes]:
    """Trace the network.

    The number of cameras C, the number of commands N, and height and width of the images (multiples of 32) stay free;
    the number of tokens is fixed.

    Args:
        network: In evaluation mode, on the CPU.
        input_size_px: (width, height) of the input that it is traced with.
        max_tokens: T of ``words``.
        text_width: D of ``words``.

    Returns:
        The bytes of ``vision.onnx`` and of ``ground.onnx``.

    Raises:
        BundleError: A weight does not fit half precision.
        MissingExtraError: The package ``onnx`` is not installed.
    """
    width, height = input_size_px
    image = torch.zeros(2, height, width, 3, dtype=torch.uint8)
    with torch.no_grad():
        features = tuple(network.see(image)[name] for name in FEATURES)
    commands = 3
    text = (
        torch.zeros(commands, max_tokens, text_width),
        torch.ones(commands, max_tokens),
        torch.zeros(commands, text_width),
        torch.zeros(commands, dtype=torch.int64),
    )
    per_camera = {"image": {0: "C", 1: "H", 2: "W"}}
    for name, stride in zip(FEATURES, (8, 8, 16, 32), strict=True):
        per_camera[name] = {0: "C", 1: f"H{stride}", 2: f"W{stride}"}
    per_command = {name: {0: "N"} for name in (*GROUND_TEXT_INPUTS, "existence_logit")}
    per_command |= {name: {0: "N", 1: "H4", 2: "W4"} for name in ("object_logits", "region_logits")}
    vision = _trace(_Vision(network), (image,), ("image",), FEATURES, per_camera)
    ground = _trace(
        _Ground(network),
        (*features, *text),
        (*FEATURES, *GROUND_TEXT_INPUTS),
        GROUND_OUTPUTS,
        {name: axes for name, axes in (per_camera | per_command).items() if name != "image"},
    )
    return store_in_half(vision), store_in_half(ground)


def store_in_half(graph: bytes) -> bytes:
    """Store the larger float32 weights of an ONNX graph as float16, each followed by a Cast.

    Raises:
        BundleError: A weight is too large for half precision.
        MissingExtraError: The package ``onnx`` is not installed.
    """
    onnx = _onnx()
    model = onnx.load_from_string(graph)
    casts = []
    for index, tensor in enumerate(model.graph.initializer):
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < _SMALL:
            continue
        half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(half).all():
            raise BundleError(f"Weight {tensor.name} does not fit half precision: train with a stronger weight decay.")
        stored = onnx.numpy_helper.from_array(half, f"{tensor.name}_half")
        casts.append(
            onnx.helper.make_node(
                "Cast", [stored.name], [tensor.name], f"{tensor.name}_cast", to=onnx.TensorProto.FLOAT
            )
        )
        model.graph.initializer[index].CopyFrom(stored)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _trace(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    names_in: tuple[str, ...],
    names_out: tuple[str, ...],
    free: dict[str, dict[int, str]],
) -> bytes:
    _onnx()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # What becomes a constant is meant to (the number of tokens is fixed), and this exporter, unlike its successor,
        # writes opset 17 with batch normalisation folded away.
        warnings.simplefilter("ignore")
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            module.eval(),
            inputs,
            str(path),
            input_names=list(names_in),
            output_names=list(names_out),
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return path.read_bytes()


def _onnx() -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("onnx", "train") from None
    return onnx
