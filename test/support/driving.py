"""What every path must be, whatever the world: asserted pose by pose."""

from __future__ import annotations

import numpy as np

from ris_ros.planning.values import FreeSpace, Path, Pose2d


def assert_drivable(path: Path, start: Pose2d, goal: Pose2d, free_space: FreeSpace, turning_radius_m: float) -> None:
    """From the start to the goal, clear, forward, in steps of 0.1 m at most, and never turning more tightly."""
    poses = path.poses
    np.testing.assert_array_equal(poses[0], [start.x_m, start.y_m, start.yaw_rad])
    np.testing.assert_array_equal(poses[-1, :2], [goal.x_m, goal.y_m])
    assert abs(np.remainder(poses[-1, 2] - goal.yaw_rad + np.pi, 2 * np.pi) - np.pi) < 1e-9
    assert free_space.clear(poses).all()

    step, turn = np.diff(poses[:, :2], axis=0), np.diff(poses[:, 2])
    turn = np.remainder(turn + np.pi, 2 * np.pi) - np.pi
    length = np.hypot(step[:, 0], step[:, 1])
    assert length.max(initial=0.0) <= 0.1 + 1e-4
    assert np.abs(turn).max(initial=0.0) <= 0.1 + 1e-4
    moves = length > 1e-3
    # Along an arc the chord points half way between the headings at its ends.
    heading = (poses[:-1, 2] + turn / 2)[moves]
    along = np.cos(heading) * step[moves, 0] + np.sin(heading) * step[moves, 1]
    np.testing.assert_allclose(along, length[moves], rtol=0, atol=2e-4)
    if turning_radius_m > 0.0:
        np.testing.assert_array_less(np.abs(turn), 1.001 * length / turning_radius_m + 1e-4)
        assert np.abs(path.curvature_per_m).max() <= (1 + 1e-9) / turning_radius_m
