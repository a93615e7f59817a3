"""Write the text encoder's ONNX graph, whose weights stay in the encoder's own safetensors file.

The network is BERT (Devlin et al. 2019, section 3; post-norm transformer encoder, learned positions, exact
GELU) in the size of MiniLM-L6-H384 (Wang et al. 2020), with the sentence embedding of Sentence-BERT
(Reimers and Gurevych 2019, section 3, mean pooling). The graph holds no weights: each initialiser is declared as
external data by the name, offset and length that it has in the safetensors file.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ris_ros.errors import BundleError, MissingExtraError
from ris_ros.language.weights import TensorEntry, read_header

OPSET = 17
LAYER_NORM_EPSILON = 1e-12
HEADS = 12
# Added to the attention scores of padding: finite, so that no row can turn to NaN, and far enough below any
# real score that its softmax is exactly zero in float32.
MASKED_SCORE = -1e4


def build(weights: Path, output: Path) -> None:
    """Write the graph of all-MiniLM-L6-v2.

    Inputs ``input_ids`` int64 [N, T] and ``attention_mask`` int64 [N, T]; outputs ``words`` float32 [N, T, D], zero
    where masked, and ``sentence`` float32 [N, D], the masked mean of the words at unit length.

    Args:
        weights: The encoder's ``model.safetensors``; only its header is read.
        output: Where to write the graph, a few tens of kilobytes.

    Raises:
        BundleError: The weights are not those of such a network.
        MissingExtraError: The package ``onnx`` is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("onnx", "train") from None
    graph = _Graph(read_header(weights), weights.name)
    graph.encoder()
    model = onnx.helper.make_model(
        graph.finish(),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="ris_ros",
    )
    output.write_bytes(model.SerializeToString())


class _Graph:
    """Collects nodes; each method returns the name of the tensor that it makes."""

    def __init__(self, header: dict[str, TensorEntry], file_name: str) -> None:
        self._header = header
        self._file_name = file_name
        self._nodes: list[Any] = []
        self._initialisers: dict[str, Any] = {}
        self._count = 0
        self._width = self._shape("embeddings.word_embeddings.weight")[1]
        self._layers = 1 + max(
            (int(name.split(".")[2]) for name in header if name.startswith("encoder.layer.")), default=-1
        )
        if self._layers == 0 or self._width % HEADS:
            raise BundleError(f"{file_name}: does not hold a BERT encoder with {HEADS} heads: use all-MiniLM-L6-v2.")

    def encoder(self) -> None:
        mask = self._op("Cast", "attention_mask", to=1)
        hidden = self._embed()
        bias = self._op(
            "Mul", self._op("Sub", self._const("one", 1.0), mask), self._const("masked_score", MASKED_SCORE)
        )
        bias = self._op("Unsqueeze", bias, self._ints("axes_heads_rows", [1, 2]))
        for layer in range(self._layers):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, bias)
        column = self._op("Unsqueeze", mask, self._ints("axis_width", [2]))
        words = self._op("Mul", hidden, column, output="words")
        total = self._op("ReduceSum", words, self._ints("axis_tokens", [1]), keepdims=0)
        # The mean's divisor cancels in the unit length.
        length = self._op("ReduceL2", total, axes=[1], keepdims=1)
        self._op("Div", total, self._op("Max", length, self._const("tiny", 1e-12)), output="sentence")

    def finish(self) -> Any:
        from onnx import TensorProto, helper

        ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["N", "T"]) for n in ("input_ids", "attention_mask")]
        results = [
            helper.make_tensor_value_info("words", TensorProto.FLOAT, ["N", "T", self._width]),
            helper.make_tensor_value_info("sentence", TensorProto.FLOAT, ["N", self._width]),
        ]
        return helper.make_graph(self._nodes, "text", ids, results, list(self._initialisers.values()))

    def _embed(self) -> str:
        word = self._op("Gather", self._weight("embeddings.word_embeddings.weight"), "input_ids", axis=0)
        tokens = self._op("Gather", self._op("Shape", "input_ids"), self._ints("axis_tokens", [1]), axis=0)
        position = self._op(
            "Slice",
            self._weight("embeddings.position_embeddings.weight"),
            self._ints("zero", [0]),
            tokens,
            self._ints("axis_rows", [0]),
        )
        # An utterance is one segment: token type 0 throughout.
        segment = self._op(
            "Slice",
            self._weight("embeddings.token_type_embeddings.weight"),
            self._ints("zero", [0]),
            self._ints("one_int", [1]),
            self._ints("axis_rows", [0]),
        )
        return self._norm("embeddings.LayerNorm", self._op("Add", word, self._op("Add", position, segment)))

    def _layer(self, prefix: str, hidden: str, bias: str) -> str:
        attention = f"{prefix}.attention"
        query = self._heads(self._linear(f"{attention}.self.query", hidden), [0, 2, 1, 3])
        key = self._heads(self._linear(f"{attention}.self.key", hidden), [0, 2, 3, 1])
        value = self._heads(self._linear(f"{attention}.self.value", hidden), [0, 2, 1, 3])
        scale = self._const("attention_scale", 1.0 / math.sqrt(self._width // HEADS))
        scores = self._op("Add", self._op("Mul", self._op("MatMul", query, key), scale), bias)
        mixed = self._op("MatMul", self._op("Softmax", scores, axis=-1), value)
        merged = self._op(
            "Reshape", self._op("Transpose", mixed, perm=[0, 2, 1, 3]), self._ints("merged_shape", [0, 0, self._width])
        )
        hidden = self._norm(
            f"{attention}.output.LayerNorm", self._op("Add", self._linear(f"{attention}.output.dense", merged), hidden)
        )
        inner = self._gelu(self._linear(f"{prefix}.intermediate.dense", hidden))
        return self._norm(
            f"{prefix}.output.LayerNorm", self._op("Add", self._linear(f"{prefix}.output.dense", inner), hidden)
        )

    def _heads(self, x: str, perm: list[int]) -> str:
        shape = self._ints("heads_shape", [0, 0, HEADS, self._width // HEADS])
        return self._op("Transpose", self._op("Reshape", x, shape), perm=perm)

    def _linear(self, prefix: str, x: str) -> str:
        # The file keeps weights as [out, in]; Gemm reads them so without a transposed copy, but only in 2-D.
        rows_out, rows_in = self._shape(f"{prefix}.weight")
        flat = self._op("Reshape", x, self._ints(f"flat_{rows_in}", [-1, rows_in]))
        product = self._op("Gemm", flat, self._weight(f"{prefix}.weight"), self._weight(f"{prefix}.bias"), transB=1)
        lead = self._op("Shape", "input_ids")
        shape = self._op("Concat", lead, self._ints(f"width_{rows_out}", [rows_out]), axis=0)
        return self._op("Reshape", product, shape)

    def _norm(self, prefix: str, x: str) -> str:
        scale, bias = self._weight(f"{prefix}.weight"), self._weight(f"{prefix}.bias")
        return self._op("LayerNormalization", x, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def _gelu(self, x: str) -> str:
        error = self._op("Erf", self._op("Div", x, self._const("sqrt_two", math.sqrt(2.0))))
        return self._op(
            "Mul", self._op("Mul", x, self._op("Add", error, self._const("one", 1.0))), self._const("half", 0.5)
        )

    def _op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        self._count += 1
        name = output or f"{kind.lower()}_{self._count}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def _const(self, name: str, value: float) -> str:
        from onnx import TensorProto, helper

        self._initialisers.setdefault(name, helper.make_tensor(name, TensorProto.FLOAT, [], [value]))
        return name

    def _ints(self, name: str, values: list[int]) -> str:
        from onnx import TensorProto, helper

        self._initialisers.setdefault(name, helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self._header:
            raise BundleError(f"{self._file_name}: has no tensor '{name}': use the weights of all-MiniLM-L6-v2.")
        return self._header[name].shape

    def _weight(self, name: str) -> str:
        from onnx import StringStringEntryProto, TensorProto

        if name not in self._initialisers:
            shape, entry = self._shape(name), self._header[name]
            if entry.dtype != "F32":
                raise BundleError(f"{self._file_name}: '{name}' is {entry.dtype}: use the float32 weights.")
            place = {"location": self._file_name, "offset": entry.offset, "length": entry.length}
            self._initialisers[name] = TensorProto(
                name=name,
                data_type=TensorProto.FLOAT,
                dims=shape,
                data_location=TensorProto.EXTERNAL,
                external_data=[StringStringEntryProto(key=k, value=str(v)) for k, v in place.items()],
            )
        return name
