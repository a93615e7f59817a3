"""The RViz and Foxglove layouts show topics that the node has, each panel once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "config"


def node_topics() -> set[str]:
    """Private topics as the node's source names them, resolved for the node ``/ris``, and those it reads."""
    source = "\n".join(path.read_text() for path in (REPOSITORY / "ris_ros" / "ros").glob("*.py"))
    private = {f"/ris/{name}" for name in re.findall(r'"~/([a-z_/]+)"', source)}
    return private | {
        topic for topic in ("/command", "/diagnostics") if f'"{topic}"' in source or f'"{topic[1:]}"' in source
    }


def rviz_topics(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Topic":
                yield value["Value"]
            else:
                yield from rviz_topics(value)
    elif isinstance(node, list):
        for item in node:
            yield from rviz_topics(item)


def foxglove_topics(panels: dict[str, Any]) -> Iterator[str]:
    for name, panel in panels.items():
        kind = name.split("!")[0]
        if kind == "Image":
            yield panel["imageMode"]["imageTopic"]
        elif kind == "3D":
            yield from panel["topics"]
        elif kind == "Plot":
            yield from (path["value"].split(".")[0] for path in panel["paths"])
        else:
            yield (panel.get("topicName") or panel.get("topicPath") or panel["topicToRender"]).split(".")[0]


def leaves(layout: Any) -> Iterator[str]:
    if isinstance(layout, str):
        yield layout
    else:
        yield from leaves(layout["first"])
        yield from leaves(layout["second"])


GROUND = {f"/ris/{name}" for name in ("costmap", "region_polygon", "goal_pose", "path", "points")}


def rviz_displays(layout: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for display in layout["Visualization Manager"]["Displays"]:
        if "Topic" in display:
            yield display["Topic"]["Value"], display["Topic"]


def test_rviz_shows_what_the_node_publishes() -> None:
    layout = yaml.safe_load((CONFIG / "ris.rviz").read_text())
    shown = set(rviz_topics(layout))

    assert shown <= node_topics()
    assert GROUND | {"/ris/overlay/compressed", "/ris/label_mask", "/ris/confidence"} <= shown


def test_rviz_asks_for_what_is_kept_where_it_is_kept() -> None:
    layout = yaml.safe_load((CONFIG / "ris.rviz").read_text())
    source = (REPOSITORY / "ris_ros" / "ros" / "ground_outputs.py").read_text()
    kept = {f"/ris/{name}" for name in re.findall(r'"~/([a-z_/]+)", kept\)', source)}
    asked = {topic for topic, qos in rviz_displays(layout) if qos["Durability Policy"] == "Transient Local"}

    assert asked == kept & {topic for topic, _ in rviz_displays(layout)}
    assert {"/ris/costmap", "/ris/path"} <= asked


def test_foxglove_shows_what_the_node_publishes_and_speaks_to_it() -> None:
    layout = json.loads((CONFIG / "foxglove.json").read_text())
    shown = set(foxglove_topics(layout["configById"]))

    assert shown <= node_topics()
    assert (
        GROUND
        | {
            "/ris/plan",
            "/ris/overlay/compressed",
            "/ris/label_mask",
            "/ris/confidence",
            "/ris/groundings",
            "/diagnostics",
            "/command",
        }
        <= shown
    )


def test_foxglove_places_every_panel_once() -> None:
    layout = json.loads((CONFIG / "foxglove.json").read_text())

    assert sorted(leaves(layout["layout"])) == sorted(layout["configById"])


def test_the_foxglove_command_is_a_message() -> None:
    panel = json.loads((CONFIG / "foxglove.json").read_text())["configById"]["Publish!command"]

    assert set(json.loads(panel["value"])) == {"data"}
