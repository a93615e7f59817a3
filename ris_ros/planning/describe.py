"""A plan in words, for people."""

from __future__ import annotations

import math

import numpy as np

from ris_ros.planning.values import Plan


def describe(plan: Plan) -> str:
    """A plan in a sentence: the goal and the length of the way, or the reason why there is none."""
    if plan.goal is None:
        return plan.reason
    goal = plan.goal
    side = "left" if goal.y_m >= 0.0 else "right"
    turn = math.degrees(goal.yaw_rad)
    where = f"Goal {goal.x_m:.1f} m ahead, {abs(goal.y_m):.1f} m to the {side}, heading {turn:+.0f} degrees"
    if plan.path is None:
        return f"{where}. {plan.reason}"
    tightest = float(np.abs(plan.path.curvature_per_m).max())
    bend = f", tightest turn {1.0 / tightest:.1f} m" if tightest > 1e-3 else ""
    return f"{where}; path {plan.path.length_m:.1f} m{bend}."
