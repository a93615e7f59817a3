"""Make an ONNX graph plain: constants computed, shapes known but for the batch, no arithmetic on shapes left.

What an exporter writes to keep batches open (Shape, Gather, Concat, Reshape) is hard on TensorRT: 8.6 has no int64, and
shape arithmetic keeps layers off a DLA. An engine serves images of one size, so only the first axis stays open here: a
reshape can say -1 for it, and a resize can say by how much instead of to what size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ris_ros.errors import BackendError, first_line
from ris_ros.runtime.tensorrt.onnx_model import Array, attribute, constants, known_shapes, load_onnx

_MAX_ROUNDS = 12
_SHAPE_ARITHMETIC = frozenset({"Gather", "Slice", "Concat", "Squeeze", "Unsqueeze", "Mul", "Div", "Cast"})


def plain(graph: bytes, shapes: Mapping[str, Sequence[int | None]]) -> Any:
    """Read a graph, fix its inputs' shapes, and fold it until nothing changes.

    Args:
        graph: An ONNX graph.
        shapes: Shape of each input whose sizes the graph leaves open, None for its first axis, which stays so.

    Returns:
        The ``onnx.ModelProto``: no Constant nodes, every other constant an initializer, none unused.

    Raises:
        BackendError: It is no ONNX graph, takes other shapes, or arithmetic on shapes is left over.
        MissingExtraError: ``onnx`` is not installed.
    """
    onnx = load_onnx()
    try:
        model = onnx.load_from_string(graph)
        for value in model.graph.input:
            _fix(value, shapes.get(value.name, ()))
        for _ in range(_MAX_ROUNDS):
            before = len(model.graph.node)
            changed = _fold_constants(model)
            changed |= _freeze_shapes(model, known_shapes(model))
            _drop_unused(model)
            if not changed and len(model.graph.node) == before:
                break
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise BackendError(
            f"The graph cannot be prepared for TensorRT ({first_line(error)}): use the backend onnx."
        ) from None
    except Exception as error:
        if type(error).__name__ != "DecodeError":  # protobuf's, whose module differs between its versions
            raise
        raise BackendError("The file is no ONNX graph: export the bundle again.") from None
    left = sorted({node.op_type for node in model.graph.node} & {"Shape", "Size", "ConstantOfShape"})
    if left:
        raise BackendError(
            f"The graph computes with shapes ({', '.join(left)}), which is not left to TensorRT: use the backend onnx."
        )
    return model


def _fix(value: Any, shape: Sequence[int | None]) -> None:
    dims = value.type.tensor_type.shape.dim
    stated = [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]
    pairs = list(zip(stated, shape, strict=False))
    if shape and (len(shape) != len(stated) or any(None not in pair and pair[0] != pair[1] for pair in pairs)):
        raise BackendError(f"The graph takes {value.name} of shape {stated} only, not {list(shape)}: use its own size.")
    for dim, size in zip(dims, shape, strict=False):
        if size is not None:
            dim.dim_value = size


def _fold_constants(model: Any) -> bool:
    onnx = load_onnx()
    values = constants(model)
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    kept, added = [], []
    for node in model.graph.node:
        value = None
        if all(name in values for name in node.input if name):
            value = _evaluate(onnx, opset, node, {name: values[name] for name in node.input if name})
        if value is None:
            kept.append(node)
        else:
            values[node.output[0]] = value
            added.append(onnx.numpy_helper.from_array(np.asarray(value, order="C"), node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(added)
    return bool(added)


def _evaluate(onnx: Any, opset: int, node: Any, inputs: Mapping[str, Array]) -> Array | None:
    """What a node with constant inputs gives; None for one with several outputs or with graphs inside."""
    from onnx.reference import ReferenceEvaluator

    graphs = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
    if len(node.output) != 1 or any(entry.type in graphs for entry in node.attribute):
        return None
    (value,) = ReferenceEvaluator(node, opsets={"": opset}).run(None, inputs)
    return np.asarray(value)


def _freeze_shapes(model: Any, shapes: dict[str, list[int | None]]) -> bool:
    """Replace what is computed from shapes by numbers, where only the first axis is open."""
    onnx = load_onnx()
    pieces = _Vectors(model, shapes)
    changed = False
    nodes = []
    for node in model.graph.node:
        target, kind = _shape_input(node)
        vector = pieces.get(node.input[target]) if target >= 0 else None
        if vector is not None and node.input[target] not in pieces.initializers:
            made = _frozen(node, kind, vector, shapes)
            if made is not None:
                name = f"{node.output[0]}_{kind}"
                model.graph.initializer.append(onnx.numpy_helper.from_array(made, name))
                _point_at(node, kind, target, name)
                changed = True
        elif node.op_type in _SHAPE_ARITHMETIC:
            vector = pieces.get(node.output[0])
            if vector is not None and None not in vector[0]:
                value = np.array(vector[0], np.int64).reshape(vector[1])
                model.graph.initializer.append(onnx.numpy_helper.from_array(value, node.output[0]))
                changed = True
                continue
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return changed


def _shape_input(node: Any) -> tuple[int, str]:
    """Which input says a shape, and what it is; -1 where none does."""
    if node.op_type == "Reshape":
        return 1, "shape"
    if node.op_type == "Resize" and len(node.input) == 4 and node.input[3]:
        return 3, "scales"
    return -1, ""


def _frozen(
    node: Any, kind: str, vector: tuple[list[int | None], tuple[int, ...]], shapes: dict[str, list[int | None]]
) -> Array | None:
    sizes = list(vector[0])
    have = shapes.get(node.input[0])
    if kind == "shape":
        if None in sizes and -1 in sizes and sizes[0] is None and have is not None and None not in have[1:]:
            # The batch stays in front, so the axis left to work out is what the others leave of one image.
            rest = [size for size in sizes[1:] if size is not None and size > 0]
            sizes[sizes.index(-1)] = int(
                np.prod([size or 1 for size in have[1:]], dtype=np.int64) // np.prod(rest, dtype=np.int64)
            )
        if sizes.count(None) > 1 or (None in sizes and -1 in sizes):
            return None
        return np.array([-1 if size is None else size for size in sizes], np.int64)
    if have is None or len(have) != len(sizes) or None in have[1:] or None in sizes[1:]:
        return None
    scales = [1.0, *((size or 0) / (old or 1) for size, old in zip(sizes[1:], have[1:], strict=True))]
    return np.array(scales, np.float32)


def _point_at(node: Any, kind: str, target: int, name: str) -> None:
    if kind == "shape":
        node.input[target] = name
        return
    kept = list(node.input)[:2]
    del node.input[:]
    node.input.extend([*kept, name])


class _Vectors:
    """The values of small integer tensors, None for the open axis, followed back from where they are used."""

    def __init__(self, model: Any, shapes: dict[str, list[int | None]]) -> None:
        self.initializers = constants(model)
        self._shapes = shapes
        self._makers = {name: node for node in model.graph.node for name in node.output}
        self._known: dict[str, tuple[list[int | None], tuple[int, ...]] | None] = {}

    def get(self, name: str) -> tuple[list[int | None], tuple[int, ...]] | None:
        """(values, shape) of a tensor; None where it is not made of shapes and numbers."""
        if name not in self._known:
            self._known[name] = self._follow(name)
        return self._known[name]

    def _follow(self, name: str) -> tuple[list[int | None], tuple[int, ...]] | None:
        if name in self.initializers:
            value = self.initializers[name]
            if not np.issubdtype(value.dtype, np.integer) or value.ndim > 1:
                return None
            return [int(v) for v in value.reshape(-1)], value.shape
        node = self._makers.get(name)
        if node is None:
            return None
        if node.op_type == "Shape":
            shape = self._shapes.get(node.input[0])
            return None if shape is None else (list(shape), (len(shape),))
        if node.op_type not in _SHAPE_ARITHMETIC:
            return None
        parts = [self.get(part) for part in node.input if part]
        if not parts or any(part is None for part in parts):
            return None
        return _combine(node, [part for part in parts if part is not None])


def _combine(
    node: Any, parts: list[tuple[list[int | None], tuple[int, ...]]]
) -> tuple[list[int | None], tuple[int, ...]] | None:
    onnx = load_onnx()
    values, shape = parts[0]
    if node.op_type == "Concat":
        joined = [value for part, _ in parts for value in part]
        return joined, (len(joined),)
    if node.op_type == "Cast":  # to other numbers it is computed as a constant, once all of its input is known
        integers = (onnx.TensorProto.INT32, onnx.TensorProto.INT64)
        return (values, shape) if attribute(node, "to") in integers else None
    if node.op_type == "Gather" and len(shape) == 1:
        picked = [values[index] for index in parts[1][0] if index is not None]
        return picked, parts[1][1]
    if node.op_type == "Slice" and len(shape) == 1:
        start, stop = (parts[i][0][0] for i in (1, 2))
        step = parts[4][0][0] if len(parts) > 4 else 1
        cut = values[slice(start, stop, step)]
        return cut, (len(cut),)
    if node.op_type == "Unsqueeze" and shape == ():
        return values, (1,)
    if node.op_type == "Squeeze" and shape == (1,):
        return values, ()
    if node.op_type in ("Mul", "Div") and len(values) == len(parts[1][0]) == 1:
        pair = values[0], parts[1][0][0]
        return [_product(node.op_type, *pair)], shape
    return None


def _product(operator: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    return left * right if operator == "Mul" else left // right


def _drop_unused(model: Any) -> None:
    """Remove nodes and initializers that no output needs."""
    needed = {output.name for output in model.graph.output}
    nodes = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed.update(name for name in node.input if name)
    nodes.reverse()
    initializers = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.node[:], model.graph.initializer[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(initializers)
