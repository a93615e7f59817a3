"""Write a peer's network as ONNX graphs, with what is known of its size: ``python -m`` with a recipe and a folder.

It runs in a process of its own, so that neither torch nor its memory stays in the one that measures.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ris_ros.benchmark.peers.table import NOT_WRITTEN

OPSET = 17
ABOUT = "about.json"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A network that becomes one graph.

    Attributes:
        module: The network; its forward takes the inputs in their order.
        inputs: Name -> example, of the shape that the graph will take.
        output: Name of what it gives.
    """

    module: nn.Module
    inputs: Mapping[str, Tensor]
    output: str


def export(parts: Mapping[str, Part], folder: Path) -> None:
    """Write ``<name>.onnx`` of each part and ``about.json``, all or nothing; an existing folder is left alone.

    Args:
        parts: Name -> part; parts may share weights.
        folder: Where to.

    Raises:
        OSError: It cannot be written.
    """
    import transformers

    folder.parent.mkdir(parents=True, exist_ok=True)
    weights = {id(p): p.numel() for part in parts.values() for p in part.module.parameters()}
    about = {
        "parameters": sum(weights.values()),
        "gmacs": {name: _gmacs(part) for name, part in parts.items()},
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as staging:
        made = Path(staging) / folder.name
        made.mkdir()
        for name, part in parts.items():
            _write(part, made / f"{name}.onnx")
        (made / ABOUT).write_text(json.dumps(about, indent=2), encoding="utf-8")
        if not folder.exists():
            made.rename(folder)


def _gmacs(part: Part) -> float:
    """Thousand millions of multiply-adds, of products and convolutions."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        part.module.eval()(*part.inputs.values())
    return float(counter.get_total_flops() / 2e9)


def _write(part: Part, path: Path) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        # The graphs are for the shapes that they are traced with, which is what most of its warnings are about.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part.module.eval(),
            tuple(part.inputs.values()),
            str(path),
            input_names=list(part.inputs),
            output_names=[part.output],
            opset_version=OPSET,
            dynamo=False,
        )


def main(argv: Sequence[str]) -> int:
    """Export the module ``argv[0]`` to the folder ``argv[1]``; returns 0, or 3 after saying what the system refused."""
    recipe, folder = argv
    try:
        export(importlib.import_module(recipe).parts(), Path(folder))
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        return NOT_WRITTEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
