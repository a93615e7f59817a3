"""Masks on the grid and in boxes, measured against scenes whose geometry is exact."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flat_scene import CAMERA, flat_scene

from ris_ros.data.scenes.dataset import SceneSet, write_frame
from ris_ros.errors import DataError
from ris_ros.evaluation.grid_error import lift_errors, main, measure, road_overlap
from ris_ros.evaluation.true_ground import exact_viewpoint
from ris_ros.geometry.birds_eye import BirdsEye
from ris_ros.geometry.grid import Grid

SHARP = replace(CAMERA, size_px=(960, 540), focal_px=880.0, centre_px=(479.5, 269.5))


def test_a_true_road_lies_where_depth_has_it_and_over_a_wrong_plane_it_does_not() -> None:
    image, geometry = flat_scene(half_road_m=3.0, camera=SHARP)
    view = BirdsEye(exact_viewpoint(geometry.camera, 40.0), Grid(0.2, (100, 100), (0.0, -10.0)))
    both, either = road_overlap(image, geometry, view, 1)
    assert both[:2].min() > 500
    assert (both[:2] > 0.95 * either[:2]).all()
    # Believed 0.3 m too high, the ground comes nearer, and the road with it.
    raised = BirdsEye(replace(view.viewpoint, ground_z_m=0.3), view.grid)
    both, either = road_overlap(image, geometry, raised, 1)
    assert (both[:2] < 0.9 * either[:2]).all()


def test_a_car_is_found_where_it_stands_in_exact_and_in_spoilt_depth() -> None:
    image, geometry = flat_scene(((9.0, 1.5), (15.0, -2.5), (8.0, 9.0)), camera=SHARP)
    viewpoint = exact_viewpoint(geometry.camera, 40.0)
    for rng in (None, np.random.default_rng(5)):
        errors = lift_errors(image, geometry, viewpoint, rng)
        assert len(errors) == 2  # the third is cut by the border of the picture
        for error in errors:
            assert error.face_m < 0.5 and error.centre_m < 0.8 and error.yaw_rad < 0.1
        assert [round(error.range_m, 1) for error in errors] == [9.1, 15.2]


def test_the_table_holds_road_and_vehicles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image, geometry = flat_scene(((9.0, 1.5),))
    write_frame(tmp_path, "00000", image, {}, geometry)
    monkeypatch.setattr(sys, "argv", ["grid_error", str(tmp_path)])
    assert main() == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith("to 10 m  to 20 m  to 30 m  to 40 m")
    assert [line for line in shown if line.startswith("vehicles")] == [
        "vehicles, exact depth: 1",
        "vehicles, spoilt depth: 1",
    ]


def test_scenes_without_geometry_are_refused(tmp_path: Path) -> None:
    image, _ = flat_scene()
    write_frame(tmp_path, "00000", image, {})
    with pytest.raises(DataError, match="00000 has no geometry"):
        measure(SceneSet(tmp_path), 1)
