"""What of a plan goes out, and when something that went out is taken back. Used by the planning thread alone."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from ris_ros.config.planning import FilterMask
from ris_ros.geometry.rigid import RigidTransform
from ris_ros.planning.filter_mask import filter_values, resampled
from ris_ros.planning.values import UNKNOWN, Occupancy, Plan, PlanState
from ris_ros.ros.aim import Aim
from ris_ros.ros.ground_outputs import GroundOutputs
from ris_ros.ros.navigate import NavigateClient


class PlanTeller:
    """Publishes plans and maps, and drives.

    Args:
        outputs: The topics.
        navigate: Drives to the goal, where that is allowed.
        base_frame: The robot's frame.
        fixed_frame: The frame in which it moves; empty where there is none.
        filter_mask: What ``~/filter_mask`` holds.
        patience_s: How long a drive goes on while no goal is found.
    """

    def __init__(
        self,
        outputs: GroundOutputs,
        navigate: NavigateClient,
        base_frame: str,
        fixed_frame: str,
        filter_mask: FilterMask,
        patience_s: float,
    ) -> None:
        self._outputs = outputs
        self._navigate = navigate
        self._base_frame = base_frame
        self._fixed_frame = fixed_frame
        self._filter_mask = filter_mask
        self._patience_s = patience_s
        self._told: Plan | None = None
        self._aimed_s: float | None = None

    def tell(self, plan: Plan, occupancy: Occupancy | None, fixed_from_base: RigidTransform | None) -> None:
        """Publish a plan, and take back what the one before said and this one does not.

        Args:
            plan: The plan.
            occupancy: What is known of the ground, for the filter mask; None where nobody wants that, or nothing is.
            fixed_from_base: At its stamp; None where it is not known.
        """
        self._outputs.plan(plan)
        self._told = plan
        self._drive(plan, fixed_from_base)
        if occupancy is not None:
            self._tell_filter_mask(plan, occupancy, fixed_from_base)

    def tell_costmap(self, occupancy: Occupancy) -> None:
        """Publish what is known of the ground; where nothing is any more, that."""
        if (occupancy.values != UNKNOWN).any():
            self._outputs.costmap(occupancy)
        else:
            self._outputs.withdraw_costmap(occupancy.stamp_ns)

    def withdraw_plan(self, reason: str) -> None:
        """Nothing is planned any more: take the plan back, and drive nowhere. Harmless when that was done."""
        told, self._told = self._told, None
        if told is None:
            return
        nothing = dataclasses.replace(
            told,
            state=PlanState.LOST,
            place_m=None,
            thing_m=None,
            region=np.zeros_like(told.region),
            region_m=np.zeros((0, 2)),
            goal=None,
            path=None,
            reason=reason,
        )
        self._outputs.plan(nothing)
        self._outputs.withdraw_filter_mask(told.stamp_ns)
        self._release(reason)

    def withdraw(self, stamp_ns: int, reason: str) -> None:
        """Nothing is known any more: take the costmap back too."""
        self.withdraw_plan(reason)
        self._outputs.withdraw_costmap(stamp_ns)

    def _tell_filter_mask(self, plan: Plan, occupancy: Occupancy, fixed_from_base: RigidTransform | None) -> None:
        if self._filter_mask == "none" or not plan.region.any():
            self._outputs.withdraw_filter_mask(plan.stamp_ns)
            return
        values, grid, frame = filter_values(self._filter_mask, plan.region, occupancy), occupancy.grid, self._base_frame
        if fixed_from_base is not None:
            values, grid = resampled(values, grid, fixed_from_base)
            frame = self._fixed_frame
        self._outputs.filter_mask(values, grid, frame, plan.stamp_ns)

    def _drive(self, plan: Plan, fixed_from_base: RigidTransform | None) -> None:
        if plan.goal is None:
            # One image on which no goal is found must not stop the robot; many must.
            patience_over = self._aimed_s is not None and time.monotonic() - self._aimed_s > self._patience_s
            if patience_over or plan.state in (PlanState.WAITING, PlanState.LOST):
                self._release(plan.reason)
        elif fixed_from_base is None:
            self._release("the robot's motion is not known, and a goal must be told in a frame that stands still")
        else:
            aim = Aim.of(plan, self._fixed_frame, fixed_from_base)
            if aim is not None:
                self._aimed_s = time.monotonic()
                self._navigate.aim(aim)

    def _release(self, reason: str) -> None:
        self._aimed_s = None
        self._navigate.release(reason)
