"""Nav2's parameters with ours in them, and the launch file that starts both, against recording stand-ins."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ris_ros.config.bundle import ROLES
from ris_ros.config.node import NodeConfig
from ris_ros.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
OURS = yaml.safe_load((REPOSITORY / "config" / "nav2_ris.yaml").read_text())
THEIRS = {
    "bt_navigator": {"ros__parameters": {"global_frame": "map"}},
    "local_costmap": {
        "local_costmap": {
            "ros__parameters": {"plugins": ["voxel_layer", "inflation_layer"], "voxel_layer": {"enabled": True}}
        }
    },
    "global_costmap": {"global_costmap": {"ros__parameters": {"plugins": ["static_layer", "inflation_layer"]}}},
}


class Recorded:
    """Something that the launch file made: its class's name and what it was made of."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        self.kind, self.args, self.kwargs = kind, args, kwargs


class FakeConfiguration:
    def __init__(self, name: str) -> None:
        self._name = name

    def perform(self, context: dict[str, str]) -> str:
        return context[self._name]


def recorder(kind: str) -> Callable[..., Recorded]:
    return lambda *args, **kwargs: Recorded(kind, *args, **kwargs)


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> types.ModuleType:
    """The launch file as a module, its imports replaced at the outermost boundary; Nav2 is installed in tmp_path."""
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "nav2_params.yaml").write_text(yaml.safe_dump(THEIRS))
    actions = ("DeclareLaunchArgument", "GroupAction", "IncludeLaunchDescription", "OpaqueFunction")
    contents: dict[str, dict[str, Any]] = {
        "ament_index_python": {},
        "ament_index_python.packages": {"get_package_share_directory": lambda package: str(tmp_path)},
        "launch": {"LaunchContext": dict, "LaunchDescription": list},
        "launch.actions": {name: recorder(name) for name in actions},
        "launch.launch_description_sources": {"PythonLaunchDescriptionSource": str},
        "launch.substitutions": {"LaunchConfiguration": FakeConfiguration},
    }
    for name, members in contents.items():
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("nav2_launch", REPOSITORY / "launch" / "nav2.launch.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(loaded.tempfile, "tempdir", str(tmp_path))
    return loaded


def started(launch_file: types.ModuleType, **given: str) -> tuple[dict[str, Any], list[str]]:
    """The parameters that both are started with, and the launch files that are included."""
    description = launch_file.generate_launch_description()
    values = {a.args[0]: a.kwargs["default_value"] for a in description if a.kind == "DeclareLaunchArgument"}
    assert given.keys() <= values.keys()
    (start,) = (action for action in description if action.kind == "OpaqueFunction")
    groups = start.kwargs["function"](values | given)
    included = [include for group in groups for include in group.args[0]]
    (params_file,) = {dict(include.kwargs["launch_arguments"])["params_file"] for include in included}
    return yaml.safe_load(Path(params_file).read_text()), [Path(include.args[0]).name for include in included]


def costmap(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    settings: dict[str, Any] = parameters[name][name]["ros__parameters"]
    return settings


def test_both_are_started_with_the_same_parameters(launch_file: types.ModuleType) -> None:
    parameters, included = started(launch_file)

    assert included == ["grounding.launch.py", "navigation_launch.py"]
    assert parameters["bt_navigator"] == THEIRS["bt_navigator"]
    assert parameters["ris"]["ros__parameters"]["navigate"] is False


def test_layers_stand_where_they_work(launch_file: types.ModuleType) -> None:
    parameters, _ = started(launch_file, layers="objects, ground,filter", navigate="true")
    local, global_ = costmap(parameters, "local_costmap"), costmap(parameters, "global_costmap")

    assert local["plugins"] == ["ris_ground", "voxel_layer", "ris_objects", "inflation_layer"]
    assert local["voxel_layer"] == {"enabled": True}
    assert (global_["plugins"], global_["filters"]) == (["static_layer", "inflation_layer"], ["ris_filter"])
    assert all("plugin" in settings[name] for settings, name in ((local, "ris_objects"), (global_, "ris_filter")))
    assert parameters["ris"]["ros__parameters"]["navigate"] is True


def test_a_robots_own_parameters_are_taken_and_kept(launch_file: types.ModuleType, tmp_path: Path) -> None:
    own = {"local_costmap": {"local_costmap": {"ros__parameters": {"plugins": ["obstacles", "ris_objects"]}}}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own))
    parameters, _ = started(launch_file, nav2_params_file=str(tmp_path / "own.yaml"), layers="objects")

    assert costmap(parameters, "local_costmap")["plugins"] == ["obstacles", "ris_objects"]


def test_no_layers_leave_nav2s_lists_alone(launch_file: types.ModuleType) -> None:
    parameters, _ = started(launch_file, layers="")

    assert costmap(parameters, "local_costmap")["plugins"] == ["voxel_layer", "inflation_layer"]
    assert "filters" not in costmap(parameters, "global_costmap")


def test_what_cannot_be_used_is_refused_with_a_sentence(launch_file: types.ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no layer 'lanes'"):
        started(launch_file, layers="lanes")
    with pytest.raises(ConfigError, match="cannot be read"):
        started(launch_file, nav2_params_file=str(tmp_path / "missing.yaml"))


def test_our_parameters_are_ones_that_the_node_has() -> None:
    assert NodeConfig.model_validate(OURS["ris"]["ros__parameters"])


def test_the_semantic_layer_knows_every_class_of_the_label_mask_and_reads_topics_of_the_node() -> None:
    source = costmap(OURS, "local_costmap")["ris_objects"]["ris"]
    classes = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    node = "\n".join(path.read_text() for path in (REPOSITORY / "ris_ros" / "ros").glob("*.py"))

    assert sorted(classes) == sorted(ROLES.values())
    topics = [value for key, value in source.items() if key.endswith("_topic")]
    topics += [costmap(OURS, "local_costmap")["ris_ground"]["map_topic"]]
    topics += [costmap(OURS, "global_costmap")["ris_filter"]["filter_info_topic"]]
    assert len(topics) == 6
    assert all(topic.replace("/ris/", '"~/') + '"' in node for topic in topics)
