"""What the package promises to pip, colcon and the wheels of ROS 2."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest

import ris_ros
from ris_ros.runtime.table import BACKENDS


@pytest.fixture(scope="module")
def extras(repository: Path) -> set[str]:
    """Names of the extras that pyproject.toml declares."""
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    section = text.split("[project.optional-dependencies]\n")[1].split("\n[")[0]
    return set(re.findall(r"^([\w-]+) = \[", section, re.MULTILINE))


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_extra_that_an_error_names_can_be_installed(repository, extras):
    named = {}
    for file in (repository / "ris_ros").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "MissingExtraError"
                and len(node.args) == 2
            ):
                extra = node.args[1]
                if isinstance(extra, ast.Constant):
                    named[f"{file.name}:{node.lineno}"] = extra.value
    assert named
    named |= {f"backend {name}": entry.extra for name, entry in BACKENDS.items() if entry.extra}
    assert {place: extra for place, extra in named.items() if extra not in extras} == {}


def test_one_version(repository):
    package = ElementTree.parse(repository / "package.xml").getroot()
    assert package.findtext("version") == ris_ros.__version__


def test_package_xml_names_what_cmake_finds(repository):
    package = ElementTree.parse(repository / "package.xml").getroot()
    declared = {element.text for element in package if element.tag.endswith("depend")}
    cmake = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"find_package\((\w+)", cmake)) - {"Python3"} <= declared


def test_interfaces_depend_only_on_declared_packages(repository):
    used = set()
    for file in repository.glob("*/*"):
        if file.suffix in (".msg", ".srv", ".action"):
            used |= set(re.findall(r"^(\w+)/\w+", file.read_text(encoding="utf-8"), re.MULTILINE))
    cmake = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    dependencies = re.search(r"DEPENDENCIES ([\w ]+)", cmake)
    assert used and dependencies is not None
    assert used <= set(dependencies[1].split())


def test_mending_the_wheels_replaces_the_build_machines_folders_and_is_idempotent(repository):
    mend = load_script(repository / "scripts" / "mend_wheels.py").mend
    text = (
        'set(_include "/opt/python/cp311-cp311/include/python3.11;'
        '/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include")\n'
    )
    mended = mend(text, "/usr/include/python3.11", "/venv/site-packages", "numpy/core/include")
    assert mended == 'set(_include "/usr/include/python3.11;/venv/site-packages/numpy/core/include")\n'
    assert mend(mended, "/usr/include/python3.11", "/venv/site-packages", "numpy/core/include") == mended


def test_the_start_up_hook_starts_again_with_the_paths_set_and_puts_the_checkout_first(repository, tmp_path):
    site_packages = str(tmp_path / "site-packages")
    program = (
        f"import os, sys; sys.path.insert(0, {str(repository / 'scripts')!r}); sys.path.append({site_packages!r})\n"
        "import ris_ros_environment\n"
        "print('start', flush=True)\n"
        f"for _ in range(2): ris_ros_environment.prepare('/checkout', {site_packages!r})\n"
        "print(sys.path[sys.path.index('/checkout'):], sys.argv[1:])\n"
        "print(os.environ['AMENT_PREFIX_PATH'].replace(sys.prefix, 'prefix'))\n"
        "print(os.environ['LD_LIBRARY_PATH'].replace(sys.prefix, 'prefix'))"
    )
    environ = {**os.environ, "AMENT_PREFIX_PATH": "/opt/ros/x", "LD_LIBRARY_PATH": "/opt/ros/x/lib"}
    # -S: the hook of the environment that runs this test must not have done the work already.
    command = [sys.executable, "-S", "-c", program, "an argument"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == [
        "start",
        "start",
        f"{['/checkout', site_packages]} ['an argument']",
        "prefix:/opt/ros/x",
        "prefix/lib:/opt/ros/x/lib",
    ]


@pytest.mark.ros
def test_generated_interfaces_and_the_code_are_one_package(repository):
    import ris_ros.action
    import ris_ros.msg
    import ris_ros.ros
    import ris_ros.srv

    assert Path(ris_ros.ros.__file__).is_relative_to(repository)
    assert ris_ros.msg.Command().target == ris_ros.msg.Command.AUTO
