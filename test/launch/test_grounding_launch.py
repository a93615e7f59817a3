"""The launch file, run against recording stand-ins for `launch` and `launch_ros` (and the real ones where they are)."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ris_ros.config.node import NodeConfig
from ris_ros.errors import ConfigError
from ris_ros.ros import transport

LAUNCH_FILE = Path(__file__).resolve().parents[2] / "launch" / "grounding.launch.py"
CONFIGURE, ACTIVATE = 1, 3  # lifecycle_msgs/msg/Transition


class Recorded:
    """Something that the launch file made: its class's name and what it was made of."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        self.kind, self.args, self.kwargs = kind, args, kwargs


class FakeContext(dict[str, str]):
    """The values of launch arguments."""


class FakeConfiguration:
    def __init__(self, name: str) -> None:
        self._name = name

    def perform(self, context: FakeContext) -> str:
        return context[self._name]


def recorder(kind: str) -> Callable[..., Recorded]:
    return lambda *args, **kwargs: Recorded(kind, *args, **kwargs)


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The launch file as a module, its imports of `launch` replaced at the outermost boundary."""
    contents: dict[str, dict[str, Any]] = {
        "launch": {"LaunchContext": FakeContext, "LaunchDescription": list},
        "launch.actions": dict.fromkeys(
            (
                "DeclareLaunchArgument",
                "EmitEvent",
                "LogInfo",
                "OpaqueFunction",
                "RegisterEventHandler",
                "SetEnvironmentVariable",
            )
        ),
        "launch.event_handlers": dict.fromkeys(("OnProcessStart",)),
        "launch.events": {"matches_action": lambda action: action},
        "launch.substitutions": {"LaunchConfiguration": FakeConfiguration},
        "launch_ros": {},
        "launch_ros.actions": dict.fromkeys(("LifecycleNode", "Node")),
        "launch_ros.event_handlers": dict.fromkeys(("OnStateTransition",)),
        "launch_ros.events": {},
        "launch_ros.events.lifecycle": dict.fromkeys(("ChangeState",)),
        "lifecycle_msgs": {},
        "lifecycle_msgs.msg": {
            "Transition": types.SimpleNamespace(TRANSITION_CONFIGURE=CONFIGURE, TRANSITION_ACTIVATE=ACTIVATE)
        },
    }
    for name, members in contents.items():
        module = types.ModuleType(name)
        for member, value in members.items():
            setattr(module, member, recorder(member) if value is None else value)
        monkeypatch.setitem(sys.modules, name, module)
    return load()


def load() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("grounding_launch", LAUNCH_FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(launch_file: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Recorded]]]:
    """Run the launch file with the given arguments and return its actions."""
    for name in transport.plan(2, environ={}).environment:
        monkeypatch.delenv(name, raising=False)

    def run_with(**given: str) -> list[Recorded]:
        description = launch_file.generate_launch_description()
        values = {a.args[0]: a.kwargs["default_value"] for a in description if a.kind == "DeclareLaunchArgument"}
        assert given.keys() <= values.keys()
        (start,) = (action for action in description if action.kind == "OpaqueFunction")
        actions: list[Recorded] = start.kwargs["function"](FakeContext(values | given))
        return actions

    yield run_with


def node_of(actions: list[Recorded]) -> Recorded:
    (node,) = (action for action in actions if action.kind == "LifecycleNode")
    return node


def test_every_argument_is_described_and_has_a_default(launch_file: types.ModuleType) -> None:
    declared = [a for a in launch_file.generate_launch_description() if a.kind == "DeclareLaunchArgument"]

    assert len(declared) >= 10
    for argument in declared:
        assert argument.kwargs["description"].endswith("."), argument.args[0]
        assert argument.kwargs["default_value"] in argument.kwargs.get("choices", [argument.kwargs["default_value"]])


def test_the_node_runs_as_its_executable_with_parameters_that_exist(run: Callable[..., list[Recorded]]) -> None:
    node = node_of(run(cameras="front, rear", bundle="model", backend="onnx", log_level="debug", namespace="robot"))
    params_file, overrides = node.kwargs["parameters"]

    assert (node.kwargs["package"], node.kwargs["executable"]) == ("ris_ros", "grounding_node")
    assert (node.kwargs["name"], node.kwargs["namespace"]) == ("ris", "robot")
    assert overrides.pop("use_sim_time") is False
    assert overrides == {"cameras": ["front", "rear"], "bundle": "model", "backend": "onnx"}
    assert NodeConfig.model_validate(overrides)
    (of_all_nodes,) = yaml.safe_load(Path(params_file).read_text()).values()
    assert NodeConfig.model_validate(of_all_nodes["ros__parameters"])
    assert node.kwargs["ros_arguments"] == ["--log-level", "debug"]


def test_arguments_that_are_not_given_leave_the_params_file_alone(run: Callable[..., list[Recorded]]) -> None:
    node = node_of(run(use_sim_time="true"))

    assert node.kwargs["parameters"][1] == {"use_sim_time": True}
    assert node.kwargs["remappings"] == []


def test_a_camera_of_another_name_is_remapped_raw_and_compressed(run: Callable[..., list[Recorded]]) -> None:
    given = {"camera_info_topic": "/zed/rgb/camera_info", "command_topic": "/speech/text", "cameras": "front,rear"}
    remapped = dict(node_of(run(image_topic="/zed/rgb/image_raw/compressed", **given)).kwargs["remappings"])

    assert remapped == {
        "front/image_raw": "/zed/rgb/image_raw",
        "front/image_raw/compressed": "/zed/rgb/image_raw/compressed",
        "front/camera_info": "/zed/rgb/camera_info",
        "command": "/speech/text",
    }


@pytest.mark.parametrize("node", ["/**", "ris", "/robot/ris", "/*"])
def test_the_camera_of_the_params_file_is_remapped(
    run: Callable[..., list[Recorded]], tmp_path: Path, node: str
) -> None:
    params = {
        node: {"ros__parameters": {"cameras": ["front", "rear"]}},
        "talker": {"ros__parameters": {"cameras": ["x"]}},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    given = {
        "params_file": str(tmp_path / "params.yaml"),
        "image_topic": "/zed/image",
        "camera_info_topic": "/zed/info",
    }

    assert dict(node_of(run(**given)).kwargs["remappings"]) == {
        "front/image_raw": "/zed/image",
        "front/image_raw/compressed": "/zed/image/compressed",
        "front/camera_info": "/zed/info",
    }
    remapped = dict(node_of(run(**given, cameras="side")).kwargs["remappings"])
    assert "side/image_raw" in remapped, "the argument stands above the file"


@pytest.mark.parametrize("content", [None, "cameras: [", "- 1", "ris: {ros__parameters: {cameras: []}}", "/**: 3"])
def test_a_params_file_without_a_camera_leaves_the_default(
    run: Callable[..., list[Recorded]], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_text(content)
    node = node_of(run(params_file=str(path), image_topic="/zed/image"))

    assert ("camera/image_raw", "/zed/image") in node.kwargs["remappings"]


def test_a_params_file_of_several_nodes_needs_the_camera_said(
    run: Callable[..., list[Recorded]], tmp_path: Path
) -> None:
    path = tmp_path / "params.yaml"
    nodes = {f"/{name}/ris": {"ros__parameters": {"cameras": [name]}} for name in ("left", "right")}
    path.write_text(yaml.safe_dump(nodes))

    with pytest.raises(ConfigError, match="cameras:="):
        run(params_file=str(path), image_topic="/zed/image")
    assert node_of(run(params_file=str(path))).kwargs["remappings"] == []


def test_the_transport_is_set_before_the_node_unless_refused(run: Callable[..., list[Recorded]]) -> None:
    actions = run()
    variables = {a.args[0]: a.args[1] for a in actions if a.kind == "SetEnvironmentVariable"}

    assert variables == dict(transport.plan(2).environment)
    assert all(a.kind != "SetEnvironmentVariable" for a in actions[actions.index(node_of(actions)) :])
    assert all(a.kind != "SetEnvironmentVariable" for a in run(shared_memory="false"))


def test_the_node_is_configured_when_it_has_started_and_activated_when_configured(
    run: Callable[..., list[Recorded]],
) -> None:
    actions = run()
    node = node_of(actions)
    handlers = [a.args[0] for a in actions if a.kind == "RegisterEventHandler"]
    (started,) = (h for h in handlers if h.kind == "OnProcessStart")
    transitions = {(h.kwargs["start_state"], h.kwargs["goal_state"]): h for h in handlers if h is not started}
    (configure,) = started.kwargs["on_start"]
    (activate,) = transitions["configuring", "inactive"].kwargs["entities"]
    (failed,) = transitions["configuring", "unconfigured"].kwargs["entities"]

    assert started.kwargs["target_action"] is node
    assert configure.kwargs["event"].kwargs == {"lifecycle_node_matcher": node, "transition_id": CONFIGURE}
    assert activate.kwargs["event"].kwargs == {"lifecycle_node_matcher": node, "transition_id": ACTIVATE}
    assert "mend it" in failed.kwargs["msg"]
    assert all(a.kind != "RegisterEventHandler" for a in run(autostart="false"))


def test_a_bag_stands_in_for_the_camera(run: Callable[..., list[Recorded]]) -> None:
    (camera,) = (action for action in run(bag="drive") if action.kind == "Node")

    assert (camera.kwargs["executable"], camera.kwargs["arguments"]) == ("bag_camera", ["drive", "--loop"])
    assert all(action.kind != "Node" for action in run())


def test_the_real_launch_accepts_it() -> None:
    # launch_ros first: the checkout's own folder launch/ can be imported under the other's name.
    pytest.importorskip("launch_ros", reason="needs a ROS 2 distribution: launch has no wheel")
    launch = pytest.importorskip("launch")

    description = load().generate_launch_description()
    context = launch.LaunchContext()
    for entity in description.entities:
        entity.visit(context)
    assert context.launch_configurations["log_level"] == "info"
