"""What ``ris demo`` shows of a planner's view: how often there was a goal and a path, why not, and a picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ris_ros.cli.demo_report import aligned, share
from ris_ros.cli.plan import ROBOTS, believed_viewpoint, camera_pose
from ris_ros.data.image_file import encode_png
from ris_ros.data.output_file import write_whole
from ris_ros.data.scenes.drive_story import CAMERA_HEIGHT_M, CAMERA_PITCH_RAD
from ris_ros.errors import GeometryError
from ris_ros.planning.describe import describe
from ris_ros.planning.from_settings import robot_of
from ris_ros.planning.picture import Sight, plan_picture

if TYPE_CHECKING:
    from ris_ros.ros.demo_planner import DemoPlanner, Told

SAMPLE_POSE = f"0 0 {CAMERA_HEIGHT_M} 0 {CAMERA_PITCH_RAD} 0"
"""``--pose`` of the sample drive's camera; of the car's nodding, which comes on top, the node is not told."""

PICTURE_FILE = "plan.png"

_CAR = ROBOTS["car"]
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class PlanReport:
    """What a planner got of one command.

    Attributes:
        text: The command.
        plans: How many plans came.
        goals: Of these, how many with a goal.
        paths: Of these, how many with a path to it.
        reasons: Why there was none -> how often, the commonest first; numbers in a sentence do not make another one.
    """

    text: str
    plans: int
    goals: int
    paths: int
    reasons: Mapping[str, int]

    @classmethod
    def of(cls, text: str, told: Sequence[Told]) -> PlanReport:
        """Count what was told of a command."""
        first: dict[str, str] = {}
        reasons = Counter(
            first.setdefault(_NUMBER.sub("#", one.reason), one.reason) for one in told if not one.path_known
        )
        goals, paths = sum(one.goal_known for one in told), sum(one.path_known for one in told)
        return cls(text, len(told), goals, paths, dict(reasons.most_common()))


def node_parameters(pose: str) -> dict[str, str]:
    """What the node must know to plan: where the camera is, and how large the car."""
    numbers = ", ".join(repr(float(word)) for word in pose.replace(",", " ").split())
    outline = ("robot_front_m", "robot_rear_m", "robot_width_m", "turning_radius_m")
    return {"camera_poses": f"[{numbers}]", **{name: str(getattr(_CAR, name)) for name in outline}}


def as_table(reports: Sequence[PlanReport]) -> str:
    """The counts for a person."""
    rows: list[tuple[str, ...]] = [("what a planner got", "plans", "goal", "path", "commonest reason for no path")]
    for one in reports:
        reason, count = next(iter(one.reasons.items()), ("-", 0))
        said = f"{count} of {one.plans - one.paths}: {reason}" if count else reason
        rows.append((one.text, str(one.plans), share(one.goals, one.plans), share(one.paths, one.plans), said))
    return aligned(rows)


def as_json(reports: Sequence[PlanReport]) -> list[dict[str, Any]]:
    """The counts for programs."""
    return [
        {"text": one.text, "plans": one.plans, "goals": one.goals, "paths": one.paths, "reasons": dict(one.reasons)}
        for one in reports
    ]


def write_picture(
    planner: DemoPlanner, told: Sequence[Told], overlays: Mapping[int, bytes], pose: str, out: Path
) -> str:
    """Draw the middle one of the plans that have a path, of all where none has one; returns what to say of it.

    Args:
        planner: Holds what was told.
        told: The plans of all commands.
        overlays: JPEG of the node's overlay, by stamp.
        pose: Of the camera, as ``--pose`` has it.
        out: Folder to write to.

    Raises:
        OutputError: The picture cannot be written.
    """
    complete = [one for one in told if planner.is_complete(one) and one.stamp_ns in overlays]
    drawable = [one for one in complete if one.path_known] or complete
    if not drawable:
        return "none: no plan arrived together with its overlay and costmap"
    chosen = drawable[len(drawable) // 2]
    bgr = np.asarray(cv2.imdecode(np.frombuffer(overlays[chosen.stamp_ns], np.uint8), cv2.IMREAD_COLOR))
    height, width = bgr.shape[:2]
    try:
        viewpoint = believed_viewpoint(planner.camera((width, height)), camera_pose(pose))
    except GeometryError as error:
        return f"none: {error}"
    plan, occupancy = planner.plan(chosen)
    answered_rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    picture = plan_picture(Sight(answered_rgb, viewpoint, occupancy, plan, robot_of(_CAR).footprint))
    write_whole(out / PICTURE_FILE, encode_png(picture))
    return f'{out / PICTURE_FILE}, "{plan.command.text}": {describe(plan)}'
