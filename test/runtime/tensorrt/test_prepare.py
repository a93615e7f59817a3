"""The shipped model's graphs as TensorRT gets them: they answer as before, and hold nothing it does not support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("rosbags")

import onnxruntime  # noqa: E402

from ris_ros.errors import BackendError  # noqa: E402
from ris_ros.runtime.backend import GROUND_OUTPUTS  # noqa: E402
from ris_ros.runtime.bundle import Bundle, default_path  # noqa: E402
from ris_ros.runtime.onnx_backend import OnnxBackend  # noqa: E402
from ris_ros.runtime.parity import LIMITS, compare  # noqa: E402
from ris_ros.runtime.samples import Sample, read_samples  # noqa: E402
from ris_ros.runtime.tensorrt.calibrate import measure_ranges  # noqa: E402
from ris_ros.runtime.tensorrt.fold import plain  # noqa: E402
from ris_ros.runtime.tensorrt.prepare import (  # noqa: E402
    HALF_LIMIT,
    QUANTISED_CHANNELS,
    SINGLE,
    Ranges,
    plain_graphs,
    prepare,
)
from ris_ros.runtime.tensorrt.support import read_tables, tables_for, unsupported  # noqa: E402
from ris_ros.types import GroundOutput, TextBatch  # noqa: E402

RELEASES = ("8.6", "10.3", "10.13")
PRECISIONS = ("fp32", "fp16", "int8")
NAMES = ("vision", "ground")
SIZES = ((512, 384), (512, 288))
"""The bundle's own, and the one for cameras of 16:9."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open(default_path())


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size_px(request: pytest.FixtureRequest) -> tuple[int, int]:
    size: tuple[int, int] = request.param
    return size


@pytest.fixture(scope="module")
def ranges(bundle: Bundle, size_px: tuple[int, int]) -> Mapping[str, Ranges]:
    return measure_ranges(plain_graphs(bundle, size_px), read_samples(bundle, size_px, 2, 0))


@pytest.fixture(scope="module")
def prepared(bundle: Bundle, size_px: tuple[int, int], ranges: Mapping[str, Ranges]) -> Mapping[tuple[str, str], bytes]:
    graphs = plain_graphs(bundle, size_px)
    return {
        (name, precision): graph
        for precision in PRECISIONS
        for name, graph in prepare(graphs, precision, ranges).items()  # type: ignore[arg-type]
    }


@pytest.fixture(scope="module")
def sample(bundle: Bundle, size_px: tuple[int, int]) -> Sample:
    (one,) = read_samples(bundle, size_px, 1, 61)
    # Two images and commands that ask of either, so that neither axis can be mistaken for 1.
    images = np.concatenate([one.images_rgb, one.images_rgb[:, :, ::-1]])
    text = TextBatch(one.text.words[:3], one.text.word_mask[:3], one.text.sentence[:3], np.array([0, 1, 0], np.int64))
    return Sample(images, text)


@pytest.fixture(scope="module")
def reference(bundle: Bundle, sample: Sample) -> GroundOutput:
    with OnnxBackend(bundle, threads=1) as onnx_backend:
        return onnx_backend.ground(onnx_backend.see(sample.images_rgb), sample.text)


def session(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_prepared_graphs_answer_as_the_bundle_does(
    bundle: Bundle,
    prepared: Mapping[tuple[str, str], bytes],
    sample: Sample,
    reference: GroundOutput,
    precision: str,
) -> None:
    vision, ground = (session(prepared[name, precision]) for name in NAMES)
    names = [value.name for value in vision.get_outputs()]
    features = dict(zip(names, vision.run(names, {"image": sample.images_rgb}), strict=True))
    text = {name: getattr(sample.text, name) for name in ("words", "word_mask", "sentence")}
    index = {"camera_index": sample.text.camera_index.astype(np.int32)}
    answers = ground.run(list(GROUND_OUTPUTS), {**features, **text, **index})
    found = compare(reference, GroundOutput(*answers), bundle.settings.thresholds)
    assert found.within(LIMITS[precision]), str(found)
    half = precision == "fp16"
    assert {array.dtype for array in features.values()} == {np.dtype(np.float16 if half else np.float32)}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_every_node_is_in_the_published_tables(
    prepared: Mapping[tuple[str, str], bytes], name: str, precision: str, release: str
) -> None:
    assert unsupported(onnx.load_from_string(prepared[name, precision]), release) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_shape_is_computed_and_only_first_axes_are_open(
    prepared: Mapping[tuple[str, str], bytes], name: str
) -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(prepared[name, "fp32"]), strict_mode=True)
    assert not {node.op_type for node in model.graph.node} & {"Shape", "Range", "ConstantOfShape", "Expand", "Constant"}
    for value in (*model.graph.input, *model.graph.output):
        first, *rest = value.type.tensor_type.shape.dim
        assert not first.HasField("dim_value") and all(dim.dim_value > 0 for dim in rest), value.name


@pytest.mark.parametrize("release", RELEASES)
def test_the_bundles_own_graphs_would_not_do(bundle: Bundle, release: str) -> None:
    vision, ground = (unsupported(onnx.load_from_string(bundle.read(f"{name}.onnx")), release) for name in NAMES)
    assert any("Transpose" in line and "UINT8" in line for line in vision)
    assert any("ConstantOfShape" in line for line in ground)


def test_half_precision_leaves_out_what_adds_up_and_what_is_large(
    prepared: Mapping[tuple[str, str], bytes], ranges: Mapping[str, Ranges]
) -> None:
    for name in NAMES:
        model = onnx.shape_inference.infer_shapes(onnx.load_from_string(prepared[name, "fp16"]), strict_mode=True)
        values = (*model.graph.value_info, *model.graph.input, *model.graph.output)
        types = {value.name: value.type.tensor_type.elem_type for value in values}
        convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
        assert all(types[node.output[0]] == onnx.TensorProto.FLOAT16 for node in convolutions)
        for node in model.graph.node:
            large = ranges[name].highest.get(node.output[0], 0.0) > HALF_LIMIT
            if node.op_type in SINGLE or large:
                assert types[node.output[0]] == onnx.TensorProto.FLOAT, node.name


@pytest.mark.parametrize("name", NAMES)
def test_int8_quantises_what_has_weights_with_a_scale_for_each_channel(
    prepared: Mapping[tuple[str, str], bytes], name: str
) -> None:
    model = onnx.load_from_string(prepared[name, "int8"])
    makers = {node.output[0]: node for node in model.graph.node}
    dims = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    quantised, plain_ones = [], []
    for node in model.graph.node:
        if node.op_type in ("Conv", "MatMul") and node.input[1] in {*dims, *makers}:
            weight = makers.get(node.input[1])
            if weight is not None and weight.op_type == "DequantizeLinear":
                quantised.append(node)
            elif node.input[1] in dims:
                plain_ones.append(dims[node.input[1]])
    assert len(quantised) > 15
    assert all(min(shape[:2]) < QUANTISED_CHANNELS for shape in plain_ones)
    for node in quantised:
        data, weight = makers[node.input[0]], makers[node.input[1]]
        axis = next(entry.i for entry in weight.attribute if entry.name == "axis")
        stored = dims[makers[weight.input[0]].input[0]]
        assert data.op_type == "DequantizeLinear" and dims[data.input[1]] == []
        assert (axis, dims[weight.input[1]]) == ((0, stored[:1]) if node.op_type == "Conv" else (1, stored[1:]))


def test_tables_of_releases_without_one_are_those_around_them() -> None:
    tables = read_tables()
    found = {release: [table.version for table in tables_for(release, tables)] for release in ("8.6", "10.3", "11.4")}
    assert found == {"8.6": ["8.6"], "10.3": ["10.1", "10.15"], "11.4": ["10.15"]}


def test_an_operator_that_is_not_in_the_tables_is_named() -> None:
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Det", ["x"], ["y"], "twist")
    graph = onnx.helper.make_graph([node], "g", [value("x", 1, [2, 3, 3])], [value("y", 1, [2])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    assert unsupported(model, "8.6") == ["8.6: Det 'twist' is not supported"]


@pytest.mark.parametrize("graph", [b"no graph", b"", b"\xff" * 40])
def test_what_is_no_graph_is_a_sentence(graph: bytes) -> None:
    with pytest.raises(BackendError):
        plain(graph, {})
