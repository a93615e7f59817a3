"""Every backend in every precision that it offers against ONNX Runtime in single precision, on the shipped model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ris_ros.config.backend import Precision
from ris_ros.errors import BackendError, MissingExtraError
from ris_ros.runtime import registry
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle, default_path, write_bundle
from ris_ros.runtime.devices import has_nvidia_gpu
from ris_ros.runtime.parity import LIMITS, Limit, compare
from ris_ros.runtime.samples import read_samples
from ris_ros.types import GroundOutput, TextBatch

SIZES_PX = ((512, 384), (512, 288))
IMAGES = 3

# Torch reads weights that were rounded to half before normalisation was folded into them, the graphs hold weights that
# were rounded after: on the shipped model that alone makes up to 4e-3.
LIMIT_OF_ROUNDING = Limit(1e-2, 1e-2, 0.99, 0.995)

TABLE = [
    (name, precision)
    for name, row in registry.BACKENDS.items()
    for precision in row.precisions
    if name != "onnx" and row.installed
]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Images, commands about them, and what the reference answers."""

    images_rgb: NDArray[np.uint8]
    text: TextBatch
    expected: GroundOutput


def answer(backend: Backend, images_rgb: NDArray[np.uint8], text: TextBatch) -> GroundOutput:
    return backend.ground(backend.see(images_rgb), text)


def questions(bundle: Bundle) -> Iterator[tuple[NDArray[np.uint8], TextBatch]]:
    """At each size, every command on several images, neighbours about different ones; and one on one."""
    for size_px in SIZES_PX:
        samples = read_samples(bundle, size_px, IMAGES, 3)
        images = np.concatenate([sample.images_rgb for sample in samples])
        one = samples[0].text
        words, mask, sentence = (np.repeat(part, IMAGES, 0) for part in (one.words, one.word_mask, one.sentence))
        yield images, TextBatch(words, mask, sentence, np.arange(len(words), dtype=np.int64) % IMAGES)
        yield images[:1], TextBatch(words[:1], mask[:1], sentence[:1], np.zeros(1, np.int64))


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    pytest.importorskip("rosbags")
    bundle = Bundle.open(default_path())
    with registry.load_exact("onnx", bundle, threads=2) as onnx:
        return [Look(images, text, answer(onnx, images, text)) for images, text in questions(bundle)]


def with_weights_for_torch(bundle: Bundle, folder: Path) -> Bundle:
    """The shipped bundle with the weights that `ris train --start-from` begins with: the same, rounded likewise."""
    safetensors = pytest.importorskip("safetensors.numpy")
    start = safetensors.load_file(default_path().parents[1] / "checkpoints" / "street" / "weights.safetensors")
    weights = safetensors.save({name.removeprefix("average."): tensor for name, tensor in start.items()})
    settings = bundle.settings.model_dump()
    files = {name: bundle.read(name) for name in settings.pop("files")}
    return write_bundle(folder / "with_weights", settings, files | {"weights.safetensors": weights})


def load_or_skip(name: str, precision: Precision, folder: Path) -> Backend:
    if registry.BACKENDS[name].needs_gpu and not has_nvidia_gpu():
        pytest.skip("there is no NVIDIA GPU")
    if name == "torch-compile" and os.environ.get("RIS_TEST_COMPILING") != "1":
        pytest.skip("it compiles for minutes: set RIS_TEST_COMPILING=1")
    bundle = Bundle.open(default_path())
    if name.startswith("torch"):
        bundle = with_weights_for_torch(bundle, folder)
    try:
        return registry.load_exact(name, bundle, threads=2, precision=precision)
    except MissingExtraError as error:
        pytest.skip(str(error))
    except BackendError as error:
        if precision not in str(error):
            raise
        pytest.skip(f"not on this machine: {error}")


@pytest.mark.parametrize(("name", "precision"), TABLE)
def test_a_backend_answers_as_onnx_runtime_does(
    name: str, precision: Precision, looks: list[Look], tmp_path: Path
) -> None:
    rounded_otherwise = name.startswith("torch") and precision == "fp32"
    limit = LIMIT_OF_ROUNDING if rounded_otherwise else LIMITS[precision]
    thresholds = Bundle.open(default_path()).settings.thresholds
    with load_or_skip(name, precision, tmp_path) as backend:
        for look in looks:
            found = compare(look.expected, answer(backend, look.images_rgb, look.text), thresholds)
            assert found.within(limit), f"{look.images_rgb.shape}: {found}"
        assert backend.precision == precision
