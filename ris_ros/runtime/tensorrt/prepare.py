"""From a bundle's graphs to those that TensorRT is given: of one size, plain, with types that say the precision.

Since TensorRT 11 precision is not an option of the builder but the types of the graph, so it is written here:

* ``fp32``: all in single precision;
* ``fp16``: weights and activations in half precision, but for normalisation, sums over pixels, softmax, what the images
  are normalised with, and whatever a measured range shows to come near the end of half precision;
* ``int8``: inputs and weights of convolutions and of products with a matrix of weights quantised by QuantizeLinear and
  DequantizeLinear (weights by channel, inputs by measured range), the rest in single precision.

In every precision: uint8 is turned into numbers first, since TensorRT takes uint8 at inputs only; camera indices are
int32; answers come out in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ris_ros.config.tensorrt import EnginePrecision
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.tensorrt.camera_input import take_camera_images
from ris_ros.runtime.tensorrt.fold import plain
from ris_ros.runtime.tensorrt.onnx_model import (
    attribute,
    constants,
    consumers,
    element_types,
    float_inputs,
    known_shapes,
    load_onnx,
)

SINGLE = frozenset(
    {"Softmax", "LayerNormalization", "ReduceSum", "ReduceMean", "ReduceMax", "Sigmoid", "Div", "Clip", "Pad"}
)
"""Operators that stay in single precision: they add up, divide, or make the numbers that decide."""
HALF_LIMIT = 65504.0 / 16
"""Measured ranges beyond this stay in single precision: other images may be several times as bright."""
QUANTISED_CHANNELS = 16
"""What has fewer channels, in or out, is not quantised: it is cheap, and first or last."""
INT8_LIMIT = 127.0


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """How large the numbers of a plain graph get on real images, by tensor.

    Attributes:
        highest: Largest magnitude of every floating-point tensor.
        usual: Magnitude that all but one in ten thousand numbers of an image stay below, of each :func:`quantisable`
            node's input.
    """

    highest: Mapping[str, float]
    usual: Mapping[str, float]


def plain_graphs(bundle: Bundle, size_px: tuple[int, int]) -> dict[str, Any]:
    """Both graphs of a bundle for images of one size, in single precision, plain.

    Args:
        bundle: Verified bundle.
        size_px: (width, height) of the images.

    Returns:
        ``vision`` and ``ground``, each an ``onnx.ModelProto`` whose only open axes are the first ones of its inputs.

    Raises:
        BackendError: A graph is none, takes no such size, or computes with shapes in a way that is not understood.
        MissingExtraError: ``onnx`` is not installed.
    """
    width, height = size_px
    vision = _plain_typed(bundle.read("vision.onnx"), {"image": (None, height, width, 3)})
    shapes = known_shapes(vision)
    features = {value.name: shapes[value.name] for value in vision.graph.output}
    tokens = bundle.settings.text.max_tokens
    text = {"words": (None, tokens, bundle.settings.text.width), "word_mask": (None, tokens)}
    return {"vision": vision, "ground": _plain_typed(bundle.read("ground.onnx"), {**features, **text})}


def prepare(
    graphs: Mapping[str, Any],
    precision: EnginePrecision,
    ranges: Mapping[str, Ranges] | None = None,
    camera_size_px: tuple[int, int] | None = None,
) -> dict[str, bytes]:
    """The graphs for TensorRT.

    Args:
        graphs: From :func:`plain_graphs`; they stay as they are.
        precision: Their arithmetic.
        ranges: From :func:`ris_ros.runtime.tensorrt.calibrate.measure_ranges`, by graph; ``fp32`` needs none.
        camera_size_px: (width, height) of images that the vision graph shrinks itself; None for its own size.

    Returns:
        ONNX graphs by the same names.
    """
    onnx = load_onnx()
    prepared = {}
    for name, graph in graphs.items():
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        if precision != "fp32":
            if ranges is None:
                raise ValueError(f"{precision} needs ranges")
            if precision == "fp16":
                _to_half(model, ranges[name].highest)
            else:
                _quantise(model, ranges[name].usual)
        if name == "vision" and camera_size_px is not None:
            model = take_camera_images(model, camera_size_px)
        onnx.checker.check_model(model)
        prepared[name] = bytes(model.SerializeToString())
    return prepared


def _plain_typed(graph: bytes, shapes: Mapping[str, Sequence[int | None]]) -> Any:
    """The plain graph, its uint8 and int64 inputs made such that every TensorRT takes them."""
    model = plain(graph, shapes)
    _drop_casts_to_same(model)
    _cast_bytes_first(model)
    _index_in_int32(model)
    return model


def _cast_bytes_first(model: Any) -> None:
    """Exchange a transpose of bytes with the cast behind it: TensorRT computes nothing in uint8."""
    onnx = load_onnx()
    types = element_types(model)
    readers = consumers(model)
    for node in model.graph.node:
        if node.op_type != "Transpose" or types.get(node.input[0]) != onnx.TensorProto.UINT8:
            continue
        behind = readers[node.output[0]]
        if len(behind) != 1 or behind[0].op_type != "Cast":
            continue
        (cast,) = behind
        between, perm = node.output[0], list(attribute(node, "perm"))
        to = attribute(cast, "to")
        node.CopyFrom(onnx.helper.make_node("Cast", [node.input[0]], [between], cast.name, to=to))
        cast.CopyFrom(onnx.helper.make_node("Transpose", [between], [cast.output[0]], f"{cast.name}_order", perm=perm))


def _drop_casts_to_same(model: Any) -> None:
    types = element_types(model)
    same: dict[str, str] = {}
    for node in model.graph.node:  # in order, so that a cast of a cast leads back to the first
        if _casts_to_same(node, types):
            same[node.output[0]] = same.get(node.input[0], node.input[0])
    kept = [node for node in model.graph.node if node.output[0] not in same]
    for node in kept:
        for place, name in enumerate(node.input):
            node.input[place] = same.get(name, name)
    _replace(model, kept, constants(model))


def _casts_to_same(node: Any, types: Mapping[str, int]) -> bool:
    return bool(node.op_type == "Cast" and types.get(node.input[0]) == attribute(node, "to"))


def _index_in_int32(model: Any) -> None:
    onnx = load_onnx()
    for value in model.graph.input:
        if value.type.tensor_type.elem_type == onnx.TensorProto.INT64:
            value.type.tensor_type.elem_type = onnx.TensorProto.INT32


def _to_half(model: Any, ranges: Mapping[str, float]) -> None:
    """Rewrite every floating-point node to half precision but those that stay, with casts where they meet."""
    onnx = load_onnx()
    types = element_types(model)
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    stored = constants(model)
    writer = _Casts(onnx, stored)
    features = _feature_names(model)
    for value in model.graph.input:
        if value.type.tensor_type.elem_type == single:
            if value.name in features and ranges.get(value.name, 0.0) <= HALF_LIMIT:
                value.type.tensor_type.elem_type = half
                writer.now[value.name] = half
            else:
                writer.now[value.name] = single
    for node in model.graph.node:
        floats = list(float_inputs(node, types))
        if node.op_type == "Cast" and types.get(node.output[0]) == single and not floats:
            writer.now[node.output[0]] = single  # of the bytes of an image: normalised in single precision
            writer.nodes.append(node)
            continue
        if types.get(node.output[0]) != single:
            writer.nodes.append(node)
            continue
        wanted = single if _stays_single(node, floats, writer.now, ranges) else half
        for place, name in floats:
            node.input[place] = writer.cast(name, wanted)
        writer.nodes.append(node)
        writer.now.update(dict.fromkeys(node.output, wanted))
    for value in model.graph.output:
        name = value.name
        if writer.now[name] == half and (name in features and ranges.get(name, 0.0) <= HALF_LIMIT):
            value.type.tensor_type.elem_type = half
        else:
            writer.end_in(name, half if name in features and ranges.get(name, 0.0) <= HALF_LIMIT else single)
            value.type.tensor_type.elem_type = writer.now[name]
    _replace(model, writer.nodes, {**stored, **writer.made})


def _feature_names(model: Any) -> set[str]:
    """Inputs and outputs that pass from vision to ground: maps of four axes."""
    values = (*model.graph.input, *model.graph.output)
    return {value.name for value in values if len(value.type.tensor_type.shape.dim) == 4 and value.name != "image"}


def _stays_single(
    node: Any, floats: list[tuple[int, str]], now: Mapping[str, int], ranges: Mapping[str, float]
) -> bool:
    onnx = load_onnx()
    if node.op_type in SINGLE:
        return True
    names = [*(name for _, name in floats), *node.output]
    if any(ranges.get(name, 0.0) > HALF_LIMIT for name in names):
        return True
    # What only moves numbers stays as it comes, so that nothing is cast to and fro.
    moving = ("Reshape", "Transpose", "Concat", "Split", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Gather", "Sub")
    computed = [now[name] for _, name in floats if name in now]
    return node.op_type in moving and bool(computed) and all(kind == onnx.TensorProto.FLOAT for kind in computed)


class _Casts:
    """Casts between single and half precision, each made once."""

    def __init__(self, onnx: Any, stored: Mapping[str, Any]) -> None:
        self._onnx = onnx
        self._stored = stored
        self.nodes: list[Any] = []
        self.now: dict[str, int] = {}
        self.made: dict[str, Any] = {}
        self._cast: dict[tuple[str, int], str] = {}

    def cast(self, name: str, wanted: int) -> str:
        """The name of a tensor in the wanted precision."""
        suffix = "half" if wanted == self._onnx.TensorProto.FLOAT16 else "single"
        if name in self._stored:
            if wanted == self._onnx.TensorProto.FLOAT:
                return name
            self.made[f"{name}_{suffix}"] = self._stored[name].astype(np.float16)
            return f"{name}_{suffix}"
        if self.now[name] == wanted:
            return name
        if (name, wanted) not in self._cast:
            other = self._cast[name, wanted] = f"{name}_{suffix}"
            self.nodes.append(self._onnx.helper.make_node("Cast", [name], [other], f"{other}_cast", to=wanted))
        return self._cast[name, wanted]

    def end_in(self, name: str, wanted: int) -> None:
        """Let the graph's output ``name`` have the wanted precision."""
        if self.now[name] == wanted:
            return
        inner = f"{name}_inner"
        for node in self.nodes:
            for names in (node.input, node.output):
                for place, used in enumerate(names):
                    if used == name:
                        names[place] = inner
        self.nodes.append(self._onnx.helper.make_node("Cast", [inner], [name], f"{name}_cast", to=wanted))
        self.now[name] = wanted


def quantisable(node: Any, stored: Mapping[str, Any]) -> int | None:
    """The axis of a node's weights that is its output's channels; None where it stays as it is.

    Args:
        node: Of a plain graph.
        stored: The graph's constants.
    """
    weight = stored.get(node.input[1]) if node.op_type in ("Conv", "MatMul") else None
    if weight is None or weight.ndim < 2 or min(weight.shape[:2]) < QUANTISED_CHANNELS:
        return None
    if node.op_type == "Conv":
        return 0
    return 1 if weight.ndim == 2 else None


def _quantise(model: Any, ranges: Mapping[str, float]) -> None:
    """Put QuantizeLinear and DequantizeLinear before the inputs and weights of what is quantised."""
    onnx = load_onnx()
    stored = constants(model)
    made: dict[str, Any] = {"int8_zero": np.zeros((), np.int8)}
    nodes: list[Any] = []
    done: dict[str, str] = {}

    def through_int8(name: str, scale: Any, zero: str, axis: int | None) -> str:
        if name not in done:
            made[f"{name}_scale"] = np.asarray(scale, np.float32)
            axes = {} if axis is None else {"axis": axis}
            for kind, source, target in (
                ("QuantizeLinear", name, f"{name}_int8"),
                ("DequantizeLinear", f"{name}_int8", f"{name}_back"),
            ):
                inputs = [source, f"{name}_scale", zero]
                nodes.append(onnx.helper.make_node(kind, inputs, [target], f"{target}_{kind}", **axes))
            done[name] = f"{name}_back"
        return done[name]

    for node in model.graph.node:
        channels = quantisable(node, stored)
        reach = ranges.get(node.input[0], 0.0) if channels is not None else 0.0
        if channels is not None and reach > 0.0:
            weight = stored[node.input[1]]
            highest = np.abs(weight).max(axis=tuple(axis for axis in range(weight.ndim) if axis != channels))
            zero = f"int8_zero_{len(highest)}"
            made[zero] = np.zeros(len(highest), np.int8)
            node.input[0] = through_int8(node.input[0], reach / INT8_LIMIT, "int8_zero", None)
            node.input[1] = through_int8(node.input[1], np.maximum(highest, 1e-8) / INT8_LIMIT, zero, channels)
        nodes.append(node)
    _replace(model, nodes, {**stored, **made})


def _replace(model: Any, nodes: list[Any], values: Mapping[str, Any]) -> None:
    onnx = load_onnx()
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    used = {name for node in copies for name in node.input}
    del model.graph.node[:], model.graph.initializer[:], model.graph.value_info[:]
    model.graph.node.extend(copies)
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.asarray(value, order="C"), name)
        for name, value in values.items()
        if name in used
    )
