"""The error of the ground under an error of the pitch: measured as the formula has it."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flat_scene import CAMERA, flat_scene

from ris_ros.data.scenes.dataset import SceneSet, write_frame
from ris_ros.errors import DataError
from ris_ros.evaluation.ground_error import main, measure_ground_error
from ris_ros.evaluation.projection import RANGES_M


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    for index, (height_m, pitch) in enumerate(((1.4, 0.05), (2.0, 0.1))):
        x, y, _ = CAMERA.position_m
        camera = replace(CAMERA, position_m=(x, y, height_m), pitch=pitch, yaw=1.0)
        image, geometry = flat_scene(half_road_m=20.0, camera=camera)
        write_frame(tmp_path, f"{index:05d}", image, {}, geometry)
    return tmp_path


def test_a_true_pitch_makes_no_error_and_a_false_one_what_the_formula_states(scenes: Path) -> None:
    none, quarter, half = measure_ground_error(SceneSet(scenes), [0.0, math.radians(0.25), math.radians(0.5)])
    assert len(none.measured) == 2 * 2 * 600
    # Depth was written in whole centimetres.
    assert none.measured.max() < 0.01 and none.stated.max() == 0.0
    for error in (quarter, half):
        measured, stated = (np.array(error.row(values, 0.5)) for values in (error.measured, error.stated))
        np.testing.assert_allclose(measured, stated, rtol=0.1)
        assert (np.diff(measured[: len(RANGES_M)]) > 0.0).all()
    np.testing.assert_allclose(half.stated, 2 * quarter.stated)


def test_bins_without_pixels_are_not_numbers(scenes: Path) -> None:
    (none,) = measure_ground_error(SceneSet(scenes), [0.0])
    near = replace(none, range_m=np.full_like(none.range_m, 7.0))
    row = near.row(near.measured, 0.5)
    assert [math.isnan(value) for value in row] == [True, False, True, True, True, True, False]


def test_the_table_holds_every_pitch_error(
    scenes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["ground_error", str(scenes)])
    assert main() == 0
    shown = capsys.readouterr().out
    assert shown.startswith("1200 pixels of road\n")
    assert [line.split(" deg")[0] for line in shown.splitlines() if " deg" in line] == ["0", "0.25", "0.5", "1"]


def test_scenes_without_geometry_are_refused(tmp_path: Path) -> None:
    image, _ = flat_scene()
    write_frame(tmp_path, "00000", image, {})
    with pytest.raises(DataError, match="00000 has no geometry"):
        measure_ground_error(SceneSet(tmp_path), [0.0])
