"""Whether it is still the same thing, and where: a tracker of the one thing that a command means.

A Kalman filter with constant velocity on the ground (Bar-Shalom, Li, Kirubarajan: Estimation with Applications to
Tracking and Navigation, 2001, section 6.3.2) decides by its innovation gate whether a sighting is of the thing believed
in. What lies elsewhere is a rival, and is believed only once it was seen on enough images of one camera in a row; so
one wrong answer neither moves the goal to another thing nor makes it vanish, and a camera that looks the other way has
no say. Nothing is extrapolated: unseen, a thing is said to be where it was seen last, with its age.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.planning.values import PlanState

_GATE = 11.83
"""Squared Mahalanobis distance that 99.7 % of sightings of the same thing stay under (chi-squared, two degrees)."""

_ACCELERATION_MPS2 = 2.0
"""How briskly road users and robots change their speed, one standard deviation."""

_SPEED_MPS = 5.0
"""How fast a thing may move that was seen once, one standard deviation."""

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A place where the thing was seen on one image.

    Attributes:
        xy_m: float64 [2], in a frame that does not move with the robot, or in the base frame throughout.
        covariance_m2: float64 [2, 2], how certain the place is.
        stamp_ns: Stamp of the image.
        camera: Whose image it was.
    """

    xy_m: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]
    stamp_ns: int
    camera: str = ""

    def __post_init__(self) -> None:
        if self.xy_m.dtype != np.float64 or self.xy_m.shape != (2,):
            raise ValueError("xy_m must be float64 [2]")
        if self.covariance_m2.dtype != np.float64 or self.covariance_m2.shape != (2, 2):
            raise ValueError("covariance_m2 must be float64 [2, 2]")


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What is believed of the thing at some instant.

    Attributes:
        state: See :class:`~ris_ros.planning.values.Plan`.
        track_id: The same number means the same thing; 0 before there is one.
        age_ns: Since it was last seen; 0 before there is one.
        xy_m: float64 [2], where it was seen last, smoothed; None while waiting and when lost.
    """

    state: PlanState
    track_id: int
    age_ns: int
    xy_m: NDArray[np.float64] | None


class Tracker:
    """See the module. Takes the images of each camera in the order of their stamps.

    Args:
        confirm_frames: Images of a camera in a row on which a thing must be seen before it is believed, at least 1.
        lost_after_ns: After being unseen for this long it is lost.
    """

    def __init__(self, confirm_frames: int, lost_after_ns: int) -> None:
        self._confirm_frames = confirm_frames
        self._lost_after_ns = lost_after_ns
        self._believed: _Filter | None = None
        self._camera = ""  # the one that saw it last
        self._rivals: dict[str, _Filter] = {}
        self._tracks = 0
        self._missed = False
        self._lost = False

    def see(self, sighting: Sighting) -> bool:
        """Take note of a sighting.

        Returns:
            Whether it is of the thing that is believed in after it.
        """
        self._forget_the_lost(sighting.stamp_ns)
        if self._believed is not None and self._believed.takes(sighting):
            self._camera, self._missed = sighting.camera, False
            self._rivals.clear()
            return True
        self._missed |= sighting.camera == self._camera
        rival = self._rivals.get(sighting.camera)
        if rival is None or not rival.takes(sighting):
            rival = self._rivals[sighting.camera] = _Filter(sighting)
        if rival.sightings < self._confirm_frames:
            return False
        self._believed, self._camera = rival, sighting.camera
        self._rivals.clear()
        self._tracks += 1
        self._missed = self._lost = False
        return True

    def miss(self, stamp_ns: int, camera: str = "") -> None:
        """Take note of an image of a camera on which the thing was not seen."""
        self._forget_the_lost(stamp_ns)
        self._rivals.pop(camera, None)
        self._missed |= camera == self._camera

    def restart(self) -> None:
        """Places from here on are in another frame: what was believed is lost."""
        self._lost = self._lost or self._believed is not None
        self._believed = None
        self._rivals.clear()

    def at(self, now_ns: int) -> Tracked:
        """What is believed at an instant no earlier than the newest image."""
        self._forget_the_lost(now_ns)
        if self._believed is None:
            state = PlanState.LOST if self._lost else PlanState.WAITING
            return Tracked(state, self._tracks if self._lost else 0, 0, None)
        state = PlanState.HELD if self._missed else PlanState.SEEN
        return Tracked(state, self._tracks, max(0, now_ns - self._believed.stamp_ns), self._believed.xy_m)

    def _forget_the_lost(self, now_ns: int) -> None:
        if self._believed is not None and now_ns - self._believed.stamp_ns > self._lost_after_ns:
            self._believed, self._lost = None, True


class _Filter:
    """Place and velocity of one thing."""

    def __init__(self, first: Sighting) -> None:
        self.stamp_ns = first.stamp_ns
        self.sightings = 1
        self._state = np.concatenate([first.xy_m, np.zeros(2)])
        self._covariance = np.zeros((4, 4))
        self._covariance[:2, :2] = first.covariance_m2
        self._covariance[2:, 2:] = np.eye(2) * _SPEED_MPS**2

    @property
    def xy_m(self) -> NDArray[np.float64]:
        """float64 [2] at the last sighting."""
        return self._state[:2].copy()

    def takes(self, sighting: Sighting) -> bool:
        """Take a sighting in, if it can be of this thing; returns whether it was."""
        dt_s = max(0, sighting.stamp_ns - self.stamp_ns) / _NS_PER_S
        step = np.eye(4)
        step[0, 2] = step[1, 3] = dt_s
        push = np.concatenate([np.eye(2) * dt_s**2 / 2, np.eye(2) * dt_s]) * _ACCELERATION_MPS2
        state = step @ self._state
        covariance = step @ self._covariance @ step.T + push @ push.T
        innovation = sighting.xy_m - state[:2]
        innovation_covariance = covariance[:2, :2] + sighting.covariance_m2
        weighed = np.linalg.solve(innovation_covariance, innovation)
        if float(innovation @ weighed) > _GATE:
            return False
        gain = np.linalg.solve(innovation_covariance, covariance[:2]).T
        self._state = state + gain @ innovation
        self._covariance = covariance - gain @ innovation_covariance @ gain.T
        self.stamp_ns = max(self.stamp_ns, sighting.stamp_ns)
        self.sightings += 1
        return True
