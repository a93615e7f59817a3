"""For ``pip install .``: everything but the node works without ROS. All metadata is in pyproject.toml."""

from setuptools import setup

setup()
