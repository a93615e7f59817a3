"""Settings of what lies between a mask and the ground: frames, where the cameras are, what is believed how far."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from ris_ros.config.parameter import When, setting
from ris_ros.config.ros_names import frame, frame_or_none
from ris_ros.config.strict import Settings

ExtrinsicsSource = Literal["auto", "tf", "static"]
PointsLayout = Literal["object", "organized"]

POSE_NUMBERS = 6
"""Of a camera in ``camera_poses``: x, y, z in metres, roll, pitch, yaw in radians."""


def _poses(numbers: list[float]) -> list[float]:
    if not numbers or len(numbers) % POSE_NUMBERS:
        raise ValueError(f"of each camera {POSE_NUMBERS} numbers are asked for, and these are {len(numbers)}")
    return numbers


class GroundSettings(Settings):
    """Parameters of the node about the ground."""

    rectified: bool = setting(
        False,
        "The images are rectified (image_rect): of their CameraInfo P counts, and not K and D.",
        When.CONFIGURE,
    )
    base_frame: Annotated[str, AfterValidator(frame)] = setting(
        "base_link", "Frame of the robot, x forward and z up, that ground outputs are in.", When.CONFIGURE
    )
    fixed_frame: Annotated[str, AfterValidator(frame_or_none)] = setting(
        "odom", "Frame in which the robot moves smoothly; empty: its motion is not known.", When.CONFIGURE
    )
    extrinsics: ExtrinsicsSource = setting(
        "auto",
        "Where the cameras are: tf, static (camera_poses), or auto (tf where tf2_ros is installed, and camera_poses"
        " for what it does not know).",
        When.CONFIGURE,
    )
    camera_poses: Annotated[list[float], AfterValidator(_poses)] = setting(
        [0.0] * POSE_NUMBERS,
        "Of each camera in turn x y z (metres) roll pitch yaw (radians) of its body in base_frame, positive pitch looks"
        " down; all zero: not known.",
        When.CONFIGURE,
    )
    tf_timeout_s: float = setting(
        0.05, "Longest wait for the transform at an image's stamp, seconds.", When.LIVE, ge=0.0, le=1.0
    )
    ground_z_m: float = setting(0.0, "Height of the ground in base_frame, metres.", When.CONFIGURE)
    max_range_m: float = setting(
        40.0, "Ground farther from the robot than this is not believed, metres.", When.CONFIGURE, gt=0.0, le=500.0
    )
    pitch_error_deg: float = setting(
        0.3,
        "How well the camera's pitch against the ground is known (standard deviation, degrees).",
        When.CONFIGURE,
        ge=0.0,
        le=10.0,
    )
    max_range_error: float = setting(
        0.25,
        "Ground whose distance is less certain than this share of it (one standard deviation) is not believed.",
        When.CONFIGURE,
        gt=0.0,
        le=1.0,
    )
    max_depth_skew_s: float = setting(
        0.05,
        "Depth is used for images stamped at most this much before or after it, seconds.",
        When.LIVE,
        ge=0.0,
        le=1.0,
    )
    points: PointsLayout = setting(
        "object",
        "What ~/points holds: the referred object's, or organized, one for each pixel of label_mask.",
        When.CONFIGURE,
    )
