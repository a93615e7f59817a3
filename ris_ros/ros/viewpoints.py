"""Where the camera of an image was over the ground: calibration and pose, joined."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

import numpy as np

from ris_ros.config.ground import GroundSettings
from ris_ros.errors import GeometryError
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.ros.camera_info import CameraInfos
from ris_ros.ros.transforms import Transforms
from ris_ros.types import Frame

_SAME_TURN = 1e-5
_SAME_PLACE_M = 1e-4
"""Poses that differ by less are one: at 40 m that moves the ground by a few millimetres, far below what pitch does."""

_TOLD_S = 5.0
"""For how long it is told why an image had no viewpoint; what will keep the next from having one is told until then."""


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What became of a camera model and a pose.

    Attributes:
        model: The model.
        base_from_camera: The pose.
        outcome: The viewpoint, or why it sees no ground.
    """

    model: CameraModel
    base_from_camera: RigidTransform
    outcome: Viewpoint | GeometryError

    def holds(self, model: CameraModel, base_from_camera: RigidTransform) -> bool:
        """Whether these are what it was made of."""
        if self.model is not model:
            return False
        turned = np.abs(self.base_from_camera.rotation - base_from_camera.rotation).max()
        moved_m = np.abs(self.base_from_camera.translation_m - base_from_camera.translation_m).max()
        return bool(turned < _SAME_TURN and moved_m < _SAME_PLACE_M)


class Viewpoints:
    """The viewpoints of all cameras; may be used from any thread but the executor's, because transforms may be late.

    Args:
        infos: The cameras' calibrations.
        transforms: Where they are.
        settings: What is believed of the ground.
    """

    def __init__(self, infos: CameraInfos, transforms: Transforms, settings: GroundSettings) -> None:
        self._infos = infos
        self._transforms = transforms
        self._settings = settings
        self._lock = threading.Lock()
        self._made: dict[str, _Made] = {}
        self._problems: dict[str, tuple[str, float]] = {}

    def at(self, frame: Frame) -> Viewpoint:
        """The viewpoint of an image.

        Returns:
            The same object for as long as neither calibration nor pose change, so that what was made of it can be kept.

        Raises:
            GeometryError: There is none, or it sees no ground; the sentence says why, and what to do.
        """
        try:
            viewpoint = self._find(frame)
        except GeometryError as error:
            self._problems[frame.camera] = str(error), time.monotonic()
            raise
        self._problems.pop(frame.camera, None)
        return viewpoint

    def problem(self, camera: str) -> str:
        """Why the latest image of a camera had no viewpoint, or why its next will have none; empty where it has one."""
        sentence, when_s = self._problems.get(camera, ("", -math.inf))
        if time.monotonic() - when_s <= _TOLD_S:
            return sentence
        return self._infos.problem(camera) or self._transforms.problem(camera, self._infos.frame_id(camera))

    def describe(self, camera: str, now_ns: int) -> dict[str, str]:
        """What diagnostics tell of a camera's calibration and pose."""
        told = {**self._infos.describe(camera), **self._transforms.describe(camera, now_ns)}
        made = self._made.get(camera)
        if made is not None and isinstance(made.outcome, Viewpoint):
            told["camera_height_m"] = f"{made.outcome.height_m:.2f}"
            told["believed_range_m"] = f"{made.outcome.believed_range_m:.1f}"
        return told

    def _find(self, frame: Frame) -> Viewpoint:
        if not frame.stamp_ns:
            raise GeometryError(f"The images of camera '{frame.camera}' are not stamped: correct the camera driver.")
        model = self._infos.model(frame.camera, frame.size_px, frame.frame_id)
        pose = self._transforms.base_from_camera(frame.camera, frame.frame_id, frame.stamp_ns)
        with self._lock:
            made = self._made.get(frame.camera)
            if made is None or not made.holds(model, pose):
                made = self._made[frame.camera] = _Made(model, pose, self._make(frame.camera, model, pose))
        if isinstance(made.outcome, GeometryError):
            raise GeometryError(str(made.outcome))
        return made.outcome

    def _make(self, camera: str, model: CameraModel, pose: RigidTransform) -> Viewpoint | GeometryError:
        settings = self._settings
        try:
            viewpoint = Viewpoint(
                camera=model,
                base_from_camera=pose,
                ground_z_m=settings.ground_z_m,
                max_range_m=settings.max_range_m,
                pitch_error_rad=math.radians(settings.pitch_error_deg),
                max_range_error=settings.max_range_error,
            )
            viewpoint.require_ground()
        except GeometryError as error:
            return GeometryError(f"Camera '{camera}': {error}")
        return viewpoint
