"""What ``ris doctor`` says of the model, of every backend, and of what ``auto`` takes here."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ris_ros.cli.checks import Finding, State
from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BundleError, MissingExtraError, RisError, cause
from ris_ros.runtime import registry
from ris_ros.runtime.backend import empty_text
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.cache_folder import cache_folder
from ris_ros.runtime.devices import has_nvidia_gpu, importable, is_jetson

_FRAMES_TRIED = 5  # the first ones allocate and compile; the fastest says what the backend can do


def check_backends(bundle_path: Path) -> list[Finding]:
    """The bundle, every backend run on it, and the one that ``auto`` takes; the node needs one that works."""
    try:
        bundle = Bundle.open(bundle_path)
    except RisError as error:
        return [Finding("model", State.FAILURE, "the bundle cannot be used", str(error))]
    findings = [Finding("model", State.OK, f"{bundle.label} at {bundle.path}, every checksum right")]
    findings += [
        _try_backend(name, bundle, tensorrt) for name in registry.BACKENDS for tensorrt in _engines(name, bundle)
    ]
    if all(finding.state is not State.OK for finding in findings[1:]):
        advice = "Install one with `pip install onnxruntime`."
        findings.append(Finding("backends", State.FAILURE, "none runs the model", advice))
    else:
        findings.append(_try_auto(bundle))
    return findings


def _engines(name: str, bundle: Bundle) -> list[TensorRtSettings]:
    """What to try of a backend: of TensorRT each engine that is kept, of others what they do by default."""
    default = [TensorRtSettings()]
    if name != "tensorrt":
        return default
    from ris_ros.runtime.tensorrt.engines import kept_settings

    return kept_settings(bundle) or default


def _try_backend(name: str, bundle: Bundle, tensorrt: TensorRtSettings) -> Finding:
    topic, row = f"backend {name}", registry.BACKENDS[name]
    if row.needs_gpu and not has_nvidia_gpu():
        return Finding(topic, State.ABSENT, f"needs an NVIDIA GPU ({row.help})")
    command = empty_text(bundle.settings.text, [0])
    try:
        # Nothing long is built here: what is not there yet is told with the command that builds it.
        with registry.load_exact(
            name, bundle, threads=1, precision=tensorrt.precision, tensorrt=tensorrt, cancelled=lambda: True
        ) as backend:
            width, height = backend.camera_size_px or backend.fixed_size_px or bundle.input_size_px
            images = np.zeros((1, height, width, 3), np.uint8)
            took_ms = []
            for _ in range(_FRAMES_TRIED):
                start = time.perf_counter()
                answer = backend.ground(backend.see(images), command)
                took_ms.append((time.perf_counter() - start) * 1e3)
            device, precision, notes = backend.device, backend.precision, backend.notes
    except MissingExtraError as error:
        return Finding(topic, State.ABSENT, f"'{error.module}' is not installed", str(error))
    except BundleError as error:
        return Finding(topic, State.ABSENT, "does not run this bundle", str(error))
    except RisError as error:
        return Finding(topic, State.WARNING if row.installed else State.ABSENT, "does not run the model", str(error))
    except Exception as error:  # whatever a library throws that is installed in part
        advice = f"Install '{row.module}' again, or choose another backend."
        return Finding(topic, State.WARNING, f"fails with {cause(error)}", advice)
    if not np.isfinite(answer.object_logits).all():
        advice = f"Choose another backend: {name} computes numbers that are not finite on this machine."
        return Finding(topic, State.WARNING, f"{precision} on {device} gives no usable masks", advice)
    more = "".join(f"; {name}: {value}" for name, value in notes.items())
    offers = f"; offers {', '.join(row.precisions)}" if len(row.precisions) > 1 else ""
    text_found = f"{precision} on {device}: {min(took_ms):.1f} ms a frame with one thread{more}{offers}"
    return Finding(topic, State.OK, text_found)


def _try_auto(bundle: Bundle) -> Finding:
    try:
        with registry.load(registry.AUTO, bundle) as backend:
            why = backend.notes.get(registry.CHOICE, "")
            again = f"To measure again, as after adding cuDNN: rm -r {cache_folder('choice')}"
            advice = again if has_nvidia_gpu() else ""
            return Finding("backend auto", State.OK, f"takes {backend.name} on two threads: {why}", advice)
    except RisError as error:
        return Finding("backend auto", State.WARNING, "finds none that it may take", str(error))


def check_gpu(has: Callable[[str], bool] = importable, root: Path = Path("/")) -> Finding:
    """An NVIDIA GPU, and whether the TensorRT library is there.

    Args:
        has: Says whether a module is there.
        root: Root of the file system.
    """
    jetson = is_jetson(root)
    tensorrt = has("tensorrt")
    if not has_nvidia_gpu(root):
        return Finding("GPU", State.ABSENT, "no NVIDIA GPU", "The node runs on the processor.")
    text = f"{'Jetson' if jetson else 'NVIDIA GPU'}, TensorRT {'installed' if tensorrt else 'not installed'}"
    if tensorrt:
        return Finding("GPU", State.OK, text)
    source = "apt install python3-libnvinfer" if jetson else "pip install -e '.[tensorrt]'"
    advice = f"`{source}` brings TensorRT; the backend onnx-cuda uses the GPU where onnxruntime-gpu is installed."
    return Finding("GPU", State.ABSENT, text, advice)
