"""What the machine is, read from the system's files."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from ris_ros.runtime.devices import (
    cpu_name,
    gpu_driver,
    gpu_name,
    has_nvidia_gpu,
    importable,
    is_jetson,
    module_version,
    usable_cores,
)


def write(root: Path, name: str, content: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


@pytest.mark.parametrize("name", ["proc/driver/nvidia/version", "dev/nvidia0", "etc/nv_tegra_release"])
def test_a_gpu_is_where_its_driver_is(tmp_path: Path, name: str) -> None:
    assert not has_nvidia_gpu(tmp_path) and gpu_name(tmp_path) == ""
    write(tmp_path, name)
    assert has_nvidia_gpu(tmp_path)
    assert is_jetson(tmp_path) == name.startswith("etc")
    assert gpu_name(tmp_path) == "NVIDIA GPU"


def test_a_gpu_has_the_drivers_name_or_the_boards(tmp_path: Path) -> None:
    write(tmp_path, "etc/nv_tegra_release")
    write(tmp_path, "proc/device-tree/model", "NVIDIA Jetson Orin Nano\0")
    assert gpu_name(tmp_path) == "NVIDIA Jetson Orin Nano"
    write(tmp_path, "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA L4\nIRQ: 1\n")
    assert gpu_name(tmp_path) == "NVIDIA L4"


def test_in_a_container_a_jetson_is_known_by_its_board(tmp_path: Path) -> None:
    write(tmp_path, "proc/device-tree/compatible", "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0")
    assert is_jetson(tmp_path) and has_nvidia_gpu(tmp_path)


def test_a_driver_says_which_it_is(tmp_path: Path) -> None:
    assert gpu_driver(tmp_path) == ""
    write(tmp_path, "etc/nv_tegra_release", "# R36 (release), REVISION: 4.3\nTARGET: oot\n")
    assert gpu_driver(tmp_path) == "# R36 (release), REVISION: 4.3"
    write(tmp_path, "proc/driver/nvidia/version", "NVRM version: 575.51\nGCC version: 13\n")
    assert gpu_driver(tmp_path) == "NVRM version: 575.51"


def test_the_processor_has_its_name_or_that_of_its_kind(tmp_path: Path) -> None:
    assert cpu_name(tmp_path) != ""
    write(tmp_path, "proc/cpuinfo", "processor : 0\nmodel name\t: Some Processor @ 2 GHz\n")
    assert cpu_name(tmp_path) == "Some Processor @ 2 GHz"


def test_this_process_may_use_a_core() -> None:
    assert usable_cores() >= 1


def test_versions_of_libraries() -> None:
    assert module_version("numpy").count(".") >= 2
    assert module_version("tiny_bundle").isdigit()
    assert module_version("no_such_library") == ""


def test_a_package_with_cuda_is_another_than_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"some": "1.20.0"}

    def version(name: str) -> str:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    before = module_version("some")
    installed["some-gpu"] = installed.pop("some")
    assert module_version("some") != before


def test_a_bare_folder_is_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "launch_folder_without_code").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not importable("launch_folder_without_code")
    assert not importable("no_such_parent.child")
    assert importable("json")
