"""ROS parameters of the node, made from :class:`ris_ros.config.node.NodeConfig`: names, types, ranges, descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

import annotated_types
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterType,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)

from ris_ros.config.node import NodeConfig, when
from ris_ros.config.parameter import When
from ris_ros.config.strict import parse_settings
from ris_ros.errors import ConfigError

_LARGEST_INTEGER = 2**63 - 1
_LARGEST_FLOAT = 1e9


class Parameters:
    """The node's parameters: declared at birth, checked at every change, read as one settings object.

    Args:
        node: The node to declare them on.
        configured: Whether the node is configured, so that what is read at configuring can no longer be set.

    Raises:
        ConfigError: A value given at start (parameter file, command line) is refused.
    """

    def __init__(self, node: Any, configured: Callable[[], bool]) -> None:
        self._node = node
        self._configured = configured
        defaults = NodeConfig().model_dump()
        for name, default in defaults.items():
            try:
                node.declare_parameter(name, default, descriptor(name))
            except (InvalidParameterTypeException, InvalidParameterValueException) as error:
                raise ConfigError(f"Parameter '{name}' is refused: {_one_line(error)}") from None
        values = {name: _given(node, name) for name in defaults}
        self._current = parse_settings(NodeConfig, values, "Parameters")
        node.add_on_set_parameters_callback(self._on_set)

    @property
    def current(self) -> NodeConfig:
        """The values as they are; a consistent snapshot, readable from any thread."""
        return self._current

    def unknown(self) -> list[str]:
        """Names given at start that are no parameters of this node; ROS ignores them in silence."""
        # Humble, Jazzy and Kilted keep what was given at start only here.
        given: Mapping[str, Any] = getattr(self._node, "_parameter_overrides", {})
        return sorted(
            name for name in given if not self._node.has_parameter(name) and not name.startswith("qos_overrides.")
        )

    def _on_set(self, changes: Iterable[Any]) -> Any:
        ours = {change.name: _plain(change.value) for change in changes if change.name in NodeConfig.model_fields}
        before = self._current.model_dump()
        for name, value in ours.items():
            if value != before[name] and (refusal := self._refusal(name)):
                return SetParametersResult(successful=False, reason=refusal)
        try:
            self._current = parse_settings(NodeConfig, before | ours, "Refused")
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _refusal(self, name: str) -> str:
        effect = when(name)
        if effect is When.START:
            return f"'{name}' is read when the process starts: give it there."
        if effect is When.CONFIGURE and self._configured():
            return f"'{name}' is read when the node is configured: deactivate and clean it up first."
        return ""


def descriptor(name: str) -> ParameterDescriptor:
    """What ``ros2 param describe`` shows of one parameter."""
    field = NodeConfig.model_fields[name]
    made = ParameterDescriptor(name=name, type=_type(field.annotation))
    made.description = f"{field.description} Takes effect {when(name).value}."
    low, high = _limits(field.metadata)
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    if choices:
        made.additional_constraints = "one of " + ", ".join(choices)
    elif made.type == ParameterType.PARAMETER_INTEGER:
        made.integer_range = [IntegerRange(from_value=int(low), to_value=int(min(high, _LARGEST_INTEGER)))]
    elif made.type == ParameterType.PARAMETER_DOUBLE:
        made.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return made


def _type(annotation: Any) -> int:
    types = {
        bool: ParameterType.PARAMETER_BOOL,
        int: ParameterType.PARAMETER_INTEGER,
        float: ParameterType.PARAMETER_DOUBLE,
        str: ParameterType.PARAMETER_STRING,
    }
    arrays = {str: ParameterType.PARAMETER_STRING_ARRAY, float: ParameterType.PARAMETER_DOUBLE_ARRAY}
    if get_origin(annotation) is list:
        return int(arrays[get_args(annotation)[0]])
    return int(types[str if get_origin(annotation) is Literal else annotation])


def _limits(metadata: Iterable[Any]) -> tuple[float, float]:
    low, high = -_LARGEST_FLOAT, _LARGEST_FLOAT
    for rule in metadata:
        if isinstance(rule, annotated_types.Ge):
            low = float(str(rule.ge))
        elif isinstance(rule, annotated_types.Gt):
            low = float(str(rule.gt))
        elif isinstance(rule, annotated_types.Le):
            high = float(str(rule.le))
        elif isinstance(rule, annotated_types.Lt):
            high = float(str(rule.lt))
    return low, high


def _given(node: Any, name: str) -> Any:
    try:
        return _plain(node.get_parameter(name).value)
    except ParameterUninitializedException:
        # What ROS makes of an empty list in a parameter file: it cannot tell of which type it is.
        raise ConfigError(f"Parameter '{name}' is empty: give it a value, or leave it out for its default.") from None


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else list(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
