"""Plans for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from ris_ros.planning.values import Plan, PlanState
from ris_ros.types import Command, Target

COMMAND = Command("command", "park behind the red car", Target.REGION, uttered_ns=7)


def plan(**changes: Any) -> Plan:
    """A plan that knows nothing, but for the changes."""
    values: dict[str, Any] = {
        "command": COMMAND,
        "stamp_ns": 5_000_000_006,
        "state": PlanState.SEEN,
        "track_id": 1,
        "age_ns": 0,
        "place_m": None,
        "thing_m": None,
        "region": np.zeros((2, 2), bool),
        "region_m": np.zeros((0, 2)),
        "goal": None,
        "path": None,
        **changes,
    }
    return Plan(**values)
