"""How one ROS parameter is written as a field of a settings model."""

from __future__ import annotations

import enum
from typing import Any

from pydantic import Field


class When(enum.Enum):
    """When a change of a parameter takes effect."""

    LIVE = "at once"
    CONFIGURE = "when the node is configured; it can be set while the node is unconfigured"
    START = "when the process starts"


def setting(default: Any, description: str, when: When, **limits: Any) -> Any:
    """A field with what its parameter needs: a default, words for a person, when it takes effect, and its range.

    Args:
        default: Its value where nobody gives one; never an empty list, whose type ROS cannot tell.
        description: One sentence.
        when: When a change takes effect.
        **limits: Of :func:`pydantic.Field`.
    """
    extra: dict[str, Any] = {"when": when.name}
    if isinstance(default, list):
        return Field(default_factory=lambda: list(default), description=description, json_schema_extra=extra, **limits)
    return Field(default, description=description, json_schema_extra=extra, **limits)
