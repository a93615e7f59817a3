from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from numpy.typing import NDArray
from tiny_bundle import BLUE, RED, WHITE, picture

from ris_ros.errors import BackendError, BundleError, MisuseError
from ris_ros.runtime import registry
from ris_ros.runtime.backend import Backend
from ris_ros.runtime.bundle import Bundle, write_bundle
from ris_ros.runtime.parity import LIMITS
from ris_ros.types import TextBatch, TextFeatures

RUNNABLE = [name for name in ("onnx", "openvino") if registry.BACKENDS[name].installed]


def images(bundle: Bundle, count: int) -> NDArray[np.uint8]:
    size = bundle.input_size_px
    boxes = [(RED, (16, 16, 24, 24)), (BLUE, (60, 8, 24, 24)), (WHITE, (40, 40, 16, 16))]
    return np.stack([picture(size, *boxes[i % 3 :]) for i in range(count)])


def text(bundle: Bundle, texts: list[str], cameras: list[int]) -> TextBatch:
    weights = tiny_bundle.TEXT_WEIGHTS if bundle.settings.name == "tiny" else None
    encoder = bundle.load_text_encoder(weights)
    return TextBatch.stack(encoder.encode_many(texts), cameras)


@pytest.fixture(params=RUNNABLE)
def backend(request: pytest.FixtureRequest) -> Backend:
    return registry.load_exact(request.param, tiny_bundle.open_bundle(), threads=1)


def test_answers_are_those_worked_out_by_hand(backend: Backend) -> None:
    bundle = tiny_bundle.open_bundle()
    texts = ["the red car", "a white van", "the green bus", "a red unicorn", "hello"]
    with backend:
        output = backend.ground(backend.see(images(bundle, 1)), text(bundle, texts, [0] * 5))
    np.testing.assert_allclose(output.existence_logit, [12.0, 5.976, -12.0, -88.0, -6.0], atol=0.1)
    red = np.zeros((16, 24), bool)
    red[4:10, 4:10] = True
    assert ((output.object_logits[0] > 0) == red).all()
    np.testing.assert_allclose(output.region_logits, -output.object_logits, atol=1e-6)


def test_a_batch_answers_as_its_parts_do(backend: Backend) -> None:
    bundle = tiny_bundle.open_bundle()
    texts, cameras = ["the red car", "the blue car", "the white van", "the red car"], [0, 2, 1, 1]
    pictures = images(bundle, 3)
    together = backend.ground(backend.see(pictures), text(bundle, texts, cameras))
    for row, (one, camera) in enumerate(zip(texts, cameras, strict=True)):
        alone = backend.ground(backend.see(pictures[camera : camera + 1]), text(bundle, [one], [0]))
        np.testing.assert_allclose(together.object_logits[row], alone.object_logits[0], atol=1e-4)
        np.testing.assert_allclose(together.existence_logit[row], alone.existence_logit[0], atol=1e-4)


def test_an_answer_survives_the_next_one(backend: Backend) -> None:
    bundle = tiny_bundle.open_bundle()
    features = backend.see(images(bundle, 1))
    first = backend.ground(features, text(bundle, ["the red car"], [0]))
    kept = first.object_logits.copy()
    backend.ground(backend.see(images(bundle, 2)), text(bundle, ["the blue car"], [1]))
    np.testing.assert_array_equal(first.object_logits, kept)


@pytest.mark.parametrize("shape", [(0, 64, 96, 3), (1, 64, 97, 3), (1, 64, 96, 4), (64, 96, 3)])
def test_images_that_do_not_fit_are_refused(backend: Backend, shape: tuple[int, ...]) -> None:
    with pytest.raises(BackendError, match="letterbox"):
        backend.see(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("camera", [-1, 1, 99])
def test_a_command_about_an_image_that_was_not_seen_is_refused(backend: Backend, camera: int) -> None:
    bundle = tiny_bundle.open_bundle()
    features = backend.see(images(bundle, 1))
    with pytest.raises(BackendError, match=f"image {camera}"):
        backend.ground(features, text(bundle, ["the red car"], [camera]))


def test_text_of_another_shape_is_a_sentence_and_not_a_crash(backend: Backend) -> None:
    features = backend.see(images(tiny_bundle.open_bundle(), 1))
    for tokens, width in ((32, 9), (31, 8)):
        other = TextFeatures(
            np.zeros((tokens, width), np.float32), np.ones(tokens, np.float32), np.zeros(width, np.float32)
        )
        with pytest.raises(MisuseError, match="ground engine takes text features of shape"):
            backend.ground(features, TextBatch.stack([other], [0]))


def test_what_a_backend_says_of_itself(backend: Backend) -> None:
    assert backend.name in registry.BACKENDS
    assert backend.precision in LIMITS
    assert all(isinstance(said, str) and said for said in backend.notes.values())
    assert "cpu" in backend.device or "cuda" in backend.device


def test_a_graph_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    tiny = tiny_bundle.open_bundle()
    settings = tiny.settings.model_dump()
    files = {name: tiny.read(name) for name in settings.pop("files")}
    broken = write_bundle(tmp_path / "broken", settings, files | {"vision.onnx": b"no graph"})
    swapped = write_bundle(tmp_path / "swapped", settings, files | {"ground.onnx": files["vision.onnx"]})
    for name in RUNNABLE:
        with pytest.raises(BackendError, match=r"vision\.onnx"):
            registry.load_exact(name, broken, threads=1)
        with pytest.raises(BackendError, match=r"ground\.onnx"):
            registry.load_exact(name, swapped, threads=1)


def test_torch_needs_the_bundles_weights() -> None:
    pytest.importorskip("torch")
    with pytest.raises(BundleError, match=r"weights\.safetensors"):
        registry.load_exact("torch", tiny_bundle.open_bundle())


def test_without_onnx_runtime_that_alone_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BackendError, match="run `pip install onnxruntime`"):
        registry.load_exact("onnx", tiny_bundle.open_bundle())


def test_an_openvino_that_does_not_work_here_says_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino")

    def fail() -> None:
        raise RuntimeError("Exception from core.cpp:1:\nno device CPU")

    monkeypatch.setattr(openvino, "Core", fail)
    with pytest.raises(BackendError, match=r"no device CPU.*use the backend onnx"):
        registry.load_exact("openvino", tiny_bundle.open_bundle())


@pytest.fixture
def torch_bundle(tmp_path: Path) -> Bundle:
    """A small untrained network for PyTorch."""
    pytest.importorskip("torch")
    from safetensors.torch import save
    from tiny_network import TINY

    from ris_ros.config.network import NetworkSettings
    from ris_ros.model.network import ReferringNetwork

    tiny = tiny_bundle.open_bundle()
    settings = tiny.settings.model_dump()
    files = {name: tiny.read(name) for name in settings.pop("files")}
    network = NetworkSettings(**{**TINY, **tiny.settings.normalisation.model_dump(), "text_width": tiny_bundle.WIDTH})
    files["weights.safetensors"] = save(ReferringNetwork(**network.model_dump()).state_dict())
    return write_bundle(tmp_path / "b", settings | {"network": network.model_dump()}, files)


@pytest.fixture
def torch_backend(torch_bundle: Bundle) -> Backend:
    return registry.load_exact("torch", torch_bundle, 1)


def test_torch_in_bf16_answers_as_in_fp32(torch_bundle: Bundle, torch_backend: Backend) -> None:
    pictures, commands = images(torch_bundle, 2), text(tiny_bundle.open_bundle(), ["the red car", "blue"], [1, 0])
    expected = torch_backend.ground(torch_backend.see(pictures), commands)
    with registry.load_exact("torch", torch_bundle, 1, "bf16") as short:
        assert short.precision == "bf16" and torch_backend.precision == "fp32"
        found = short.ground(short.see(pictures), commands)
    assert not np.array_equal(found.object_logits, expected.object_logits), "it computes in something else"
    np.testing.assert_allclose(found.object_logits, expected.object_logits, atol=0.1)
    np.testing.assert_allclose(found.existence_logit, expected.existence_logit, atol=0.1)


def test_torch_takes_any_numbers_once_it_is_prepared(torch_bundle: Bundle, torch_backend: Backend) -> None:
    torch_backend.prepare((96, 64), cameras=2, commands=3)
    assert torch_backend.see(images(torch_bundle, 2)).camera_count == 2


def test_torch_refuses_what_the_processor_cannot(torch_bundle: Bundle) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(BackendError, match="fp16 on a GPU only"):
        registry.load_exact("torch", torch_bundle, 1, "fp16")


def test_torch_compiles_where_that_is_welcome_and_possible(
    torch_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    monkeypatch.setenv("XDG_CACHE_HOME", str(torch_bundle.path.parent))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(torch_bundle.path.parent))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(BackendError, match="not compiled this model yet"):
        registry.load_exact("torch-compile", torch_bundle, 1, cancelled=lambda: True)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendError, match=r"C\+\+ compiler, and there is no g\+\+ or clang\+\+: `apt install g\+\+`"):
        registry.load_exact("torch-compile", torch_bundle, 1)


def test_in_torch_too_a_batch_answers_as_its_parts_do(torch_backend: Backend) -> None:
    bundle = tiny_bundle.open_bundle()
    pictures = images(bundle, 2)
    with torch_backend as backend:
        together = backend.ground(backend.see(pictures), text(bundle, ["the red car", "the blue car"], [1, 0]))
        alone = backend.ground(backend.see(pictures[1:]), text(bundle, ["the red car"], [0]))
    assert together.object_logits.shape == (2, 16, 24)
    np.testing.assert_allclose(together.object_logits[0], alone.object_logits[0], atol=1e-4)
    np.testing.assert_allclose(together.existence_logit[0], alone.existence_logit[0], atol=1e-4)


def test_a_network_that_fails_in_torch_is_a_sentence(torch_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(images: object) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    bundle = tiny_bundle.open_bundle()
    monkeypatch.setattr(torch_backend, "_see", fail)
    with pytest.raises(BackendError, match=r"vision network .* \(CUDA out of memory\): use the backend onnx"):
        torch_backend.see(images(bundle, 1))
