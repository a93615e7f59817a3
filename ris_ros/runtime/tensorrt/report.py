"""What a build turned out to be: precision of each layer as the engine's inspector tells, parity, time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ris_ros.runtime.parity import Parity
from ris_ros.runtime.tensorrt.library import Library

_NAMES = {"float": "fp32", "fp32": "fp32", "half": "fp16", "fp16": "fp16", "int8": "int8", "bf16": "bf16", "fp8": "fp8"}
_WIDTH = ("int8", "fp8", "fp16", "bf16", "fp32")  # narrowest first: a layer computes as its narrowest input


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What is told of an engine, by doctor, diagnostics and the build.

    Attributes:
        tensorrt: Version of the library.
        gpu: Name of the GPU.
        precision: What was asked for: fp32, fp16 or int8.
        layers: Layers of both engines by the precision that the inspector names; ``unknown`` where it names none.
        parity: Against ONNX Runtime on the sample drive.
        seconds: How long the build took.
        workspace_mib: Scratch memory that it was allowed.
    """

    tensorrt: str
    gpu: str
    precision: str
    layers: Mapping[str, int]
    parity: Parity
    seconds: float
    workspace_mib: int

    def to_json(self) -> dict[str, Any]:
        """As the cache keeps it."""
        return {**asdict(self), "layers": dict(self.layers)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BuildReport:
        """From what the cache kept.

        Raises:
            KeyError, TypeError, ValueError: It is no report.
        """
        return cls(
            tensorrt=str(values["tensorrt"]),
            gpu=str(values["gpu"]),
            precision=str(values["precision"]),
            layers={str(name): int(count) for name, count in values["layers"].items()},
            parity=Parity.from_json(values["parity"]),
            seconds=float(values["seconds"]),
            workspace_mib=int(values["workspace_mib"]),
        )

    def __str__(self) -> str:
        layers = ", ".join(f"{count} {name}" for name, count in sorted(self.layers.items()))
        return f"{self.precision} (layers: {layers}); against ONNX Runtime: {self.parity}"


def inspect(library: Library, engine: Any) -> Counter[str]:
    """Count an engine's layers by the precision that its inspector names.

    Args:
        library: TensorRT.
        engine: A loaded engine, built with detailed profiling verbosity.
    """
    inspector = engine.create_engine_inspector()
    return count_layers(inspector.get_engine_information(library.module.LayerInformationFormat.JSON))


def count_layers(information: str) -> Counter[str]:
    """Count layers by precision in the inspector's JSON; what it does not tell is ``unknown``.

    The text is the library's and has changed between versions, so anything may be missing from it.
    """
    counts: Counter[str] = Counter()
    try:
        layers = json.loads(information)["Layers"]
    except (ValueError, KeyError, TypeError):
        return counts
    for layer in layers if isinstance(layers, list) else []:
        counts[_precision(layer)] += 1
    return counts


def _precision(layer: Any) -> str:
    if not isinstance(layer, dict):  # an engine without details lists names
        return "unknown"
    stated = str(layer.get("Precision", "")).lower()
    if stated in _NAMES:
        return _NAMES[stated]
    found: set[str] = set()
    for tensor in layer.get("Inputs") or layer.get("Outputs") or []:
        described = str(tensor.get("Format/Datatype", "")) + " " + str(tensor.get("Datatype", ""))
        words = described.lower().replace("-", " ").replace(",", " ").split()
        found.update(_NAMES[word] for word in words if word in _NAMES)
    return next((name for name in _WIDTH if name in found), "unknown")
