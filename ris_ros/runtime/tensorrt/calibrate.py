"""What the network's numbers look like on real images: the range of each tensor on the frames of the sample drive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, first_line
from ris_ros.runtime.samples import Sample
from ris_ros.runtime.tensorrt.onnx_model import constants, element_types, load_onnx
from ris_ros.runtime.tensorrt.prepare import Ranges, quantisable

CUT_OFF = 1e-4
"""Share of a tensor's numbers on one image that int8 may cut off, so that one bright pixel does not cost the rest."""


def measure_ranges(graphs: Mapping[str, Any], samples: Sequence[Sample]) -> dict[str, Ranges]:
    """How large numbers get on the samples, by graph: ``vision`` and ``ground``.

    Runs the graphs on ONNX Runtime, on the processor.

    Args:
        graphs: From :func:`ris_ros.runtime.tensorrt.prepare.plain_graphs`; they stay as they are.
        samples: Of the graphs' size.

    Raises:
        BackendError: ONNX Runtime cannot run them.
    """
    vision = _Watched("vision", graphs["vision"])
    ground = _Watched("ground", graphs["ground"])
    for sample in samples:
        features = vision.run({"image": sample.images_rgb})
        text = {name: getattr(sample.text, name) for name in ("words", "word_mask", "sentence")}
        index = {"camera_index": sample.text.camera_index.astype(np.int32)}
        ground.run({**{name: features[name] for name in ground.features}, **text, **index})
    return {"vision": Ranges(vision.highest, vision.usual), "ground": Ranges(ground.highest, ground.usual)}


class _Watched:
    """A plain graph on ONNX Runtime that gives every tensor it computes."""

    def __init__(self, name: str, graph: Any) -> None:
        import onnxruntime

        onnx = load_onnx()
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        known = {value.name for value in model.graph.output}
        single = onnx.TensorProto.FLOAT
        types = element_types(model)
        inner = [name for node in model.graph.node for name in node.output if name and name not in known]
        model.graph.output.extend(
            onnx.helper.make_empty_tensor_value_info(name) for name in inner if types.get(name) == single
        )
        options = onnxruntime.SessionOptions()
        # Fused nodes would hide the tensors between them.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 2
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base
            raise BackendError(
                f"ONNX Runtime cannot measure the {name} graph ({first_line(error)}): export the bundle again."
            ) from None
        self._names = [output.name for output in self._session.get_outputs()]
        self.features = [value.name for value in model.graph.input if len(value.type.tensor_type.shape.dim) == 4]
        stored = constants(graph)
        self._quantisable = {node.input[0] for node in graph.graph.node if quantisable(node, stored) is not None}
        self.highest: dict[str, float] = {}
        self.usual: dict[str, float] = {}

    def run(self, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run it, keep the ranges, and give its tensors by name."""
        tensors = dict(zip(self._names, self._session.run(None, feeds), strict=True))
        for name, tensor in {**feeds, **tensors}.items():
            if tensor.dtype != np.float32:
                continue
            sizes = np.abs(tensor).reshape(-1)
            self.highest[name] = max(self.highest.get(name, 0.0), float(sizes.max()))
            if name in self._quantisable:
                kept = max(0, sizes.size - 1 - int(sizes.size * CUT_OFF))
                self.usual[name] = max(self.usual.get(name, 0.0), float(np.partition(sizes, kept)[kept]))
        return tensors
