"""Shrinking in the graph is what the letterbox does, but for its rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_bundle

onnx = pytest.importorskip("onnx")

import cv2  # noqa: E402
import onnxruntime  # noqa: E402

from ris_ros.geometry.letterbox import Letterbox  # noqa: E402
from ris_ros.runtime.tensorrt.camera_input import take_camera_images  # noqa: E402
from ris_ros.runtime.tensorrt.prepare import plain_graphs, prepare  # noqa: E402
from ris_ros.runtime.tensorrt.support import unsupported  # noqa: E402

LEVELS = 2.0
"""By which a pixel may differ, of 255, at most: half of one for each step."""
CAMERAS = [(1280, 720), (640, 480), (1920, 1080), (848, 480), (97, 61), (96, 64), (50, 20), (64, 300)]


def looked_at(model: Any) -> Any:
    """The part of a vision graph that makes the network's input, [C, h, w, 3]."""
    part = onnx.ModelProto()
    part.CopyFrom(model)
    last = next(index for index, node in enumerate(part.graph.node) if node.output[0] == "float")
    del part.graph.node[last + 1 :], part.graph.output[:]
    part.graph.output.append(onnx.helper.make_tensor_value_info("float", onnx.TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("camera_size_px", CAMERAS)
def test_pixels_differ_from_the_letterboxs_by_their_rounding_only(camera_size_px: tuple[int, int]) -> None:
    width, height = camera_size_px
    noise = np.random.default_rng(5).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    images = np.stack([cv2.GaussianBlur(image, (0, 0), 1.5) for image in noise])
    plain = plain_graphs(tiny_bundle.open_bundle(), tiny_bundle.INPUT_SIZE_PX)["vision"]
    (found,) = looked_at(take_camera_images(plain, camera_size_px)).run(None, {"image": images})
    letterbox = Letterbox.fit(camera_size_px, tiny_bundle.INPUT_SIZE_PX)
    expected = np.stack([letterbox.apply(image) for image in images])
    difference = np.abs(found - expected)
    assert found.shape == expected.shape
    assert difference.max() <= LEVELS and difference.mean() < 0.5


@pytest.mark.parametrize("release", ["8.6", "10.3", "10.13"])
@pytest.mark.parametrize("camera_size_px", CAMERAS)
def test_every_step_is_in_the_published_tables(camera_size_px: tuple[int, int], release: str) -> None:
    graphs = plain_graphs(tiny_bundle.open_bundle(), tiny_bundle.INPUT_SIZE_PX)
    vision = onnx.load_from_string(prepare(graphs, "fp32", camera_size_px=camera_size_px)["vision"])
    assert unsupported(vision, release) == []


def test_the_graph_that_was_given_stays_as_it_is() -> None:
    plain = plain_graphs(tiny_bundle.open_bundle(), tiny_bundle.INPUT_SIZE_PX)["vision"]
    before = plain.SerializeToString()
    take_camera_images(plain, (640, 480))
    assert plain.SerializeToString() == before
