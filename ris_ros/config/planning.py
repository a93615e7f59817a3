"""Settings of the planner: the robot's outline, the map around it, goals, paths, and what is done with them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from ris_ros.config.parameter import When, setting
from ris_ros.config.ros_names import topic
from ris_ros.config.strict import Settings

_MOST_CELLS = 1_000_000

FilterMask = Literal["none", "keepout", "preferred"]


_MAX_TEXT_CHARACTERS = 200


def _texts(texts: list[str]) -> list[str]:
    for text in texts:
        if not any(map(str.isalnum, text)):
            raise ValueError(f"'{text}' holds no readable word")
        if len(text) > _MAX_TEXT_CHARACTERS:
            raise ValueError(f"'{text[:20]}...' has {len(text)} characters, more than {_MAX_TEXT_CHARACTERS}")
    return texts


class PlanningSettings(Settings):
    """Parameters of the node about planning; all of it happens only while somebody wants its results."""

    robot_front_m: float = setting(
        0.5, "From base_frame's origin to the robot's front, metres.", When.CONFIGURE, gt=0.0, le=30.0
    )
    robot_rear_m: float = setting(
        0.5, "From base_frame's origin to the robot's rear, metres.", When.CONFIGURE, ge=0.0, le=30.0
    )
    robot_width_m: float = setting(0.7, "Width of the robot, metres.", When.CONFIGURE, gt=0.0, le=10.0)
    turning_radius_m: float = setting(
        0.0, "Tightest turn of base_frame's origin, metres; 0: it turns on the spot.", When.CONFIGURE, ge=0.0, le=100.0
    )
    clearance_m: float = setting(
        0.2, "Room left between the robot's outline and what is not free, metres.", When.CONFIGURE, ge=0.0, le=5.0
    )
    standoff_m: float = setting(
        1.5, "Room left between the robot and an object that it approaches, metres.", When.CONFIGURE, gt=0.0, le=50.0
    )
    map_ahead_m: float = setting(
        32.0, "How far the costmap reaches ahead of base_frame's origin, metres.", When.CONFIGURE, gt=0.0, le=200.0
    )
    map_behind_m: float = setting(8.0, "How far it reaches behind, metres.", When.CONFIGURE, ge=0.0, le=200.0)
    map_aside_m: float = setting(20.0, "How far it reaches to either side, metres.", When.CONFIGURE, gt=0.0, le=200.0)
    map_resolution_m: float = setting(0.2, "Side of the costmap's cells, metres.", When.CONFIGURE, ge=0.02, le=2.0)
    map_memory_s: float = setting(
        2.0,
        "Cells out of view stay known this long, where fixed_frame is known, seconds.",
        When.CONFIGURE,
        ge=0.0,
        le=60.0,
    )
    costmap_rate_hz: float = setting(20.0, "Most costmaps a second.", When.LIVE, gt=0.0, le=100.0)
    plan_rate_hz: float = setting(5.0, "Most plans (goal and path) a second.", When.LIVE, gt=0.0, le=100.0)
    free_texts: Annotated[list[str], AfterValidator(_texts)] = setting(
        ["the road"], "What the robot may drive on, in words for the model.", When.CONFIGURE, min_length=1, max_length=8
    )
    obstacle_texts: Annotated[list[str], AfterValidator(_texts)] = setting(
        ["all the vehicles", "all the people"],
        "What it must never touch, in words for the model.",
        When.CONFIGURE,
        min_length=1,
        max_length=16,
    )
    free_probability: float = setting(
        0.5, "Probability from which ground counts as free.", When.CONFIGURE, gt=0.0, lt=1.0
    )
    filter_mask: FilterMask = setting(
        "none",
        "Mask for a Nav2 costmap filter on ~/filter_mask: none, keepout (all but the region), preferred (the region).",
        When.CONFIGURE,
    )
    navigate: bool = setting(
        False, "Send the goal to Nav2 (NavigateToPose), and cancel it when the command or the thing is gone.", When.LIVE
    )
    navigate_action: Annotated[str, AfterValidator(topic)] = setting(
        "navigate_to_pose", "Name of that action.", When.CONFIGURE
    )
    goal_tolerance_m: float = setting(
        0.5, "A goal that moved less than this is not sent anew, metres.", When.LIVE, ge=0.0, le=50.0
    )
    confirm_frames: int = setting(
        2,
        "Images of one camera in a row on which a thing must be found before the planner believes in it.",
        When.CONFIGURE,
        ge=1,
        le=100,
    )
    smoothing_s: float = setting(
        0.3, "Time constant of the region's smoothing on the ground, seconds; 0: none.", When.CONFIGURE, ge=0.0, le=10.0
    )
    lost_after_s: float = setting(
        1.0,
        "A thing unseen for this long is lost: its goal and path are withdrawn, seconds.",
        When.CONFIGURE,
        gt=0.0,
        le=60.0,
    )

    @property
    def map_cells(self) -> tuple[int, int]:
        """(columns, rows) of the costmap."""
        columns = round((self.map_ahead_m + self.map_behind_m) / self.map_resolution_m)
        rows = round(2 * self.map_aside_m / self.map_resolution_m)
        return max(1, columns), max(1, rows)

    @model_validator(mode="after")
    def _not_too_many_cells(self) -> PlanningSettings:
        columns, rows = self.map_cells
        if columns * rows > _MOST_CELLS:
            raise ValueError(
                f"a costmap of {columns}x{rows} cells is too large: raise map_resolution_m, or lower map_ahead_m,"
                " map_behind_m or map_aside_m"
            )
        return self
