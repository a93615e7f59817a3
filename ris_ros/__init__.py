"""Referring perception for ROS 2: from a camera and a spoken command to masks that a planner can use."""

__version__ = "0.1.0"
