"""What is asked of each TensorRT exists in its bindings."""

from __future__ import annotations

import pytest

from ris_ros.errors import BackendError
from ris_ros.runtime.tensorrt.versions import differences

fake_tensorrt = pytest.importorskip("fake_tensorrt", reason="needs the package onnx")


@pytest.mark.parametrize("version", fake_tensorrt.VERSIONS)
def test_every_flag_is_one_of_the_bindings(version: str) -> None:
    known, surface = differences(version), fake_tensorrt.SURFACE[version]
    assert set(known.network_flags) <= set(surface["NetworkDefinitionCreationFlag"].split())
    for flags in known.builder_flags.values():
        assert set(flags) <= set(surface["BuilderFlag"].split())
    assert known.reports_progress == ("IProgressMonitor" in surface)


@pytest.mark.parametrize(
    ("version", "has_dla"), [("8.6.2", True), ("10.3.0", True), ("10.7", True), ("10.8.0", False), ("11.0", False)]
)
def test_a_dla_is_built_for_up_to_10_7(version: str, has_dla: bool) -> None:
    assert differences(version).has_dla is has_dla


@pytest.mark.parametrize("version", ["8.5.2", "7.2.1", "12.0", "unknown", ""])
def test_other_versions_are_refused_in_a_sentence(version: str) -> None:
    with pytest.raises(BackendError, match="TensorRT"):
        differences(version)
