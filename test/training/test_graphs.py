from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
import onnxruntime
import torch
from tiny_network import images, stirred, text, tiny_network

from ris_ros.errors import BundleError
from ris_ros.model.network import FEATURES, ReferringNetwork
from ris_ros.runtime.backend import GROUND_OUTPUTS, GROUND_TEXT_INPUTS
from ris_ros.training.graphs import build_graphs, store_in_half

TOKENS = 7


@pytest.fixture(scope="module")
def network() -> ReferringNetwork:
    """Weights as half precision keeps them, so that storing them so loses nothing."""
    network = stirred(tiny_network())
    # Batch statistics that differ from channel to channel, so that folding them wrongly shows.
    network.train()
    with torch.no_grad():
        network.ground(network.see(images(4)), *text(4, TOKENS), torch.arange(4))
    network.eval()
    return network


@pytest.fixture(scope="module")
def sessions(network: ReferringNetwork) -> tuple[object, object]:
    graphs = build_graphs(network, (96, 64), TOKENS, 12)
    return tuple(onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]) for graph in graphs)


@pytest.mark.parametrize(
    ("cameras", "commands", "height", "width"),
    [(1, 1, 64, 96), (2, 5, 64, 96), (3, 1, 64, 96), (1, 2, 96, 64), (2, 3, 32, 160), (1, 1, 32, 32)],
)
def test_graphs_answer_as_the_network_does_at_any_size(
    network: ReferringNetwork, sessions: tuple[object, object], cameras: int, commands: int, height: int, width: int
) -> None:
    vision, ground = sessions
    pictures = torch.randint(0, 256, (cameras, height, width, 3), dtype=torch.uint8)
    spoken = text(commands, TOKENS)
    index = torch.arange(commands) % cameras
    with torch.no_grad():
        expected = network.ground(network.see(pictures), *spoken, index)
    features = dict(zip(FEATURES, vision.run(None, {"image": pictures.numpy()}), strict=True))  # type: ignore[attr-defined]
    values = [part.numpy() for part in (*spoken, index)]
    inputs = features | dict(zip(GROUND_TEXT_INPUTS, values, strict=True))
    for name, answer in zip(GROUND_OUTPUTS, ground.run(None, inputs), strict=True):  # type: ignore[attr-defined]
        scale = expected[name].abs().max().item()
        np.testing.assert_allclose(answer, expected[name].numpy(), atol=0.01 * scale)


def test_graphs_name_their_values_as_the_contract_says(sessions: tuple[object, object]) -> None:
    vision, ground = sessions
    assert [value.name for value in vision.get_inputs()] == ["image"]  # type: ignore[attr-defined]
    assert [value.name for value in vision.get_outputs()] == list(FEATURES)  # type: ignore[attr-defined]
    assert [value.name for value in ground.get_outputs()] == list(GROUND_OUTPUTS)  # type: ignore[attr-defined]
    assert {value.name for value in ground.get_inputs()} == {*FEATURES, *GROUND_TEXT_INPUTS}  # type: ignore[attr-defined]


def test_graphs_hold_nothing_that_engines_refuse(network: ReferringNetwork) -> None:
    for graph in build_graphs(network, (96, 64), TOKENS, 12):
        kinds = {node.op_type for node in onnx.load_from_string(graph).graph.node}
        assert not kinds & {"NonZero", "If", "Loop", "ScatterND", "Einsum", "BatchNormalization", "IsNaN"}


def test_weights_are_stored_in_half_precision() -> None:
    model = _scaling(np.full(100, 0.5, np.float32))
    stored = onnx.load_from_string(store_in_half(model.SerializeToString()))
    assert [tensor.data_type for tensor in stored.graph.initializer] == [onnx.TensorProto.FLOAT16]
    session = onnxruntime.InferenceSession(stored.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"x": np.full(100, 4.0, np.float32)})[0], np.full(100, 2.0))


def test_a_weight_beyond_half_precision_is_refused() -> None:
    with np.errstate(over="ignore"), pytest.raises(BundleError, match="scale"):
        store_in_half(_scaling(np.full(100, 1e6, np.float32)).SerializeToString())


def _scaling(factor: np.ndarray) -> onnx.ModelProto:
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Mul", ["x", "scale"], ["y"])],
        "scaling",
        [value("x", onnx.TensorProto.FLOAT, [100])],
        [value("y", onnx.TensorProto.FLOAT, [100])],
        [onnx.numpy_helper.from_array(factor, "scale")],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
