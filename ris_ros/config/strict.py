"""Read a YAML file or a mapping into a settings model, refusing whatever the model does not name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ris_ros.errors import ConfigError


class Settings(BaseModel):
    """Base of all settings: immutable, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


S = TypeVar("S", bound=Settings)
_MAX_SHOWN = 100


class _UniqueKeys(yaml.SafeLoader):
    """YAML forbids a key that stands twice in one mapping; the library keeps the last of them in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping; raises :class:`yaml.constructor.ConstructorError` where a key stands twice."""
        written = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for key in written if written.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(f"the key '{twice}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def parse_settings(model: type[S], values: Mapping[str, Any], origin: str) -> S:
    """Check ``values`` against ``model``.

    Args:
        model: The settings class.
        values: Plain values, as YAML gives them.
        origin: Where they come from, for the message.

    Raises:
        ConfigError: A key is unknown or missing, or a value has the wrong type or range; all are named.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(f"{origin}: {_sentence(error, model)}") from None


def load_settings(model: type[S], path: Path) -> S:
    """Read ``path`` as YAML and check it against ``model``.

    Raises:
        ConfigError: The file is missing, is not YAML, or does not fit the model.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}): check the path.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: broken UTF-8, impossible dates
        raise ConfigError(f"{path}: is not YAML ({str(error).splitlines()[0]}).") from None
    if values is None:
        values = {}
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path}: must hold keys and values, not a {type(values).__name__}.")
    return parse_settings(model, values, str(path))


def _sentence(error: ValidationError, model: type[Settings]) -> str:
    parts = []
    for problem in error.errors():
        key = ".".join(str(step) for step in problem["loc"]) or "(top)"
        if problem["type"] == "extra_forbidden":
            known = ", ".join(sorted(model.model_fields)) if len(problem["loc"]) == 1 else "see the documentation"
            parts.append(f"unknown key '{key}' (known: {known})")
        elif problem["type"] == "missing":
            parts.append(f"key '{key}' is missing")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            message = message[0].lower() + message[1:]
            parts.append(f"'{key}' is {_short(problem['input'])}: {message}")
    return "; ".join(parts) + "."


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
