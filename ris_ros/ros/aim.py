"""Where a robot shall drive, and the kind of action that takes it there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ris_ros.errors import TransportError
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.values import Plan, Pose2d
from ris_ros.ros.ground_messages import header_in, pose_stamped

YAW_TOLERANCE_RAD = math.radians(20.0)
"""Two goals whose headings differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where to drive, and on whose behalf.

    Attributes:
        pose: The goal, in ``frame_id``.
        frame_id: A frame in which the world stands still, such as ``odom``.
        errand: Names the command as it was uttered: the same words said again are another errand.
        text: What was said, for the log.
    """

    pose: Pose2d
    frame_id: str
    errand: str
    text: str

    @classmethod
    def of(cls, plan: Plan, fixed_frame: str, fixed_from_base: RigidTransform) -> Aim | None:
        """The goal of a plan; None where it has none.

        Args:
            plan: What is made of a command, in the base frame.
            fixed_frame: A frame in which the world stands still.
            fixed_from_base: At the plan's stamp.
        """
        if plan.goal is None:
            return None
        command = plan.command
        errand = f"{command.id}@{command.uttered_ns}"
        return cls(plan.goal.moved(fixed_from_base), fixed_frame, errand, command.text)

    def near(self, other: Aim, tolerance_m: float) -> bool:
        """Whether the two are one goal of one errand, but for the tolerances."""
        apart_m = math.hypot(self.pose.x_m - other.pose.x_m, self.pose.y_m - other.pose.y_m)
        turned_rad = abs(math.remainder(self.pose.yaw_rad - other.pose.yaw_rad, 2 * math.pi))
        same = (self.errand, self.frame_id) == (other.errand, other.frame_id)
        return same and apart_m <= tolerance_m and turned_rad <= YAW_TOLERANCE_RAD


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """A kind of action that takes a robot somewhere.

    Attributes:
        type: Its class.
        goal: Makes its goal.
        error: Reads from its result why it failed; empty where that is not said.
    """

    type: Any
    goal: Callable[[Aim], Any]
    error: Callable[[Any], str]


def navigate_to_pose() -> Action:
    """Nav2's action, with its default behaviour tree.

    Its goals carry no stamp. Nav2 plans to a goal again and again for as long as it drives; one that is to be looked up
    at the image's time could not be any more once tf has forgotten that time. In a frame in which the world stands
    still the latest transform is the right one.

    Raises:
        TransportError: nav2_msgs is not installed.
    """
    try:
        from nav2_msgs.action import NavigateToPose
    except ImportError:
        raise TransportError(
            "The parameter 'navigate' needs nav2_msgs: install ros-$ROS_DISTRO-nav2-msgs, or set it to false."
        ) from None

    def goal(aim: Aim) -> Any:
        return NavigateToPose.Goal(pose=pose_stamped(aim.pose, 0.0, header_in(aim.frame_id, 0)))

    return Action(NavigateToPose, goal, _error)


def _error(result: Any) -> str:
    """Results of Humble hold nothing, those of Iron and Jazzy a number, those of Kilted words besides."""
    code, words = getattr(result, "error_code", 0), getattr(result, "error_msg", "")
    return f"error {code}: {words}".rstrip(": .") if code else ""
