from __future__ import annotations

from typing import Any

import pytest

from ris_ros.config.bundle import BundleSettings
from ris_ros.config.network import NetworkSettings
from ris_ros.config.strict import parse_settings
from ris_ros.errors import ConfigError

HASH = "0" * 64


def values(**changes: Any) -> dict[str, Any]:
    files = ("vision.onnx", "ground.onnx", "text.onnx", "tokenizer.json")
    return {
        "format": 1,
        "name": "street",
        "version": "0.1",
        "input_size_px": [480, 288],
        "normalisation": {"mean": [0.0, 0.0, 0.0], "std": [255.0, 255.0, 255.0]},
        "thresholds": {"object": 0.5, "region": 0.4, "existence": 0.6},
        "roles": {1: "referred_object", 2: "referred_region"},
        "text": {"encoder": "all-MiniLM-L6-v2", "sha256": HASH, "max_tokens": 32, "width": 384},
        "data_licence": "CC BY-NC",
        "files": dict.fromkeys(files, HASH),
    } | changes


def test_good_values_are_taken() -> None:
    settings = parse_settings(BundleSettings, values(), "bundle.yaml")
    assert settings.input_size_px == (480, 288)
    assert settings.thresholds.region == 0.4


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"thresholds": {"object": 0.5, "region": 0.5, "existence": 0.5, "extra": 1}}, "thresholds.extra"),
        ({"thresholds": {"object": 1.5, "region": 0.5, "existence": 0.5}}, "thresholds.object"),
        ({"thresholds": {"object": 0.5, "region": 0.5}}, "thresholds.existence"),
        ({"format": 2}, "install the version that wrote the bundle"),
        ({"input_size_px": [480]}, "input_size_px"),
        ({"input_size_px": [480, -1]}, "input_size_px"),
        ({"normalisation": {"mean": [0, 0, 0], "std": [1, 0, 1]}}, "normalisation.std"),
        ({"roles": {1: "the red car", 2: "referred_region"}}, "roles"),
        ({"files": {"vision.onnx": HASH}}, "ground.onnx"),
        ({"files": values()["files"] | {"../../etc/passwd": HASH}}, "etc/passwd"),
        ({"files": values()["files"] | {"vision.onnx": "abc"}}, "files.vision.onnx"),
        ({"files": values()["files"] | {"weights.safetensors": HASH}}, "network"),
        ({"network": NetworkSettings(input_size_px=(64, 64)).model_dump()}, "input_size_px"),
        ({"name": "../x"}, "name"),
    ],
)
def test_bad_values_are_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named.replace(".", r"\.")):
        parse_settings(BundleSettings, values(**changes), "bundle.yaml")
