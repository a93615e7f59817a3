"""What a perfect model would say of a flat street, and where the camera that sees it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.camera_model import CameraModel
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.geometry.viewpoint import Viewpoint
from ris_ros.pipeline.masks import cut
from ris_ros.pipeline.surroundings import Surroundings
from ris_ros.types import Command, Frame, Grounding, Target
from test.support.flat_scene import SIZE_PX, flat_scene

GRID = Grid(0.2, (200, 200), (-8.0, -20.0))
STEP_NS = 100_000_000
HEIGHT_M, PITCH = 1.4, 0.05
_K = [300.0, 0.0, 159.5, 0.0, 300.0, 89.5, 0.0, 0.0, 1.0]


def viewpoint(pitch: float = PITCH) -> Viewpoint:
    """The camera over the base frame's origin, looking forward."""
    camera = PinholeCamera(SIZE_PX, 300.0, (159.5, 89.5), (0.0, 0.0, HEIGHT_M), 0.0, pitch, 0.0)
    base_from_camera = RigidTransform(np.asarray(camera.world_from_optical, np.float64), np.array([0.0, 0.0, HEIGHT_M]))
    model = CameraModel.from_calibration(SIZE_PX, _K, "", ())
    return Viewpoint(model, base_from_camera, 0.0, 40.0, math.radians(0.2), 0.25)


VIEW = BirdsEye(viewpoint(), GRID)


def at(x_m: float, y_m: float = 0.0) -> RigidTransform:
    """``fixed_from_base`` of a robot that stands there and looks along x."""
    return RigidTransform.from_xyz_rpy((x_m, y_m, 0.0), 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Moment:
    """A street at an instant, seen by a robot at ``robot_m``, which looks along the road.

    Attributes:
        cars_m: Middles of the parked cars in the fixed frame.
        robot_m: The robot.
        index: Number of the image.
    """

    cars_m: tuple[tuple[float, float], ...]
    robot_m: tuple[float, float] = (0.0, 0.0)
    index: int = 1

    @property
    def stamp_ns(self) -> int:
        """Of the image."""
        return self.index * STEP_NS

    @property
    def fixed_from_base(self) -> RigidTransform:
        """Where the robot is."""
        return at(*self.robot_m)

    def _labels(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        x, y = self.robot_m
        camera = PinholeCamera(SIZE_PX, 300.0, (159.5, 89.5), (0.0, 0.0, HEIGHT_M), 0.0, PITCH, 0.0)
        image, _ = flat_scene(tuple((car[0] - x, car[1] - y) for car in self.cars_m), camera=camera)
        return image.class_map, image.instance_map

    @property
    def frame(self) -> Frame:
        """The image; what it shows does not matter."""
        return Frame("camera", np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8), self.stamp_ns)

    def surroundings(self) -> Surroundings:
        """Road and cars."""
        classes, _ = self._labels()
        free, obstacle = (np.where(classes == BY_NAME[name].id, 255, 0).astype(np.uint8) for name in ("road", "car"))
        return Surroundings(self.frame, free, obstacle)

    def car(self, command: Command, number: int) -> Grounding:
        """The answer that is a car, by its place in ``cars_m``; a number beyond them is not found."""
        _, instances = self._labels()
        return self._grounding(command, instances == number + 1, np.zeros_like(instances, np.bool_))

    def ground(self, command: Command, low_m: tuple[float, float], high_m: tuple[float, float]) -> Grounding:
        """The answer that is the visible road within a rectangle of the fixed frame."""
        classes, _ = self._labels()
        width, height = SIZE_PX
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        points_m = VIEW.viewpoint.ground_points(np.stack([columns.ravel(), rows.ravel()], axis=1))
        xy_m = points_m[:, :2] + self.robot_m
        inside = ((xy_m > low_m) & (xy_m < high_m)).all(axis=1).reshape(height, width)
        region = inside & (classes == BY_NAME["road"].id)
        return self._grounding(command, np.zeros_like(region), region)

    def _grounding(self, command: Command, thing: NDArray[np.bool_], region: NDArray[np.bool_]) -> Grounding:
        is_region = command.target is Target.REGION
        found = bool((region if is_region else thing).any())
        masks = [cut(np.where(mask & found, 255, 0).astype(np.uint8), (0, 0), 0.5) for mask in (thing, region)]
        reason = "" if found else "It is not there."
        return Grounding(command, self.frame, found, float(found), 1.0, *masks, reason=reason)
