"""What the node says of its cameras over the ground."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from ris_ros.ros.diagnostics import GroundSight, View, diagnostics
from ris_ros.ros.statistics import Statistics

pytestmark = pytest.mark.ros


def ground_status(sight: GroundSight) -> DiagnosticStatus:
    view = View("ris", "active", ground={"front": sight})
    message = diagnostics(view, Statistics(), Time())
    (status,) = [status for status in message.status if status.name == "ris: ground front"]
    return status


def test_a_camera_that_is_placed_on_the_ground_is_well() -> None:
    status = ground_status(GroundSight({"camera_pose": "tf", "transform_age_s": "static"}))
    assert status.level == DiagnosticStatus.OK
    assert {pair.key: pair.value for pair in status.values} == {"camera_pose": "tf", "transform_age_s": "static"}


def test_what_stands_in_the_way_is_a_warning_in_its_own_words() -> None:
    sentence = "No CameraInfo of camera 'front' has come on '/front/camera_info': nobody publishes it."
    status = ground_status(GroundSight({"calibration": "none"}, sentence))
    assert status.level == DiagnosticStatus.WARN
    assert status.message == sentence
