"""The thing that one command means, on the ground, from image to image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.place import Place, place_of_region, place_of_thing
from ris_ros.planning.region import RegionMemory
from ris_ros.planning.track import Sighting, Tracker
from ris_ros.planning.values import Placement, PlanState
from ris_ros.types import Command, Frame, Grounding, Mask, Target

_NS_PER_S = 1_000_000_000
_HALF = 0.5
_NO_IMAGE = "No image has been answered yet."
_UNCONFIRMED = "It was not found on enough images in a row yet."
_GONE = "It was not found for too long, and where it is by now is not known."
_NO_MOTION = (
    "The robot's motion since it was seen is not known: check the transforms between fixed_frame and base_frame."
)
_UNPLACED = "The region lies on no ground that is believed: it is too far, or not on the ground."


@dataclass(frozen=True, slots=True, eq=False)
class Believed:
    """What is believed of the thing, in the base frame of some instant.

    Attributes:
        state: As of :class:`~ris_ros.planning.values.Plan`, as the next two.
        track_id: See there.
        age_ns: See there.
        place_m: float64 [2], the middle of what is asked for; None where nothing is believed.
        thing_m: float64 [2], where the referred object stands; None where that is not known.
        outline_m: float64 [k, 2], the outline of its foot as far as it is known; no rows where ``thing_m`` is None.
        region: bool [rows, columns], the referred region.
        thing: bool [rows, columns], what the referred object takes up in the view, hidden ground behind it included,
            but for the region.
        reason: Why nothing is believed; empty where something is.
    """

    state: PlanState
    track_id: int
    age_ns: int
    place_m: NDArray[np.float64] | None
    thing_m: NDArray[np.float64] | None
    outline_m: NDArray[np.float64]
    region: NDArray[np.bool_]
    thing: NDArray[np.bool_]
    reason: str


class Followed:
    """See the module.

    Args:
        command: What is followed.
        grid: Cells, in the base frame.
        confirm_frames: Images in a row on which it must be found.
        lost_after_s: Unseen for longer, it is lost.
        smoothing_s: Time constant of the region.
    """

    def __init__(
        self, command: Command, grid: Grid, confirm_frames: int, lost_after_s: float, smoothing_s: float
    ) -> None:
        self.command = command
        self._grid = grid
        lost_after_ns = round(lost_after_s * _NS_PER_S)
        self._thing = Tracker(confirm_frames, lost_after_ns)
        is_object = command.target is Target.OBJECT
        self._asked = self._thing if is_object else Tracker(confirm_frames, lost_after_ns)
        self._region = RegionMemory(grid, smoothing_s)
        self._touched = RegionMemory(grid, 0.0)
        self._lifted_m: NDArray[np.float64] | None = None
        self._track_id = 0
        self._motion_known: bool | None = None
        self._reason = ""

    def note(
        self, view: BirdsEye, grounding: Grounding, placement: Placement, fixed_from_base: RigidTransform | None
    ) -> None:
        """Take in one answer.

        Args:
            view: The camera over the grid, at the instant of the image.
            grounding: The answer.
            placement: Where it lies.
            fixed_from_base: Where the robot was, in the plane; None where its motion is not known.
        """
        if self._motion_known is not None and self._motion_known != (fixed_from_base is not None):
            for tracker in (self._asked, self._thing):
                tracker.restart()  # places before and after are not in one frame
        self._motion_known = fixed_from_base is not None
        stamp_ns, camera = grounding.frame.stamp_ns, grounding.frame.camera
        region = _covered(view, grounding.region)
        thing = place_of_thing(placement, view.viewpoint)
        asked = thing if self._asked is self._thing else self._middle(region, view)
        if asked is None:
            self._reason = grounding.reason or placement.reason or _UNPLACED
            self._asked.miss(stamp_ns, camera)
            return
        if self._asked is not self._thing and thing is not None:
            self._thing.see(_sighting(thing, fixed_from_base, grounding.frame))
        if not self._asked.see(_sighting(asked, fixed_from_base, grounding.frame)):
            self._reason = _UNCONFIRMED
            return
        self._reason = _GONE
        track_id = self._asked.at(stamp_ns).track_id
        if track_id != self._track_id:
            self._track_id = track_id
            self._region.forget()
        self._region.update(region, view.seen, fixed_from_base, stamp_ns, camera)
        self._touched.update(_touched(view, grounding.object), view.seen, fixed_from_base, stamp_ns, camera)
        lifted = placement.lifted
        self._lifted_m = None if lifted is None else _moved(lifted.box.corners_m, fixed_from_base)

    def at(self, stamp_ns: int, since_ns: int, fixed_from_base: RigidTransform | None) -> Believed:
        """What is believed.

        Args:
            stamp_ns: Stamp of the newest image.
            since_ns: Time that has passed since then.
            fixed_from_base: Where the robot was at that image, in the plane; None where its motion is not known.
        """
        asked, thing = (tracker.at(stamp_ns + since_ns) for tracker in (self._asked, self._thing))
        nothing = np.zeros(self._grid.shape, np.bool_)
        nowhere = np.zeros((0, 2))
        if asked.xy_m is None or self._motion_known != (fixed_from_base is not None):
            state = asked.state if asked.xy_m is None else PlanState.LOST
            reason = self._reason or _NO_IMAGE if asked.xy_m is None else _NO_MOTION
            return Believed(state, asked.track_id, asked.age_ns, None, None, nowhere, nothing, nothing, reason)
        base_from_fixed = None if fixed_from_base is None else fixed_from_base.inverse
        region = _above_half(self._region.at(fixed_from_base), nothing)
        thing_m = None if thing.xy_m is None else _moved(thing.xy_m, base_from_fixed)
        outline_m = nowhere if thing_m is None else thing_m[np.newaxis]
        if thing_m is not None and self._lifted_m is not None:
            outline_m = _moved(self._lifted_m, base_from_fixed)
        return Believed(
            state=asked.state,
            track_id=asked.track_id,
            age_ns=asked.age_ns,
            place_m=_moved(asked.xy_m, base_from_fixed),
            thing_m=thing_m,
            outline_m=outline_m,
            region=region,
            # Where both masks lie, the one that was asked for is believed.
            thing=_above_half(self._touched.at(fixed_from_base), nothing) & ~region,
            reason="",
        )

    def _middle(self, region: NDArray[np.uint8], view: BirdsEye) -> Place | None:
        rows, columns = np.nonzero(region > 255 * _HALF)
        return place_of_region(self._grid.points_m(rows, columns), view.viewpoint) if len(rows) else None


def _moved(xy_m: NDArray[np.float64], target_from_source: RigidTransform | None) -> NDArray[np.float64]:
    """Points [..., 2] of the ground in another frame of a level robot; None: in the same."""
    if target_from_source is None:
        return xy_m
    moved: NDArray[np.float64] = xy_m @ target_from_source.rotation[:2, :2].T + target_from_source.translation_m[:2]
    return moved


def _sighting(place: Place, fixed_from_base: RigidTransform | None, frame: Frame) -> Sighting:
    turn = np.eye(2) if fixed_from_base is None else fixed_from_base.rotation[:2, :2]
    covariance_m2 = turn @ place.covariance_m2 @ turn.T
    return Sighting(_moved(place.xy_m, fixed_from_base), covariance_m2, frame.stamp_ns, frame.camera)


def _covered(view: BirdsEye, mask: Mask) -> NDArray[np.uint8]:
    """Share of each cell, times 255, that a mask covers."""
    return _nowhere(view) if mask.empty else view.mean(mask.mask.view(np.uint8) * np.uint8(255))


def _touched(view: BirdsEye, mask: Mask) -> NDArray[np.uint8]:
    """255 in each cell that a mask touches, 0 in the others."""
    return _nowhere(view) if mask.empty else view.highest(mask.mask.view(np.uint8) * np.uint8(255))


def _nowhere(view: BirdsEye) -> NDArray[np.uint8]:
    return np.zeros(view.grid.shape, np.uint8)


def _above_half(probability: NDArray[np.float32] | None, nothing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return nothing if probability is None else np.asarray(probability > _HALF, np.bool_)
