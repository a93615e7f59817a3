"""From graphs to compiled models: for stated shapes and a number of streams, out of the cache where it has them."""

from __future__ import annotations

import ctypes
import hashlib
import io
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ris_ros.errors import BackendError
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.openvino.cache import ModelCache
from ris_ros.runtime.openvino.library import DEVICE, Library, compile_config, failures, last_line

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A graph that was read, its shapes still open.

    Attributes:
        label: Where it comes from, for people.
        sha256: Of the file it was read from.
        model: The ``openvino.Model``.
    """

    label: str
    sha256: str
    model: Any


def read_graph(library: Library, bundle: Bundle, name: str, inputs: Sequence[str] | None) -> Graph:
    """Read a graph of a bundle.

    Args:
        library: OpenVINO.
        bundle: Verified bundle.
        name: Name of the file.
        inputs: The inputs that it must have; None for any.

    Raises:
        BackendError: OpenVINO cannot read it, or it has other inputs.
    """
    label = str(bundle.path / name)
    content = bundle.read(name)
    with failures(f"{label}: OpenVINO cannot load it"):
        model = library.core.read_model(content, b"")
        found = sorted(port.get_any_name() for port in model.inputs)
    if inputs is not None and found != sorted(inputs):
        raise BackendError(f"{label}: takes {found}, not {sorted(inputs)}: export the bundle again.")
    return Graph(label, hashlib.sha256(content).hexdigest(), model)


def output_names(graph: Graph) -> list[str]:
    """Names of a graph's outputs, in its order."""
    return [port.get_any_name() for port in graph.model.outputs]


class Compiler:
    """Compiles graphs for the CPU.

    Args:
        library: OpenVINO.
        arithmetic: Its name of the arithmetic for what is not quantised.
        threads: Threads of all streams together.
        cache: Keeps what was compiled.
        features: Names of the tensors that pass from one graph to the other. They pass in bf16 where that is the
            arithmetic: the graph that reads them rounds them anyway, and converting twice costs a sixth of a look.

    Attributes:
        compiled: How many models were compiled.
        loaded: How many came out of the cache.
    """

    def __init__(
        self, library: Library, arithmetic: str, threads: int, cache: ModelCache, features: Sequence[str]
    ) -> None:
        self._library = library
        self._arithmetic = arithmetic
        self._threads = threads
        self._cache = cache
        self._narrow = tuple(features) if arithmetic == "bf16" else ()
        self.compiled = 0
        self.loaded = 0

    def compile(self, graph: Graph, shapes: Mapping[str, Sequence[int]], streams: int) -> Any:
        """A model that is ready to run.

        Args:
            graph: What to compile.
            shapes: Shape of each input.
            streams: How many requests it can run at the same time; they share the threads evenly.

        Raises:
            BackendError: OpenVINO cannot compile it for these shapes.
        """
        # Neither threads nor streams: what is kept is the graph as OpenVINO has rewritten it, before it is laid out.
        key = {
            "graph": graph.sha256,
            "shapes": str(sorted((name, list(shape)) for name, shape in shapes.items())),
            "arithmetic": self._arithmetic,
            "narrow": ",".join(self._narrow),
            "openvino": self._library.version,
            "cpu": f"{self._library.cpu} {' '.join(self._library.capabilities)}",
        }
        config = compile_config(self._arithmetic, self._threads, streams)
        model = self._load(key, config)
        if model is None:
            with failures(f"{graph.label}: OpenVINO cannot load it"):
                model = self._library.core.compile_model(self._shaped(graph, shapes), DEVICE, config)
            self.compiled += 1
            if not self._cache.trouble:
                self._keep(key, model)
        _give_memory_back()
        return model

    def _load(self, key: Mapping[str, str], config: Mapping[str, str]) -> Any:
        """The model that was kept under a key; None where there is none that OpenVINO takes."""
        kept = self._cache.load(key)
        if kept is None:
            return None
        try:
            model = self._library.core.import_model(io.BytesIO(kept), DEVICE, config)
        except RuntimeError as error:
            _log.warning("a compiled model that was kept is compiled again: %s", last_line(error))
            return None
        self.loaded += 1
        return model

    def _shaped(self, graph: Graph, shapes: Mapping[str, Sequence[int]]) -> Any:
        shaped = graph.model.clone()
        shaped.reshape({name: list(shape) for name, shape in shapes.items()})
        if not self._narrow:
            return shaped
        preprocess, narrow = self._library.module.preprocess, self._library.module.Type.bf16
        typed = preprocess.PrePostProcessor(shaped)
        for ports, end in ((shaped.inputs, typed.input), (shaped.outputs, typed.output)):
            for name in {port.get_any_name() for port in ports} & set(self._narrow):
                end(name).tensor().set_element_type(narrow)
        return typed.build()

    def _keep(self, key: Mapping[str, str], model: Any) -> None:
        exported = io.BytesIO()
        try:
            model.export_model(exported)
        except RuntimeError as error:
            _log.warning("a compiled model cannot be kept: %s", last_line(error))
        else:
            self._cache.store(key, exported.getvalue())


def _give_memory_back() -> None:
    """Return what compiling took and freed, 10 to 50 MB, to the system; only the GNU C library is asked to."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
