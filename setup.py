"""For ``pip install .``: everything but the node works then, without ROS. All metadata is in pyproject.toml.

Only the files beside the code are listed here, because pyproject.toml cannot: they go where colcon puts them too.
"""

from pathlib import Path

from setuptools import setup


def shared_files() -> list[tuple[str, list[str]]]:
    """(folder below the prefix, files) of what is installed beside the code."""
    files = [p for top in ("config", "launch", "sample") for p in sorted(Path(top).rglob("*")) if p.is_file()]
    folders = sorted({p.parent for p in files if "__pycache__" not in p.parts})
    return [(f"share/ris_ros/{folder}", [str(p) for p in files if p.parent == folder]) for folder in folders]


setup(data_files=shared_files())
