"""ROS parameters are made from the settings: type, range, description, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("rclpy")

import rclpy
from rcl_interfaces.msg import ParameterType
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from ris_ros.config.node import NodeConfig
from ris_ros.errors import ConfigError
from ris_ros.ros.params import Parameters

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture
def node(context: Context) -> Iterator[Node]:
    node = Node("parametrised", context=context)
    yield node
    node.destroy_node()


def change(node: Node, name: str, value: Any) -> Any:
    return node.set_parameters([Parameter(name, value=value)])[0]


def test_every_setting_is_a_parameter_with_type_and_description(node: Node) -> None:
    Parameters(node, lambda: False)
    types = {bool: "BOOL", int: "INTEGER", float: "DOUBLE", str: "STRING"}
    for name, default in NodeConfig().model_dump().items():
        descriptor = node.describe_parameter(name)
        type_name = f"{types[type(default[0])]}_ARRAY" if isinstance(default, list) else types[type(default)]
        assert descriptor.type == getattr(ParameterType, f"PARAMETER_{type_name}")
        assert len(descriptor.description) > 20
        assert node.get_parameter(name).value == default
        has_range = bool(descriptor.integer_range or descriptor.floating_point_range)
        assert has_range == (type(default) in (int, float))
    assert node.describe_parameter("max_commands").integer_range[0].to_value == 64
    assert node.describe_parameter("threshold_object").floating_point_range[0].to_value == 1.0
    below_the_base = node.describe_parameter("ground_z_m").floating_point_range[0]
    assert below_the_base.from_value < -100.0
    assert "raw" in node.describe_parameter("transport").additional_constraints


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold_region", 0.25),
        ("max_commands", 3),
        ("cameras", ["front", "rear"]),
        ("transport", "compressed"),
        ("bundle", "/somewhere"),
        ("ground_z_m", -0.3),
        ("camera_poses", [0.0, 0.0, 1.4, 0.0, 0.1, 0.0]),
        ("free_texts", ["the pavement", "the grass"]),
        ("fixed_frame", ""),
    ],
)
def test_a_good_value_is_read_back(node: Node, name: str, value: Any) -> None:
    parameters = Parameters(node, lambda: False)
    assert change(node, name, value).successful
    assert getattr(parameters.current, name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold_region", 1.0),
        ("threshold_region", float("nan")),
        ("max_commands", 65),
        ("max_commands", 2.0),
        ("cameras", []),
        ("cameras", ["a", "a"]),
        ("transport", "pigeon"),
        ("clock_tolerance_s", 0.0),
        ("autostart", True),
        ("camera_poses", [1.4]),
        ("camera_poses", [0, 0, 1, 0, 0, 0]),
        ("base_frame", "base link"),
    ],
)
def test_a_bad_value_is_refused_and_changes_nothing(node: Node, name: str, value: Any) -> None:
    parameters = Parameters(node, lambda: False)
    refused = change(node, name, value)
    assert not refused.successful
    assert name in refused.reason or "type" in refused.reason
    assert parameters.current == NodeConfig()


def test_what_is_read_at_configuring_can_only_be_set_before(node: Node) -> None:
    configured = [False]
    Parameters(node, lambda: configured[0])
    assert change(node, "threads", 4).successful
    configured[0] = True
    assert not change(node, "threads", 1).successful
    assert change(node, "threads", 4).successful, "setting what it is already does no harm"
    assert change(node, "threshold_object", 0.4).successful


def test_what_is_given_at_start_is_checked_and_unknown_names_are_told(context: Context) -> None:
    overrides = [Parameter("max_commands", value=4), Parameter("max_comands", value=5)]
    node = Node("given", context=context, parameter_overrides=overrides)
    parameters = Parameters(node, lambda: False)
    assert parameters.current.max_commands == 4
    assert parameters.unknown() == ["max_comands"]
    node.destroy_node()
    for name, value in (("max_commands", 0), ("transport", "pigeon"), ("threshold_object", 1)):
        node = Node("given", context=context, parameter_overrides=[Parameter(name, value=value)])
        with pytest.raises(ConfigError, match=name):
            Parameters(node, lambda: False)
        node.destroy_node()


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold_object", "3.0"), ("cameras", "[a, a]"), ("cameras", "[]"), ("max_commands", "0")],
)
def test_what_the_command_line_gives_is_refused_in_one_sentence(context: Context, name: str, value: str) -> None:
    node = Node("given", context=context, cli_args=["--ros-args", "-p", f"{name}:={value}"])
    with pytest.raises(ConfigError, match=name) as refused:
        Parameters(node, lambda: False)
    assert len(str(refused.value).strip().splitlines()) == 1
    node.destroy_node()
