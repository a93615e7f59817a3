"""Write the tiny bundle that lies beside this file: a model whose answers can be worked out by hand.

Run it after a change (it needs the packages ``onnx`` and ``tokenizers``): ``python test/support/make_tiny_bundle.py``.
What the model does is told in :mod:`tiny_bundle`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from tiny_bundle import BUNDLE, INPUT_SIZE_PX, START_BIAS, TEXT_WEIGHTS, VOCABULARY, WIDTH

from ris_ros.language.weights import read_header
from ris_ros.runtime.bundle import Bundle, write_bundle

OPSET = 17
STRIDES = {"p4": 4, "p8": 8}
GAIN = 24.0
UNKNOWN, START, END, PADDING = "[UNK]", "[CLS]", "[SEP]", "[PAD]"


def table() -> dict[str, list[float]]:
    """Every token and its features; tokens without meaning are zero."""
    zero = [0.0] * WIDTH
    start = [0.0, 0.0, 0.0, START_BIAS, *[0.0] * (WIDTH - 4)]
    return {PADDING: zero, UNKNOWN: zero, START: start, END: zero} | {k: list(v) for k, v in VOCABULARY.items()}


def weights() -> bytes:
    """The text encoder's safetensors file: one embedding table."""
    rows = np.asarray(list(table().values()), np.float32)
    entry = {"dtype": "F32", "shape": list(rows.shape), "data_offsets": [0, rows.nbytes]}
    header = json.dumps({"embeddings.word_embeddings.weight": entry}).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + rows.tobytes()


def tokenizer() -> bytes:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = {token: index for index, token in enumerate(table())}
    made = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, ids[START]), (END, ids[END])]
    )
    return made.to_str().encode()


def model(nodes: list[Any], inputs: list[Any], outputs: list[Any], initialisers: list[Any]) -> bytes:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initialisers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def constant(name: str, values: Any, kind: int = TensorProto.FLOAT) -> Any:
    array = np.asarray(values)
    return helper.make_tensor(name, kind, array.shape, array.flatten().tolist())


def value(name: str, kind: int, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def vision() -> bytes:
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "full"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
    ]
    outputs = []
    for name, stride in STRIDES.items():
        nodes.append(
            helper.make_node("AveragePool", ["planes"], [name], kernel_shape=[stride] * 2, strides=[stride] * 2)
        )
        outputs.append(value(name, TensorProto.FLOAT, ["C", 3, f"H{stride}", f"W{stride}"]))
    image = value("image", TensorProto.UINT8, ["C", "H", "W", 3])
    return model(nodes, [image], outputs, [constant("full", 255.0)])


def ground() -> bytes:
    nodes = [
        helper.make_node("Unsqueeze", ["word_mask", "axis_2"], ["column"]),
        helper.make_node("Mul", ["words", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis_1"], ["meaning"], keepdims=0),
        helper.make_node("Slice", ["meaning", "from_0", "to_3", "axis_1"], ["colour"]),
        helper.make_node("Slice", ["meaning", "from_3", "to_4", "axis_1"], ["bias"]),
        helper.make_node("Slice", ["meaning", "from_4", "to_5", "axis_1"], ["doubt"]),
        helper.make_node("Unsqueeze", ["colour", "axes_hw"], ["colour_map"]),
        helper.make_node("Squeeze", ["doubt", "axis_1"], ["doubt_flat"]),
        # The sentence takes part, so that every input of the contract is one of the graph.
        helper.make_node("ReduceSum", ["sentence", "axis_1"], ["sentence_sum"], keepdims=0),
        helper.make_node("Mul", ["sentence_sum", "nothing"], ["sentence_term"]),
    ]
    inputs = []
    for name, stride in STRIDES.items():
        inputs.append(value(name, TensorProto.FLOAT, ["C", 3, f"H{stride}", f"W{stride}"]))
        nodes += [
            helper.make_node("Gather", [name, "camera_index"], [f"{name}_of"], axis=0),
            helper.make_node("Mul", [f"{name}_of", "colour_map"], [f"{name}_weighed"]),
            helper.make_node("ReduceSum", [f"{name}_weighed", "axis_1"], [f"{name}_sum"], keepdims=0),
            helper.make_node("Unsqueeze", ["bias", "axis_2"], [f"{name}_bias"]),
            helper.make_node("Add", [f"{name}_sum", f"{name}_bias"], [f"{name}_biased"]),
            helper.make_node("Mul", [f"{name}_biased", "gain"], [f"{name}_logits"]),
        ]
    nodes += [
        helper.make_node("Identity", ["p4_logits"], ["object_logits"]),
        helper.make_node("Neg", ["p4_logits"], ["region_logits"]),
        helper.make_node("ReduceMax", ["p8_logits"], ["strongest"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["strongest", "doubt_flat"], ["doubted"]),
        helper.make_node("Add", ["doubted", "sentence_term"], ["existence_logit"]),
    ]
    inputs += [
        value("words", TensorProto.FLOAT, ["N", "T", WIDTH]),
        value("word_mask", TensorProto.FLOAT, ["N", "T"]),
        value("sentence", TensorProto.FLOAT, ["N", WIDTH]),
        value("camera_index", TensorProto.INT64, ["N"]),
    ]
    size = ["H4", "W4"]
    outputs = [
        value("object_logits", TensorProto.FLOAT, ["N", *size]),
        value("region_logits", TensorProto.FLOAT, ["N", *size]),
        value("existence_logit", TensorProto.FLOAT, ["N"]),
    ]
    initialisers = [constant("gain", GAIN), constant("nothing", 0.0), constant("axes_hw", [2, 3], TensorProto.INT64)]
    for name, number in [("axis_1", 1), ("axis_2", 2), ("from_0", 0), ("to_3", 3), ("from_3", 3), ("to_4", 4)]:
        initialisers.append(constant(name, [number], TensorProto.INT64))
    for name, number in [("from_4", 4), ("to_5", 5)]:
        initialisers.append(constant(name, [number], TensorProto.INT64))
    return model(nodes, inputs, outputs, initialisers)


def text() -> bytes:
    name = "embeddings.word_embeddings.weight"
    entry = read_header(TEXT_WEIGHTS)[name]
    place = {"location": TEXT_WEIGHTS.name, "offset": entry.offset, "length": entry.length}
    rows = onnx.TensorProto(
        name=name,
        data_type=TensorProto.FLOAT,
        dims=entry.shape,
        data_location=TensorProto.EXTERNAL,
        external_data=[onnx.StringStringEntryProto(key=key, value=str(number)) for key, number in place.items()],
    )
    nodes = [
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis_2"], ["column"]),
        helper.make_node("Gather", [name, "input_ids"], ["found"], axis=0),
        helper.make_node("Mul", ["found", "column"], ["words"]),
        helper.make_node("ReduceSum", ["words", "axis_1"], ["total"], keepdims=0),
        helper.make_node("ReduceL2", ["total"], ["length"], axes=[1], keepdims=1),
        helper.make_node("Max", ["length", "tiny"], ["safe_length"]),
        helper.make_node("Div", ["total", "safe_length"], ["sentence"]),
    ]
    inputs = [value(n, TensorProto.INT64, ["N", "T"]) for n in ("input_ids", "attention_mask")]
    outputs = [
        value("words", TensorProto.FLOAT, ["N", "T", WIDTH]),
        value("sentence", TensorProto.FLOAT, ["N", WIDTH]),
    ]
    constants = [constant(f"axis_{axis}", [axis], TensorProto.INT64) for axis in (1, 2)] + [constant("tiny", 1e-12)]
    graph = helper.make_graph(nodes, "tiny_text", inputs, outputs, [*constants, rows])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    return bytes(made.SerializeToString())


def contents() -> dict[str, bytes]:
    return {"vision.onnx": vision(), "ground.onnx": ground(), "text.onnx": text(), "tokenizer.json": tokenizer()}


def write(path: Path) -> Bundle:
    TEXT_WEIGHTS.write_bytes(weights())
    settings = {
        "format": 1,
        "name": "tiny",
        "version": "1",
        "input_size_px": list(INPUT_SIZE_PX),
        "any_size": True,
        "normalisation": {"mean": [0.0, 0.0, 0.0], "std": [255.0, 255.0, 255.0]},
        "thresholds": {"object": 0.5, "region": 0.5, "existence": 0.5},
        "roles": {1: "referred_object", 2: "referred_region"},
        "text": {
            "encoder": "tiny",
            "sha256": hashlib.sha256(TEXT_WEIGHTS.read_bytes()).hexdigest(),
            "max_tokens": 32,
            "width": WIDTH,
        },
        "data_licence": "made by hand, free for any use",
    }
    return write_bundle(path, settings, contents())


if __name__ == "__main__":
    write(BUNDLE)
