"""Start the node `ris` beside Nav2, with layers and filters of Nav2's costmaps that read what it publishes.

ros2 launch ris_ros nav2.launch.py nav2_params_file:=my_robot.yaml layers:=objects,filter navigate:=true

For one robot without a namespace. Every argument of grounding.launch.py but params_file can be given too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from ris_ros.config.share import share_file
from ris_ros.errors import ConfigError

INFLATION = "inflation_layer"

# Name in the argument `layers` -> costmap, list, name there, and whether it is the first of the list. Others come last,
# but before the inflation layer, which is to inflate them too.
LAYERS: dict[str, tuple[str, str, str, bool]] = {
    "objects": ("local_costmap", "plugins", "ris_objects", False),
    "ground": ("local_costmap", "plugins", "ris_ground", True),
    "filter": ("global_costmap", "filters", "ris_filter", False),
}

# Name, default, description.
ARGUMENTS: tuple[tuple[str, str, str], ...] = (
    ("nav2_params_file", "", "Nav2's parameters; empty: those that nav2_bringup comes with."),
    ("ris_params_file", str(share_file("config/nav2_ris.yaml")), "What is merged into them."),
    ("layers", "objects", f"Which of {', '.join(LAYERS)} Nav2's costmaps get, separated by commas; empty: none."),
    ("navigate", "false", "Send goals to Nav2 by themselves."),
)


def generate_launch_description() -> LaunchDescription:
    """The description that `ros2 launch` runs."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_actions)])


def _actions(context: LaunchContext) -> list[Any]:
    """What to start, now that the arguments have their values."""
    given = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    nav2 = Path(get_package_share_directory("nav2_bringup"))
    theirs = _read(given["nav2_params_file"] or str(nav2 / "params" / "nav2_params.yaml"))
    parameters = merged(theirs, _read(given["ris_params_file"]))
    for name in filter(None, (name.strip() for name in given["layers"].split(","))):
        add_layer(parameters, name)
    parameters["ris"]["ros__parameters"]["navigate"] = given["navigate"] == "true"
    with tempfile.NamedTemporaryFile("w", prefix="nav2_ris_", suffix=".yaml", delete=False) as file:
        yaml.safe_dump(parameters, file)
    included = (share_file("launch/grounding.launch.py"), nav2 / "launch" / "navigation_launch.py")
    return [
        # Grouped, so that neither file's arguments of a common name reach the other.
        GroupAction(
            [
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(str(path)), launch_arguments=[("params_file", file.name)]
                )
            ]
        )
        for path in included
    ]


def _read(path: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"'{path}' cannot be read as parameters: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"'{path}' holds no parameters.")
    return content


def merged(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Two trees of parameters as one; where both have a value, it is ours."""
    result = dict(theirs)
    for key, value in ours.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def add_layer(parameters: dict[str, Any], name: str) -> None:
    """Put a layer or filter into the list of its costmap.

    Raises:
        ConfigError: There is no such layer.
    """
    if name not in LAYERS:
        raise ConfigError(f"There is no layer '{name}': layers:= takes {', '.join(LAYERS)}, separated by commas.")
    costmap, kind, entry, first = LAYERS[name]
    settings = parameters[costmap][costmap]["ros__parameters"]
    entries = [other for other in settings.get(kind, []) if other != entry]
    at = entries.index(INFLATION) if INFLATION in entries else len(entries)
    entries.insert(0 if first else at, entry)
    settings[kind] = entries
