"""Engines built, kept, found again and refused, on a fake GPU."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import RED, picture

pytest.importorskip("rosbags")
fake_tensorrt = pytest.importorskip("fake_tensorrt", reason="needs the package onnx")

from fake_engines import BUILD, EXECUTE, Load, images, text  # noqa: E402
from fake_tensorrt import Machine  # noqa: E402

from ris_ros.errors import BackendError, MissingExtraError  # noqa: E402
from ris_ros.runtime.onnx_backend import OnnxBackend  # noqa: E402
from ris_ros.runtime.tensorrt import engines  # noqa: E402
from ris_ros.runtime.tensorrt.builder import MIB, workspace_bytes  # noqa: E402
from ris_ros.runtime.tensorrt.cache import PLANS  # noqa: E402
from ris_ros.runtime.tensorrt.cuda import Cuda  # noqa: E402
from ris_ros.runtime.tensorrt.library import load_library  # noqa: E402
from ris_ros.runtime.tensorrt.progress import Progress  # noqa: E402


def test_one_camera_and_one_command_have_kernels_of_their_own(load: Load, machine: Machine, tmp_path: Path) -> None:
    load(machine, cameras=4, commands=5).close()
    vision, ground = (json.loads(next(tmp_path.rglob(f"{name}.plan")).read_text())["profiles"] for name in PLANS)
    rows = [[shape[0] for shape in profile["image"]] for profile in vision]
    assert rows == [[1, 1, 1], [2, 4, 4]]
    assert [[shape[0] for shape in profile["words"]] for profile in ground] == [[1, 1, 1], [2, 2, 5]]
    assert all([shape[0] for shape in profile["p4"]] == [1, 1, 4] for profile in ground)
    again = Machine()
    load(again, cameras=1, commands=1).close()
    assert again.count("IBuilderConfig.add_optimization_profile") == 2


def test_the_second_start_takes_the_engine_from_the_cache(load: Load, machine: Machine) -> None:
    load(machine).close()
    again = Machine()
    load(again).close()
    assert (machine.count(BUILD), again.count(BUILD)) == (2, 0)
    newer = Machine("10.13.3.9")
    load(newer).close()
    assert newer.count(BUILD) == 2


def test_an_engine_is_built_for_the_size_that_is_asked_for_and_for_no_other(load: Load, machine: Machine) -> None:
    asked = picture((96, 64), (RED, (16, 16, 24, 24)))[None, :32, :64]
    with load(machine, size_px="64x32") as backend:
        assert backend.fixed_size_px == (64, 32)
        answer = backend.ground(backend.see(asked), text(2))
        with pytest.raises(BackendError, match=r"\[C, 32, 64, 3\]"):
            backend.see(images(1))
    with OnnxBackend(tiny_bundle.open_bundle(), threads=1) as reference:
        expected = reference.ground(reference.see(asked), text(2))
    np.testing.assert_allclose(answer.object_logits, expected.object_logits, atol=1e-4)
    load(machine).close()
    assert machine.count(BUILD) == 4, "one size's engine is not another's"


@pytest.mark.parametrize("size", ["64x30", "128x64", "96x96", "32x0"])
def test_a_size_that_the_graphs_do_not_take_is_refused_before_anything_is_built(
    load: Load, machine: Machine, size: str
) -> None:
    with pytest.raises((BackendError, ValueError), match=r"96x64|such as 512x288"):
        load(machine, size_px=size)
    assert machine.count(BUILD) == 0


def test_what_the_cache_holds_for_this_machine_is_told_without_building(
    load: Load, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tiny_bundle.open_bundle()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert engines.kept_settings(bundle) == [], "without TensorRT, and without a cache"
    load(machine).close()
    load(machine, cameras=2).close()
    load(Machine("11.4.0.106")).close()
    shutil.copytree(tmp_path / "tensorrt", tmp_path / "ris_ros" / "tensorrt")
    (tmp_path / "ris_ros" / "tensorrt").chmod(0o700)
    assert engines.kept_settings(bundle) == [], "without TensorRT"
    monkeypatch.setattr(engines, "load_library", lambda: load_library(machine.tensorrt))
    monkeypatch.setattr(engines, "Cuda", lambda: Cuda(machine.cuda_runtime))
    machine.calls.clear()
    found = engines.kept_settings(bundle)
    assert [settings.cameras for settings in found] == [2, 6] and found[1].precision == "fp32"
    machine.refuse.add("cudaGetDeviceCount")
    assert engines.kept_settings(bundle) == []
    assert machine.count(BUILD) == 0


def test_an_altered_plan_is_built_again(load: Load, machine: Machine, tmp_path: Path) -> None:
    load(machine).close()
    (plan,) = tmp_path.rglob("vision.plan")
    plan.write_bytes(plan.read_bytes() + b" ")
    again = Machine()
    load(again).close()
    assert again.count(BUILD) == 2


def test_a_plan_that_does_not_load_is_built_again_but_one_without_room_is_not(load: Load, machine: Machine) -> None:
    load(machine).close()
    unreadable = Machine()
    unreadable.refuse.add("Runtime.deserialize_cuda_engine once")
    load(unreadable).close()
    assert unreadable.count(BUILD) == 2
    full = Machine()
    full.refuse.add("cudaMalloc")
    with pytest.raises(BackendError, match="out of memory"):
        load(full)
    assert full.count(BUILD) == 0 and full.alive == {}


def test_progress_is_told_and_cancelling_ends_the_build(load: Load, machine: Machine) -> None:
    told: list[Progress] = []
    load(machine, told=told).close()
    assert {"building vision", "building ground"} <= {one.stage for one in told}
    with pytest.raises(BackendError, match="cancelled"):
        load(machine, lambda: machine.count(BUILD) > 2, cameras=2)
    assert machine.alive == {}


def test_whoever_will_not_wait_is_told_how_to_build_and_what_there_is(load: Load, machine: Machine) -> None:
    with pytest.raises(BackendError, match="no such TensorRT engine: run `ris build-engine`"):
        load(machine, lambda: True)
    assert machine.count(BUILD) == 0
    load(machine, size_px="64x32").close()
    with pytest.raises(BackendError, match=r"shapes 64x32, .* not 96x64, .*run `ris build-engine`"):
        load(machine, lambda: True)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("OnnxParser.parse", "cannot read the vision graph"),
        ("build", r"cannot build the vision engine \(no kernel fits\)"),
        ("profile", "choose other --cameras"),
        ("Builder", r"cannot start here \(Builder: .*nullptr"),
        ("Runtime", r"cannot start here \(Runtime: .*nullptr"),
        ("cudaMalloc", "CUDA failed .*out of memory"),
        (EXECUTE, "vision engine of TensorRT failed"),
        ("IExecutionContext.set_input_shape", "does not take"),
        ("cudaStreamSynchronize", "CUDA failed"),
        ("cudaGetDeviceCount", "CUDA failed"),
    ],
)
def test_failures_are_sentences_and_leave_nothing_behind(load: Load, machine: Machine, refused: str, said: str) -> None:
    machine.refuse.add(refused)
    with pytest.raises(BackendError, match=said):
        load(machine)
    assert machine.alive == {}


def test_an_error_that_outlives_the_call_says_to_start_again(load: Load, machine: Machine) -> None:
    machine.refuse.add("cudaStreamSynchronize")
    machine.status = 700
    with pytest.raises(BackendError, match="start the program again"):
        load(machine)


def test_a_driver_that_is_too_old_is_told_with_what_to_install(load: Load, machine: Machine) -> None:
    machine.refuse.add("cudaGetDeviceCount")
    machine.status = 35
    with pytest.raises(BackendError, match="cuda-bindings<13"):
        load(machine)


def test_a_damaged_timing_cache_costs_time_only(load: Load, machine: Machine) -> None:
    load(machine, cameras=1).close()
    machine.refuse.add("timing cache")
    load(machine, cameras=2).close()
    assert machine.count(BUILD) == 4


def test_an_engine_that_answers_otherwise_is_refused_and_not_kept(
    load: Load, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_tensorrt._Context._run

    def astray(context: object, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: value * np.float32(0.5) for name, value in run(context, feeds).items()}

    monkeypatch.setattr(fake_tensorrt._Context, "_run", astray)
    with pytest.raises(BackendError, match="does not answer as ONNX Runtime does"):
        load(machine)
    assert not list(tmp_path.rglob("*.plan"))
    assert machine.alive == {}


def test_the_workspace_is_bounded_by_what_is_free() -> None:
    assert workspace_bytes(8192 * MIB, None) == 1024 * MIB
    assert workspace_bytes(1024 * MIB, None) == 256 * MIB
    assert workspace_bytes(8192 * MIB, 2048) == 2048 * MIB
    for free, asked in ((300 * MIB, None), (1024 * MIB, 600)):
        with pytest.raises(BackendError, match="stop other programs"):
            workspace_bytes(free, asked)


def test_where_memory_is_shared_what_the_system_can_spare_counts(machine: Machine, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  8000000 kB\nMemAvailable:   1000000 kB\n")
    assert Cuda(machine.cuda_runtime).free_bytes(meminfo) == 1_000_000 * 1024


@pytest.mark.skipif(importlib.util.find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_what_is_not_installed_is_named_with_its_extra() -> None:
    with pytest.raises((MissingExtraError, BackendError), match="tensorrt"):
        load_library()
