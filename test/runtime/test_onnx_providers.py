"""ONNX Runtime's GPU providers, as far as they can be held to account without a GPU: what a session is asked for, and
that ONNX Runtime never steps aside to the processor in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tiny_bundle

from ris_ros.config.tensorrt import TensorRtSettings
from ris_ros.errors import BackendError
from ris_ros.runtime import registry
from ris_ros.runtime.onnx_backend import OnnxBackend, load_on_tensorrt
from ris_ros.runtime.onnx_providers import CPU, Provider, cuda_provider, tensorrt_provider

GPU_ROWS = {"onnx-cuda": "CUDAExecutionProvider", "onnx-tensorrt": "TensorrtExecutionProvider"}
SHAPES = {"p4": (1, 3, 16, 24), "p8": (1, 3, 8, 12)}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def no() -> bool:
    return False


def tensorrt(cancelled: Callable[[], bool] = no, **settings: Any) -> Provider:
    return tensorrt_provider(
        "1.22.0", tiny_bundle.open_bundle(), (96, 64), TensorRtSettings(**settings), SHAPES, cancelled
    )


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
    with OnnxBackend(tiny_bundle.open_bundle(), 1) as plain:
        assert plain.feature_shapes((96, 64)) == SHAPES
        assert set(most) == {tensor.name for tensor in plain._ground.get_inputs()}
    assert provider.size_px == (96, 64)


@pytest.mark.parametrize(
    ("asked", "precision", "flag"), [("auto", "fp16", "1"), ("fp16", "fp16", "1"), ("fp32", "fp32", "0")]
)
def test_tensorrt_computes_in_what_is_asked_for(asked: str, precision: str, flag: str) -> None:
    provider = tensorrt(precision=asked)
    assert provider.precision == precision
    assert provider.all_for("vision")[0][1]["trt_fp16_enable"] == flag


@pytest.mark.parametrize("settings", [{"precision": "int8"}, {"dla": 0}])
def test_what_only_the_other_backend_can_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BackendError, match="use the backend tensorrt"):
        tensorrt(**settings)


def test_engines_are_kept_apart_where_nobody_else_can_write(cache: Path) -> None:
    folders = {
        tensorrt(**settings).all_for("vision")[0][1]["trt_engine_cache_path"]
        for settings in ({}, {"precision": "fp32"}, {"cameras": 2}, {"workspace_mib": 100})
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
    assert tensorrt(cancelled=lambda: True).precision == "fp16"
    folder.chmod(0o755)
    with pytest.raises(BackendError, match="no TensorRT engine of this model yet"):
        tensorrt(cancelled=lambda: True)


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
