"""What the plain graphs compute on real images, on ONNX Runtime: answers, and how large each tensor gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, first_line
from ris_ros.runtime.backend import GROUND_OUTPUTS
from ris_ros.runtime.samples import Sample
from ris_ros.runtime.tensorrt.onnx_model import constants, element_types, load_onnx
from ris_ros.runtime.tensorrt.prepare import Ranges, quantisable
from ris_ros.types import GroundOutput

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
    pair = PlainPair(graphs, watched=True)
    for sample in samples:
        pair.answer(sample)
    return pair.ranges()


class PlainPair:
    """Both plain graphs on ONNX Runtime, on the processor.

    Args:
        graphs: ``vision`` and ``ground``, each an ``onnx.ModelProto``; they stay as they are.
        watched: Whether to keep the range of every tensor.

    Raises:
        BackendError: ONNX Runtime cannot run them.
    """

    def __init__(self, graphs: Mapping[str, Any], watched: bool = False) -> None:
        self._vision = _Session("vision", graphs["vision"], watched)
        self._ground = _Session("ground", graphs["ground"], watched)

    def answer(self, sample: Sample) -> GroundOutput:
        """What the graphs say to a sample."""
        features = self._vision.run({"image": sample.images_rgb})
        text = {name: getattr(sample.text, name) for name in ("words", "word_mask", "sentence")}
        index = {"camera_index": sample.text.camera_index.astype(np.int32)}
        answers = self._ground.run({**{name: features[name] for name in self._ground.features}, **text, **index})
        return GroundOutput(*(answers[name] for name in GROUND_OUTPUTS))

    def ranges(self) -> dict[str, Ranges]:
        """Of the samples so far."""
        pairs = (("vision", self._vision), ("ground", self._ground))
        return {name: Ranges(session.highest, session.usual) for name, session in pairs}


class _Session:
    """A plain graph on ONNX Runtime; one that is watched gives every tensor it computes."""

    def __init__(self, name: str, graph: Any, watched: bool) -> None:
        import onnxruntime

        onnx = load_onnx()
        model = onnx.ModelProto()
        model.CopyFrom(graph)
        stored = constants(graph)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.log_severity_level = 3
        if watched:
            known = {value.name for value in model.graph.output}
            types = element_types(model)
            inner = [name for node in model.graph.node for name in node.output if name and name not in known]
            model.graph.output.extend(
                onnx.helper.make_empty_tensor_value_info(name)
                for name in inner
                if types.get(name) == onnx.TensorProto.FLOAT
            )
            # Fused nodes would hide the tensors between them.
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base
            raise BackendError(
                f"ONNX Runtime cannot run the {name} graph ({first_line(error)}): export the bundle again."
            ) from None
        self._names = [output.name for output in self._session.get_outputs()]
        self._watched = watched
        self._quantisable = {node.input[0] for node in graph.graph.node if quantisable(node, stored) is not None}
        self.features = [value.name for value in model.graph.input if len(value.type.tensor_type.shape.dim) == 4]
        self.highest: dict[str, float] = {}
        self.usual: dict[str, float] = {}

    def run(self, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run it, and give its tensors by name."""
        tensors = dict(zip(self._names, self._session.run(None, feeds), strict=True))
        if self._watched:
            self._keep_ranges({**feeds, **tensors})
        return tensors

    def _keep_ranges(self, tensors: dict[str, NDArray[Any]]) -> None:
        for name, tensor in tensors.items():
            if tensor.dtype != np.float32:
                continue
            sizes = np.abs(tensor).reshape(-1)
            self.highest[name] = max(self.highest.get(name, 0.0), float(sizes.max()))
            if name in self._quantisable:
                kept = max(0, sizes.size - 1 - int(sizes.size * CUT_OFF))
                self.usual[name] = max(self.usual.get(name, 0.0), float(np.partition(sizes, kept)[kept]))
