"""Which nodes of a graph TensorRT does not publish as supported: checked against its ONNX operator tables.

The tables are in ``operators.json``, with their source. Where a release has none there, the nearest before and the
nearest after it must both allow a node.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ris_ros.runtime.tensorrt.onnx_model import attribute, constants, element_types, load_onnx
from ris_ros.runtime.tensorrt.versions import numbers

_FILE = Path(__file__).with_name("operators.json")
_TYPES = {1: "FP32", 2: "UINT8", 3: "INT8", 6: "INT32", 7: "INT64", 9: "BOOL", 10: "FP16", 16: "BF16"}
_CONSTANT_AXES = {"Slice": 3, "Squeeze": 1, "Unsqueeze": 1, "ReduceSum": 1}
_RESIZE = {
    "coordinate_transformation_mode": {
        b"half_pixel",
        b"pytorch_half_pixel",
        b"tf_half_pixel_for_nn",
        b"asymmetric",
        b"align_corners",
    },
    "mode": {b"nearest", b"linear"},
    "nearest_mode": {b"floor", b"ceil", b"round_prefer_floor", b"round_prefer_ceil"},
}


@dataclass(frozen=True, slots=True, eq=False)
class OperatorTable:
    """What one release publishes.

    Attributes:
        version: Such as ``10.1``.
        opsets: First and last version of ONNX's operators.
        operators: Operator -> types.
    """

    version: str
    opsets: tuple[int, int]
    operators: Mapping[str, frozenset[str]]


def read_tables(path: Path = _FILE) -> list[OperatorTable]:
    """The published tables, oldest first."""
    return [
        OperatorTable(
            table["tensorrt"],
            (table["opsets"][0], table["opsets"][1]),
            {name: frozenset(types.split()) for name, types in table["operators"].items()},
        )
        for table in json.loads(path.read_text(encoding="utf-8"))["tables"]
    ]


def tables_for(version: str, tables: list[OperatorTable]) -> list[OperatorTable]:
    """The table of a release, or the nearest before and after it."""
    wanted = numbers(version)[:2]
    same = [table for table in tables if numbers(table.version)[:2] == wanted]
    before = [table for table in tables if numbers(table.version)[:2] < wanted]
    after = [table for table in tables if numbers(table.version)[:2] > wanted]
    return same or [*before[-1:], *after[:1]]


def unsupported(model: Any, version: str) -> list[str]:
    """What a release does not support of a graph, a sentence each; empty where it supports all.

    Args:
        model: An ``onnx.ModelProto``.
        version: Of TensorRT, such as ``10.3``.
    """
    return [problem for table in tables_for(version, read_tables()) for problem in _problems(model, table)]


def _problems(model: Any, table: OperatorTable) -> list[str]:
    types = element_types(model)
    known = constants(model)
    known |= {node.output[0]: None for node in model.graph.node if node.op_type == "Constant"}
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    found = []
    if not table.opsets[0] <= opset <= table.opsets[1]:
        found.append(f"{table.version}: opset {opset} is not in {table.opsets[0]} to {table.opsets[1]}")
    for node in model.graph.node:
        where = f"{table.version}: {node.op_type} '{node.name or node.output[0]}'"
        allowed = table.operators.get(node.op_type)
        if allowed is None:
            found.append(f"{where} is not supported")
            continue
        names = node.input[:1] if node.op_type == "DequantizeLinear" else [*node.input[:1], *node.output[:1]]
        if node.op_type == "QuantizeLinear":  # its output is int8 by definition
            names = node.input[:1]
        if node.op_type == "Shape":  # of any tensor
            names = []
        for name in names:
            kind = _type_for(types.get(name, 0), table)
            if kind not in allowed:
                found.append(f"{where} does not take {kind}")
        found += [f"{where} {problem}" for problem in _restrictions(node, known)]
    return found


def _type_for(kind: int, table: OperatorTable) -> str:
    name = _TYPES.get(kind, f"type {kind}")
    # Before 10 every int64 is read as int32.
    return "INT32" if name == "INT64" and numbers(table.version)[0] < 10 else name


def _restrictions(node: Any, known: Mapping[str, Any]) -> list[str]:
    """What the tables' remarks ask for beyond types."""
    load_onnx()
    found = []
    place = _CONSTANT_AXES.get(node.op_type)
    if place is not None and len(node.input) > place and node.input[place] and node.input[place] not in known:
        found.append("computes its axes")
    if node.op_type in ("QuantizeLinear", "DequantizeLinear") and known[node.input[2]].any():
        found.append("has a zero point other than 0")
    if node.op_type == "LayerNormalization" and len(node.output) > 1:
        found.append("gives more than one output")
    if node.op_type == "AveragePool" and len(attribute(node, "kernel_shape")) not in (2, 3):
        found.append("pools neither in 2 nor in 3 dimensions")
    if node.op_type == "Resize":
        for name, allowed in _RESIZE.items():
            value = attribute(node, name)
            if value is not None and value not in allowed:
                found.append(f"has {name} {value.decode()}")
    return found
