"""Read ONNX graphs: shapes, types, constants and attributes by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from ris_ros.errors import MissingExtraError

Array = NDArray[Any]


def load_onnx() -> Any:
    """The package ``onnx``.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import onnx
        import onnx.shape_inference
    except ImportError:
        raise MissingExtraError("onnx", "tensorrt") from None
    return onnx


def known_shapes(model: Any) -> dict[str, list[int | None]]:
    """Shape of each tensor by name, None where an axis is open."""
    onnx = load_onnx()
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    shapes: dict[str, list[int | None]] = {}
    for value in (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output):
        tensor = value.type.tensor_type
        if tensor.HasField("shape"):
            shapes[value.name] = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
    shapes.update({tensor.name: list(tensor.dims) for tensor in model.graph.initializer})
    return shapes


def element_types(model: Any) -> dict[str, int]:
    """``onnx.TensorProto`` type of each tensor by name."""
    onnx = load_onnx()
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    values = (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    types.update({tensor.name: tensor.data_type for tensor in model.graph.initializer})
    return types


def constants(model: Any) -> dict[str, Array]:
    """The initializers by name."""
    onnx = load_onnx()
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def attribute(node: Any, name: str, default: Any = None) -> Any:
    """An attribute of a node."""
    onnx = load_onnx()
    for entry in node.attribute:
        if entry.name == name:
            return onnx.helper.get_attribute_value(entry)
    return default


def consumers(model: Any) -> dict[str, list[Any]]:
    """The nodes that read each tensor."""
    readers: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in dict.fromkeys(node.input):
            readers.setdefault(name, []).append(node)
    return readers


def float_inputs(node: Any, types: dict[str, int]) -> Iterator[tuple[int, str]]:
    """(place, name) of the inputs of a node that hold floating-point numbers."""
    onnx = load_onnx()
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    for place, name in enumerate(node.input):
        if node.op_type == "Resize" and place:  # how much to resize by is single precision whatever is resized
            break
        if name and types.get(name) in floats:
            yield place, name
