"""What the cameras say of themselves: their CameraInfo, kept and made a model of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo

from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.ros.followed_topic import FollowedTopic

_UP_TO_STAMP = 12
"""Bytes of a serialised message up to the end of its stamp: four of the encapsulation, eight of the time."""


@dataclass(slots=True, eq=False)
class _Calibration:
    """One CameraInfo, as long as nothing but its stamp changes.

    Attributes:
        serialized: The message from behind its stamp on.
        message: It.
        models: Made of it, by the size of the images, or why that cannot be.
    """

    serialized: bytes
    message: CameraInfo
    models: dict[tuple[int, int], CameraModel | GeometryError] = field(default_factory=dict)


class CameraInfos:
    """Subscriptions to ``<camera>/camera_info``; :meth:`model` and :meth:`describe` may be called from any thread.

    Args:
        node: The node to subscribe with.
        names: The cameras.
        rectified: Whether the images are rectified.
    """

    def __init__(self, node: Any, names: Sequence[str], rectified: bool = False) -> None:
        self._rectified = rectified
        self._lock = threading.Lock()
        self._calibrations: dict[str, _Calibration] = {}
        self._damaged: dict[str, str] = {}
        self._topics = {name: self._topic(node, name) for name in names}
        self.follow()

    def follow(self) -> None:
        """Look at what is published, and subscribe anew where that asks for it; called by the executor."""
        for topic in self._topics.values():
            topic.follow()

    def close(self) -> None:
        """End all subscriptions."""
        for topic in self._topics.values():
            topic.close()

    def model(self, camera: str, size_px: tuple[int, int], frame_id: str) -> CameraModel:
        """The model of a camera's images.

        Args:
            camera: The camera.
            size_px: (width, height) of its images.
            frame_id: Their frame.

        Returns:
            The same object for as long as nothing changes.

        Raises:
            GeometryError: No CameraInfo has come, it cannot be used, or it is not of these images.
        """
        with self._lock:
            calibration = self._calibrations.get(camera)
            if calibration is None:
                raise GeometryError(self._missing(camera))
            info_frame = calibration.message.header.frame_id
            if frame_id and info_frame and frame_id.lstrip("/") != info_frame.lstrip("/"):
                raise GeometryError(
                    f"Camera '{camera}': its images are in the frame '{frame_id}', its CameraInfo in '{info_frame}':"
                    " publish the CameraInfo of these images."
                )
            made = calibration.models.get(size_px)
            if made is None:
                made = calibration.models[size_px] = _model(camera, calibration.message, size_px, self._rectified)
        if isinstance(made, GeometryError):
            raise GeometryError(str(made))
        return made

    def problem(self, camera: str) -> str:
        """Why there can be no model of a camera, whatever its images are like; empty where there can."""
        with self._lock:
            calibration = self._calibrations.get(camera)
            if calibration is None:
                return self._missing(camera)
            message = calibration.message
        made = _model(camera, message, None, self._rectified)
        return str(made) if isinstance(made, GeometryError) else ""

    def frame_id(self, camera: str) -> str:
        """The frame that a camera's calibration is for; empty before it has come."""
        with self._lock:
            calibration = self._calibrations.get(camera)
        return "" if calibration is None else str(calibration.message.header.frame_id)

    def describe(self, camera: str) -> dict[str, str]:
        """What diagnostics tell of a camera's calibration."""
        with self._lock:
            calibration = self._calibrations.get(camera)
        if calibration is None:
            return {"calibration": "none"}
        message = calibration.message
        return {
            "calibration": "received",
            "calibrated_size": f"{message.width}x{message.height}",
            "lens": message.distortion_model if any(message.d) else "pinhole",
            "focal_length_px": f"{message.k[0]:.1f}",
        }

    def _topic(self, node: Any, camera: str) -> FollowedTopic:
        def received(serialized: bytes) -> None:
            self._receive(camera, bytes(serialized))

        return FollowedTopic(node, f"{camera}/camera_info", {CameraInfo: received}, depth=1, serialized=True)

    def _receive(self, camera: str, serialized: bytes) -> None:
        # It comes with each image and hardly ever changes: reading it each time would cost more than all else here.
        rest = serialized[_UP_TO_STAMP:]
        calibration = self._calibrations.get(camera)
        if calibration is not None and calibration.serialized == rest:
            return
        try:
            message = deserialize_message(serialized, CameraInfo)
        except RuntimeError:  # the base of the middleware's errors, which have no public name
            self._damaged[camera] = "what came could not be read: check the publisher."
            return
        with self._lock:
            self._calibrations[camera] = _Calibration(rest, message)

    def _missing(self, camera: str) -> str:
        topic = self._topics.get(camera)
        if topic is None:  # such as that of an image in a request
            return f"Where camera '{camera}' looks is not known: it is none of the parameter cameras."
        begin = f"No CameraInfo of camera '{camera}' has come on '{topic.topic}': "
        if topic.problem:
            return begin + topic.problem
        if not topic.publishers:
            return begin + "nobody publishes it; calibrate the camera, and let its driver publish it."
        return begin + self._damaged.get(camera, "it is published, but no message has come yet.")


def _model(
    camera: str, message: CameraInfo, size_px: tuple[int, int] | None, rectified: bool
) -> CameraModel | GeometryError:
    """The model that a message states, for images of a size; or why there is none."""
    roi = message.roi
    try:
        model = CameraModel.from_calibration(
            (message.width, message.height),
            message.k.tolist(),
            message.distortion_model,
            message.d.tolist(),
            p=message.p.tolist() if rectified else None,
            binning_xy=(message.binning_x, message.binning_y),
            roi_xywh=(roi.x_offset, roi.y_offset, roi.width, roi.height),
        )
        return model if size_px in (None, model.size_px) else model.scaled(size_px)
    except GeometryError as error:
        return GeometryError(f"Camera '{camera}': {error}")
