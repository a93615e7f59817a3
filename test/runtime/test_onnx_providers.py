"""ONNX Runtime's GPU providers, as far as they can be held to account without a GPU: what a session is asked for, and
that ONNX Runtime never steps aside to the processor in silence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tiny_bundle

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError
from ris_ros.runtime import onnx_providers, registry
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.onnx_backend import OnnxBackend, load_on_tensorrt
from ris_ros.runtime.onnx_providers import BUILT, CPU, Provider, cuda_provider, tensorrt_provider
from ris_ros.types import GroundOutput, TextBatch

GPU_ROWS = {"onnx-cuda": "CUDAExecutionProvider", "onnx-tensorrt": "TensorrtExecutionProvider"}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def no() -> bool:
    return False


@functools.cache
def graphs() -> dict[str, Any]:
    pytest.importorskip("onnx")
    from ris_ros.runtime.tensorrt.prepare import plain_graphs

    return plain_graphs(tiny_bundle.open_bundle(), (96, 64))


def tensorrt(cancelled: Callable[[], bool] = no, **settings: Any) -> Provider:
    return tensorrt_provider("1.22.0", graphs(), (96, 64), TensorRtSettings(**settings), cancelled)


@pytest.mark.parametrize("row", GPU_ROWS)
def test_an_onnx_runtime_without_the_provider_is_refused(row: str) -> None:
    if GPU_ROWS[row] in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has it")
    with pytest.raises(BackendError, match=rf"no {GPU_ROWS[row]} \(was made without it\): install `onnxruntime-gpu`"):
        registry.load_exact(row, tiny_bundle.open_bundle())


@pytest.mark.parametrize("row", GPU_ROWS)
def test_one_that_steps_aside_to_the_processor_is_refused(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[list[Any]] = []
    real = onnxruntime.InferenceSession

    def session(content: bytes, options: Any, providers: list[Any]) -> Any:
        made.append(providers)
        return real(content, options, providers=["CPUExecutionProvider"])

    if row == "onnx-tensorrt":
        pytest.importorskip("onnx")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*GPU_ROWS.values(), "CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with pytest.raises(BackendError, match=r"could not start it\).*or use the backend onnx"):
        registry.load_exact(row, tiny_bundle.open_bundle())
    wanted, *helpers = [name for name, _ in made[-1]]
    assert wanted == GPU_ROWS[row]
    assert helpers[-1] == "CPUExecutionProvider"


def test_the_processors_row_asks_for_the_processor_alone() -> None:
    assert [name for name, _ in CPU.all_for("vision")] == ["CPUExecutionProvider"]
    with OnnxBackend(tiny_bundle.open_bundle(), 1) as backend:
        assert (backend.name, backend.precision) == ("onnx", "fp32")
        assert backend.device.startswith("cpu")


def test_cuda_computes_in_true_single_precision() -> None:
    ((name, options), *_) = cuda_provider("1.22.0").all_for("ground")
    assert name == "CUDAExecutionProvider"
    assert options["use_tf32"] == "0"
    assert "use_tf32" not in cuda_provider("1.16.3").all_for("ground")[0][1], "older ones know no such option"
    assert "use_tf32" not in cuda_provider("nightly").all_for("ground")[0][1]


def test_tensorrt_is_asked_for_the_shapes_of_the_graphs() -> None:
    provider = tensorrt(cameras=3, commands=5)
    (_, vision), (_, ground) = provider.all_for("vision")[0], provider.all_for("ground")[0]
    assert vision["trt_profile_min_shapes"] == vision["trt_profile_opt_shapes"] == "image:1x64x96x3"
    assert vision["trt_profile_max_shapes"] == "image:3x64x96x3"
    most = dict(shape.split(":") for shape in ground["trt_profile_max_shapes"].split(","))
    assert most == {
        "p4": "3x3x16x24",
        "p8": "3x3x8x12",
        "words": "5x32x8",
        "word_mask": "5x32",
        "sentence": "5x8",
        "camera_index": "5",
    }
    assert provider.size_px == (96, 64)


def test_what_is_switched_on_is_said_in_the_words_that_onnx_runtime_takes() -> None:
    """Its Python interface refuses numbers for switches, and keeps timings where the process started unless told."""
    options = tensorrt().all_for("vision")[0][1]
    switches = {name: value for name, value in options.items() if name.endswith("_enable")}
    assert switches and set(switches.values()) == {"True"}
    assert options["trt_timing_cache_path"] == options["trt_engine_cache_path"]


@pytest.mark.parametrize("asked", ["auto", "fp16"])
def test_tensorrt_computes_in_half_precision(asked: str) -> None:
    assert tensorrt(precision=asked).precision == "fp16"


@pytest.mark.parametrize("settings", [{"precision": "int8"}, {"precision": "fp32"}, {"dla": 0}])
def test_what_only_the_other_backend_can_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BackendError, match="use the backend tensorrt"):
        tensorrt(**settings)


def test_engines_are_kept_apart_where_nobody_else_can_write(cache: Path) -> None:
    folders = {
        tensorrt(**settings).all_for("vision")[0][1]["trt_engine_cache_path"]
        for settings in ({}, {"commands": 2}, {"cameras": 2}, {"workspace_mib": 100})
    }
    assert len(folders) == 4
    for folder in folders:
        assert Path(folder).is_relative_to(cache)
        assert Path(folder).stat().st_mode & 0o777 == 0o700


def test_where_a_build_is_unwelcome_only_a_kept_engine_will_do() -> None:
    folder = Path(tensorrt().all_for("vision")[0][1]["trt_engine_cache_path"])
    with pytest.raises(BackendError, match="no TensorRT engine of this model yet"):
        tensorrt(cancelled=lambda: True)
    (folder / "vision.engine").touch()
    with pytest.raises(BackendError, match="no TensorRT engine of this model yet"):
        tensorrt(cancelled=lambda: True)  # the build ended before that of the ground graph
    (folder / BUILT).touch()
    assert tensorrt(cancelled=lambda: True).precision == "fp16"
    folder.chmod(0o755)
    with pytest.raises(BackendError, match="no TensorRT engine of this model yet"):
        tensorrt(cancelled=lambda: True)


class OnProcessor:
    """ONNX Runtime with a GPU's providers, all of whose sessions run on the processor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = onnxruntime.InferenceSession

        class Session(real):  # type: ignore[misc,valid-type]
            def __init__(self, content: bytes, options: Any, providers: list[Any]) -> None:
                super().__init__(content, options, providers=["CPUExecutionProvider"])
                self.wanted = providers[0][0]

            def get_providers(self) -> list[str]:
                return [self.wanted]

        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*GPU_ROWS.values()])
        # What lies on a GPU lies on the processor here.
        monkeypatch.setattr(onnx_providers, "TENSORRT", replace(onnx_providers.TENSORRT, device="cpu"))


def three_commands(bundle: Bundle) -> TextBatch:
    random, text = np.random.default_rng(0), bundle.settings.text
    words = random.standard_normal((3, text.max_tokens, text.width), np.float32)
    return TextBatch(words, np.ones(words.shape[:2], np.float32), words[:, 0], np.array([0, 1, 0], np.int64))


def test_what_tensorrt_is_given_answers_as_the_bundle_and_more_commands_go_by_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("onnx")
    bundle = tiny_bundle.open_bundle()
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 96, 3), np.uint8)
    text = three_commands(bundle)

    def answer(backend: OnnxBackend) -> GroundOutput:
        return backend.ground(backend.see(images), text)

    with OnnxBackend(bundle, 1) as plain:
        expected = answer(plain)
    OnProcessor(monkeypatch)
    settings = TensorRtSettings(cameras=2, commands=2)
    with load_on_tensorrt(bundle, 1, settings, no) as backend:
        assert (backend.name, backend.precision, backend.fixed_size_px) == ("onnx-tensorrt", "fp16", (96, 64))
        found = answer(backend)
        for name in ("object_logits", "region_logits", "existence_logit"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-4)
        with pytest.raises(BackendError, match=r"built for 2 cameras, not 3: .* tensorrt_cameras"):
            backend.see(np.zeros((3, 64, 96, 3), np.uint8))
    load_on_tensorrt(bundle, 1, settings, lambda: True).close()  # it is marked as built


def test_sizes_that_the_bundle_does_not_take_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*GPU_ROWS.values(), "CPUExecutionProvider"])
    with pytest.raises(BackendError, match="no input of 100x64"):
        load_on_tensorrt(tiny_bundle.open_bundle(), 1, TensorRtSettings(size_px=(100, 64)), no)


def test_memory_settles_while_sizes_and_numbers_vary() -> None:
    """Arenas that grew with every new size would fill a robot's memory within a day."""
    psutil = pytest.importorskip("psutil")
    random = np.random.default_rng(0)
    with OnnxBackend(tiny_bundle.open_bundle(), 1) as backend:

        def look(count: int) -> int:
            for _ in range(count):
                cameras, height, width = random.integers(1, 7), 32 * random.integers(2, 16), 32 * random.integers(2, 16)
                backend.see(np.zeros((cameras, height, width, 3), np.uint8))
            return int(psutil.Process().memory_info().rss)

        settled = look(150)
        assert look(300) - settled < 40 * 2**20
