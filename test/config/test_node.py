"""The node's settings: one source, and a file that says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ris_ros.config.node import NodeConfig, when
from ris_ros.config.parameter import When
from ris_ros.config.strict import parse_settings
from ris_ros.errors import ConfigError


def test_the_parameter_file_holds_every_default(repository: Path) -> None:
    content = yaml.safe_load((repository / "config" / "grounding.yaml").read_text())
    assert content == {"/**": {"ros__parameters": NodeConfig().model_dump()}}


def test_the_parameter_file_has_the_types_that_ros_asks_for(repository: Path) -> None:
    values = yaml.safe_load((repository / "config" / "grounding.yaml").read_text())["/**"]["ros__parameters"]
    defaults = NodeConfig().model_dump()
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in defaults.items()
    }


@pytest.mark.parametrize("name", sorted(NodeConfig.model_fields))
def test_every_parameter_is_described_and_in_the_interface(name: str, repository: Path) -> None:
    assert NodeConfig.model_fields[name].description
    assert when(name) in When
    row = f"| `{name}` |"
    assert row in (repository / "docs" / "interface.md").read_text()


def test_thresholds_are_live() -> None:
    assert {when(f"threshold_{name}") for name in ("object", "region", "existence")} == {When.LIVE}


@pytest.mark.parametrize(
    "values",
    [
        {"cameras": []},
        {"cameras": ["a", "a"]},
        {"cameras": ["2nd"]},
        {"cameras": ["a b"]},
        {"cameras": ["a" * 151]},
        {"cameras": ["a//b"]},
        {"transport": "pigeon"},
        {"threshold_object": 1.0},
        {"threshold_object": float("nan")},
        {"max_image_age_s": 0.0},
        {"clock_tolerance_s": float("inf")},
        {"colour": 1},
        {"base_frame": ""},
        {"base_frame": "base link"},
        {"base_frame": "/base_link"},
        {"fixed_frame": " "},
        {"camera_poses": []},
        {"camera_poses": [0.0] * 7},
        {"camera_poses": [float("nan")] * 6},
        {"free_texts": []},
        {"obstacle_texts": ["all the cars", " !"]},
        {"obstacle_texts": ["car " * 100]},
        {"navigate_action": "navigate to pose"},
        {"filter_mask": "speed"},
    ],
)
def test_bad_values_are_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        parse_settings(NodeConfig, values, "test")


@pytest.mark.parametrize("name", ["camera", "/front", "robot_1/front_left"])
def test_namespaces_are_camera_names(name: str) -> None:
    assert NodeConfig(cameras=[name]).cameras == [name]


@pytest.mark.parametrize(
    "values", [{"fixed_frame": ""}, {"base_frame": "robot_1/base_link"}, {"camera_poses": [0.1] * 12}]
)
def test_frames_and_poses_of_several_cameras_are_taken(values: dict[str, object]) -> None:
    settings = parse_settings(NodeConfig, values, "test")
    assert {name: getattr(settings, name) for name in values} == values


def test_engines_are_built_for_every_camera_there_is() -> None:
    """One for fewer would fail on the first images of all, and another backend would take its place."""
    assert NodeConfig(cameras=[f"camera_{number}" for number in range(8)]).tensorrt.cameras == 8
    assert NodeConfig(tensorrt_cameras=3).tensorrt.cameras == 3
