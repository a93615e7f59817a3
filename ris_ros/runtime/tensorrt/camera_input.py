"""Shrink camera images inside the vision graph, so that the GPU does it and not the processor.

The steps are those of :meth:`ris_ros.geometry.letterbox.Letterbox.apply`: whole boxes averaged, linear interpolation,
grey bars around. Only the rounding to whole levels after each step is left out.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ris_ros.geometry.letterbox import PAD_VALUE, Letterbox, resizing_steps
from ris_ros.runtime.tensorrt.onnx_model import load_onnx

_TO_PLANES, _TO_PIXELS = [0, 3, 1, 2], [0, 2, 3, 1]


def take_camera_images(graph: Any, camera_size_px: tuple[int, int]) -> Any:
    """The same vision graph, for images as the camera takes them.

    Args:
        graph: An ``onnx.ModelProto``, whose only node that reads ``image`` turns its bytes to numbers; stays as it is.
        camera_size_px: (width, height) of the images.

    Returns:
        An ``onnx.ModelProto`` whose ``image`` is uint8 [C, height, width, 3].
    """
    onnx = load_onnx()
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    (image,) = model.graph.input
    _, height, width, _ = image.type.tensor_type.shape.dim
    (cast,) = (node for node in model.graph.node if image.name in node.input)
    letterbox = Letterbox.fit(camera_size_px, (width.dim_value, height.dim_value))
    height.dim_value, width.dim_value = camera_size_px[1], camera_size_px[0]
    following = [type(node).FromString(node.SerializeToString()) for node in model.graph.node if node is not cast]
    steps, values = _steps(letterbox, image.name, cast.output[0])
    del model.graph.node[:]
    model.graph.node.extend([*steps, *following])
    model.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in values.items())
    onnx.checker.check_model(model)
    return model


def _steps(letterbox: Letterbox, source: str, target: str) -> tuple[list[Any], dict[str, Any]]:
    """Nodes that make float32 [C, h, w, 3] of uint8 [C, H, W, 3], and their constants."""
    onnx = load_onnx()
    x, y, width, height = letterbox.content_xywh
    nodes: list[Any] = []
    values: dict[str, Any] = {}

    def step(kind: str, *more: str, **attributes: Any) -> None:
        before = nodes[-1].output[0] if nodes else source
        name = f"camera_{len(nodes)}"
        nodes.append(onnx.helper.make_node(kind, [before, *more], [name], name, **attributes))

    step("Cast", to=onnx.TensorProto.FLOAT)
    step("Transpose", perm=_TO_PLANES)
    have_px = letterbox.image_size_px
    for size_px, interpolation in resizing_steps(have_px, (width, height)):
        if interpolation == cv2.INTER_AREA:
            box = [have_px[1] // size_px[1], have_px[0] // size_px[0]]
            step("AveragePool", kernel_shape=box, strides=box)
        elif size_px != have_px:
            name = f"camera_scales_{len(nodes)}"
            values[name] = np.array([1, 1, _scale(have_px[1], size_px[1]), _scale(have_px[0], size_px[0])], np.float32)
            step("Resize", "", name, mode="linear", coordinate_transformation_mode="half_pixel", nearest_mode="floor")
        have_px = size_px
    right, below = letterbox.input_size_px[0] - x - width, letterbox.input_size_px[1] - y - height
    if any((x, y, right, below)):
        values["camera_bars"] = np.array([0, 0, y, x, 0, 0, below, right], np.int64)
        values["camera_grey"] = np.array(PAD_VALUE, np.float32)
        step("Pad", "camera_bars", "camera_grey")
    step("Transpose", perm=_TO_PIXELS)
    nodes[-1].output[0] = target
    return nodes, values


def _scale(have: int, wanted: int) -> np.float32:
    """A factor that makes ``wanted`` of ``have`` when engines round the product down."""
    scale = np.float32(wanted / have)
    while np.floor(np.float32(have) * scale) < wanted:
        scale = np.nextafter(scale, np.float32(np.inf))
    return scale
