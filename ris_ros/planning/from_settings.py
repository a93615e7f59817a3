"""The planner that settings describe, for the node and the command line alike."""

from __future__ import annotations

from ris_ros.config.planning import PlanningSettings
from ris_ros.geometry.grid import Grid
from ris_ros.planning.planner import Patience, Planner, Robot
from ris_ros.planning.values import Footprint


def grid_of(settings: PlanningSettings) -> Grid:
    """The cells of the map."""
    return Grid(settings.map_resolution_m, settings.map_cells, (-settings.map_behind_m, -settings.map_aside_m))


def robot_of(settings: PlanningSettings) -> Robot:
    """What is driven."""
    outline = Footprint(settings.robot_front_m, settings.robot_rear_m, settings.robot_width_m / 2)
    return Robot(outline, settings.clearance_m, settings.turning_radius_m, settings.standoff_m)


def planner_of(settings: PlanningSettings, confirm_frames: int | None = None) -> Planner:
    """A planner that has seen nothing.

    Args:
        settings: The settings.
        confirm_frames: Stands above the settings' own: 1 for somebody who has a single picture.
    """
    frames = settings.confirm_frames if confirm_frames is None else confirm_frames
    patience = Patience(frames, settings.lost_after_s, settings.smoothing_s, settings.map_memory_s)
    return Planner(grid_of(settings), robot_of(settings), patience, settings.free_probability)
