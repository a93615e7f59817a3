"""Every pixel of a mask has its point: on the ground, or where depth says."""

from __future__ import annotations

import numpy as np
import pytest

from ris_ros.planning.organized import OrganizedPoints
from test.support.flat_scene import SIZE_PX
from test.support.seen_street import PITCH, VIEW, viewpoint


@pytest.mark.parametrize("size_px", [SIZE_PX, (SIZE_PX[0] // 2, SIZE_PX[1] // 2)])
def test_points_lie_where_their_pixels_see_the_ground(size_px: tuple[int, int]) -> None:
    points = OrganizedPoints(VIEW.viewpoint, size_px).ground_m
    assert points.shape == (size_px[1], size_px[0], 3)
    assert points.dtype == np.float32
    known = np.isfinite(points).all(axis=2)
    assert known[-1].all()
    assert not known[0].any()  # the sky
    assert np.abs(points[known][:, 2]).max() < 1e-5
    xy_px, visible = VIEW.viewpoint.pixels(points[known])
    assert visible.all()
    rows, columns = np.nonzero(known)
    scale = SIZE_PX[0] / size_px[0]
    expected = np.stack([columns, rows], axis=1) * scale + (scale - 1) / 2
    assert np.abs(xy_px - expected).max() < 0.01


def test_depth_counts_where_it_is_known_and_the_ground_elsewhere() -> None:
    organized = OrganizedPoints(viewpoint(), SIZE_PX)
    depth_m = np.full((SIZE_PX[1], SIZE_PX[0]), np.nan, np.float32)
    depth_m[60:120, 100:200] = 5.0
    points = organized.measured(depth_m)
    near = points[60:120, 100:200]
    forward = near[..., 0] * np.cos(PITCH) - (near[..., 2] - 1.4) * np.sin(PITCH)
    assert forward == pytest.approx(np.full(forward.shape, 5.0), abs=1e-4)
    rest = np.ones((SIZE_PX[1], SIZE_PX[0]), np.bool_)
    rest[60:120, 100:200] = False
    assert np.array_equal(points[rest], organized.ground_m[rest], equal_nan=True)


def test_a_smaller_depth_image_serves_too() -> None:
    organized = OrganizedPoints(viewpoint(), SIZE_PX)
    depth_m = np.full((SIZE_PX[1] // 2, SIZE_PX[0] // 2), 4.0, np.float32)
    assert np.isfinite(organized.measured(depth_m)).all()
