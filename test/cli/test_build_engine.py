"""``ris build-engine`` from the command line to the cache, on a fake GPU."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import tiny_bundle

from ris_ros.cli import backend_checks
from ris_ros.cli.checks import State
from ris_ros.cli.main import main
from ris_ros.runtime import registry
from ris_ros.runtime.tensorrt import backend, cuda, engines, library

pytest.importorskip("rosbags")
fake_tensorrt = pytest.importorskip("fake_tensorrt", reason="needs the package onnx")

BUILD = "Builder.build_serialized_network"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A fake GPU with TensorRT, and a cache of its own."""
    made = fake_tensorrt.Machine()
    load, runtime = library.load_library, cuda.Cuda
    for module in (library, engines, backend):
        monkeypatch.setattr(module, "load_library", lambda: load(made.tensorrt))
    for module in (cuda, engines, backend):
        monkeypatch.setattr(module, "Cuda", lambda: runtime(made.cuda_runtime))
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


def test_it_builds_once_tells_what_came_of_it_and_builds_again_when_forced(
    machine: fake_tensorrt.Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build-engine", str(tiny_bundle.BUNDLE), "--precision", "fp32", "--cameras", "2", "--commands", "3"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert "tiny 1: built in" in out and "TensorRT 10.3.0 on Fake Orin" in out and "IoU of" in out
    assert "building vision" in err and "100%" in err
    assert len(list((tmp_path / "cache" / "ris_ros" / "tensorrt").glob("*/vision.plan"))) == 1

    assert main(command) == 0
    assert "in the cache" in capsys.readouterr().out
    assert machine.count(BUILD) == 2
    assert main([*command, "--force"]) == 0
    assert machine.count(BUILD) == 4
    assert machine.alive == {}


def test_doctor_tries_each_engine_that_is_kept(
    machine: fake_tensorrt.Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = ["build-engine", str(tiny_bundle.BUNDLE), "--precision", "fp32"]
    assert main([*built, "--size", "64x32", "--cameras", "1"]) == 0
    assert main([*built, "--camera-size", "384x256", "--commands", "2"]) == 0
    monkeypatch.setattr(backend_checks, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(registry, "BACKENDS", {"tensorrt": registry.BACKENDS["tensorrt"]})
    _, latest, earlier, *_ = backend_checks.check_backends(tiny_bundle.BUNDLE)
    assert "96x64 of camera images of 384x256 (cameras: 6, commands: 2)" in latest.text
    assert "64x32 (cameras: 1, commands: 16)" in earlier.text and "IoU of" in earlier.text
    assert {latest.state, earlier.state} == {State.OK}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cameras", "0"], "cameras"),
        (["--size", "big"], "such as 512x288"),
        (["--size", "64x30"], "multiples of 32 up to 96x64"),
        (["--dla", "0", "--precision", "int8"], "fp16 here"),
        (["--workspace-mib", "999999"], "workspace_mib"),
        (["--workspace-mib", "60000"], "does not fit"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    machine: fake_tensorrt.Machine, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["build-engine", str(tiny_bundle.BUNDLE), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert machine.count(BUILD) == 0


@pytest.mark.skipif(importlib.util.find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_without_tensorrt_it_says_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build-engine", str(tiny_bundle.BUNDLE)]) == 2
    assert "tensorrt" in capsys.readouterr().err
