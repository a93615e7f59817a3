"""The vision graph in int8: post-training quantisation by NNCF on frames of the sample drive.

The ground graph is left as it is. Measured on the shipped model, quantising it gains 4 % (its products are small, and
each brings a conversion there and back), and moves answers further than all of the vision graph does.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ris_ros.errors import MissingExtraError
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.openvino.cache import ModelCache
from ris_ros.runtime.openvino.compiler import Graph
from ris_ros.runtime.openvino.library import Library, failures
from ris_ros.runtime.parity import Parity, measure, require
from ris_ros.runtime.samples import read_samples, samples_sha256

IMAGES = 16
"""Frames that ranges are measured on, spread over the drive; twice as many change no answer visibly."""
_CHECKED = 6
_CHECKED_FROM = 3
"""The first of the frames that parity is measured on; ranges are measured on others."""
_log = logging.getLogger(__name__)


def quantise(library: Library, bundle: Bundle, graph: Graph, cache: ModelCache) -> Graph:
    """The vision graph with int8 convolutions, for images of any size that the graph takes.

    Taken from the cache if it was made of the same graph, drive and versions.

    Args:
        library: OpenVINO.
        bundle: Gives the size of the frames.
        graph: The vision graph; it stays as it is.
        cache: Keeps the result.

    Raises:
        BackendError: OpenVINO cannot read or quantise it.
        ConfigError: The sample drive is not installed.
        DataError: It is damaged.
        MissingExtraError: NNCF or ``rosbags`` is not installed.
    """
    try:
        nncf_version = importlib.metadata.version("nncf")
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError("nncf", "openvino-int8") from None
    key = {
        "graph": graph.sha256,
        "openvino": library.version,
        "nncf": nncf_version,
        "drive": samples_sha256(),
        "size": f"{bundle.input_size_px}",
        "recipe": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
    }
    kept = cache.load(key)
    if kept is None:
        kept = _quantise(library, bundle, graph)
        cache.store(key, kept)
    with failures(f"{graph.label}: OpenVINO cannot read what was quantised"):
        return Graph(f"{graph.label} in int8", hashlib.sha256(kept).hexdigest(), _read(library, kept))


def require_parity(backend: Backend, bundle: Bundle, graph: Graph, cache: ModelCache) -> Parity:
    """Refuse a quantised graph whose answers stray too far from ONNX Runtime's on frames that it was not made on.

    Args:
        backend: Runs it.
        bundle: What both are made of.
        graph: From :func:`quantise`.
        cache: Keeps what was measured.

    Raises:
        BackendError: It does, or an engine failed.
    """
    key = {
        "parity of": graph.sha256,
        "bundle": json.dumps(dict(bundle.settings.files)),
        "device": backend.device,
        "figures": ",".join(field.name for field in fields(Parity)),
    }
    kept = cache.load(key)
    if kept is not None:
        found = Parity.from_json(json.loads(kept))
    else:
        found = measure(bundle, backend, read_samples(bundle, bundle.input_size_px, _CHECKED, _CHECKED_FROM))
        _log.info("int8 against ONNX Runtime: %s", found)
        cache.store(key, json.dumps(asdict(found)).encode())
    require(found, "int8", "OpenVINO")
    return found


def _quantise(library: Library, bundle: Bundle, graph: Graph) -> bytes:
    # Else it reports to its makers what it is used for.
    os.environ.setdefault("NNCF_CI", "1")
    import nncf

    nncf.set_log_level(logging.ERROR)
    started = time.monotonic()
    _log.info("quantising the vision graph on %d frames of the sample drive", IMAGES)
    samples = read_samples(bundle, bundle.input_size_px, IMAGES, 0)
    dataset = nncf.Dataset([{"image": sample.images_rgb} for sample in samples])
    # Standard output is the caller's; bars would be drawn there.
    with failures(f"{graph.label}: NNCF cannot quantise it"), contextlib.redirect_stdout(io.StringIO()):
        quantised = nncf.quantize(graph.model.clone(), dataset, subset_size=len(samples))
    _log.info("quantised in %.0f s", time.monotonic() - started)
    return _write(library, quantised)


def _write(library: Library, model: Any) -> bytes:
    """A model as bytes: a line of JSON that says how long the first part is, its structure, its weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vision.xml"
        library.module.save_model(model, str(path), compress_to_fp16=False)
        structure, weights = path.read_bytes(), path.with_suffix(".bin").read_bytes()
    head: Mapping[str, int] = {"structure": len(structure)}
    return json.dumps(head).encode() + b"\n" + structure + weights


def _read(library: Library, content: bytes) -> Any:
    head, _, body = content.partition(b"\n")
    length = json.loads(head)["structure"]
    return library.core.read_model(body[:length], body[length:])
