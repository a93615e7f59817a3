"""Start the node `ris`, configure and activate it, and give it the transport that camera images need.

ros2 launch ris_ros grounding.launch.py image_topic:=/zed/rgb/image_raw camera_info_topic:=/zed/rgb/camera_info
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

from ris_ros.config.node import NodeConfig
from ris_ros.config.share import share_file
from ris_ros.errors import ConfigError
from ris_ros.ros import transport

NODE_NAME = "ris"

# Name, default, description, allowed values (none for any). An empty default leaves the value of params_file.
ARGUMENTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("namespace", "", "Namespace of the node and of every relative topic.", ()),
    ("params_file", str(share_file("config/grounding.yaml")), "YAML file with the node's parameters.", ()),
    ("cameras", "", "Camera namespaces, separated by commas, such as front,rear; empty: as in params_file.", ()),
    ("image_topic", "", "Topic of the (first) camera's images, if it is not <camera>/image_raw.", ()),
    ("camera_info_topic", "", "Topic of the (first) camera's calibration, if it is not <camera>/camera_info.", ()),
    ("command_topic", "", "Topic of std_msgs/String commands, such as a speech node's, if it is not 'command'.", ()),
    ("bundle", "", "Folder of the model bundle; empty: as in params_file, and the shipped one if that is empty.", ()),
    ("backend", "", "Inference backend, one that `ris doctor` lists; empty: as in params_file.", ()),
    (
        "autostart",
        "true",
        "Configure and activate the node; false leaves that to a lifecycle manager.",
        ("true", "false"),
    ),
    ("use_sim_time", "false", "Follow /clock, as when a simulator or a bag publishes it.", ("true", "false")),
    ("shared_memory", "true", "Set the Fast DDS profile and malloc for large raw images.", ("true", "false")),
    ("bag", "", "Play this bag over and over, on the topics of its recording; empty: there is a camera.", ()),
    ("log_level", "info", "Level of the node's log.", ("debug", "info", "warn", "error", "fatal")),
)


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` runs."""
    declared = [
        DeclareLaunchArgument(
            name, default_value=default, description=description, **({"choices": list(choices)} if choices else {})
        )
        for name, default, description, choices in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_actions)])


def _actions(context: LaunchContext) -> list[Any]:
    """What to start, now that the arguments have their values."""
    given = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    actions: list[Any] = []
    if given["shared_memory"] == "true":
        planned = transport.plan(processes=2)
        actions += [SetEnvironmentVariable(name, value) for name, value in planned.environment.items()]
        actions += [LogInfo(msg=note) for note in (*planned.notes, transport.leftovers()) if note]
    node = LifecycleNode(
        package="ris_ros",
        executable="grounding_node",
        name=NODE_NAME,
        namespace=given["namespace"],
        parameters=[given["params_file"], _overrides(given)],
        remappings=_remappings(given),
        ros_arguments=["--log-level", given["log_level"]],
        output="screen",
        emulate_tty=True,
    )
    if given["autostart"] == "true":
        actions += _autostart(node)  # before the node, so that its start is not missed
    actions.append(node)
    if given["bag"]:
        camera = Node(
            package="ris_ros",
            executable="bag_camera",
            namespace=given["namespace"],
            arguments=[given["bag"], "--loop"],
            output="screen",
        )
        actions.append(camera)
    return actions


def _overrides(given: dict[str, str]) -> dict[str, Any]:
    """Parameters that were given as arguments, and so stand above those of params_file."""
    overrides: dict[str, Any] = {name: given[name] for name in ("bundle", "backend") if given[name]}
    if cameras := _listed(given["cameras"]):
        overrides["cameras"] = cameras
    overrides["use_sim_time"] = given["use_sim_time"] == "true"
    return overrides


def _listed(cameras: str) -> list[str]:
    return [name.strip() for name in cameras.split(",") if name.strip()]


def _first_camera(given: dict[str, str]) -> str:
    """The camera that the node will read first: of the argument, else of params_file, else the node's default.

    Raises:
        ConfigError: params_file begins its cameras differently for several nodes, of which this may be any.
    """
    if cameras := _listed(given["cameras"]):
        return cameras[0]
    try:
        content = yaml.safe_load(Path(given["params_file"]).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        content = None  # the node says what is wrong with it
    first = {str(cameras[0]) for cameras in _cameras_in(content) if isinstance(cameras, list) and cameras}
    if len(first) > 1:
        raise ConfigError(
            f"'{given['params_file']}' names several first cameras ({', '.join(sorted(first))}):"
            " say which cameras this node has with cameras:=."
        )
    return first.pop() if first else NodeConfig().cameras[0]


def _cameras_in(tree: Any, node: str = "") -> Iterator[Any]:
    """Every value of the parameter ``cameras`` that a parameter file gives to a node of this name or to any node."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if key != "ros__parameters":
            yield from _cameras_in(value, str(key).rsplit("/", 1)[-1])
        elif node in (NODE_NAME, "*", "**") and isinstance(value, dict) and "cameras" in value:
            yield value["cameras"]


def _remappings(given: dict[str, str]) -> list[tuple[str, str]]:
    remappings = []
    camera = _first_camera(given) if given["image_topic"] or given["camera_info_topic"] else ""
    if given["image_topic"]:
        image = given["image_topic"].removesuffix("/compressed")
        remappings += [
            (f"{camera}/image_raw", image),
            (f"{camera}/image_raw/compressed", f"{image}/compressed"),
        ]
    if given["camera_info_topic"]:
        remappings.append((f"{camera}/camera_info", given["camera_info_topic"]))
    if given["command_topic"]:
        remappings.append(("command", given["command_topic"]))
    return remappings


def _autostart(node: LifecycleNode) -> list[RegisterEventHandler]:
    """Configure when the process has started, activate when that has succeeded, say so when it has not."""

    def change(transition: int) -> EmitEvent:
        return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))

    def failed(state: str) -> LogInfo:
        return LogInfo(
            msg=f"The node stays {state} for the reason above: mend it, then run `ros2 lifecycle set ris configure`."
        )

    return [
        RegisterEventHandler(
            OnProcessStart(target_action=node, on_start=[change(Transition.TRANSITION_CONFIGURE)]),
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state="configuring",
                goal_state="inactive",
                entities=[change(Transition.TRANSITION_ACTIVATE)],
            ),
        ),
        RegisterEventHandler(
            OnStateTransition(
                target_lifecycle_node=node,
                start_state="configuring",
                goal_state="unconfigured",
                entities=[failed("unconfigured")],
            ),
        ),
    ]
