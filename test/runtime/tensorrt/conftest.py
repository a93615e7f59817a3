"""A fake GPU, and engines of the tiny bundle on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tiny_bundle

if TYPE_CHECKING:
    from fake_engines import Load
    from fake_tensorrt import Machine


@pytest.fixture
def machine() -> Machine:
    """A machine with TensorRT, which forgets nothing that is asked of it."""
    return pytest.importorskip("fake_tensorrt", reason="needs the package onnx").Machine()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads the backend on a machine; engines are kept in ``tmp_path / "tensorrt"``."""
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(tiny_bundle.TEXT_WEIGHTS))
    return pytest.importorskip("fake_engines", reason="needs the package onnx").loader(tmp_path / "tensorrt")
