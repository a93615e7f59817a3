"""The ego vehicle's way along a street, with the camera on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ris_ros.data.scenes.camera import PinholeCamera
from ris_ros.data.scenes.world import Street

BRAKE_MPS2 = 2.2


def way_m(seconds: float, cruise_mps: float, brake_at_s: float, brake_mps2: float) -> float:
    """Metres travelled when one cruises, brakes evenly from ``brake_at_s`` on, and stands once the speed is gone."""
    braking = min(max(0.0, seconds - brake_at_s), cruise_mps / brake_mps2)
    return cruise_mps * min(seconds, brake_at_s + braking) - 0.5 * brake_mps2 * braking * braking


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride that starts at a camera's pose, follows the street, and may end at a stop line.

    Attributes:
        street: What it follows.
        camera: The camera at the start.
        cruise_mps: Speed at the start.
        stop_m: Metres after which it stands, or None.
    """

    street: Street
    camera: PinholeCamera
    cruise_mps: float
    stop_m: float | None = None

    def way_m(self, seconds: float) -> float:
        """Metres travelled along s."""
        if self.stop_m is None:
            return self.cruise_mps * seconds
        cruise = min(self.cruise_mps, math.sqrt(2 * BRAKE_MPS2 * max(self.stop_m, 0.0)))
        if cruise <= 0.0:
            return 0.0
        return way_m(seconds, cruise, self.stop_m / cruise - cruise / (2 * BRAKE_MPS2), BRAKE_MPS2)

    def camera_at(self, seconds: float) -> PinholeCamera:
        """The camera after some seconds; it sways a little while the vehicle moves."""
        start = self.camera
        along, across = self.street.to_street(np.array([start.position_m[0]]), np.array([start.position_m[1]]))
        s = float(along[0]) + self.way_m(seconds)
        x, y = self.street.to_world(s, float(across[0]))
        bend = self.street.heading(s) - self.street.heading(float(along[0]))
        speed = (self.way_m(seconds + 0.05) - self.way_m(max(seconds - 0.05, 0.0))) / (0.05 + min(seconds, 0.05))
        lively = min(1.0, speed / 4.0)
        return replace(
            start,
            position_m=(x, y, start.height_m + lively * 0.012 * math.sin(5.1 * seconds)),
            yaw=start.yaw + bend + lively * 0.006 * math.sin(0.8 * seconds),
            pitch=start.pitch + lively * 0.004 * math.sin(4.6 * seconds),
            roll=start.roll + lively * 0.004 * math.sin(1.3 * seconds),
        )
